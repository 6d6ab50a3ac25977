// Health checks: what each kind asks of a server, and what comes of the answers.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import tls from 'node:tls';

import { deadAddress, echo, greeter, listen } from './lib/backends.mjs';
import { makeAuthority, makeCertificate } from './lib/certificates.mjs';
import { defer } from './lib/cleanup.mjs';
import { startDns } from './lib/dns.mjs';
import { startRedisServer } from './lib/redis.mjs';
import { makeConfig, portOf, start, startWithArgs, tempDir } from './lib/sluice.mjs';
import { openWs } from './lib/ws_client.mjs';

/** sluice with one backend `lab`, checked every 100 ms. */
function startChecked(t, servers, check = {}, { backend = {}, ...rest } = {}) {
  return start(t, {
    backends: {
      lab: { servers, health_check: { interval: '100ms', timeout: '1s', rise: 1, fall: 1, ...check }, ...backend },
    },
    routes: [{ name: 'main', match: { path: '/' }, backend: 'lab' }],
    ...rest,
  });
}

/** Waits until so many checks of the server have had that result. */
function waitForChecks(sluice, server, result, least) {
  return sluice.waitFor(`${least} checks of ${server} to be ${result}`, async () => {
    const labels = { backend: 'lab', server, result };
    return (await sluice.metrics()).sum('sluice_health_checks_total', labels) >= least;
  });
}

/** The server passes its checks and never was down. */
async function passes(sluice, server) {
  await waitForChecks(sluice, server, 'ok', 3);
  await sluice.metric('sluice_health_checks_total', { backend: 'lab', server, result: 'failed' }, 0);
  assert.deepEqual(sluice.eventsOf('server_down'), []);
}

/** The server is down; the line of the log. */
async function isDown(sluice, server) {
  const line = await sluice.event('server_down', { backend: 'lab', server });
  await waitForChecks(sluice, server, 'failed', 2);
  return line;
}

test('a connection: down while nobody listens, up again when somebody does', async (t) => {
  const dead = await deadAddress(t);
  const alive = await echo(t);
  const sluice = await startChecked(t, [dead, alive.address], { rise: 2 });
  const line = await isDown(sluice, dead);
  assert.equal(line.detail, `${dead}: Connection refused`);
  assert.equal(line.level, 'warn');
  await waitForChecks(sluice, alive.address, 'ok', 3);

  await echo(t, { port: portOf(dead) });
  await sluice.event('server_up', { backend: 'lab', server: dead });
  const told = [...sluice.eventsOf('server_up'), ...sluice.eventsOf('server_down')];
  assert.equal(told.length, 2, 'each change is one line, and the server that was up all the time has none');
});

test('a name is looked up for each check', async (t) => {
  const backend = await echo(t);
  const records = {};
  const dns = await startDns(t, records);
  const server = `late.test:${backend.port}`;
  const sluice = await startChecked(t, [server], {}, { dns: { servers: [dns.address] } });
  assert.match((await isDown(sluice, server)).detail, /^late\.test: /);
  records['late.test'] = { A: ['127.0.0.1'] };
  await sluice.event('server_up', { server });
});

test('a server that moves is found by the next check, before its record expires', async (t) => {
  const old = await echo(t);
  const young = await echo(t, { host: '127.0.0.2', port: old.port });
  const records = { 'moving.test': { A: ['127.0.0.1'], ttl: 600 } };
  const dns = await startDns(t, records);
  const server = `moving.test:${old.port}`;
  const sluice = await startChecked(t, [server], { fall: 1 }, { dns: { servers: [dns.address] } });
  await waitForChecks(sluice, server, 'ok', 2);
  records['moving.test'].A = ['127.0.0.2'];
  await old.kill();
  await young.peer(2);
  await passes(sluice, server);
});

test('check: redis, with the real one', async (t) => {
  const redis = await startRedisServer(t);
  const sluice = await startChecked(t, [redis.address], { check: 'redis' });
  await passes(sluice, redis.address);
});

test('check: rfb, ssh and smtp', async (t) => {
  for (const [check, greeting] of [
    ['rfb', 'RFB 003.008\n'],
    ['ssh', 'A notice before\r\nSSH-2.0-OpenSSH_9.2\r\n'],
    ['smtp', '220 mail.example.test ESMTP\r\n'],
  ]) {
    const good = await greeter(t, greeting);
    await passes(await startChecked(t, [good.address], { check }), good.address);
    const bad = await greeter(t, '554 No service\r\n');
    const line = await isDown(await startChecked(t, [bad.address], { check, timeout: '300ms' }), bad.address);
    assert.equal(line.detail, 'no expected answer within the time limit');
  }
});

test('words of its own, behind a PROXY header', async (t) => {
  const backend = await listen(t, (peer) => {
    peer.socket.on('data', () => {
      if (peer.received().toString().endsWith('STATUS\r\n')) peer.socket.write('OK\r\n200 ready\r\n');
    });
  });
  const sluice = await startChecked(
    t,
    [backend.address],
    { send: 'STATUS\r\n', expect: ['200 ', 'READY'] },
    { backend: { proxy_protocol: 'v2' } },
  );
  await passes(sluice, backend.address);
  const header = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex');
  assert.deepEqual(backend.peers[0].received(), Buffer.concat([header, Buffer.from('STATUS\r\n')]));
});

test('TLS: that of the backend is judged, `check: tls` takes any', async (t) => {
  const dir = tempDir(t);
  const { cert, key } = makeCertificate(makeAuthority(dir), 'server', ['server.test']);
  const server = tls.createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (s) => s.on('error', () => {}));
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  defer(t, () => server.close());
  const address = `127.0.0.1:${server.address().port}`;
  const ca = path.join(dir, 'ca.pem');

  await passes(await startChecked(t, [address], { check: 'tls' }), address);
  const good = { tls: { ca, server_name: 'server.test' } };
  await passes(await startChecked(t, [address], {}, { backend: good }), address);
  const bad = { tls: { ca, server_name: 'other.test' } };
  const line = await isDown(await startChecked(t, [address], {}, { backend: bad }), address);
  assert.match(line.detail, /hostname mismatch/);

  const plain = await echo(t);
  await isDown(await startChecked(t, [plain.address], { check: 'tls', timeout: '500ms' }), plain.address);
});

test('what the checks have found survives a reload', async (t) => {
  const dead = await deadAddress(t);
  const alive = await echo(t);
  const config = makeConfig({
    backends: { lab: { servers: [dead], health_check: { interval: '100ms', rise: 1, fall: 3 } } },
    routes: [{ name: 'main', match: { path: '/' }, backend: 'lab' }],
  });
  const file = path.join(tempDir(t), 'sluice.yaml');
  const write = () => writeFileSync(file, JSON.stringify(config));
  write();
  const sluice = await startWithArgs(t, ['--config', file]);
  await isDown(sluice, dead);
  config.backends.lab.servers = [alive.address, dead];
  write();
  sluice.reload();
  await sluice.event('config_reloaded');
  await waitForChecks(sluice, alive.address, 'ok', 2);
  const failed = (await sluice.metrics()).sum('sluice_health_checks_total', { server: dead, result: 'failed' });
  await waitForChecks(sluice, dead, 'failed', failed + 2);
  assert.equal(sluice.eventsOf('server_down').length, 1, 'that it is down is no news');
  await echo(t, { port: portOf(dead) });
  await sluice.event('server_up', { backend: 'lab', server: dead });
});

test('no session goes to a server that is down; with none up the answer comes at once', async (t) => {
  // Both take connections, and only one says what it should.
  let greeting = 'RFB 003.008\n';
  const good = await listen(t, ({ socket }) => socket.write(greeting));
  const bad = await listen(t, ({ socket }) => socket.write('ERR 000.000\n'));
  const sluice = await startChecked(t, [bad.address, good.address], { check: 'rfb', timeout: '300ms' });
  await isDown(sluice, bad.address);
  for (let i = 0; i < 10; ++i) {
    const client = await openWs(t, sluice.url());
    assert.equal((await client.receive(greeting.length)).toString(), greeting);
    await client.close();
  }
  greeting = 'ERR 000.000\n';
  await isDown(sluice, good.address);
  const client = await openWs(t, sluice.url());
  assert.deepEqual(await client.waitForClose(), { code: 1014, reason: 'backend_down' });
});
