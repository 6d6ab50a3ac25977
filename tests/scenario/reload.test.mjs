// The configuration changes while sluice runs: sessions live on, newcomers get what is new, and a faulty file
// changes nothing.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';

import { echo, listen, sink } from './lib/backends.mjs';
import { KiB, MiB, pattern } from './lib/bytes.mjs';
import { startDns } from './lib/dns.mjs';
import { encodeFrame } from './lib/frames.mjs';
import { tcpQueues } from './lib/memory.mjs';
import { connectRaw, openRaw } from './lib/raw_client.mjs';
import { makeConfig, startWithArgs, tempDir } from './lib/sluice.mjs';
import { within } from './lib/wait.mjs';
import { openWs, refusedWs } from './lib/ws_client.mjs';

const kToken = 'a token of the admin, for this test';

/** Two routes to the same echo, and an admin with a token. */
async function setUp(t, extra = {}) {
  const backend = await echo(t);
  const dir = tempDir(t);
  const tokenFile = path.join(dir, 'token');
  writeFileSync(tokenFile, kToken, { mode: 0o600 });
  const config = makeConfig({
    admin: { address: '127.0.0.1:0', token_file: tokenFile },
    routes: [
      { name: 'stays', match: { path: '/stays' }, backend: backend.address },
      { name: 'goes', match: { path: '/goes' }, backend: backend.address },
    ],
    ...extra,
  });
  const file = path.join(dir, 'sluice.yaml');
  const write = (next) => writeFileSync(file, typeof next === 'string' ? next : JSON.stringify(next));
  write(config);
  const sluice = await startWithArgs(t, ['--config', file]);
  return { backend, config, dir, file, sluice, write };
}

/** Writes the file and waits until it is in use. */
async function change(set, next) {
  const before = set.sluice.eventsOf('config_reloaded').length;
  set.write(next);
  set.sluice.reload();
  await set.sluice.waitFor('the reload', () => set.sluice.eventsOf('config_reloaded').length > before);
}

async function expectEcho(client, text) {
  client.clear();
  client.send(text);
  assert.equal((await client.receive(text.length)).toString(), text);
}

async function postReload(sluice, token = kToken) {
  const answer = await fetch(sluice.adminUrl('/reload'), {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}` },
  });
  return { status: answer.status, body: await answer.json() };
}

test('sessions keep what they have, newcomers get what is new', async (t) => {
  const set = await setUp(t);
  const { sluice, config } = set;
  const stays = await openWs(t, sluice.url('/stays'));
  const goes = await openWs(t, sluice.url('/goes'));
  await expectEcho(stays, 'one');
  const other = await listen(t, ({ socket }) => socket.end('other'));
  await change(set, {
    ...config,
    routes: [
      { name: 'new', match: { path: '/new' }, backend: other.address },
      { name: 'stays', match: { path: '/stays' }, backend: other.address },
    ],
  });
  await expectEcho(stays, 'two');
  await expectEcho(goes, 'three');
  for (const target of ['/new', '/stays']) {
    const client = await openWs(t, sluice.url(target));
    assert.equal((await client.receive(5)).toString(), 'other');
    assert.deepEqual(await client.waitForClose(), { code: 1000, reason: 'backend_closed' });
  }
  assert.equal((await refusedWs(t, sluice.url('/goes'))).status, 404);

  // Counters go on by name; what is gone is shown as long as a session of its configuration lives.
  let metrics = await sluice.metrics();
  assert.equal(metrics.sum('sluice_sessions_opened_total', { route: 'stays' }), 2);
  assert.equal(metrics.sum('sluice_sessions_active', { route: 'goes' }), 1);
  await goes.close(1000);
  await sluice.event('session', { route: 'goes' });
  await stays.close(1000);
  await sluice.waitFor('the route to be gone from the metrics', async () => {
    metrics = await sluice.metrics();
    return metrics.find('sluice_sessions_active', { route: 'goes' }).length === 0;
  });
});

test('on_removal: close ends the sessions of a route that is gone, and no others', async (t) => {
  const set = await setUp(t, { defaults: { on_removal: 'close' } });
  const stays = await openWs(t, set.sluice.url('/stays'));
  const goes = await openWs(t, set.sluice.url('/goes'));
  await change(set, { ...set.config, routes: set.config.routes.slice(0, 1) });
  assert.deepEqual(await goes.waitForClose(), { code: 1001, reason: 'route_removed' });
  await expectEcho(stays, 'still there');
  const line = await set.sluice.event('session', { route: 'goes' });
  assert.equal(line.reason, 'route_removed');
});

test('a connection that is kept alive ends with its configuration', async (t) => {
  const set = await setUp(t, { defaults: { timeouts: { handshake: '5m' } } });
  const client = await connectRaw(t, set.sluice.port);
  client.write('GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n');
  assert.equal((await client.readResponse()).status, 404);
  await change(set, { ...set.config, routes: [{ ...set.config.routes[0], origins: ['https://a.example'] }] });
  await client.waitForEnd();
  assert.equal(client.buffer.length, 0, 'nothing is sent to an idle client');
});

test('a faulty file changes nothing and is told with its place', async (t) => {
  const set = await setUp(t);
  const { sluice } = set;
  const client = await openWs(t, sluice.url('/stays'));
  set.write('listeners: [8080]\nroutes:\n  - name: a\n    match: {path: x}\n    backend: nowhere\n' +
    '  - name: b\n    match: {path: "/{s}"}\n    backend: {server: "{s}:22", allow: ["localhost:23", "*:22"]}\n');
  sluice.reload();
  await sluice.event('config_kept', { faults: 2 });
  const faults = sluice.eventsOf('config_fault').map((line) => line.detail);
  assert.match(faults[0], /sluice\.yaml:4:19: .*path/);
  assert.match(faults[1], /sluice\.yaml:5:14: .*nowhere/);
  const { level, detail } = sluice.eventsOf('config_warning')[0];
  assert.equal(level, 'warn');
  assert.match(detail, /sluice\.yaml:8:41: warning: 'localhost:23' never matches: the port is always 22$/);
  const answer = await postReload(sluice);
  assert.equal(answer.status, 422);
  assert.deepEqual(answer.body, { result: 'failed', faults });
  await expectEcho(client, 'untouched');
  await expectEcho(await openWs(t, sluice.url('/goes')), 'as before');
  const metrics = await sluice.metrics();
  assert.equal(metrics.sum('sluice_config_reloads_total', { result: 'failed' }), 2);
  assert.equal(metrics.sum('sluice_config_last_reload_successful', {}), 0);
});

test('what is settled at the start, and what cannot be bound or read, is refused', async (t) => {
  const set = await setUp(t);
  const { sluice, config } = set;
  const taken = await listen(t, () => {});
  const cases = [
    [{ ...config, workers: 1 }, /'workers' cannot change while sluice runs/],
    [{ ...config, admin: { ...config.admin, address: '127.0.0.1:1' } }, /'admin' cannot change/],
    [
      { ...config, listeners: [...config.listeners, { address: taken.address }] },
      /cannot listen on .*Address already in use/,
    ],
    [
      {
        ...config,
        routes: [{ ...config.routes[0], auth: { basic: { users_file: '/nowhere/users' } } }],
      },
      /users_file: '\/nowhere\/users' cannot be read: No such file/,
    ],
  ];
  for (const [next, expected] of cases) {
    set.write(next);
    const answer = await postReload(sluice);
    assert.equal(answer.status, 422);
    assert.match(answer.body.faults[0], expected);
    await expectEcho(await openWs(t, sluice.url('/goes')), 'as before');
  }
});

test('a FIFO in place of the file: the old configuration stays, and sluice goes on', async (t) => {
  const set = await setUp(t);
  const { sluice } = set;
  rmSync(set.file);
  execFileSync('mkfifo', [set.file]);
  sluice.reload();
  await sluice.event('config_kept');
  const answer = await postReload(sluice);
  assert.equal(answer.status, 422);
  assert.deepEqual(answer.body.faults, [`${set.file}: is not a regular file`]);
  await expectEcho(await openWs(t, sluice.url('/goes')), 'as before');
});

test('the admin listener: with its token alone; a file that is the same is a no-op', async (t) => {
  const set = await setUp(t);
  const { sluice } = set;
  assert.equal((await postReload(sluice, 'a token of somebody else, perhaps')).status, 401);
  assert.equal((await fetch(sluice.adminUrl('/reload'))).status, 405);
  assert.deepEqual(await postReload(sluice), { status: 200, body: { result: 'unchanged' } });
  assert.equal(sluice.eventsOf('config_reloaded').length, 0);
  set.write({ ...set.config, routes: set.config.routes.slice(0, 1) });
  assert.deepEqual(await postReload(sluice), { status: 200, body: { result: 'reloaded', warnings: 0 } });
  assert.equal((await refusedWs(t, sluice.url('/goes'))).status, 404);
  const metrics = await sluice.metrics();
  assert.equal(metrics.sum('sluice_config_reloads_total', { result: 'ok' }), 2);
  const age = Date.now() / 1000 - metrics.sum('sluice_config_last_reload_success_timestamp_seconds', {});
  assert.ok(age < 60, `${age} s`);
});

test('reload: watch takes a change by itself, the swap of a ConfigMap too', async (t) => {
  const backend = await echo(t);
  const dir = tempDir(t);
  const config = makeConfig({ reload: 'watch', backend: backend.address });
  const put = (version, next) => {
    mkdirSync(path.join(dir, version));
    writeFileSync(path.join(dir, version, 'sluice.yaml'), JSON.stringify(next));
    symlinkSync(version, path.join(dir, '..tmp'));
    renameSync(path.join(dir, '..tmp'), path.join(dir, '..data'));
  };
  put('..one', config);
  symlinkSync('..data/sluice.yaml', path.join(dir, 'sluice.yaml'));
  const sluice = await startWithArgs(t, ['--config', path.join(dir, 'sluice.yaml')]);
  const client = await openWs(t, sluice.url());
  put('..two', { ...config, routes: [{ ...config.routes[0], match: { path: '/new' } }] });
  rmSync(path.join(dir, '..one'), { recursive: true });
  await sluice.event('config_reloaded');
  await expectEcho(client, 'still there');
  await expectEcho(await openWs(t, sluice.url('/new')), 'new');
});

test('the DNS cache survives, unless the settings of DNS change', async (t) => {
  const backend = await echo(t);
  const dns = await startDns(t, { 'db.test': { A: ['127.0.0.1'], ttl: 600 } });
  const set = await setUp(t, {
    workers: 1,
    dns: { servers: [dns.address] },
    routes: [{ name: 'stays', match: { path: '/stays' }, backend: `db.test:${backend.port}` }],
    backends: { checked: { servers: [`db.test:${backend.port}`], health_check: { interval: '100ms' } } },
  });
  const { config, sluice } = set;
  const passed = () => sluice.metrics().then((all) => all.sum('sluice_health_checks_total', { result: 'ok' }));
  await sluice.waitFor('a check', async () => (await passed()) > 0);
  await expectEcho(await openWs(t, sluice.url('/stays')), 'before');
  const asked = dns.queries.length;
  await change(set, { ...config, defaults: { timeouts: { idle: '1h' } } });
  await expectEcho(await openWs(t, sluice.url('/stays')), 'after');
  const before = await passed();
  await sluice.waitFor('another check', async () => (await passed()) > before);
  assert.equal(dns.queries.length, asked);
  await change(set, { ...config, dns: { ...config.dns, timeout: '5s' } });
  await expectEcho(await openWs(t, sluice.url('/stays')), 'again');
  assert.ok(dns.queries.length > asked);
});

test('a request that waits for a place gets one when max_sessions is raised', async (t) => {
  const backend = await echo(t);
  const backends = (max_sessions) => ({
    pool: { servers: [{ address: backend.address, max_sessions }], queue: { size: 1, timeout: '10m' } },
  });
  const set = await setUp(t, {
    routes: [{ name: 'full', match: { path: '/full' }, backend: 'pool' }],
    backends: backends(1),
  });
  await openWs(t, set.sluice.url('/full'));
  const waiting = openWs(t, set.sluice.url('/full'));
  await set.sluice.metric('sluice_backend_queue_requests', { backend: 'pool' }, 1);
  await change(set, { ...set.config, backends: backends(2) });
  await expectEcho(await waiting, 'served');
});

test('listeners: those that stay are not touched, new ones come, old ones go', async (t) => {
  const set = await setUp(t, { listeners: [{ address: '127.0.0.1:0' }, { address: '127.0.0.2:0' }] });
  const { sluice, config } = set;
  const ports = sluice.eventsOf('listening').map((line) => Number(line.address.split(':').at(-1)));
  const connect = (host, port) =>
    new Promise((resolve) => {
      const socket = net.connect({ host, port });
      socket.on('connect', () => resolve(socket));
      socket.on('error', (error) => resolve(error.code));
    });
  // One that has connected to a listener that goes, and has not said a word.
  const early = await connect('127.0.0.2', ports[1]);
  await change(set, { ...config, listeners: [{ address: '127.0.0.1:0' }, { address: '127.0.0.3:0' }] });
  const lines = sluice.eventsOf('listening');
  assert.equal(lines.length, 3, 'the first was not bound again');
  assert.equal(lines[2].listener, '127.0.0.3:0');
  await expectEcho(await openWs(t, `ws://127.0.0.1:${ports[0]}/stays`), 'the same');
  await expectEcho(await openWs(t, `ws://${lines[2].address}/stays`), 'new');
  await sluice.waitFor('the old listener to go', async () => {
    const socket = await connect('127.0.0.2', ports[1]);
    if (socket === 'ECONNREFUSED') return true;
    socket.destroy();
    return false;
  });
  const answered = new Promise((resolve) => early.once('data', (data) => resolve(data.toString())));
  early.write(
    'GET /stays HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  assert.match(await within('an answer', answered), /^HTTP\/1\.1 101 /);
  early.destroy();
});

test('limits count the sessions of before', async (t) => {
  const limited = (most) => ({ defaults: { limits: { route_sessions: most } } });
  const set = await setUp(t, limited(5));
  const clients = [];
  for (let i = 0; i < 3; ++i) clients.push(await openWs(t, set.sluice.url('/stays')));
  await change(set, { ...set.config, ...limited(3) });
  assert.equal((await refusedWs(t, set.sluice.url('/stays'))).status, 503);
  await clients[0].close(1000);
  await set.sluice.event('session', { route: 'stays' });
  await expectEcho(await openWs(t, set.sluice.url('/stays')), 'room again');
});

test('limits.socket_buffer: new connections of a listener that stays have the new size', async (t) => {
  const backend = await sink(t, ({ socket }) => socket.pause());
  const set = await setUp(t, {
    workers: 1,
    routes: [{ name: 'stays', match: { path: '/' }, backend: backend.address }],
  });
  await change(set, { ...set.config, defaults: { limits: { socket_buffer: '64KiB' } } });
  const client = await openRaw(t, set.sluice);
  for (let i = 0; i < 16; ++i) client.write(encodeFrame({ payload: pattern(MiB, i) }));
  const legs = () => tcpQueues(set.sluice.pid).filter(({ localPort }) => localPort === set.sluice.port);
  await set.sluice.waitFor('the client leg to be full', () => legs()[0]?.receiving >= 32 * KiB);
  await set.sluice.waitFor('the client leg to be paused', async () =>
    (await set.sluice.metrics()).sum('sluice_pauses_total', { direction: 'to_backend' }) > 0);
  assert.ok(legs()[0].receiving <= 128 * KiB, `${legs()[0].receiving} bytes`);
});
