// Backends that are WebSockets themselves: the package `ws` as the service.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { deadAddress, listen } from './lib/backends.mjs';
import { assertSameBytes, MiB, pattern } from './lib/bytes.mjs';
import { makeAuthority, makeCertificate } from './lib/certificates.mjs';
import { residentBytes as rss } from './lib/memory.mjs';
import { start, tempDir } from './lib/sluice.mjs';
import { connectTcp } from './lib/tcp_client.mjs';
import { waitFor } from './lib/wait.mjs';
import { openWs } from './lib/ws_client.mjs';
import { echoWs, serveWs, startBefore } from './lib/ws_server.mjs';

const kDials = 'sluice_backend_dials_total';

test('bytes go both ways, and a Close in good order ends both', async (t) => {
  const service = await echoWs(t);
  const sluice = await startBefore(t, service.url('/room?id=7'));
  const client = await openWs(t, sluice.url());
  const bytes = pattern(3 * MiB);
  client.send(bytes);
  assertSameBytes(await client.receive(bytes.length), bytes, 'the echo');
  const peer = await service.peer();
  assert.equal(peer.request.url, '/room?id=7');
  assert.equal(peer.request.headers.host, `127.0.0.1:${service.port}`);
  assert.equal(peer.request.headers.origin, undefined);
  assert.equal(
    peer.request.headers['sec-websocket-extensions'],
    'x-sluice-half-close',
    'an offer that others ignore',
  );
  assert.deepEqual(await client.close(1000, 'done'), { code: 1000, reason: '' });
  await waitFor('the Close at the service', () => peer.close);
  assert.deepEqual(peer.close, { code: 1000, reason: '' });
  const [line] = await sluice.sessions();
  assert.equal(line.reason, 'client_closed');
  // What stands behind the path may be a secret.
  assert.equal(line.server, `ws://127.0.0.1:${service.port}/room`);
  await sluice.metric(kDials, { backend: 'chat', result: 'ok' }, 1);
});

test("the service's Close in good order is the end in good order", async (t) => {
  const service = await serveWs(t, (socket) => {
    socket.send('bye');
    socket.close(1001, 'going');
  });
  const sluice = await startBefore(t, service.url());
  const client = await openWs(t, sluice.url());
  assert.deepEqual(await client.waitForClose(), { code: 1000, reason: 'backend_closed' });
  assert.equal(client.received().toString(), 'bye');
  const peer = await service.peer();
  await waitFor('the Close at the service', () => peer.close);
  assert.equal(peer.close.code, 1001);
});

test("another code of the service's is an error with its reason in the log", async (t) => {
  const service = await serveWs(t, (socket) => socket.close(1011, 'out of tea'));
  const sluice = await startBefore(t, service.url());
  const client = await openWs(t, sluice.url());
  assert.deepEqual(await client.waitForClose(), { code: 1011, reason: 'backend_reset' });
  const [line] = await sluice.sessions();
  assert.equal(line.detail, 'the server closed with code 1011: out of tea');
});

for (const code of [3000, 4999]) {
  test(`a code of an application goes through with its reason, both ways: ${code}`, async (t) => {
    const service = await serveWs(t, (socket, { url }) => {
      if (url === '/closes') socket.close(code, 'out of tea: \u2615');
    });
    const sluice = await start(t, {
      routes: ['/closes', '/waits'].map((where) => ({
        name: where.slice(1),
        match: { path: where },
        backend: service.url(where),
      })),
    });
    const told = await openWs(t, sluice.url('/closes'));
    assert.deepEqual(await told.waitForClose(), { code, reason: 'out of tea: \u2615' });
    const [line] = await sluice.sessions();
    assert.equal(line.reason, 'backend_closed');
    assert.equal(line.fault, 'nobody');
    assert.equal(line.code, code);
    assert.equal(line.detail, `the server closed with code ${code}: out of tea: \u2615`);

    const client = await openWs(t, sluice.url('/waits'));
    assert.equal((await client.close(code, 'my own: \u2615')).code, code);
    const peer = await service.peer(1);
    await waitFor('the Close at the service', () => peer.close);
    assert.deepEqual(peer.close, { code, reason: 'my own: \u2615' });
  });
}

test('a subprotocol, an origin and headers are sent, and secrets come from the environment', async (t) => {
  const service = await serveWs(t, () => {}, { handleProtocols: () => 'mqtt' });
  const sluice = await start(
    t,
    {
      backends: {
        chat: {
          servers: [service.url()],
          websocket: {
            subprotocol: 'mqtt',
            origin: 'https://app.example.com',
            headers: { Authorization: 'Bearer ${SECRET}' },
          },
        },
      },
      routes: [{ name: 'main', match: { path: '/' }, backend: 'chat' }],
    },
    { env: { SECRET: 'abc' } },
  );
  await openWs(t, sluice.url());
  const { headers } = (await service.peer()).request;
  assert.equal(headers['sec-websocket-protocol'], 'mqtt');
  assert.equal(headers.origin, 'https://app.example.com');
  assert.equal(headers.authorization, 'Bearer abc');
});

test('wss with an authority of its own', async (t) => {
  const authority = makeAuthority(tempDir(t));
  const certificate = makeCertificate(authority, 'server', ['chat.test']);
  const service = await echoWs(t, { certificate });
  const tls = { ca: authority.cert, server_name: 'chat.test' };
  const sluice = await startBefore(t, service.url('/x'), { backend: { tls } });
  const client = await openWs(t, sluice.url());
  const bytes = pattern(MiB);
  client.send(bytes);
  assertSameBytes(await client.receive(bytes.length), bytes, 'the echo');
  assert.equal((await client.close(1000)).code, 1000);

  // Without it the certificate is nobody's, and wss:// is never plain.
  const other = await startBefore(t, service.url());
  assert.deepEqual(await (await openWs(t, other.url())).waitForClose(), {
    code: 1014,
    reason: 'backend_tls',
  });
});

/** A service that answers every upgrade with `head`. */
function answering(t, head) {
  return listen(t, ({ socket }) => socket.once('data', () => socket.end(head)));
}

for (const [what, head, detail] of [
  ['a status', 'HTTP/1.1 403 Forbidden\r\n\r\n', /answered the upgrade with status 403$/],
  [
    'a redirect',
    'HTTP/1.1 302 Found\r\nLocation: https://a.test/\r\n\r\n',
    /status 302 \(redirects are not followed\) to https:\/\/a\.test\/$/,
  ],
  ['no HTTP', 'SSH-2.0-x\r\n', /is not valid HTTP\/1.1/],
  ['a line that ends in LF alone', 'HTTP/1.1 403 Forbidden\n\r\n', /a line ends in LF alone, expected CR LF$/],
  ['a folded header', 'HTTP/1.1 403 Forbidden\r\nA: b\r\n c\r\n\r\n', /a header line begins with whitespace$/],
  [
    'two Content-Length headers',
    'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n',
    /it has more than one Content-Length header$/,
  ],
  ['nothing', '', /ended the connection instead of answering/],
  [
    'another key',
    'HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n',
    /Sec-WebSocket-Accept/,
  ],
]) {
  test(`an upgrade that is answered with ${what}`, async (t) => {
    const service = await answering(t, head);
    const sluice = await startBefore(t, `ws://${service.address}/`);
    const client = await openWs(t, sluice.url());
    assert.deepEqual(await client.waitForClose(), { code: 1014, reason: 'backend_upgrade' });
    const line = await sluice.event('dial_failed', { reason: 'backend_upgrade' });
    assert.match(line.detail, detail);
    await sluice.metric(kDials, { backend: 'chat', result: 'backend_upgrade' }, 1);
  });
}

test('an upgrade that is not answered ends with timeouts.connect, and the next server has its turn', async (t) => {
  const silent = await listen(t);
  const service = await echoWs(t);
  const sluice = await start(t, {
    workers: 1,
    backends: { chat: { servers: [`ws://${silent.address}/`, `ws://${await deadAddress(t)}`, service.url()] } },
    routes: [
      { name: 'main', match: { path: '/' }, backend: 'chat', timeouts: { connect: '900ms' } },
    ],
  });
  for (let i = 0; i < 3; ++i) {
    const client = await openWs(t, sluice.url());
    client.send('x');
    await client.receive(1);
    await client.close();
  }
  const line = await sluice.event('dial_failed', { reason: 'backend_upgrade' });
  assert.match(line.detail, /did not answer the upgrade in time$/);
  await sluice.event('dial_failed', { reason: 'backend_refused' });
});

test('lines are messages on both sides', async (t) => {
  const service = await echoWs(t);
  const sluice = await startBefore(t, service.url(), { framing: 'lines' });
  const client = await openWs(t, sluice.url());
  for (const text of ['one', '', 'gr\u00fc\u00df dich']) client.send(text);
  await waitFor('three messages', () => client.messages.length === 3);
  const shown = (messages) => messages.map((m) => `${m.isBinary ? 'binary' : 'text'} ${m.data}`);
  const expected = ['text one', 'text ', 'text gr\u00fc\u00df dich'];
  assert.deepEqual(shown((await service.peer()).messages), expected);
  assert.deepEqual(shown(client.messages), expected);
});

test('boundaries and types live through ws to ws', async (t) => {
  const service = await echoWs(t);
  const sluice = await startBefore(t, service.url(), {
    framing: { length_prefixed: { size: 'u32', type_byte: true } },
  });
  const client = await openWs(t, sluice.url());
  const sent = [];
  for (let i = 0; i < 200; ++i) {
    const size = [0, 1, 125, 126, 65536, 300_000][i % 6];
    sent.push(i % 2 ? pattern(size, i) : Buffer.alloc(size, 'a'));
    client.send(sent[i], { binary: i % 2 === 1 });
  }
  await waitFor('all messages', () => client.messages.length === sent.length);
  for (const messages of [(await service.peer()).messages, client.messages]) {
    messages.forEach(({ data, isBinary }, i) => {
      assert.equal(isBinary, i % 2 === 1, `the type of message ${i}`);
      assertSameBytes(data, sent[i], `message ${i}`);
    });
  }
});

test('a service that is silent is pinged, and given up when it does not answer', async (t) => {
  const service = await serveWs(t);
  const keepalive = { ping_interval: '1s', pong_timeout: '1s' };
  const sluice = await startBefore(t, service.url(), { keepalive });
  const client = await openWs(t, sluice.url());
  const peer = await service.peer();
  await waitFor('pings at the service', () => peer.pings >= 2);
  assert.equal(client.closeEvent, undefined);

  const deaf = await serveWs(t, () => {}, { autoPong: false });
  const other = await startBefore(t, deaf.url(), { keepalive });
  const second = await openWs(t, other.url());
  assert.deepEqual(await second.waitForClose(), { code: 1011, reason: 'backend_reset' });
  const [line] = await other.sessions();
  assert.equal(line.detail, 'the server did not answer a ping in time');
});

test("the service's pings are answered", async (t) => {
  const service = await serveWs(t, (socket) => socket.ping('hello'));
  const sluice = await startBefore(t, service.url());
  await openWs(t, sluice.url());
  const peer = await service.peer();
  await waitFor('the pong', () => peer.pongs === 1);
});

test('a service that takes nothing costs bounded memory, and then gets every byte', async (t) => {
  const service = await serveWs(t, (socket) => socket.pause());
  const sluice = await startBefore(t, service.url());
  const client = await openWs(t, sluice.url());
  const size = 64 * MiB;
  const chunk = pattern(MiB);
  const before = rss(sluice.pid);
  for (let i = 0; i < size / MiB; ++i) client.send(chunk);
  await sluice.waitFor(
    'the direction to be paused',
    async () => (await sluice.metrics()).sum('sluice_pauses_total', { direction: 'to_backend' }) >= 1,
  );
  assert.ok(rss(sluice.pid) - before < 16 * MiB, 'memory stays bounded');
  const peer = await service.peer();
  peer.socket.resume();
  let total = 0;
  await waitFor('all of it', () => {
    for (const { data } of peer.messages.splice(0)) {
      const at = total % MiB;
      if (at + data.length <= MiB) assertSameBytes(data, chunk.subarray(at, at + data.length), 'a piece');
      total += data.length;
    }
    return total === size;
  });
});

test('a client that takes nothing pauses the service', async (t) => {
  const size = 64 * MiB;
  const service = await serveWs(t, (socket) => {
    for (let i = 0; i < size / MiB; ++i) socket.send(pattern(MiB, 1));
  });
  const sluice = await startBefore(t, service.url());
  const before = rss(sluice.pid);
  const client = await openWs(t, sluice.url());
  client.socket.pause();
  await sluice.waitFor(
    'the direction to be paused',
    async () => (await sluice.metrics()).sum('sluice_pauses_total', { direction: 'to_client' }) >= 1,
  );
  assert.ok(rss(sluice.pid) - before < 16 * MiB, 'memory stays bounded');
  client.socket.resume();
  const all = await client.receive(size);
  for (let i = 0; i < size; i += MiB) {
    assertSameBytes(all.subarray(i, i + MiB), pattern(MiB, 1), `the MiB at ${i}`);
  }
});

test('a service that ignores our Close and keeps sending is given up after timeouts.close_total', async (t) => {
  const timeouts = { close: '500ms', close_total: '2s' };
  const service = await serveWs(t, (socket) => {
    // Below `ws`, which would answer the Close.
    const tcp = socket._socket;
    tcp.removeAllListeners('data');
    const timer = setInterval(() => tcp.write(Buffer.from([0x82, 1, 0x2e])), 50);
    tcp.on('close', () => clearInterval(timer));
    tcp.on('data', () => {});
  });
  const sluice = await start(t, {
    listeners: [{ address: '127.0.0.1:0', name: 'raw', protocol: 'tcp' }],
    routes: [{ name: 'main', match: { listener: 'raw' }, backend: service.url(), timeouts }],
  });
  const client = await connectTcp(t, sluice.address());
  await client.receive(1);
  const begin = Date.now();
  client.socket.end(); // To the service, a Close.
  const [line] = await sluice.sessions();
  const took = Date.now() - begin;
  assert.ok(took >= 1700 && took < 5000, `it took ${took} ms; the time limit is 2 s`);
  assert.equal(line.reason, 'backend_reset');
  assert.equal(line.detail, 'the server did not answer the Close within timeouts.close_total');
});

test('a drain tells both sides', async (t) => {
  const service = await echoWs(t);
  const sluice = await startBefore(t, service.url());
  const client = await openWs(t, sluice.url());
  client.send('x');
  await client.receive(1);
  await sluice.stop();
  assert.deepEqual(await client.waitForClose(), { code: 1012, reason: 'drain' });
  const peer = await service.peer();
  await waitFor('the Close at the service', () => peer.close);
  assert.equal(peer.close.code, 1000);
});

test('a service that is cut off is an error', async (t) => {
  const service = await serveWs(t, (socket) => socket.on('message', () => socket.terminate()));
  const sluice = await startBefore(t, service.url());
  const client = await openWs(t, sluice.url());
  client.send('x');
  assert.equal((await client.waitForClose()).reason, 'backend_reset');
});
