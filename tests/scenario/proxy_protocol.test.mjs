// PROXY headers in front of a connection, with HAProxy as it is used.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { echo } from './lib/backends.mjs';
import { assertSameBytes, pattern } from './lib/bytes.mjs';
import { kOpcode } from './lib/frames.mjs';
import { kClient, kProxy, kV1, listener, loggedClient, prefixer, proxyV2, startHaproxy } from './lib/proxies.mjs';
import { connectRaw, upgradeHead } from './lib/raw_client.mjs';
import { start } from './lib/sluice.mjs';
import { makeTls } from './lib/tls.mjs';
import { openWs } from './lib/ws_client.mjs';

const kHeaders = 'sluice_proxy_headers_total';
const kRefused = 'sluice_requests_refused_total';

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
