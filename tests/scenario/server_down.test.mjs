// Servers that go and come back: ejection, health checks, retries.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';

import { deadAddress, listen } from './lib/backends.mjs';
import { kRoute, namedServers, openNamed, service, statusOf } from './lib/pools.mjs';
import { start } from './lib/sluice.mjs';
import { waitFor } from './lib/wait.mjs';
import { openWs } from './lib/ws_client.mjs';

test('the next server when a dial fails; one that fails again and again is ejected, and comes back', async (t) => {
  const good = await service(t);
  const bad = await service(t);
  await bad.stop();
  const sluice = await start(t, {
    routes: [kRoute],
    backends: { pool: { servers: [good.address, bad.address], eject: { after: 2, for: '500ms' } } },
  });
  const labels = { backend: 'pool', server: bad.address };
  for (let i = 0; i < 6; ++i) {
    const client = await openWs(t, sluice.url());
    await client.receive(1);
    await client.close();
  }
  const ejected = await sluice.event('server_ejected', labels);
  assert.equal(ejected.seconds, 0.5);
  assert.equal(ejected.reason, 'backend_refused');
  const metrics = await sluice.metrics();
  assert.equal(metrics.sum('sluice_server_up', labels), 0);
  assert.equal(metrics.sum('sluice_server_up', { ...labels, server: good.address }), 1);
  assert.ok(metrics.sum('sluice_server_ejections_total', labels) >= 1);
  const state = (await statusOf(sluice))[bad.address];
  assert.equal(state.state, 'ejected');
  assert.ok(state.ejected_for <= 0.5);

  await service(t, bad.port);
  await waitFor('a session of the server that came back', async () => {
    const client = await openWs(t, sluice.url());
    await client.receive(1);
    await client.close();
    return sluice.eventsOf('server_returned', labels).length === 1;
  });
  await sluice.metric('sluice_server_up', labels, 1);
});

test('with no server up the answer comes at once: 1014 backend_down', async (t) => {
  // Accepts, and never says a word of TLS: a dial that lasts until its time is over.
  const silent = await listen(t, () => {});
  const sluice = await start(t, {
    routes: [kRoute],
    defaults: { timeouts: { connect: '2s' } },
    backends: { pool: { servers: [silent.address], tls: {}, eject: { after: 1, for: '1m' } } },
  });
  const first = await openWs(t, sluice.url());
  assert.deepEqual(await first.waitForClose(), { code: 1014, reason: 'backend_tls' });
  // One goes to see whether it is back; the others do not wait for it.
  const closes = [];
  const come = async () => closes.push(await (await openWs(t, sluice.url())).waitForClose());
  const all = [];
  await waitFor('a client that is told at once', () => {
    all.push(come());
    return closes.some(({ reason }) => reason === 'backend_down');
  });
  assert.deepEqual(closes[0], { code: 1014, reason: 'backend_down' });
  await sluice.event('session', { reason: 'backend_down', code: 1014, fault: 'backend', server: '' });
  await Promise.all(all);
});

test('servers that a health check finds down: the next tier, then 1014 backend_down, and back', async (t) => {
  const first = await service(t);
  const [standby] = await namedServers(t, ['s']);
  const sluice = await start(t, {
    routes: [kRoute, { name: 'alone', match: { path: '/alone' }, backend: 'alone' }],
    backends: {
      pool: {
        servers: [first.address, { address: standby.address, tier: 2 }],
        health_check: { interval: '100ms', rise: 1, fall: 1 },
        eject: 'off',
      },
      alone: { servers: [first.address], health_check: { interval: '100ms', rise: 1, fall: 1 } },
    },
  });
  assert.equal((await openNamed(t, sluice))[1], 'x');
  await first.stop();
  const labels = { backend: 'pool', server: first.address };
  await sluice.metric('sluice_server_up', labels, 0);
  assert.equal((await statusOf(sluice))[first.address].state, 'down');
  assert.equal((await openNamed(t, sluice))[1], 's');
  const dials = (await sluice.metrics()).sum('sluice_backend_dials_total', labels);
  assert.equal(dials, 1, 'nothing was dialled there meanwhile');
  await sluice.metric('sluice_server_up', { ...labels, backend: 'alone' }, 0);
  const client = await openWs(t, sluice.url('/alone'));
  assert.deepEqual(await client.waitForClose(), { code: 1014, reason: 'backend_down' });
  await service(t, first.port);
  await sluice.metric('sluice_server_up', labels, 1);
  assert.equal((await openNamed(t, sluice))[1], 'x');
});

test('a single server that was away is used as soon as it is back', async (t) => {
  const backend = await service(t);
  await backend.stop();
  const sluice = await start(t, { backend: backend.address });
  for (let i = 0; i < 5; ++i) {
    const client = await openWs(t, sluice.url());
    assert.deepEqual(await client.waitForClose(), { code: 1014, reason: 'backend_refused' });
  }
  await sluice.event('server_ejected', { server: backend.address });
  await service(t, backend.port);
  const [, name] = await openNamed(t, sluice);
  assert.equal(name, 'x');
});

test('connect_retry: the client is held until the backend has started', async (t) => {
  const backend = await service(t);
  await backend.stop();
  const sluice = await start(t, {
    routes: [kRoute],
    backends: { pool: { servers: [backend.address], connect_retry: { for: '1m' } } },
  });
  const waiting = openNamed(t, sluice);
  await sluice.event('server_ejected');
  await service(t, backend.port);
  assert.equal((await waiting)[1], 'x');
});

test('connect_retry: the last attempt is at the end of its time', async (t) => {
  const backend = await service(t);
  await backend.stop();
  const sluice = await start(t, {
    routes: [kRoute],
    backends: { pool: { servers: [backend.address], connect_retry: { for: '3s' } } },
  });
  const waiting = openNamed(t, sluice);
  // After 0, 0.1, 0.3, 0.7 and 1.5 s. The next pause is longer than the time that is left.
  await sluice.waitFor(
    'five attempts',
    async () => (await sluice.metrics()).sum('sluice_backend_dials_total') >= 5,
  );
  await service(t, backend.port);
  assert.equal((await waiting)[1], 'x');
});

test('connect_retry ends: the client gets the reason', async (t) => {
  const sluice = await start(t, {
    routes: [kRoute],
    backends: { pool: { servers: [await deadAddress(t)], connect_retry: { for: '500ms' } } },
  });
  const begin = Date.now();
  const client = await openWs(t, sluice.url());
  assert.deepEqual(await client.waitForClose(), { code: 1014, reason: 'backend_refused' });
  assert.ok(Date.now() - begin >= 495, 'it was held to the end, but for a rounding error');
  assert.ok((await sluice.metrics()).sum('sluice_backend_dials_total') >= 4, 'after 0, 100, 300 and 500 ms');
});

test('connect_retry: a drain does not leave anybody waiting', async (t) => {
  const sluice = await start(t, {
    routes: [kRoute],
    backends: { pool: { servers: [await deadAddress(t)], connect_retry: { for: '10m' } } },
  });
  const waiting = openWs(t, sluice.url());
  await sluice.event('dial_failed');
  sluice.signal('SIGTERM');
  assert.equal((await (await waiting).waitForClose()).reason, 'drain');
});
