// Backends of several servers through the real binary: which server gets a session, and what operators see of it.
import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';

import { echo } from './lib/backends.mjs';
import { httpGet } from './lib/metrics.mjs';
import { kFull, kRoute, namedServers, openNamed, service, statusOf } from './lib/pools.mjs';
import { startHaproxy } from './lib/proxies.mjs';
import { upgradeHead } from './lib/raw_client.mjs';
import { start } from './lib/sluice.mjs';
import { openWs } from './lib/ws_client.mjs';

/** How many of `count` sessions, all open at a time, each server gets. */
async function spread(t, sluice, count, where = () => '/') {
  const counts = {};
  for (let i = 0; i < count; ++i) {
    const [, name] = await openNamed(t, sluice, where(i));
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
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
