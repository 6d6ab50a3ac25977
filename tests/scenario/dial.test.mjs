// Reaching the backend: names and addresses of every kind, and how each failure is told.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';

import { deadAddress, echo, listen, silentAddress } from './lib/backends.mjs';
import { startDns } from './lib/dns.mjs';
import { encodeFrame } from './lib/frames.mjs';
import { connectRaw, upgradeHead } from './lib/raw_client.mjs';
import { portOf, start, tempDir } from './lib/sluice.mjs';
import { waitFor } from './lib/wait.mjs';
import { openWs, refusedWs } from './lib/ws_client.mjs';

/** The session opens and closes at once with 1014 and that reason; log and metrics say the same. */
async function failsWith(t, sluice, reason) {
  const client = await openWs(t, sluice.url());
  assert.deepEqual(await client.waitForClose(), { code: 1014, reason });
  const [line] = await sluice.sessions(1);
  assert.equal(line.reason, reason);
  assert.equal(line.code, 1014);
  assert.equal(line.fault, 'backend');
  assert.equal(line.bytes_to_client, 0);
  await sluice.metric('sluice_sessions_active', { route: 'main' }, 0);
  return line;
}

/** With on_dial_failure: http the upgrade is answered with `status` instead. */
async function answersWith(t, sluice, status, reason) {
  const response = await refusedWs(t, sluice.url());
  assert.equal(response.status, status, response.body);
  assert.ok(response.body.startsWith(`${reason}: `), response.body);
  assert.match(response.headers.connection, /close/);
  await sluice.event('refused', { reason, code: status });
}

async function echoes(t, sluice, where = '/') {
  const client = await openWs(t, sluice.url(where));
  client.send('hello');
  assert.equal((await client.receive(5)).toString(), 'hello');
  await client.close();
}

const kHttp = { on_dial_failure: 'http' };

test('nobody listens: 1014 backend_refused', async (t) => {
  const backend = await deadAddress(t);
  await failsWith(t, await start(t, { backend }), 'backend_refused');
});

test('nobody listens, on_dial_failure: http: 502', async (t) => {
  const backend = await deadAddress(t);
  await answersWith(t, await start(t, { backend, route: kHttp }), 502, 'backend_refused');
});

test('what the client has sent by then does not hinder the Close', async (t) => {
  const sluice = await start(t, { backend: await deadAddress(t) });
  const client = await connectRaw(t, sluice.port);
  client.write(Buffer.concat([Buffer.from(upgradeHead()), encodeFrame({ payload: Buffer.alloc(100_000) })]));
  assert.equal((await client.readHead()).status, 101);
  assert.deepEqual(await client.readClose(), { code: 1014, reason: 'backend_refused' });
  client.sendFrame({ opcode: 8, payload: Buffer.from([3, 0xf6]) });
  await client.waitForEnd();
  const [line] = await sluice.sessions();
  assert.equal(line.bytes_to_backend, 0, 'no server has got any of it');
  const metrics = await sluice.metrics();
  assert.equal(metrics.sum('sluice_payload_bytes_total', { direction: 'to_backend' }), 0);
});

test('nobody answers: 1014 backend_connect_timeout', async (t) => {
  const backend = await silentAddress(t);
  const sluice = await start(t, { backend, defaults: { timeouts: { connect: '1s' } } });
  const begin = Date.now();
  await failsWith(t, sluice, 'backend_connect_timeout');
  assert.ok(Date.now() - begin >= 900, 'the limit of one second is used');
});

test('nobody answers, on_dial_failure: http: 504', async (t) => {
  const backend = await silentAddress(t);
  const sluice = await start(t, { backend, route: { ...kHttp, timeouts: { connect: '1s' } } });
  await answersWith(t, sluice, 504, 'backend_connect_timeout');
});

for (const [how, leave] of [
  ['with a FIN', (client) => client.end()],
  ['with a reset', (client) => client.reset()],
]) {
  test(`a client that leaves ${how} while the dial is under way gives its place back at once`, async (t) => {
    const backend = await silentAddress(t);
    const sluice = await start(t, { backend, defaults: { timeouts: { connect: '5m' } } });
    const client = await connectRaw(t, sluice.port);
    client.write(upgradeHead());
    await sluice.metric('sluice_connections_active', {}, 1);
    leave(client);
    await sluice.metric('sluice_connections_active', {}, 0);
    await sluice.event('client_left', { route: 'main', backend });
    assert.equal((await sluice.metrics()).sum('sluice_sessions_active'), 0);
  });
}

test('what a client has sent by the time it leaves still goes to the backend', async (t) => {
  // A name that is not answered before the client is gone holds the dial up.
  const backend = await listen(t);
  const records = { 'slow.scenario.test': { A: ['127.0.0.1'] } };
  const silent = ['slow.scenario.test'];
  const dns = await startDns(t, records, { silent });
  const sluice = await start(t, {
    backend: `slow.scenario.test:${backend.port}`,
    dns: { servers: [dns.address], timeout: '500ms', attempts: 5 },
    defaults: { timeouts: { connect: '60s' } },
  });
  const client = await connectRaw(t, sluice.port);
  client.write(Buffer.concat([Buffer.from(upgradeHead()), encodeFrame({ payload: Buffer.from('farewell') })]));
  client.end();
  await waitFor('the name to be asked for', () => dns.queries.length > 0);
  silent.pop();
  const peer = await backend.peer();
  assert.equal((await peer.receive(8)).toString(), 'farewell');
  await peer.waitForFin();
});

test('a name that does not exist: 1014 backend_unresolved', async (t) => {
  const dns = await startDns(t, {});
  const sluice = await start(t, { backend: 'gone.scenario.test:5900', dns: { servers: [dns.address] } });
  await failsWith(t, sluice, 'backend_unresolved');
  assert.ok(dns.queries.length > 0, "the test's own DNS server was asked");
});

test('a name that does not exist, on_dial_failure: http: 502', async (t) => {
  const dns = await startDns(t, {});
  const sluice = await start(t, {
    backend: 'gone.scenario.test:5900',
    route: kHttp,
    dns: { servers: [dns.address] },
  });
  await answersWith(t, sluice, 502, 'backend_unresolved');
});

test('a name without an address is unresolved', async (t) => {
  const dns = await startDns(t, { 'empty.scenario.test': {} });
  const sluice = await start(t, { backend: 'empty.scenario.test:5900', dns: { servers: [dns.address] } });
  await failsWith(t, sluice, 'backend_unresolved');
});

test('a DNS server that is silent: backend_unresolved after its attempts', async (t) => {
  const dns = await startDns(t, {}, { silent: ['mute.scenario.test'] });
  const sluice = await start(t, {
    backend: 'mute.scenario.test:5900',
    dns: { servers: [dns.address], timeout: '250ms', attempts: 1 },
    defaults: { timeouts: { connect: '20s' } },
  });
  await failsWith(t, sluice, 'backend_unresolved');
});

test('the connect limit covers the resolution', async (t) => {
  const dns = await startDns(t, {}, { silent: ['mute.scenario.test'] });
  const sluice = await start(t, {
    backend: 'mute.scenario.test:5900',
    dns: { servers: [dns.address], timeout: '10s', attempts: 1 },
    defaults: { timeouts: { connect: '1s' } },
  });
  await failsWith(t, sluice, 'backend_connect_timeout');
});

test('a name is resolved', async (t) => {
  const backend = await echo(t);
  const dns = await startDns(t, { 'db.scenario.test': { A: ['127.0.0.1'] } });
  const sluice = await start(t, {
    backend: `db.scenario.test:${backend.port}`,
    dns: { servers: [dns.address] },
  });
  await echoes(t, sluice);
  const [line] = await sluice.sessions(1);
  assert.equal(line.server, `db.scenario.test:${backend.port}`);
});

for (const order of [['127.0.0.2', '127.0.0.1'], ['127.0.0.1', '127.0.0.2'], ['127.0.0.3', '127.0.0.2', '127.0.0.1']]) {
  test(`every address of a name is tried: ${order.join(', ')}, of which 127.0.0.1 lives`, async (t) => {
    const backend = await echo(t);
    const dns = await startDns(t, { 'many.scenario.test': { A: order } });
    const sluice = await start(t, {
      backend: `many.scenario.test:${backend.port}`,
      dns: { servers: [dns.address] },
    });
    await echoes(t, sluice);
  });
}

test('IPv6 and IPv4 of one name, of which one lives', async (t) => {
  const backend = await echo(t);
  const dns = await startDns(t, { 'dual.scenario.test': { A: ['127.0.0.1'], AAAA: ['::1'] } });
  const sluice = await start(t, {
    backend: `dual.scenario.test:${backend.port}`,
    dns: { servers: [dns.address] },
  });
  await echoes(t, sluice);
});

test('a name with an IPv6 address only', async (t) => {
  const backend = await echo(t, { host: '::1' });
  const dns = await startDns(t, { 'six.scenario.test': { AAAA: ['::1'] } });
  const sluice = await start(t, {
    backend: `six.scenario.test:${backend.port}`,
    dns: { servers: [dns.address] },
  });
  await echoes(t, sluice);
});

test('an IPv6 address', async (t) => {
  const backend = await echo(t, { host: '::1' });
  await echoes(t, await start(t, { backend: `[::1]:${backend.port}` }));
});

test('localhost, by the hosts file', async (t) => {
  const backend = await echo(t);
  await echoes(t, await start(t, { backend: `localhost:${backend.port}` }));
});

test('a Unix socket', async (t) => {
  const backend = await echo(t, { path: path.join(tempDir(t), 'echo.sock') });
  const sluice = await start(t, { backend: backend.address });
  await echoes(t, sluice);
  const [line] = await sluice.sessions(1);
  assert.equal(line.server, backend.address);
});

test('a Unix socket that is not there: 1014 backend_unreachable', async (t) => {
  const backend = `unix:${path.join(tempDir(t), 'none.sock')}`;
  await failsWith(t, await start(t, { backend }), 'backend_unreachable');
});

test('the built-in echo service', async (t) => {
  await echoes(t, await start(t, { backend: 'builtin:echo' }));
});

test('of two servers the dead one is passed over', async (t) => {
  const backend = await echo(t);
  const dead = await deadAddress(t);
  const sluice = await start(t, {
    backends: { pair: { servers: [dead, backend.address] } },
    routes: [{ name: 'main', match: { path: '/' }, backend: 'pair' }],
  });
  for (let i = 0; i < 6; ++i) await echoes(t, sluice);
  const lines = await sluice.sessions(6);
  for (const line of lines) assert.equal(line.server, backend.address);
  assert.equal(backend.peers.length, 6);
});

test('two servers share the sessions', async (t) => {
  const [one, two] = await Promise.all([echo(t), echo(t)]);
  const sluice = await start(t, {
    workers: 1,
    backends: { pair: { servers: [one.address, two.address] } },
    routes: [{ name: 'main', match: { path: '/' }, backend: 'pair' }],
  });
  for (let i = 0; i < 10; ++i) await echoes(t, sluice);
  assert.equal(one.peers.length + two.peers.length, 10);
  assert.ok(one.peers.length >= 2 && two.peers.length >= 2, `${one.peers.length} and ${two.peers.length}`);
});

test('all servers dead: one failure', async (t) => {
  const servers = [await deadAddress(t), await deadAddress(t)];
  const sluice = await start(t, {
    backends: { pair: { servers } },
    routes: [{ name: 'main', match: { path: '/' }, backend: 'pair' }],
  });
  const line = await failsWith(t, sluice, 'backend_refused');
  assert.ok(servers.includes(line.server), `${line.server} is one of ${servers.map(portOf)}`);
});

test('the dial comes before the 101', async (t) => {
  const backend = await silentAddress(t);
  const sluice = await start(t, { backend, defaults: { timeouts: { connect: '2s' } } });
  const client = await connectRaw(t, sluice.port);
  const begin = Date.now();
  client.write(upgradeHead());
  assert.equal((await client.readHead()).status, 101);
  assert.ok(Date.now() - begin >= 1800, 'the 101 waits for the outcome of the dial');
});
