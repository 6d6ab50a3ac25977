// Listeners of plain TCP: to a TCP service, and to one that speaks WebSocket.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { deadAddress, echo, greeter, listen, pusher } from './lib/backends.mjs';
import { assertSameBytes, MiB, pattern } from './lib/bytes.mjs';
import { makeAuthority, makeCertificate } from './lib/certificates.mjs';
import { residentBytes } from './lib/memory.mjs';
import { run, start, tempDir } from './lib/sluice.mjs';
import { connectTcp } from './lib/tcp_client.mjs';
import { waitFor } from './lib/wait.mjs';
import { openWs } from './lib/ws_client.mjs';
import { echoWs, serveWs } from './lib/ws_server.mjs';

/** Sluice with one listener of plain TCP and one route, to `backend`. */
function startTcp(t, backend, { listener = {}, route = {}, ...config } = {}) {
  return start(t, {
    workers: 1,
    listeners: [{ address: '127.0.0.1:0', name: 'raw', protocol: 'tcp', ...listener }],
    routes: [{ name: 'main', match: { listener: 'raw' }, backend, ...route }],
    ...config,
  });
}

test('bytes go both ways between two of TCP, and each end is relayed by itself', async (t) => {
  // It answers when it has all: only a half-close gets that far.
  const service = await listen(t, (peer) =>
    peer.socket.on('end', () => peer.socket.end(`${peer.receivedBytes} bytes`)), { lingers: true });
  const sluice = await startTcp(t, service.address);
  const client = await connectTcp(t, sluice.address());
  const bytes = pattern(3 * MiB);
  client.socket.end(bytes);
  await client.waitForEnd();
  assert.equal(client.received().toString(), `${bytes.length} bytes`);
  assertSameBytes((await service.peer()).received(), bytes, 'what the service got');
  const [line] = await sluice.sessions();
  assert.equal(line.reason, 'client_closed');
  assert.equal(line.code, undefined);
  assert.equal(line.bytes_to_backend, bytes.length);
  await sluice.metric('sluice_sessions_closed_total', { route: 'main', reason: 'client_closed' }, 1);
  await sluice.metric('sluice_sessions_active', {}, 0);
  await sluice.metric('sluice_connections_active', {}, 0);
});

test('a service may speak first, and end first', async (t) => {
  const service = await listen(t, ({ socket }) => socket.end('hello\r\n'), { lingers: true });
  const sluice = await startTcp(t, service.address);
  const client = await connectTcp(t, sluice.address());
  await client.waitForEnd();
  assert.equal(client.received().toString(), 'hello\r\n');
  client.socket.end('still heard');
  const peer = await service.peer();
  await peer.waitForFin();
  assert.equal(peer.received().toString(), 'still heard');
  assert.equal((await sluice.sessions())[0].reason, 'backend_closed');
});

test('much goes through, as fast as it is taken', async (t) => {
  const chunk = pattern(MiB);
  const service = await pusher(t, () => Array(64).fill(chunk), ({ socket }) => socket.end());
  const sluice = await startTcp(t, service.address);
  const before = residentBytes(sluice.pid);
  const client = await connectTcp(t, sluice.address());
  client.socket.pause();
  await sluice.waitFor('the direction to be paused', async () =>
    (await sluice.metrics()).sum('sluice_pauses_total', { direction: 'to_client' }) >= 1);
  assert.ok(residentBytes(sluice.pid) - before < 16 * MiB, 'memory stays bounded');
  client.socket.resume();
  await client.waitForEnd();
  const all = client.received();
  assert.equal(all.length, 64 * MiB);
  for (let i = 0; i < all.length; i += MiB) assertSameBytes(all.subarray(i, i + MiB), chunk, `the MiB at ${i}`);
});

test('TLS is taken off, and a client that speaks none is refused', async (t) => {
  const authority = makeAuthority(tempDir(t));
  const certificates = [makeCertificate(authority, 'server', ['tcp.test'])];
  const service = await greeter(t, 'SSH-2.0-test\r\n');
  const sluice = await startTcp(t, service.address, { listener: { tls: { certificates } } });
  const secure = { ca: authority.pem, servername: 'tcp.test' };
  const client = await connectTcp(t, sluice.address(), { secure });
  await client.receive(14);
  client.socket.write('ping');
  assert.equal((await client.receive(18)).toString(), 'SSH-2.0-test\r\nping');
  await sluice.metric('sluice_tls_handshakes_total', { result: 'ok' }, 1);
  client.socket.end();

  const plain = await connectTcp(t, sluice.address());
  plain.socket.write('GET / HTTP/1.1\r\n\r\n');
  await waitFor('the connection to close', () => plain.ended || plain.error);
  await sluice.metric('sluice_tls_handshakes_total', { result: 'not_tls' }, 1);
});

test('a client certificate is the one credential', async (t) => {
  const authority = makeAuthority(tempDir(t));
  const certificates = [makeCertificate(authority, 'server', ['tcp.test'])];
  const anna = makeCertificate(authority, 'anna', ['anna.test']);
  const bob = makeCertificate(authority, 'bob', ['bob.test']);
  const service = await echo(t);
  const sluice = await startTcp(t, service.address, {
    listener: { tls: { certificates, client_ca: authority.cert } },
    route: { auth: { client_certificate: { names: ['dns:anna.test'] } } },
  });
  const { readFileSync } = await import('node:fs');
  const as = (files) => ({
    ca: authority.pem,
    servername: 'tcp.test',
    cert: readFileSync(files.cert),
    key: readFileSync(files.key),
  });
  const good = await connectTcp(t, sluice.address(), { secure: as(anna) });
  good.socket.write('hi');
  await good.receive(2);
  const bad = await connectTcp(t, sluice.address(), { secure: as(bob) });
  await waitFor('the connection to close', () => bad.ended || bad.closed || bad.error);
  await sluice.event('refused', { reason: 'unauthorized' });
  assert.equal(service.peers.length, 1);
});

test('causes: a dial that fails, no route, limits', async (t) => {
  const sluice = await start(t, {
    workers: 1,
    listeners: ['dead', 'nowhere', 'few'].map((name) => ({ address: '127.0.0.1:0', name, protocol: 'tcp' })),
    routes: [
      { name: 'dead', match: { listener: 'dead' }, backend: await deadAddress(t) },
      {
        name: 'few',
        match: { listener: 'few' },
        backend: (await echo(t)).address,
        limits: { route_sessions: 1 },
      },
    ],
  });
  const dead = await connectTcp(t, sluice.address(0));
  await dead.waitForEnd();
  dead.socket.end();
  await sluice.event('session', { reason: 'backend_refused' });
  const nowhere = await connectTcp(t, sluice.address(1));
  await nowhere.waitForEnd();
  await sluice.event('refused', { reason: 'no_route' });
  const first = await connectTcp(t, sluice.address(2));
  first.socket.write('x');
  await first.receive(1);
  const second = await connectTcp(t, sluice.address(2));
  await second.waitForEnd();
  await sluice.event('refused', { reason: 'limit_route_sessions' });
});

test('a reset on either side, idle and age end a session', async (t) => {
  const service = await echo(t);
  const sluice = await startTcp(t, service.address, { route: { timeouts: { idle: '1s' } } });
  const lost = await connectTcp(t, sluice.address());
  lost.socket.write('x');
  await lost.receive(1);
  lost.socket.resetAndDestroy();
  await sluice.event('session', { reason: 'client_lost' });
  const broken = await connectTcp(t, sluice.address());
  broken.socket.write('x');
  await broken.receive(1);
  (await service.peer(1)).reset();
  await broken.waitForEnd();
  broken.socket.end();
  await sluice.event('session', { reason: 'backend_reset' });
  const idle = await connectTcp(t, sluice.address());
  await idle.waitForEnd();
  idle.socket.end();
  await sluice.event('session', { reason: 'idle_timeout' });
});

test('a client whose own end is long over is noticed when it is gone', async (t) => {
  const service = await listen(t, () => {}, { lingers: true });
  const sluice = await startTcp(t, service.address);
  const client = await connectTcp(t, sluice.address());
  client.socket.end('last words');
  const peer = await service.peer();
  await peer.waitForFin();
  client.socket.destroy();
  const chunk = pattern(MiB);
  const timer = setInterval(() => !peer.closed && peer.socket.write(chunk), 20);
  try {
    await sluice.event('session', { reason: 'client_lost' });
  } finally {
    clearInterval(timer);
  }
});

test('a drain is told by a FIN', async (t) => {
  const service = await echo(t);
  const sluice = await startTcp(t, service.address);
  const client = await connectTcp(t, sluice.address());
  client.socket.write('x');
  await client.receive(1);
  client.socket.on('end', () => client.socket.end('bye'));
  await sluice.stop();
  assert.equal(client.error, undefined);
  const peer = await service.peer();
  await peer.waitForFin();
  assert.equal(peer.received().toString(), 'xbye');
  assert.equal((await sluice.sessions())[0].reason, 'drain');
});

test('a PROXY header says who the client is', async (t) => {
  const service = await echo(t);
  const sluice = await startTcp(t, service.address, {
    listener: { proxy_protocol: 'required', proxy_protocol_from: ['127.0.0.1'] },
  });
  const client = await connectTcp(t, sluice.address());
  client.socket.write('PROXY TCP4 192.0.2.7 192.0.2.8 4711 22\r\nhello');
  assert.equal((await client.receive(5)).toString(), 'hello');
  client.socket.end();
  assert.equal((await sluice.sessions())[0].client, '192.0.2.7:4711');
});

test('a WebSocket service for clients of plain TCP', async (t) => {
  const service = await echoWs(t);
  const sluice = await startTcp(t, service.url('/bytes'));
  const client = await connectTcp(t, sluice.address());
  const bytes = pattern(3 * MiB);
  client.socket.write(bytes);
  assertSameBytes(await client.receive(bytes.length), bytes, 'the echo');
  client.socket.end();
  await client.waitForEnd();
  const peer = await service.peer();
  await waitFor('the Close', () => peer.close);
  assert.deepEqual(peer.close, { code: 1000, reason: '' });
  assert.equal((await sluice.sessions())[0].reason, 'client_closed');
});

test('a line of a TCP client is a message of a WebSocket service', async (t) => {
  const service = await serveWs(t, (socket) =>
    socket.on('message', (data) => socket.send(`you said ${data}`)));
  const sluice = await startTcp(t, service.url(), { route: { framing: { lines: { max_length: '1KiB' } } } });
  const client = await connectTcp(t, sluice.address());
  client.socket.write('one\r\ntw');
  assert.equal((await client.receive(14)).toString(), 'you said one\r\n');
  client.socket.write('o\r\n');
  assert.equal((await client.receive(28)).toString(), 'you said one\r\nyou said two\r\n');
  const peer = await service.peer();
  assert.deepEqual(peer.messages.map(({ data, isBinary }) => [String(data), isBinary]), [
    ['one', false],
    ['two', false],
  ]);
  client.socket.write(`${'x'.repeat(2000)}\r\n`);
  await client.waitForEnd();
  client.socket.end();
  const [line] = await sluice.sessions();
  assert.equal(line.reason, 'protocol_error');
  assert.match(line.detail, /what was sent is not in the framing/);
});

test('WebSockets and plain TCP beside each other', async (t) => {
  const service = await echo(t);
  const sluice = await start(t, {
    listeners: [{ address: '127.0.0.1:0' }, { address: '127.0.0.1:0', name: 'raw', protocol: 'tcp' }],
    routes: [
      { name: 'web', match: { path: '/' }, backend: service.address },
      { name: 'any', match: { client: ['127.0.0.0/8'] }, backend: service.address },
    ],
  });
  const ws = await openWs(t, sluice.url());
  ws.send('a');
  assert.equal((await ws.receive(1)).toString(), 'a');
  const tcp = await connectTcp(t, sluice.address(1));
  tcp.socket.write('b');
  assert.equal((await tcp.receive(1)).toString(), 'b');
  tcp.socket.end();
  const [line] = await sluice.sessions();
  assert.equal(line.route, 'any');
});

test('what makes no sense for plain TCP is an error of the file', async (t) => {
  const { writeFileSync } = await import('node:fs');
  const file = `${tempDir(t)}/sluice.yaml`;
  writeFileSync(
    file,
    [
      'listeners: [{address: "127.0.0.1:0", name: raw, protocol: tcp}]',
      'routes:',
      '  - {name: a, match: {listener: raw, path: /x}, backend: "127.0.0.1:1"}',
      '  - {name: b, match: {listener: raw}, backend: "127.0.0.1:1", origins: ["*"]}',
      '  - {name: c, match: {listener: raw}, backend: "127.0.0.1:1", framing: lines}',
    ].join('\n'),
  );
  const { code, stderr, stdout } = await run(['check', file]);
  assert.notEqual(code, 0);
  const text = stderr + stdout;
  assert.match(text, /bring no request/);
  assert.match(text, /'?origins'?: has no effect: all connections of this route are plain TCP/);
  assert.match(text, /'?framing'?: has no effect: all connections of this route are plain TCP/);
});

test('a client that resets while output waits for it is lost, and its backend is let go', async (t) => {
  // It sends without end, and does not look whether anybody listens.
  const service = await listen(t, ({ socket }) => {
    const chunk = pattern(64 * 1024);
    const more = () => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', more);
    more();
  }, { lingers: true });
  const sluice = await startTcp(t, service.address, { defaults: { timeouts: { close: '1s' } } });
  const client = await connectTcp(t, sluice.address());
  client.socket.pause();
  await sluice.waitFor('the direction to be paused', async () =>
    (await sluice.metrics()).sum('sluice_pauses_total', { direction: 'to_client' }) >= 1);
  client.socket.resetAndDestroy();
  const [line] = await sluice.sessions();
  assert.equal(line.reason, 'client_lost');
  await (await service.peer()).waitForClose();
  await sluice.metric('sluice_server_sessions', {}, 0);
});

test('a client that resets while its backend takes nothing is lost', async (t) => {
  const service = await listen(t, () => {}, { paused: true, lingers: true });
  const sluice = await startTcp(t, service.address, {
    defaults: {
      timeouts: { close: '1s' },
      keepalive: { ping_interval: '1s', pong_timeout: '1s', backend_timeout: '4s' },
    },
  });
  const client = await connectTcp(t, sluice.address());
  client.socket.write(pattern(32 * MiB));
  await sluice.waitFor('the direction to be paused', async () =>
    (await sluice.metrics()).sum('sluice_pauses_total', { direction: 'to_backend' }) >= 1);
  client.socket.resetAndDestroy();
  const [line] = await sluice.sessions();
  assert.equal(line.reason, 'client_lost');
});

test('who resets while it waits for a place leaves the queue', async (t) => {
  const service = await echo(t);
  const sluice = await startTcp(t, 'pool', {
    backends: {
      pool: { servers: [{ address: service.address, max_sessions: 1 }], queue: { size: 3, timeout: '1m' } },
    },
  });
  const first = await connectTcp(t, sluice.address());
  first.socket.write('first');
  await first.receive(5);
  const waiting = (count) => sluice.metric('sluice_backend_queue_requests', { backend: 'pool' }, count);
  const others = [];
  for (let i = 0; i < 3; ++i) others.push(await connectTcp(t, sluice.address()));
  await waiting(3);
  others[0].socket.write('early');
  for (const other of others.slice(0, 2)) other.socket.resetAndDestroy();
  await waiting(1);
  // One that has merely ended its direction still waits for an answer.
  others[2].socket.end('last');
  first.socket.end();
  await others[2].waitForEnd();
  assert.equal(others[2].received().toString(), 'last');
});
