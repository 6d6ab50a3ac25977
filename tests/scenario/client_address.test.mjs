// Who the client is: PROXY headers in front of a connection and towards backends, X-Forwarded-For and
// Forwarded; with HAProxy and nginx as they are used.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { echo, listen } from './lib/backends.mjs';
import { assertSameBytes, pattern } from './lib/bytes.mjs';
import { makeAuthority, makeCertificate } from './lib/certificates.mjs';
import { kOpcode } from './lib/frames.mjs';
import { parseProxyV2, prefixer, proxyV2, startHaproxy, startNginx } from './lib/proxies.mjs';
import { connectRaw, connectTls, upgradeHead } from './lib/raw_client.mjs';
import { start, tempDir } from './lib/sluice.mjs';
import { openWs } from './lib/ws_client.mjs';

const kHeaders = 'sluice_proxy_headers_total';
const kRefused = 'sluice_requests_refused_total';
const kV1 = 'PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n';

// The whole of 127.0.0.0/8 is this machine, so that each part has an address of its own: the proxies
// connect from 127.0.0.2, clients from 127.0.0.3.
const kProxy = '127.0.0.2';
const kClient = '127.0.0.3';

function listener(mode, from = ['127.0.0.1'], more = {}) {
  return { address: '127.0.0.1:0', proxy_protocol: mode, proxy_protocol_from: from, ...more };
}

function makeTls(t) {
  const authority = makeAuthority(tempDir(t));
  const certificates = [makeCertificate(authority, 'main', ['localhost', '127.0.0.1'])];
  return { authority, ca: authority.pem, certificates };
}

async function loggedClient(sluice, count = 1) {
  return (await sluice.sessions(count)).at(-1).client;
}

// ---- PROXY headers from a load balancer ----

for (const option of ['send-proxy', 'send-proxy-v2', 'send-proxy-v2-ssl-cn']) {
  test(`behind HAProxy with ${option}, the client is the client, and its bytes are its own`, async (t) => {
    const backend = await echo(t);
    const sluice = await start(t, { listeners: [listener('required', [kProxy])], backend: backend.address });
    const haproxy = await startHaproxy(t, `
frontend in
  mode tcp
  bind fd@3
  default_backend sluice
backend sluice
  mode tcp
  source ${kProxy}
  server one 127.0.0.1:${sluice.port} ${option}`);
    const client = await openWs(t, `ws://${haproxy.address}/`, { localAddress: kClient });
    const sent = pattern(200_000, 1);
    client.send(sent);
    assertSameBytes(await client.receive(sent.length), sent, 'what came back');
    const { localPort } = client.socket._socket;
    await client.close();
    assert.equal(await loggedClient(sluice), `${kClient}:${localPort}`);
    await sluice.metric(kHeaders, { result: 'ok' }, 1);
  });
}

test('HAProxy with PROXY v2 in front of TLS that sluice speaks', async (t) => {
  const backend = await echo(t);
  const { ca, certificates } = makeTls(t);
  const sluice = await start(t, {
    listeners: [listener('required', [kProxy], { tls: { certificates } })],
    backend: backend.address,
  });
  const haproxy = await startHaproxy(t, `
frontend in
  mode tcp
  bind fd@3
  default_backend sluice
backend sluice
  mode tcp
  source ${kProxy}
  server one 127.0.0.1:${sluice.port} send-proxy-v2`);
  const client = await openWs(t, `wss://${haproxy.address}/`, { localAddress: kClient, ca });
  const sent = pattern(200_000, 1);
  client.send(sent);
  assertSameBytes(await client.receive(sent.length), sent, 'what came back');
  const { localPort } = client.socket._socket;
  await client.close();
  assert.equal(await loggedClient(sluice), `${kClient}:${localPort}`);
  await sluice.metric('sluice_tls_handshakes_total', { result: 'ok' }, 1);
});

test("HAProxy's health checks (LOCAL) are nobody's requests", async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { listeners: [listener('required', [kProxy])], backend: backend.address });
  await startHaproxy(t, `
frontend in
  mode tcp
  bind fd@3
  default_backend sluice
backend sluice
  mode tcp
  source ${kProxy}
  server one 127.0.0.1:${sluice.port} check inter 100ms send-proxy-v2 check-send-proxy`);
  await sluice.waitFor('three health checks', async () => (await sluice.metrics()).sum(kHeaders, { result: 'local' }) >= 3);
  assert.deepEqual(sluice.eventsOf('refused'), []);
});

for (const [version, header] of [['v1', Buffer.from(kV1)], ['v2', proxyV2({ tlvs: Buffer.from([0xee, 0, 1, 7]) })]]) {
  test(`${version}: however the header is cut, what follows it is untouched`, async (t) => {
    const backend = await echo(t);
    const sluice = await start(t, { listeners: [listener('required')], backend: backend.address });
    const head = Buffer.from(upgradeHead());
    const whole = Buffer.concat([header, head]);
    let sessions = 0;
    for (let cut = 1; cut <= header.length + 1; cut += 3) {
      const client = await connectRaw(t, sluice.port);
      client.write(whole.subarray(0, cut));
      // The first part has been read by the time that a later connection has been served.
      const other = await connectRaw(t, sluice.port);
      other.write(whole);
      assert.equal((await other.readHead()).status, 101);
      other.reset();
      client.write(whole.subarray(cut));
      assert.equal((await client.readHead()).status, 101, `cut at ${cut}`);
      client.sendFrame({ opcode: kOpcode.binary, payload: pattern(1000, cut) });
      assertSameBytes(await client.readPayload(1000), pattern(1000, cut), 'the echo');
      client.reset();
      sessions += 2;
    }
    for (const line of await sluice.sessions(sessions)) assert.equal(line.client, '192.0.2.1:56324');
  });

  test(`${version}: TLS may follow in the same segment, or begin anywhere in it`, async (t) => {
    const backend = await echo(t);
    const { ca, certificates } = makeTls(t);
    const sluice = await start(t, {
      listeners: [listener('required', ['127.0.0.1'], { tls: { certificates } })],
      backend: backend.address,
    });
    for (const cut of [1, header.length - 1, header.length, header.length + 1, header.length + 40]) {
      const port = await prefixer(t, sluice.port, header, cut);
      const client = await openWs(t, `wss://127.0.0.1:${port}/`, { ca });
      const sent = pattern(50_000, cut);
      client.send(sent);
      assertSameBytes(await client.receive(sent.length), sent, `cut at ${cut}`);
      await client.close();
    }
    for (const line of await sluice.sessions(5)) assert.equal(line.client, '192.0.2.1:56324');
  });
}

test('optional: who is trusted may send a header or not, and nobody else may', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    workers: 1,
    listeners: [listener('optional', [kProxy])],
    backend: backend.address,
  });
  // The ordinary client of an optional listener.
  await (await openWs(t, sluice.url())).close();
  assert.match(await loggedClient(sluice, 1), /^127\.0\.0\.1:/);
  await sluice.metric(kHeaders, { result: 'none' }, 1);
  await (await openWs(t, sluice.url(), { localAddress: kProxy })).close();
  assert.match(await loggedClient(sluice, 2), /^127\.0\.0\.2:/);
  for (const header of [kV1, proxyV2()]) {
    const spoofer = await connectRaw(t, sluice.port);
    spoofer.write(header).write(upgradeHead());
    const { status, body } = await spoofer.readResponse();
    assert.equal(status, 400);
    assert.equal(body, 'bad_request: you may not send a PROXY header here\n');
  }
  await sluice.event('refused', { reason: 'bad_request', code: 400 });
  await sluice.metric(kHeaders, { result: 'untrusted' }, 2);
  await sluice.metric(kRefused, { reason: 'bad_request', code: 400 }, 2);
});

test('required: who is not trusted is refused before a byte of it is read', async (t) => {
  const backend = await echo(t);
  const { certificates } = makeTls(t);
  const sluice = await start(t, {
    listeners: [listener('required', [kProxy]), listener('required', [kProxy], { tls: { certificates } })],
    backend: backend.address,
  });
  const client = await connectRaw(t, sluice.port);
  const { status, body } = await client.readResponse();
  assert.equal(status, 400);
  assert.equal(body, '', 'the request may be HEAD');
  await sluice.event('refused', { detail: 'only the load balancer may connect here' });
  // With TLS there is no way to tell.
  const other = await connectRaw(t, Number(sluice.address(1).split(':')[1]));
  await other.waitForClose();
  assert.equal(other.received, 0);
  await sluice.metric(kHeaders, { result: 'untrusted' }, 2);
  await sluice.metric(kRefused, { reason: 'bad_request' }, 2);
});

test('required: no header, a bad one, and one that does not come are told apart', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    listeners: [listener('required')],
    defaults: { timeouts: { handshake: '300ms' } },
    backend: backend.address,
  });
  for (const [bytes, status, text] of [
    [upgradeHead(), 400, 'does not begin with a PROXY header'],
    ['PROXY TCP4 192.0.2.1\r\n', 400, 'is not valid: its line does not have two addresses'],
    [proxyV2({ family: 0x51 }), 400, 'is not valid: its address family'],
    [proxyV2({ tlvs: Buffer.from([3, 0, 4, 1, 2, 3, 4]) }), 400, 'is not valid: its checksum is wrong'],
    [upgradeHead({ method: 'HEAD' }), 400, ''],
    [kV1.slice(0, 20), 408, ''],
  ]) {
    const client = await connectRaw(t, sluice.port);
    client.write(bytes);
    const response = await client.readResponse();
    assert.equal(response.status, status, response.body);
    if (text) assert.ok(response.body.includes(text), response.body);
    else assert.equal(response.body, '');
  }
  await sluice.event('refused', { detail: 'the PROXY header was not complete in time' });
  await sluice.metric(kHeaders, { result: 'none' }, 2);
  await sluice.metric(kHeaders, { result: 'malformed' }, 3);
  await sluice.metric(kRefused, { reason: 'handshake_timeout', code: 408 }, 1);
});

test('off: a PROXY header is not a request', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  for (const [header, status] of [[kV1, 405], [proxyV2(), 400]]) {
    const client = await connectRaw(t, sluice.port);
    client.write(header).write(upgradeHead());
    assert.equal((await client.readResponse()).status, status);
  }
});

// ---- What HTTP proxies say ----

test('behind nginx, the client is the one that nginx was connected from, whatever it claims', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { trusted_proxies: [kProxy], backend: backend.address });
  const nginx = await startNginx(t, `
    location / {
      proxy_pass http://127.0.0.1:${sluice.port};
      proxy_bind ${kProxy};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }`);
  for (const headers of [
    {},
    { 'X-Forwarded-For': '203.0.113.9' },
    { 'X-Forwarded-For': `203.0.113.9, ${kProxy}` },
    { Forwarded: 'for=203.0.113.9' },
  ]) {
    const client = await openWs(t, `ws://${nginx.address}/`, { localAddress: kClient, headers });
    client.send(Buffer.from('hello'));
    await client.receive(5);
    await client.close();
  }
  for (const line of await sluice.sessions(4)) assert.equal(line.client, kClient);
});

test('X-Forwarded-For counts from trusted proxies alone, and up to the first that is none', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { trusted_proxies: [kProxy, '10.0.0.0/8'], backend: backend.address });
  const rows = [
    ['127.0.0.1', { 'X-Forwarded-For': '203.0.113.9' }, /^127\.0\.0\.1:/],
    [kProxy, { 'X-Forwarded-For': '203.0.113.9' }, /^203\.0\.113\.9$/],
    [kProxy, { 'X-Forwarded-For': '203.0.113.9:1234' }, /^203\.0\.113\.9:1234$/],
    [kProxy, { 'X-Forwarded-For': '192.0.2.66, [2001:db8::1]:99, 10.1.1.1' }, /^\[2001:db8::1\]:99$/],
    [kProxy, { 'X-Forwarded-For': ['192.0.2.66', '203.0.113.9'] }, /^203\.0\.113\.9$/],
    [kProxy, { 'X-Forwarded-For': '203.0.113.9, unknown, 10.1.1.1' }, /^10\.1\.1\.1$/],
    [kProxy, { 'X-Forwarded-For': 'unknown' }, /^127\.0\.0\.2:/],
    [kProxy, {}, /^127\.0\.0\.2:/],
    [kProxy, { Forwarded: 'for=203.0.113.9' }, /^127\.0\.0\.2:/],
  ];
  for (const [i, [localAddress, headers, client]] of rows.entries()) {
    await (await openWs(t, sluice.url(), { localAddress, headers })).close();
    assert.match(await loggedClient(sluice, i + 1), client, JSON.stringify(headers));
  }
});

test('Forwarded, where that is what the proxies append to', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    trusted_proxies: { from: [kProxy], header: 'forwarded' },
    backend: backend.address,
  });
  const value = 'for=192.0.2.66;proto=https, For="[2001:db8::1]:99";by=_x, for=127.0.0.2';
  const client = await openWs(t, sluice.url(), {
    localAddress: kProxy,
    headers: { Forwarded: value, 'X-Forwarded-For': '203.0.113.9' },
  });
  await client.close();
  assert.equal(await loggedClient(sluice), '[2001:db8::1]:99');
});

test('a Forwarded that breaks its grammar hides nobody: it is refused', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    trusted_proxies: { from: ['127.0.0.1'], header: 'forwarded' },
    backend: backend.address,
  });
  const client = await connectRaw(t, sluice.port);
  client.write(upgradeHead({ headers: { Forwarded: 'for=", for=203.0.113.9' } }));
  const { status, body } = await client.readResponse();
  assert.equal(status, 400);
  assert.equal(body, 'bad_request: Forwarded breaks its grammar\n');
});

test('a load balancer and an HTTP proxy behind it: both are believed in their turn', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    listeners: [listener('required')],
    trusted_proxies: ['192.0.2.1'],
    backend: backend.address,
  });
  const client = await connectRaw(t, sluice.port);
  client.write(kV1).write(upgradeHead({ headers: { 'X-Forwarded-For': '203.0.113.9' } }));
  assert.equal((await client.readHead()).status, 101);
  client.reset();
  assert.equal(await loggedClient(sluice), '203.0.113.9');
});

// ---- PROXY headers to a backend ----

test('v1 to a backend, and the early bytes behind it', async (t) => {
  const backend = await listen(t, () => {});
  const sluice = await start(t, {
    backends: { b: { servers: [backend.address], proxy_protocol: 'v1' } },
    routes: [{ name: 'main', match: { path: '/' }, backend: 'b' }],
  });
  const client = await openWs(t, sluice.url(), { localAddress: kClient });
  client.send(Buffer.from('payload'));
  const { localPort } = client.socket._socket;
  const expected = `PROXY TCP4 ${kClient} 127.0.0.1 ${localPort} ${sluice.port}\r\npayload`;
  const peer = await backend.peer();
  assert.equal((await peer.receive(expected.length)).toString(), expected);
});

test('v2 to a backend tells the address, the host, the session and what there is of TLS', async (t) => {
  const backend = await listen(t, () => {});
  const { ca, certificates } = makeTls(t);
  const sluice = await start(t, {
    listeners: [{ address: '127.0.0.1:0' }, { address: '127.0.0.1:0', tls: { certificates } }],
    trusted_proxies: [kProxy],
    backends: { b: { servers: [backend.address], proxy_protocol: 'v2' } },
    routes: [{ name: 'main', match: { path: '/' }, backend: 'b' }],
  });
  const receive = async (i) => {
    const peer = await backend.peer(i);
    return parseProxyV2(await peer.receive(28));
  };
  const plain = await openWs(t, sluice.url(), {
    localAddress: kProxy,
    headers: { 'X-Forwarded-For': '203.0.113.9', Host: 'Lab.Example.com:8080' },
  });
  const one = await receive(0);
  assert.equal(one.source, '203.0.113.9:0');
  assert.equal(one.destination, `127.0.0.1:${sluice.port}`);
  assert.equal(one.tlvs[2].toString(), 'lab.example.com');
  assert.equal(one.tlvs[1], undefined);
  assert.equal(one.ssl, undefined);
  await plain.close();
  const [line] = await sluice.sessions(1);
  assert.equal(one.tlvs[5].toString(), line.connection);

  const port = Number(sluice.address(1).split(':')[1]);
  const client = await connectTls(t, port, { ca, servername: 'localhost', minVersion: 'TLSv1.3', localAddress: kClient });
  await client.upgrade({ host: 'other.example.com' });
  const two = await receive(1);
  assert.match(two.source, /^127\.0\.0\.3:/);
  assert.equal(two.tlvs[1].toString(), 'http/1.1');
  assert.equal(two.tlvs[2].toString(), 'localhost', 'the name in the TLS');
  assert.equal(two.ssl.client, 1, 'TLS without a certificate');
  assert.notEqual(two.ssl.verify, 0);
  assert.equal(two.ssl.tlvs[0x21].toString(), 'TLSv1.3');
  assert.match(two.ssl.tlvs[0x23].toString(), /^TLS_/);
});

test('v2 to a backend keeps a host that is a token to itself', async (t) => {
  const backend = await listen(t, () => {});
  const tokens = path.join(tempDir(t), 'tokens');
  writeFileSync(tokens, `s3cret.example.com: ${backend.address}\n`);
  const sluice = await start(t, {
    routes: [
      {
        name: 'main',
        match: { path: '/' },
        backend: { from: 'token', proxy_protocol: 'v2' },
        auth: { token: { file: tokens, from: 'host' } },
      },
    ],
  });
  await openWs(t, sluice.url(), { headers: { Host: 's3cret.example.com' } });
  const header = parseProxyV2(await (await backend.peer()).receive(28));
  assert.equal(header.tlvs[2], undefined);
  assert.equal(header.tlvs[5].toString().length, 16);
});

test('HAProxy as the backend takes v1 and v2, and reports the client', async (t) => {
  const haproxy = await startHaproxy(t, `
frontend in
  mode http
  bind fd@3 accept-proxy
  http-request return status 200 content-type text/plain lf-string "<%[src] %[src_port] %[dst] %[dst_port] %[fc_pp_authority] %[fc_pp_unique_id]>"`);
  const server = (version) => ({ servers: [haproxy.address], proxy_protocol: version });
  const sluice = await start(t, {
    backends: { one: server('v1'), two: server('v2') },
    routes: ['one', 'two'].map((name) => ({ name, match: { path: `/${name}` }, backend: name })),
  });
  for (const [i, name] of ['one', 'two'].entries()) {
    const client = await openWs(t, sluice.url(`/${name}`), { localAddress: kClient });
    client.send(Buffer.from('GET / HTTP/1.0\r\n\r\n'));
    const { localPort } = client.socket._socket;
    await client.waitForClose();
    const { connection } = (await sluice.sessions(i + 1)).at(-1);
    const details = name === 'two' ? `127.0.0.1 ${connection}` : ' ';
    const expected = `<${kClient} ${localPort} 127.0.0.1 ${sluice.port} ${details}>`;
    assert.ok(client.received().includes(expected), `${client.received()}\n${expected}`);
  }
});

test('nginx as the backend takes v2 and reports the client', async (t) => {
  const report = '<$proxy_protocol_addr:$proxy_protocol_port $proxy_protocol_server_addr:$proxy_protocol_server_port>';
  const nginx = await startNginx(t, `    location / { return 200 "${report}"; }`, 'proxy_protocol');
  const sluice = await start(t, {
    trusted_proxies: ['127.0.0.1'],
    backends: { b: { servers: [nginx.address], proxy_protocol: 'v2' } },
    routes: [{ name: 'main', match: { path: '/' }, backend: 'b' }],
  });
  const client = await openWs(t, sluice.url(), { headers: { 'X-Forwarded-For': '[2001:db8::1]:4711' } });
  client.send(Buffer.from('GET / HTTP/1.0\r\n\r\n'));
  await client.waitForClose();
  const expected = `<2001:db8::1:4711 ::ffff:127.0.0.1:${sluice.port}>`;
  assert.ok(client.received().includes(expected), `${client.received()}\n${expected}`);
});
