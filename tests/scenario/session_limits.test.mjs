// Bounds on sessions: their age, their bandwidth, and the memory of all of them together.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { echo, listen, pusher } from './lib/backends.mjs';
import { assertSameBytes, KiB, MiB, pattern } from './lib/bytes.mjs';
import { closeFrame } from './lib/frames.mjs';
import { openRaw } from './lib/raw_client.mjs';
import { start } from './lib/sluice.mjs';
import { openWs, refusedWs } from './lib/ws_client.mjs';

test('max_age ends a session that is busy', async (t) => {
  const backend = await listen(t, ({ socket }) => {
    const timer = setInterval(() => socket.write('tick'), 50);
    socket.on('close', () => clearInterval(timer));
  });
  const sluice = await start(t, { backend: backend.address, route: { timeouts: { max_age: '1s' } } });
  const client = await openWs(t, sluice.url());
  assert.deepEqual(await client.waitForClose(), { code: 1001, reason: 'max_age' });
  assert.ok(client.receivedBytes > 0);
  const [line] = await sluice.sessions();
  assert.ok(line.duration_seconds >= 1);
});

test('bandwidth bounds each direction by itself, and nothing is lost', async (t) => {
  const data = pattern(300 * KiB);
  const backend = await echo(t);
  const sluice = await start(t, {
    backend: backend.address,
    route: { limits: { bandwidth: { to_client: '200KiB', to_backend: 'off' } } },
  });
  const client = await openWs(t, sluice.url());
  const begin = Date.now();
  client.send(data);
  await (await backend.peer()).receive(100 * KiB);
  assertSameBytes(await client.receive(data.length), data);
  // A quarter of a second's bytes may come at once.
  assert.ok(Date.now() - begin >= 1200, `300 KiB came in ${Date.now() - begin} ms`);
  await client.close(1000);
});

test('a client that is bounded is not read ahead of that', async (t) => {
  const backend = await listen(t);
  const sluice = await start(t, {
    backend: backend.address,
    route: { limits: { bandwidth: { to_backend: '64KiB' } } },
  });
  const client = await openWs(t, sluice.url());
  const data = pattern(128 * KiB);
  const begin = Date.now();
  client.send(data);
  assertSameBytes(await (await backend.peer()).receive(data.length), data);
  assert.ok(Date.now() - begin >= 1700, `128 KiB came in ${Date.now() - begin} ms`);
  assert.equal((await sluice.metrics()).sum('sluice_queued_bytes'), 0);
  await client.close(1000);
});

/** A gateway whose budget one slow client has used up. */
async function withUsedUpMemory(t, route = {}) {
  const backend = await pusher(t, function* () {
    for (let i = 0; i < 64; ++i) yield Buffer.alloc(MiB);
  });
  const sluice = await start(t, {
    backend: backend.address,
    defaults: { limits: { memory: '1MiB' } },
    route,
  });
  const slow = [];
  const queued = async () => (await sluice.metrics()).sum('sluice_queued_bytes');
  const pauses = async () =>
    (await sluice.metrics()).sum('sluice_pauses_total', { direction: 'to_client' });
  while ((await queued()) < MiB) {
    const client = await openRaw(t, sluice);
    client.socket.pause();
    slow.push(client);
    const before = slow.length;
    await sluice.waitFor(
      'the slow client to hold things up',
      async () => (await pauses()) >= before || (await queued()) >= MiB,
    );
  }
  return { sluice, slow };
}

test('a session that begins over limits.memory ends with 1013', async (t) => {
  const { sluice, slow } = await withUsedUpMemory(t);
  const labels = { reason: 'limit_memory', code: '1013' };
  const [closed] = (await sluice.metrics()).find('sluice_sessions_closed_total', labels);
  const before = closed?.value ?? 0;
  const late = await openWs(t, sluice.url());
  assert.deepEqual(await late.waitForClose(), { code: 1013, reason: 'limit_memory' });
  const line = await sluice.event('session', { reason: 'limit_memory' });
  assert.equal(line.code, 1013);
  assert.equal(line.fault, 'sluice');
  await sluice.metric('sluice_sessions_closed_total', labels, before + 1);
  // When the slow ones have gone there is room again.
  for (const client of slow) client.reset();
  await sluice.metric('sluice_queued_bytes', {}, 0);
  const next = await openRaw(t, sluice);
  assert.equal((await next.nextFrame()).opcode, 2);
  next.write(closeFrame(1000));
});

test('or with 503', async (t) => {
  const { sluice } = await withUsedUpMemory(t, { on_dial_failure: 'http' });
  const response = await refusedWs(t, sluice.url());
  assert.equal(response.status, 503);
  assert.match(response.body, /limit_memory/);
  await sluice.event('refused', { reason: 'limit_memory', code: 503 });
});

test('origins with a star, and a required one', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    backend: backend.address,
    route: { origins: ['https://*.example.com'], require_origin: true },
  });
  const client = await openWs(t, sluice.url(), { origin: 'https://lab.example.com' });
  await client.close(1000);
  for (const origin of ['https://example.com', 'https://lab.example.com.evil.org', undefined]) {
    const response = await refusedWs(t, sluice.url(), { origin });
    assert.equal(response.status, 403);
    assert.match(response.body, /origin_not_allowed/);
  }
});
