// Stopping: sessions are told, newcomers refused, and nobody can hold the process for longer than its bound.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';

import { echo, listen } from './lib/backends.mjs';
import { assertSameBytes, MiB, pattern } from './lib/bytes.mjs';
import { closeFrame } from './lib/frames.mjs';
import { httpGet } from './lib/metrics.mjs';
import { connectRaw, openRaw } from './lib/raw_client.mjs';
import { start } from './lib/sluice.mjs';
import { waitFor, within } from './lib/wait.mjs';
import { openWs } from './lib/ws_client.mjs';

/** Whether a TCP connection to `port` is refused. */
function isRefused(port) {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    socket.on('connect', () => (socket.destroy(), resolve(false)));
    socket.on('error', (error) => resolve(error.code === 'ECONNREFUSED'));
  });
}

for (const signal of ['SIGTERM', 'SIGINT']) {
  test(`${signal}: every session gets 1012 drain, the backends their end, and the exit status is 0`, async (t) => {
    const backend = await echo(t);
    const sluice = await start(t, { backend: backend.address });
    const clients = await Promise.all(Array.from({ length: 20 }, () => openWs(t, sluice.url())));
    for (const client of clients) client.send('hello');
    for (const client of clients) await client.receive(5);
    sluice.signal(signal);
    for (const client of clients) {
      assert.deepEqual(await client.waitForClose(), { code: 1012, reason: 'drain' });
    }
    const status = await within('the exit', sluice.exited, { details: () => sluice.details() });
    assert.equal(status.code, 0, sluice.details());
    assert.equal(sluice.eventsOf('draining').length, 1);
    assert.equal(sluice.eventsOf('stopped').length, 1);
    const lines = sluice.eventsOf('session');
    assert.equal(lines.length, 20, 'each session has its log line');
    for (const line of lines) {
      assert.equal(line.reason, 'drain');
      assert.equal(line.code, 1012);
      assert.equal(line.fault, 'sluice');
    }
    for (const peer of backend.peers) await peer.waitForFin();
  });
}

test('without a session it ends at once', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address, defaults: { timeouts: { drain: '60s' } } });
  const begin = Date.now();
  await sluice.stop();
  assert.ok(Date.now() - begin < 10_000, `it took ${Date.now() - begin} ms`);
});

test('while draining: no new connections, /readyz says 503, /healthz 200', async (t) => {
  const backend = await listen(t);
  const sluice = await start(t, {
    backend: backend.address,
    defaults: { timeouts: { drain: '60s', close: '60s' } },
  });
  const client = await openRaw(t, sluice);
  const { port } = sluice;
  assert.equal((await httpGet(sluice.adminUrl('/readyz'))).status, 200);
  sluice.signal('SIGTERM');
  assert.deepEqual(await client.readClose(), { code: 1012, reason: 'drain' });
  await sluice.waitFor('/readyz to answer 503', async () =>
    (await httpGet(sluice.adminUrl('/readyz'))).status === 503,
  );
  assert.equal((await httpGet(sluice.adminUrl('/healthz'))).status, 200);
  await sluice.waitFor('new connections to be refused', () => isRefused(port));

  // What the client still has to say is delivered.
  const late = pattern(MiB, 1);
  client.sendFrame({ payload: late });
  client.write(closeFrame(1012));
  const peer = await backend.peer();
  await peer.waitForFin();
  assertSameBytes(peer.received(), late, 'what the client sent while it was asked to go');
  client.end();
  const status = await within('the exit', sluice.exited, { details: () => sluice.details() });
  assert.equal(status.code, 0);
});

test('drain.delay: not ready at once, but newcomers are served until it is over', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address, drain: { delay: '2s' } });
  const { port } = sluice;
  const early = await openWs(t, sluice.url());
  const begin = Date.now();
  sluice.signal('SIGTERM');
  await sluice.waitFor('/readyz to answer 503', async () =>
    (await httpGet(sluice.adminUrl('/readyz'))).status === 503,
  );
  const late = await openWs(t, sluice.url());
  late.send('hello');
  assert.equal((await late.receive(5)).toString(), 'hello');
  for (const client of [early, late]) {
    assert.deepEqual(await client.waitForClose(), { code: 1012, reason: 'drain' });
  }
  assert.ok(Date.now() - begin >= 1900, 'not before the delay was over');
  const status = await within('the exit', sluice.exited, { details: () => sluice.details() });
  assert.equal(status.code, 0);
  assert.ok(await isRefused(port));
});

test('drain.window: the farewells are spread over it, in another order than the sessions came', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { workers: 1, backend: backend.address, drain: { window: '2s' } });
  const clients = [];
  for (let i = 0; i < 40; ++i) clients.push(await openWs(t, sluice.url()));
  const order = [];
  const begin = Date.now();
  for (const [i, client] of clients.entries()) {
    client.socket.once('close', () => order.push({ i, at: Date.now() - begin }));
  }
  sluice.signal('SIGTERM');
  // Meanwhile the others live.
  const last = await sluice.waitFor('the first farewells', () => order.length >= 3 && order.length);
  const alive = clients.find((client) => !client.closeEvent);
  alive.send('still there');
  await alive.receive(11).catch((error) => assert.ok(alive.closeEvent, `${error} after ${last}`));
  await within('the exit', sluice.exited, { details: () => sluice.details() });
  assert.equal(sluice.eventsOf('session', { reason: 'drain' }).length, 40);
  const times = order.map(({ at }) => at);
  assert.ok(times.at(-1) - times[0] > 1000, `not spread: ${times}`);
  assert.notDeepEqual(order.map(({ i }) => i), clients.map((_, i) => i));
});

test('a second signal during drain.delay ends at once', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    backend: backend.address,
    drain: { delay: '50s' },
    defaults: { timeouts: { drain: '60s' } },
  });
  const client = await openWs(t, sluice.url());
  sluice.signal('SIGTERM');
  await sluice.event('draining');
  sluice.signal('SIGTERM');
  const status = await within('the exit', sluice.exited, { details: () => sluice.details() });
  assert.equal(status.code, 0);
  assert.equal((await client.waitForClose()).code, 1006, 'at once, without a word');
});

test('a client that does not answer is cut when the bound is reached', async (t) => {
  const backend = await listen(t, () => {}, { lingers: true });
  const sluice = await start(t, {
    backend: backend.address,
    defaults: { timeouts: { drain: '1s', close: '60s' } },
  });
  const client = await openRaw(t, sluice);
  const begin = Date.now();
  sluice.signal('SIGTERM');
  assert.deepEqual(await client.readClose(), { code: 1012, reason: 'drain' });
  const status = await within('the exit', sluice.exited, { details: () => sluice.details() });
  const took = Date.now() - begin;
  assert.equal(status.code, 0, 'a drain that reached its bound is still an end in good order');
  assert.ok(took >= 900 && took < 20_000, `it took ${took} ms; the bound is 1 s`);
  assert.equal(sluice.eventsOf('session', { reason: 'drain' }).length, 1, 'it has its log line, too');
  await client.waitForClose();
});

// `docker stop` kills after 10 s, and these are the defaults that the container has.
for (const [what, prepare] of [
  ['does not answer', async () => {}],
  [
    'takes nothing and has data waiting',
    async (t, sluice, client, peer) => {
      client.socket.pause();
      const chunk = pattern(MiB, 3);
      for (let i = 0; i < 32; ++i) peer.socket.write(chunk);
      await sluice.waitFor('the backend leg to be paused', async () =>
        (await sluice.metrics()).sum('sluice_pauses_total', { direction: 'to_client' }) > 0,
      );
    },
  ],
]) {
  test(`with the default time limits a client that ${what} does not hold the end for 10 s`, async (t) => {
    const backend = await listen(t, () => {}, { lingers: true });
    const sluice = await start(t, { backend: backend.address });
    const client = await openRaw(t, sluice);
    await prepare(t, sluice, client, await backend.peer());
    const begin = Date.now();
    sluice.signal('SIGTERM');
    const status = await within('the exit', sluice.exited, { details: () => sluice.details() });
    const took = Date.now() - begin;
    assert.equal(status.code, 0);
    assert.ok(took < 9_000, `it took ${took} ms`);
  });
}

test('a second signal ends at once', async (t) => {
  const backend = await listen(t, () => {}, { lingers: true });
  const sluice = await start(
    t,
    { backend: backend.address, defaults: { timeouts: { drain: '10m', close: '5m' } } },
    { expectStop: false },
  );
  const client = await openRaw(t, sluice);
  sluice.signal('SIGTERM');
  await client.readClose();
  const begin = Date.now();
  sluice.signal('SIGTERM');
  const status = await within('the exit', sluice.exited, { details: () => sluice.details() });
  assert.ok(Date.now() - begin < 20_000);
  assert.equal(status.signal, null, 'it ends by itself, not by the default action of the signal');
  await client.waitForClose();
});

test('a connection that has sent no request does not hold the drain', async (t) => {
  const backend = await listen(t);
  const sluice = await start(t, {
    backend: backend.address,
    defaults: { timeouts: { handshake: '5m', drain: '60s' } },
  });
  const client = await connectRaw(t, sluice.port);
  client.write('GET / HT');
  await sluice.metric('sluice_connections_active', {}, 1);
  const begin = Date.now();
  await sluice.stop();
  assert.ok(Date.now() - begin < 10_000, `it took ${Date.now() - begin} ms`);
  await waitFor('the connection to be over', () => client.over || client.error);
});

test('a connection that a browser opened in advance ends at once, for there is nothing to answer', async (t) => {
  const backend = await listen(t);
  const sluice = await start(t, { backend: backend.address });
  const client = await connectRaw(t, sluice.port);
  await sluice.metric('sluice_connections_active', {}, 1);
  const begin = Date.now();
  await sluice.stop();
  assert.ok(Date.now() - begin < 3000, `it took ${Date.now() - begin} ms`);
  await waitFor('the connection to be over', () => client.over || client.error);
});

test('bytes on their way from the backend come before the 1012', async (t) => {
  const data = pattern(2 * MiB, 2);
  const backend = await listen(t, ({ socket }) => socket.write(data));
  const sluice = await start(t, { backend: backend.address });
  const client = await openWs(t, sluice.url());
  await sluice.metric('sluice_payload_bytes_total', { direction: 'to_client' }, data.length);
  sluice.signal('SIGTERM');
  assert.deepEqual(await client.waitForClose(), { code: 1012, reason: 'drain' });
  assertSameBytes(client.received(), data, 'what came before the Close');
  await sluice.stop();
});

// A process that is the first of its namespace, as in a container, gets no signal that it has no handler for.
const kAsPid1 = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
const mayUnshare = spawnSync(kAsPid1[0], [...kAsPid1.slice(1), 'true']).status === 0;

test('as PID 1: SIGTERM drains and the exit status is 0', { skip: !mayUnshare && 'needs root and unshare' }, async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address }, { launcher: kAsPid1, expectStop: false });
  const client = await openWs(t, sluice.url());
  const inner = Number(readFileSync(`/proc/${sluice.pid}/task/${sluice.pid}/children`, 'utf8'));
  assert.match(readFileSync(`/proc/${inner}/status`, 'utf8'), /^NSpid:.*\t1$/m);
  process.kill(inner, 'SIGTERM');
  assert.deepEqual(await client.waitForClose(), { code: 1012, reason: 'drain' });
  const status = await within('the exit', sluice.exited, { details: () => sluice.details() });
  assert.equal(status.code, 0, sluice.details());
});
