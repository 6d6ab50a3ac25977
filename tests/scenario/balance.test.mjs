// Backends of several servers through the real binary: who gets the sessions, full servers and the queue,
// servers that go and come back, and what operators see of it.
import assert from 'node:assert/strict';
import net from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';

import { deadAddress, echo, listen } from './lib/backends.mjs';
import { defer } from './lib/cleanup.mjs';
import { httpGet } from './lib/metrics.mjs';
import { startHaproxy } from './lib/proxies.mjs';
import { connectRaw, upgradeHead } from './lib/raw_client.mjs';
import { start } from './lib/sluice.mjs';
import { waitFor } from './lib/wait.mjs';
import { openWs, refusedWs } from './lib/ws_client.mjs';

const kRoute = { name: 'main', match: { path: '/' }, backend: 'pool' };

/** Servers that each say their name to whoever comes, and then echo. */
function namedServers(t, names) {
  return Promise.all(
    names.map((name) =>
      listen(t, ({ socket }) => {
        socket.write(name);
        socket.pipe(socket);
      }),
    ),
  );
}

/** Opens a session and returns [the client, the name of its server]. */
async function openNamed(t, sluice, where = '/') {
  const client = await openWs(t, sluice.url(where));
  return [client, (await client.receive(1)).toString()];
}

/** How many of `count` sessions, all open at a time, each server gets. */
async function spread(t, sluice, count, where = () => '/') {
  const counts = {};
  for (let i = 0; i < count; ++i) {
    const [, name] = await openNamed(t, sluice, where(i));
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** The state of the servers of the first backend as /status has it: {address: server}. */
async function statusOf(sluice) {
  const { body } = await httpGet(sluice.adminUrl('/status'));
  const { backends } = JSON.parse(body);
  return Object.fromEntries(backends[0].servers.map((server) => [server.address, server]));
}

/** A service on a port that it can leave and take again. */
async function service(t, port = 0) {
  const sockets = new Set();
  const server = net.createServer((socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => {}));
    socket.write('x');
  });
  const stop = async () => {
    if (!server.listening) return;
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  defer(t, stop);
  server.listen({ host: '127.0.0.1', port });
  await once(server, 'listening');
  return { port: server.address().port, address: `127.0.0.1:${server.address().port}`, stop };
}

for (const balance of ['round_robin', 'least_sessions', 'random_two']) {
  test(`${balance} keeps to the weights over all workers`, async (t) => {
    const [a, b] = await namedServers(t, ['a', 'b']);
    const servers = [{ address: a.address, weight: 2 }, b.address];
    const sluice = await start(t, { routes: [kRoute], backends: { pool: { servers, balance } } });
    const counts = await spread(t, sluice, 60);
    assert.ok(Math.abs(counts.a - 40) <= 2, JSON.stringify(counts));
    const servers_ = await statusOf(sluice);
    assert.equal(servers_[a.address].sessions, counts.a);
    assert.equal(servers_[b.address].sessions, counts.b);
    await sluice.metric('sluice_server_sessions', { backend: 'pool', server: a.address }, counts.a);
  });
}

/** A session that ends as soon as its server has said its name. */
function visit(port) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(upgradeHead()));
    let head = '';
    socket.on('data', (chunk) => {
      head += chunk.toString('latin1');
      if (/\r\n\r\n...$/s.test(head)) socket.destroy();
    });
    socket.on('error', reject).on('close', resolve);
  });
}

// By the other two, sessions that end go where others end soon: what one server gets of them is its own doing.
test('ten thousand sessions keep to the weights within 5 %', async (t) => {
  const [a, b] = await namedServers(t, ['a', 'b']);
  const servers = [{ address: a.address, weight: 3 }, b.address];
  const sluice = await start(t, { routes: [kRoute], backends: { pool: { servers } } });
  let left = 10_000;
  const work = async () => {
    while (left-- > 0) await visit(sluice.port);
  };
  await Promise.all(Array.from({ length: 32 }, work));
  const metrics = await sluice.metrics();
  const [ofA, ofB] = [a, b].map(({ address }) =>
    metrics.sum('sluice_backend_dials_total', { server: address, result: 'ok' }),
  );
  assert.equal(ofA + ofB, 10_000);
  assert.ok(Math.abs(ofA - 7500) <= 7500 * 0.05, `${ofA} and ${ofB}`);
  assert.ok(Math.abs(ofB - 2500) <= 2500 * 0.05, `${ofA} and ${ofB}`);
});

test('hash: the same key goes to the same server, and only the keys of one that leaves move', async (t) => {
  const servers = await Promise.all(['a', 'b', 'c'].map(() => service(t)));
  const addresses = servers.map(({ address }) => address);
  const sluice = await start(t, {
    routes: [{ name: 'main', match: { path: '/{room}' }, backend: 'pool' }],
    backends: {
      pool: { servers: addresses, balance: { hash: 'capture.room' }, eject: { after: 1, for: '1m' } },
    },
  });
  const rooms = [...Array(24).keys()].map((i) => `/room${i}`);
  const where = async () => {
    const found = [];
    for (const room of rooms) {
      const client = await openWs(t, sluice.url(room));
      await client.receive(1);
      await client.close();
      found.push((await sluice.sessions(found.length + 1 + offset))[found.length + offset].server);
    }
    offset += rooms.length;
    return found;
  };
  let offset = 0;
  const before = await where();
  assert.equal(new Set(before).size, 3);
  assert.deepEqual(await where(), before);
  await servers[0].stop();
  const after = await where();
  before.forEach((server, i) => {
    if (server === addresses[0]) assert.notEqual(after[i], addresses[0]);
    else assert.equal(after[i], server);
  });
});

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

test('a tier stands by until the one before it is down, or full', async (t) => {
  const first = await service(t);
  const [standby] = await namedServers(t, ['s']);
  const sluice = await start(t, {
    routes: [kRoute],
    backends: {
      pool: {
        servers: [
          { address: standby.address, tier: 2 },
          { address: first.address, max_sessions: 1 },
        ],
      },
    },
  });
  const [, one] = await openNamed(t, sluice);
  const [, two] = await openNamed(t, sluice);
  assert.deepEqual([one, two], ['x', 's']);
  await first.stop();
  const [, three] = await openNamed(t, sluice);
  assert.equal(three, 's');
});

const kFull = (server, queue) => ({
  routes: [kRoute],
  backends: { pool: { servers: [{ address: server.address, max_sessions: 1 }], queue } },
});

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

test('HAProxy as a member of a pool', async (t) => {
  const [own] = await namedServers(t, ['o']);
  const [behind] = await namedServers(t, ['h']);
  const haproxy = await startHaproxy(
    t,
    `frontend tcp
  mode tcp
  bind fd@3
  default_backend service
backend service
  mode tcp
  server one ${behind.address}`,
  );
  const sluice = await start(t, {
    routes: [kRoute],
    backends: { pool: { servers: [own.address, { address: haproxy.address, weight: 2 }] } },
  });
  assert.deepEqual(await spread(t, sluice, 30), { o: 10, h: 20 });
  await sluice.metric('sluice_server_sessions', { server: haproxy.address }, 20);
});

test('/status has routes, backends and servers; /status.html shows them', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, kFull(backend, { size: 7 }));
  await openWs(t, sluice.url());
  const { status, headers, body } = await httpGet(sluice.adminUrl('/status'));
  assert.equal(status, 200);
  assert.equal(headers['content-type'], 'application/json');
  assert.deepEqual(JSON.parse(body), {
    routes: [{ name: 'main', sessions: 1 }],
    backends: [
      {
        name: 'pool',
        servers: [
          {
            address: backend.address,
            state: 'up',
            sessions: 1,
            dials: 0,
            max_sessions: 1,
            weight: 1,
            tier: 1,
            ejections: 0,
          },
        ],
        queue: { waiting: 0, size: 7 },
      },
    ],
  });
  const page = await httpGet(sluice.adminUrl('/status.html'));
  assert.equal(page.status, 200);
  assert.match(page.body, /fetch\('status'\)/);
});
