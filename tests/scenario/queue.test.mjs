// Full servers and the queue of those that wait for a place.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { echo, listen } from './lib/backends.mjs';
import { kFull, kRoute } from './lib/pools.mjs';
import { connectRaw, upgradeHead } from './lib/raw_client.mjs';
import { start } from './lib/sluice.mjs';
import { openWs, refusedWs } from './lib/ws_client.mjs';

test('a request waits for a place, and gets the next one', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, kFull(backend, { size: 1, timeout: '1m' }));
  const first = await openWs(t, sluice.url());
  const second = openWs(t, sluice.url());
  await sluice.metric('sluice_backend_queue_requests', { backend: 'pool' }, 1);
  // The queue has one place.
  const third = await openWs(t, sluice.url());
  assert.deepEqual(await third.waitForClose(), { code: 1013, reason: 'limit_backend_sessions' });
  assert.equal(backend.peers.length, 1);
  await first.close();
  const client = await second;
  client.send('hello');
  assert.equal((await client.receive(5)).toString(), 'hello');
  const metrics = await sluice.metrics();
  const ended = (result) =>
    metrics.sum('sluice_backend_queue_ended_total', { backend: 'pool', result });
  assert.deepEqual(['place', 'full', 'timeout', 'left'].map(ended), [1, 1, 0, 0]);
  assert.equal(metrics.sum('sluice_backend_queue_requests', { backend: 'pool' }), 0);
});

test('many come to few places: never more than the places, and everybody is served', async (t) => {
  let now = 0;
  let most = 0;
  const backend = await echo(t);
  const counted = await listen(t, ({ socket }) => {
    most = Math.max(most, ++now);
    socket.on('end', () => --now);
    socket.pipe(socket);
  });
  const servers = [backend, counted].map(({ address }) => ({ address, max_sessions: 3 }));
  const sluice = await start(t, {
    workers: 4,
    routes: [kRoute],
    backends: { pool: { servers, queue: { size: 200, timeout: '1m' } } },
  });
  const visitOnce = async () => {
    const client = await openWs(t, sluice.url());
    client.send('hello');
    assert.equal((await client.receive(5)).toString(), 'hello');
    assert.equal((await client.close(1000)).code, 1000);
  };
  await Promise.all(Array.from({ length: 100 }, visitOnce));
  assert.equal(most, 3);
  await sluice.metric('sluice_server_sessions', { backend: 'pool' }, 0);
  const metrics = await sluice.metrics();
  assert.ok(metrics.sum('sluice_backend_queue_ended_total', { result: 'place' }) >= 80);
  assert.equal(metrics.sum('sluice_backend_queue_ended_total', { result: 'full' }), 0);
});

test('who leaves while he waits gives up his place in the queue', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, kFull(backend, { size: 1, timeout: '10m' }));
  await openWs(t, sluice.url());
  const client = await connectRaw(t, sluice.port);
  client.write(upgradeHead());
  await sluice.metric('sluice_backend_queue_requests', {}, 1);
  client.end();
  await sluice.metric('sluice_backend_queue_requests', {}, 0);
  await sluice.metric('sluice_backend_queue_ended_total', { result: 'left' }, 1);
});

test('who has waited too long is told so', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    ...kFull(backend, { size: 5, timeout: '300ms' }),
    defaults: { on_dial_failure: 'http' },
  });
  await openWs(t, sluice.url());
  const response = await refusedWs(t, sluice.url());
  assert.equal(response.status, 503);
  assert.match(response.body, /^limit_backend_sessions: /);
  await sluice.metric('sluice_backend_queue_ended_total', { result: 'timeout' }, 1);
});

test('a drain does not leave anybody waiting', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, kFull(backend, { size: 1, timeout: '10m' }));
  const first = await openWs(t, sluice.url());
  const second = openWs(t, sluice.url());
  await sluice.metric('sluice_backend_queue_requests', {}, 1);
  sluice.signal('SIGTERM');
  for (const client of [first, await second]) {
    assert.deepEqual(await client.waitForClose(), { code: 1012, reason: 'drain' });
  }
});
