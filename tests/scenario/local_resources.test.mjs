// Sluice runs out of descriptors or of local ports: that is not blamed on servers, which are well.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import { echo } from './lib/backends.mjs';
import { startDns } from './lib/dns.mjs';
import { ip, kCannotMakeHosts, makeHost } from './lib/hosts.mjs';
import { sanitizer, start } from './lib/sluice.mjs';
import { openWs, refusedWs } from './lib/ws_client.mjs';

// Of a range for documentation (RFC 5737).
const kHostAddress = '203.0.113.1';
const kGuestAddress = '203.0.113.2';

// UndefinedBehaviorSanitizer opens a pipe to see whether an object is readable, and reports one that it
// could not look at.
const kNeedsDescriptors = { skip: sanitizer === 'address' && 'the sanitizer needs descriptors of its own' };

const kClose = { code: 1013, reason: 'local_resources' };

/**
 * Leaves the process `free` descriptors; with 0, no descriptor that it closes can be used again.
 * Returns a function that lifts the limit.
 */
function limitDescriptors({ pid }, free) {
  const used = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  let limit = 0;
  for (let left = free; free > 0 && (used.has(limit) || left-- > 0); ++limit);
  const [, before] = /^Max open files +(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'));
  const set = (soft) => execFileSync('prlimit', ['--pid', pid, `--nofile=${soft}:`]);
  set(limit);
  return () => set(before);
}

const kRoute = { name: 'main', match: { path: '/' }, backend: 'lab' };

async function echoes(t, url) {
  const client = await openWs(t, url);
  client.send('hello');
  assert.equal((await client.receive(5)).toString(), 'hello');
  return client;
}

/** One server, which one failure would eject, and one worker. */
async function startLab(t, rest = {}, backend = {}) {
  const service = await echo(t);
  return start(t, {
    workers: 1,
    backends: { lab: { servers: [service.address], eject: { after: 1, for: '1h', at_most: '1h' }, ...backend } },
    routes: [kRoute, { ...kRoute, name: 'http', match: { path: '/http' }, on_dial_failure: 'http' }],
    ...rest,
  });
}

test('no descriptor: 1013 or 503 local_resources, and the server stays in use', kNeedsDescriptors, async (t) => {
  const sluice = await startLab(t, { defaults: { timeouts: { connect: '300ms' } } });
  const lift = limitDescriptors(sluice, 1);
  for (let i = 0; i < 3; ++i) {
    const client = await openWs(t, sluice.url());
    assert.deepEqual(await client.waitForClose(), kClose);
    await client.close();
  }
  assert.equal((await refusedWs(t, sluice.url('/http'))).status, 503);
  lift();
  await echoes(t, sluice.url());
  assert.deepEqual(sluice.eventsOf('server_ejected'), []);
  const [line, ...more] = sluice.eventsOf('local_resources');
  assert.match(line.detail, /: Too many open files$/);
  assert.deepEqual(more, [], 'the others are counted in the next line');
  const ended = (await sluice.sessions(3))[0];
  assert.deepEqual([ended.reason, ended.fault], ['local_resources', 'sluice']);
  const metrics = await sluice.metrics();
  assert.ok(metrics.sum('sluice_backend_dials_total', { backend: 'lab', result: 'local_resources' }) >= 4);
});

test('a request waits for a descriptor', kNeedsDescriptors, async (t) => {
  const sluice = await startLab(t);
  const lift = limitDescriptors(sluice, 1);
  const waiting = echoes(t, sluice.url());
  await sluice.event('local_resources');
  lift();
  await waiting;
});

test('a name that cannot be looked up for lack of descriptors', kNeedsDescriptors, async (t) => {
  const dns = await startDns(t, { 'db.test': { A: ['127.0.0.1'], ttl: 60 } });
  const sluice = await startLab(
    t,
    { dns: { servers: [dns.address] }, defaults: { timeouts: { connect: '300ms' } } },
    { servers: ['db.test:1'] },
  );
  limitDescriptors(sluice, 1);
  const client = await openWs(t, sluice.url());
  assert.deepEqual(await client.waitForClose(), kClose);
  assert.deepEqual(sluice.eventsOf('server_ejected'), []);
});

test('a health check that cannot be made does not count', kNeedsDescriptors, async (t) => {
  const check = { health_check: { interval: '100ms', fall: 1 } };
  const sluice = await startLab(t, {}, check);
  const checks = async (result) =>
    (await sluice.metrics()).sum('sluice_health_checks_total', { backend: 'lab', result });
  await sluice.waitFor('a check', async () => (await checks('ok')) > 0);
  const lift = limitDescriptors(sluice, 0);
  await sluice.event('local_resources');
  lift();
  const passed = await checks('ok');
  await sluice.waitFor('another check', async () => (await checks('ok')) > passed);
  assert.deepEqual(sluice.eventsOf('server_down'), []);
  assert.ok((await checks('local_resources')) > 0);
  assert.equal(await checks('failed'), 0);
});

test('no local port: the server stays in use, and a request waits for one', { skip: kCannotMakeHosts }, async (t) => {
  const host = makeHost(t, kHostAddress, kGuestAddress);
  const backend = await echo(t, { host: kHostAddress });
  const listener = `${kGuestAddress}:0`;
  const sluice = await start(
    t,
    {
      workers: 1,
      listeners: [{ address: listener }],
      admin: { address: listener },
      backends: { lab: { servers: [backend.address], eject: { after: 1, for: '1h', at_most: '1h' } } },
      routes: [kRoute],
    },
    { launcher: ['ip', 'netns', 'exec', host] },
  );
  // From now on there are two: sluice has bound its listeners.
  const range = '/proc/sys/net/ipv4/ip_local_port_range';
  ip('netns', 'exec', host, 'sh', '-c', `echo 40000 40001 > ${range}`);
  const url = `ws://${sluice.address()}/`;
  await echoes(t, url);
  await echoes(t, url);
  const refused = await openWs(t, url);
  assert.deepEqual(await refused.waitForClose(), kClose);
  assert.match((await sluice.event('local_resources')).detail, /: no local port is free$/);

  const dials = async () =>
    (await sluice.metrics()).sum('sluice_backend_dials_total', { result: 'local_resources' });
  const before = await dials();
  const waiting = echoes(t, url);
  await sluice.waitFor('another dial', async () => (await dials()) > before);
  (await backend.peer(0)).reset(); // No TIME_WAIT holds the port.
  await waiting;
  assert.deepEqual(sluice.eventsOf('server_ejected'), []);
});
