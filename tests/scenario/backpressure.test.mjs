// A slow reader costs bounded memory and never a byte, in each direction by itself.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { echo, pusher, sink } from './lib/backends.mjs';
import { assertSameBytes, KiB, MiB, pattern, sha256 } from './lib/bytes.mjs';
import { closeFrame, encodeFrame, kOpcode } from './lib/frames.mjs';
import { residentBytes, tcpQueues } from './lib/memory.mjs';
import { openRaw } from './lib/raw_client.mjs';
import { sanitizer, start } from './lib/sluice.mjs';
import { neverDuring, waitFor } from './lib/wait.mjs';
import { openWs } from './lib/ws_client.mjs';

const kSize = 64 * MiB;
const kChunk = 256 * KiB;

// A sanitizer's allocator keeps what is freed; there the bound only shows that 64 MiB were not buffered.
const kAllowedGrowth = sanitizer ? 32 * MiB : 2 * MiB;

/** How long the reader stands still while the memory is watched. */
const kStall = 3000;

function* chunks(data) {
  for (let at = 0; at < data.length; at += kChunk) yield data.subarray(at, at + kChunk);
}

/** One worker, its code and buffers touched once, so that the growth measured later is the stall's alone. */
async function startWarm(t, routes, limits = {}) {
  const warm = await echo(t);
  const sluice = await start(t, {
    workers: 1,
    defaults: { limits },
    routes: [...routes, { name: 'warm', match: { path: '/warm' }, backend: warm.address }],
  });
  const client = await openWs(t, sluice.url('/warm'));
  client.send(pattern(4 * MiB));
  await client.receive(4 * MiB);
  await client.close();
  await sluice.metrics();
  return sluice;
}

async function assertSteady(sluice, before) {
  let most = 0;
  await neverDuring(kStall, 'memory grew too much', () => {
    most = Math.max(most, residentBytes(sluice.pid));
    return most - before > kAllowedGrowth;
  }).catch((error) => {
    throw new Error(
      `${error.message}: from ${before / KiB} to ${most / KiB} KiB, ` +
        `${kAllowedGrowth / KiB} KiB are allowed\n${sluice.details()}`,
    );
  });
}

test('a client that stops reading while the backend pushes 64 MiB', async (t) => {
  const data = pattern(kSize, 1);
  const backend = await pusher(t, () => chunks(data), ({ socket }) => socket.end());
  const sluice = await startWarm(t, [{ name: 'main', match: { path: '/' }, backend: backend.address }]);
  const before = residentBytes(sluice.pid);

  const client = await openRaw(t, sluice);
  client.socket.pause();
  const direction = { route: 'main', direction: 'to_client' };
  await sluice.waitFor('the backend leg to be paused', async () => {
    const metrics = await sluice.metrics();
    return metrics.sum('sluice_pauses_total', direction) > 0 && metrics.sum('sluice_queued_bytes', direction) > 0;
  });
  await assertSteady(sluice, before);
  const peer = await backend.peer();
  assert.ok(!peer.pushedAll, 'the backend is held back, too');
  const stalled = await sluice.metrics();
  assert.ok(stalled.sum('sluice_queued_bytes', direction) <= 2 * MiB, 'what is queued is bounded');

  client.socket.resume();
  const hash = createHash('sha256');
  let got = 0;
  for (;;) {
    const frame = await client.nextFrame();
    if (frame.opcode === kOpcode.close) break;
    if (frame.opcode === kOpcode.ping) continue;
    hash.update(frame.payload);
    got += frame.payload.length;
  }
  assert.equal(got, kSize, 'every byte arrives');
  assert.equal(hash.digest('hex'), sha256(data));
  await assertSteady(sluice, before);
  await sluice.metric('sluice_queued_bytes', direction, 0);
});

test('a backend that stops reading while the client sends 64 MiB', async (t) => {
  const data = pattern(kSize, 2);
  const hash = createHash('sha256');
  const backend = await sink(t, (chunk) => hash.update(chunk));
  const sluice = await startWarm(t, [{ name: 'main', match: { path: '/' }, backend: backend.address }]);
  const before = residentBytes(sluice.pid);

  const client = await openRaw(t, sluice);
  for (const payload of chunks(data)) client.write(encodeFrame({ payload }));
  client.write(closeFrame(1000));
  const direction = { route: 'main', direction: 'to_backend' };
  await sluice.waitFor('the client leg to be paused', async () =>
    (await sluice.metrics()).sum('sluice_pauses_total', direction) > 0,
  );
  await assertSteady(sluice, before);
  assert.ok(client.socket.writableLength > MiB, 'the client is held back, too');

  const peer = await backend.peer();
  peer.socket.resume();
  await waitFor('64 MiB at the backend', () => peer.receivedBytes >= kSize, {
    details: () => `${peer.details()}\n${sluice.details()}`,
  });
  await peer.waitForFin();
  assert.equal(peer.receivedBytes, kSize, 'every byte arrives');
  assert.equal(hash.digest('hex'), sha256(data));
  assert.equal((await client.readClose()).code, 1000);
  await sluice.metric('sluice_queued_bytes', direction, 0);
});

const kNeedsOwnAllocator = { skip: sanitizer && 'the allocator of a sanitizer keeps what is freed' };

test('what 100 slow backends made sluice hold goes back to the system', kNeedsOwnAllocator, async (t) => {
  const kCount = 100;
  const backend = await sink(t, () => {});
  const sluice = await startWarm(t, [{ name: 'main', match: { path: '/' }, backend: backend.address }], {
    socket_buffer: '64KiB',
  });
  const before = residentBytes(sluice.pid);

  const frame = encodeFrame({ payload: pattern(MiB, 10) });
  const clients = [];
  for (let i = 0; i < kCount; ++i) {
    clients.push(await openRaw(t, sluice));
    clients[i].write(frame);
  }
  const direction = { route: 'main', direction: 'to_backend' };
  await sluice.waitFor('every client to be held back', async () => {
    const metrics = await sluice.metrics();
    return metrics.sum('sluice_pauses_total', direction) >= kCount;
  });
  const most = residentBytes(sluice.pid);
  assert.ok(most - before > 2 * kAllowedGrowth, 'it is memory of the process that is held');

  for (const peer of backend.peers) peer.socket.resume();
  await sluice.metric('sluice_queued_bytes', direction, 0);
  await waitFor('the memory to go back', () => residentBytes(sluice.pid) - before < kAllowedGrowth, {
    details: () => `from ${before / KiB} over ${most / KiB} to ${residentBytes(sluice.pid) / KiB} KiB\n${sluice.details()}`,
  });
  for (const client of clients) client.write(closeFrame(1000));
  await waitFor('every byte at the backends', () => backend.peers.every((peer) => peer.receivedBytes === MiB));
});

test('a direction that is stuck does not hold the other', async (t) => {
  const data = pattern(16 * MiB, 3);
  const backend = await pusher(t, () => chunks(data));
  const sluice = await start(t, { backend: backend.address, workers: 1 });
  const client = await openRaw(t, sluice);
  client.socket.pause();
  await sluice.waitFor('the backend leg to be paused', async () =>
    (await sluice.metrics()).sum('sluice_pauses_total', { direction: 'to_client' }) > 0,
  );
  const sent = pattern(MiB, 4);
  client.sendFrame({ payload: sent });
  const peer = await backend.peer();
  assertSameBytes(await peer.receive(sent.length), sent, 'what went the other way');
});

test('a session that is stuck does not hold others of its worker', async (t) => {
  const data = pattern(32 * MiB, 5);
  const push = await pusher(t, () => chunks(data));
  const live = await echo(t);
  const sluice = await start(t, {
    workers: 1,
    routes: [
      { name: 'stuck', match: { path: '/stuck' }, backend: push.address },
      { name: 'live', match: { path: '/live' }, backend: live.address },
    ],
  });
  const stuck = await openRaw(t, sluice, { target: '/stuck' });
  stuck.socket.pause();
  await sluice.waitFor('the stuck session to be paused', async () =>
    (await sluice.metrics()).sum('sluice_pauses_total', { route: 'stuck' }) > 0,
  );
  const client = await openWs(t, sluice.url('/live'));
  const sent = pattern(3 * MiB, 6);
  client.send(sent);
  assertSameBytes(await client.receive(sent.length), sent, 'the echo beside a stuck session');
  await client.close();
});

test('a stuck client is told its pongs ahead of the data that waits', async (t) => {
  const data = pattern(16 * MiB, 7);
  const backend = await pusher(t, () => chunks(data));
  const sluice = await start(t, { backend: backend.address, workers: 1 });
  const client = await openRaw(t, sluice);
  client.socket.pause();
  await sluice.waitFor('the backend leg to be paused', async () =>
    (await sluice.metrics()).sum('sluice_pauses_total', { direction: 'to_client' }) > 0,
  );
  client.sendFrame({ opcode: kOpcode.ping, payload: Buffer.from('are you there') });
  client.socket.resume();
  let got = 0;
  let pongAt;
  while (got < data.length) {
    const frame = await client.nextFrame();
    if (frame.opcode === kOpcode.pong) pongAt = got;
    else got += frame.payload.length;
  }
  assert.notEqual(pongAt, undefined, 'the ping was answered');
  assert.ok(pongAt < data.length, 'and not at the very end');
});

test('a client that is cut while the backend pushes leaves nothing behind', async (t) => {
  const data = pattern(kSize, 8);
  const backend = await pusher(t, () => chunks(data));
  const sluice = await start(t, { backend: backend.address, defaults: { timeouts: { close: '1s' } } });
  for (let i = 0; i < 5; ++i) {
    const client = await openRaw(t, sluice);
    await client.waitFor('data', () => client.received > MiB);
    client.reset();
  }
  const lines = await sluice.sessions(5);
  for (const line of lines) assert.equal(line.reason, 'client_lost');
  await waitFor('the backend to be let go', () => backend.peers.every((p) => p.closed));
  await sluice.metric('sluice_queued_bytes', { direction: 'to_client' }, 0);
});

/** Has `count` clients push into a backend that reads nothing until all are held back; returns sluice. */
async function pushIntoNothing(t, count, limits = {}) {
  const backend = await sink(t, ({ socket }) => socket.pause());
  const sluice = await start(t, { backend: backend.address, defaults: { limits } });
  const frame = encodeFrame({ payload: pattern(MiB, 9) });
  for (let i = 0; i < count; ++i) {
    const client = await openRaw(t, sluice);
    for (let j = 0; j < 16; ++j) client.write(frame);
  }
  let before;
  await sluice.waitFor('every client to be held back', async () => {
    const metrics = await sluice.metrics();
    const moved = metrics.sum('sluice_payload_bytes_total', { direction: 'to_backend' });
    const isSteady = moved === before;
    before = moved;
    return isSteady && metrics.sum('sluice_pauses_total', { direction: 'to_backend' }) >= count;
  });
  return sluice;
}

test('clients that push into a backend that reads nothing leave little in the buffers of the kernel', async (t) => {
  const sluice = await pushIntoNothing(t, 20);
  const legs = tcpQueues(sluice.pid).filter(({ localPort }) => localPort !== sluice.port);
  assert.ok(legs.length >= 20, `${legs.length} connections`);
  for (const { sending } of legs) {
    assert.ok(sending < 512 * KiB, `${sending} bytes for a backend that takes nothing`);
  }
});

test('limits.socket_buffer: what the kernel keeps for each leg, either way', async (t) => {
  const size = 64 * KiB; // As long as a segment may be, by which the kernel oversteps.
  const sluice = await pushIntoNothing(t, 5, { socket_buffer: '64KiB' });
  const legs = tcpQueues(sluice.pid);
  assert.ok(legs.length >= 10, `${legs.length} connections`);
  for (const { sending, receiving } of legs) {
    assert.ok(sending <= 3 * size && receiving <= 2 * size, `${sending} to send, ${receiving} received`);
  }
});
