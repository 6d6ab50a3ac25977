// What names stand for: several addresses, SRV records, and how long answers are kept.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import tls from 'node:tls';
import { readFileSync } from 'node:fs';

import { deadAddress, echo, silentAddress } from './lib/backends.mjs';
import { makeAuthority, makeCertificate } from './lib/certificates.mjs';
import { defer } from './lib/cleanup.mjs';
import { startDns } from './lib/dns.mjs';
import { startRedisServer } from './lib/redis.mjs';
import { portOf, start, tempDir } from './lib/sluice.mjs';
import { waitFor } from './lib/wait.mjs';
import { openWs, refusedWs } from './lib/ws_client.mjs';

async function echoes(t, sluice) {
  const client = await openWs(t, sluice.url());
  client.send('hello');
  assert.equal((await client.receive(5)).toString(), 'hello');
  await client.close();
}

async function failsWith(t, sluice, reason) {
  const client = await openWs(t, sluice.url());
  assert.deepEqual(await client.waitForClose(), { code: 1014, reason });
}

const kService = '_app._tcp.example.test';

/** sluice with one worker, so with one cache, whose one backend is `server`. */
const startWith = (t, dns, server, rest = {}) =>
  start(t, { workers: 1, backend: server, ...rest, dns: { servers: [dns.address], ...rest.dns } });

test('an address that does not answer costs a head start, not its share of the limit', async (t) => {
  // Both on one port: 127.0.0.2 leaves connections unanswered, 127.0.0.1 echoes.
  const silent = await silentAddress(t, { host: '127.0.0.2' });
  const backend = await echo(t, { port: portOf(silent) });
  const dns = await startDns(t, { 'many.test': { A: ['127.0.0.2', '127.0.0.1'], ttl: 60 } });
  const sluice = await startWith(t, dns, `many.test:${backend.port}`, {
    defaults: { timeouts: { connect: '60s' } },
  });
  for (let i = 0; i < 6; ++i) {
    const begin = Date.now();
    await echoes(t, sluice);
    assert.ok(Date.now() - begin < 10_000, 'half of 60 seconds would be more');
  }
});

test('an answer is kept while it lives, and asked for again after that', async (t) => {
  const old = await echo(t);
  const young = await echo(t, { host: '127.0.0.2', port: old.port });
  const records = { 'moving.test': { A: ['127.0.0.1'], ttl: 2 } };
  const dns = await startDns(t, records);
  const sluice = await startWith(t, dns, `moving.test:${old.port}`);
  await echoes(t, sluice);
  const asked = dns.queries.length;
  records['moving.test'] = { A: ['127.0.0.2'], ttl: 60 };
  await echoes(t, sluice);
  assert.equal(dns.queries.length, asked, 'it lives for two seconds');
  assert.equal(old.peers.length, 2);
  await waitFor('the new address to be dialled', async () => {
    await echoes(t, sluice);
    return young.peers.length > 0;
  });
  assert.ok(dns.queries.length > asked);
});

test('with `cache: off` every dial asks', async (t) => {
  const backend = await echo(t);
  const dns = await startDns(t, { 'db.test': { A: ['127.0.0.1'], ttl: 3600 } });
  const sluice = await startWith(t, dns, `db.test:${backend.port}`, { dns: { cache: 'off' } });
  await echoes(t, sluice);
  const asked = dns.queries.length;
  await echoes(t, sluice);
  assert.ok(dns.queries.length > asked);
});

/** Two echo services on one port, of which the first stops: the server moves from 127.0.0.1 to 127.0.0.2. */
async function movingServer(t) {
  const old = await echo(t);
  const young = await echo(t, { host: '127.0.0.2', port: old.port });
  return { port: old.port, young, stopOld: () => old.kill() };
}

test('a server that moves is found in the same dial, before its record expires', async (t) => {
  const { port, young, stopOld } = await movingServer(t);
  const records = { 'moving.test': { A: ['127.0.0.1'], ttl: 600 } };
  const dns = await startDns(t, records);
  const sluice = await startWith(t, dns, `moving.test:${port}`);
  await echoes(t, sluice);
  await stopOld();
  records['moving.test'].A = ['127.0.0.2'];
  await echoes(t, sluice);
  const asked = dns.queries.length;
  await echoes(t, sluice);
  assert.equal(young.peers.length, 2);
  assert.equal(dns.queries.length, asked, 'the new record is cached like any other');
});

test('a server whose old address no longer answers is found, too', async (t) => {
  const backend = await echo(t, { host: '127.0.0.2' });
  const records = { 'moving.test': { A: ['127.0.0.2'], ttl: 600 } };
  const dns = await startDns(t, records);
  const sluice = await startWith(t, dns, `moving.test:${backend.port}`, {
    defaults: { timeouts: { connect: '60s' } },
  });
  await echoes(t, sluice);
  await backend.kill();
  await silentAddress(t, { host: '127.0.0.2', port: backend.port });
  const young = await echo(t, { host: '127.0.0.3', port: backend.port });
  records['moving.test'].A = ['127.0.0.3'];
  const begin = Date.now();
  await echoes(t, sluice);
  assert.equal(young.peers.length, 1);
  assert.ok(Date.now() - begin < 10_000, 'a head start, not the limit of the dial');
});

test('a dead server does not cost a query for each session', async (t) => {
  const dead = portOf(await deadAddress(t));
  const dns = await startDns(t, { 'dead.test': { A: ['127.0.0.1'], ttl: 600 } });
  const sluice = await startWith(t, dns, `dead.test:${dead}`);
  await failsWith(t, sluice, 'backend_refused');
  await failsWith(t, sluice, 'backend_refused');
  const [asked, begin] = [dns.queries.length, Date.now()];
  for (let i = 0; i < 20; ++i) await failsWith(t, sluice, 'backend_refused');
  const renewals = Math.ceil((Date.now() - begin) / 5000);
  assert.ok(dns.queries.length - asked <= 4 * renewals, `${dns.queries.length - asked} queries`);
});

test('SRV: targets and their addresses are renewed in the same dial', async (t) => {
  const { port, young, stopOld } = await movingServer(t);
  const records = {
    [kService]: { SRV: [{ port, target: 'host.test' }], ttl: 600 },
    'host.test': { A: ['127.0.0.1'], ttl: 600 },
    'other.test': { A: ['127.0.0.3'], ttl: 600 },
  };
  const dns = await startDns(t, records);
  const sluice = await startWith(t, dns, `srv:${kService}`);
  await echoes(t, sluice);
  await stopOld();
  records['host.test'].A = ['127.0.0.2'];
  await echoes(t, sluice);
  assert.equal(young.peers.length, 1, 'the address of the target');

  const third = await startWith(t, dns, `srv:${kService}`);
  await echoes(t, third);
  await young.kill();
  const elsewhere = await echo(t, { host: '127.0.0.3' });
  records[kService].SRV = [{ port: elsewhere.port, target: 'other.test' }];
  await echoes(t, third);
  assert.equal(elsewhere.peers.length, 1, 'the target itself');
});

test('a Redis that moves is found before its record expires', async (t) => {
  const backend = await echo(t);
  const redis = await startRedisServer(t);
  redis.set('t', backend.address);
  const records = { 'redis.test': { A: ['127.0.0.2'], ttl: 600 } };
  const dns = await startDns(t, records);
  const sluice = await startWith(t, dns, { from: 'token' }, {
    route: { auth: { token: { redis: { server: `redis.test:${redis.port}` } } } },
  });
  assert.equal((await refusedWs(t, sluice.url('/?token=t'))).status, 503, 'Redis is not at 127.0.0.2');
  records['redis.test'].A = ['127.0.0.1'];
  const client = await openWs(t, sluice.url('/?token=t'));
  client.send('hello');
  assert.equal((await client.receive(5)).toString(), 'hello');
});

test('an AAAA query without an answer costs 50 ms', async (t) => {
  const backend = await echo(t);
  const records = { 'four.test': { A: ['127.0.0.1'], ttl: 60 } };
  const dns = await startDns(t, records, { silentTypes: ['AAAA'] });
  const sluice = await startWith(t, dns, `four.test:${backend.port}`, {
    dns: { timeout: '30s' },
    defaults: { timeouts: { connect: '60s' } },
  });
  const begin = Date.now();
  for (let i = 0; i < 3; ++i) await echoes(t, sluice);
  assert.ok(Date.now() - begin < 10_000);
});

test('SRV: a target whose lookup hangs does not hold up the next one', async (t) => {
  const backend = await echo(t);
  const records = {
    [kService]: {
      SRV: [
        { priority: 1, port: backend.port, target: 'hangs.test' },
        { priority: 2, port: backend.port, target: 'host.test' },
      ],
      ttl: 60,
    },
    'host.test': { A: ['127.0.0.1'], ttl: 60 },
  };
  const dns = await startDns(t, records, { silent: ['hangs.test'] });
  const sluice = await startWith(t, dns, `srv:${kService}`, {
    dns: { timeout: '30s' },
    defaults: { timeouts: { connect: '60s' } },
  });
  const begin = Date.now();
  await echoes(t, sluice);
  assert.ok(Date.now() - begin < 10_000, 'half of 60 seconds would be more');
});

test('SRV: the target and its port', async (t) => {
  const backend = await echo(t);
  const dns = await startDns(t, {
    [kService]: { SRV: [{ port: backend.port, target: 'one.test' }], ttl: 60 },
    'one.test': { A: ['127.0.0.1'], ttl: 60 },
  });
  const sluice = await startWith(t, dns, `srv:${kService}`);
  await echoes(t, sluice);
  const [line] = await sluice.sessions(1);
  assert.equal(line.server, `srv:${kService}`);
  await echoes(t, sluice);
  assert.equal(dns.queries.filter(({ type }) => type === 'SRV').length, 1, 'the records still live');
});

test('SRV: priorities, and what cannot be reached is passed over', async (t) => {
  const [best, backup] = [await echo(t), await echo(t)];
  const dead = portOf(await deadAddress(t));
  const records = {
    [kService]: {
      SRV: [
        { priority: 2, port: backup.port, target: 'host.test' },
        { priority: 1, port: dead, target: 'host.test' },
        { priority: 1, port: 1, target: 'gone.test' },
      ],
      ttl: 1,
    },
    'host.test': { A: ['127.0.0.1'], ttl: 60 },
  };
  const dns = await startDns(t, records);
  const sluice = await startWith(t, dns, `srv:${kService}`);
  await echoes(t, sluice);
  assert.equal(backup.peers.length, 1);

  records[kService].SRV[1].port = best.port;
  await waitFor('the better target to be used', async () => {
    await echoes(t, sluice);
    return best.peers.length > 0;
  });
  const before = backup.peers.length;
  for (let i = 0; i < 5; ++i) await echoes(t, sluice);
  assert.equal(backup.peers.length, before);
});

test('SRV: the weights decide', async (t) => {
  const [much, little] = [await echo(t), await echo(t)];
  const dns = await startDns(t, {
    [kService]: {
      SRV: [
        { weight: 90, port: much.port, target: 'host.test' },
        { weight: 10, port: little.port, target: 'host.test' },
      ],
      ttl: 60,
    },
    'host.test': { A: ['127.0.0.1'], ttl: 60 },
  });
  const sluice = await startWith(t, dns, `srv:${kService}`);
  for (let i = 0; i < 60; ++i) await echoes(t, sluice);
  assert.equal(much.peers.length + little.peers.length, 60);
  assert.ok(much.peers.length > 35, `${much.peers.length} of 60`);
});

test('SRV: no records, and a service that is not offered', async (t) => {
  const dns = await startDns(t, { [kService]: { SRV: [{ port: 0, target: '.' }] } });
  await failsWith(t, await startWith(t, dns, `srv:${kService}`), 'backend_unresolved');
  const sluice = await startWith(t, dns, 'srv:_other._tcp.example.test');
  await failsWith(t, sluice, 'backend_unresolved');
  const line = await sluice.event('dial_failed', { reason: 'backend_unresolved' });
  assert.match(line.detail, /^_other\._tcp\.example\.test: /);
});

test('SRV with TLS: the certificate is for the name of the service, not for the target', async (t) => {
  const dir = tempDir(t);
  const ca = makeAuthority(dir);
  const serve = async (hosts) => {
    const { cert, key } = makeCertificate(ca, hosts[0], hosts);
    const server = tls.createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (socket) => {
      socket.on('error', () => {});
      socket.pipe(socket);
    });
    server.on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    defer(t, () => server.close());
    return server.address().port;
  };
  const [good, bad] = [await serve(['example.test']), await serve(['host.test'])];
  const records = {
    [kService]: { SRV: [{ port: good, target: 'host.test' }] },
    '_bad._tcp.example.test': { SRV: [{ port: bad, target: 'host.test' }] },
    'host.test': { A: ['127.0.0.1'] },
  };
  const dns = await startDns(t, records);
  const backends = (service, more = {}) => ({
    backends: { app: { servers: [`srv:${service}`], tls: { ca: path.join(dir, 'ca.pem'), ...more } } },
    routes: [{ name: 'main', match: { path: '/' }, backend: 'app' }],
    dns: { servers: [dns.address] },
  });
  await echoes(t, await start(t, backends(kService)));
  await failsWith(t, await start(t, backends('_bad._tcp.example.test')), 'backend_tls');
  await echoes(t, await start(t, backends('_bad._tcp.example.test', { server_name: 'host.test' })));
});
