// Pings, the deadline for an answer, and the idle timer. These tests watch the clock, so they take seconds.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { echo, listen, sink } from './lib/backends.mjs';
import { KiB, MiB, pattern } from './lib/bytes.mjs';
import { closeFrame, encodeFrame, kOpcode } from './lib/frames.mjs';
import { openRaw } from './lib/raw_client.mjs';
import { start } from './lib/sluice.mjs';
import { neverDuring, waitFor } from './lib/wait.mjs';
import { openWs } from './lib/ws_client.mjs';

test('pings come at their interval, give or take a tenth, and a client that answers lives', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    backend: backend.address,
    defaults: { keepalive: { ping_interval: '1s', pong_timeout: '1s' } },
  });
  const client = await openWs(t, sluice.url());
  const times = [Date.now()];
  client.socket.on('ping', () => times.push(Date.now()));
  await waitFor('four pings', () => times.length >= 5, { details: () => client.details() });
  for (let i = 1; i < 5; ++i) {
    const gap = times[i] - times[i - 1];
    assert.ok(gap >= 800 && gap <= 2500, `ping ${i} came after ${gap} ms; expected 900 to 1100`);
  }
  assert.equal(client.closeEvent, undefined, 'a client that answers is not closed');
  await sluice.waitFor('round trips in the metrics', async () => {
    const metrics = await sluice.metrics();
    return (
      metrics.sum('sluice_pings_sent_total', { route: 'main' }) >= 4 &&
      metrics.sum('sluice_ping_rtt_seconds_count', { route: 'main' }) >= 3
    );
  });
  client.send('still there');
  assert.equal((await client.receive(11)).toString(), 'still there');
  await client.close();
});

test('a pong_timeout longer than the ping_interval does not stretch the interval', async (t) => {
  const backend = await listen(t);
  const sluice = await start(t, {
    backend: backend.address,
    defaults: { keepalive: { ping_interval: '1s', pong_timeout: '20s' } },
  });
  const client = await openWs(t, sluice.url());
  const begin = Date.now();
  await waitFor('three pings', () => client.pings >= 3, { details: () => client.details() });
  const took = Date.now() - begin;
  assert.ok(took < 10_000, `three pings took ${took} ms; expected about 3 s`);
});

test('a client that does not answer is closed with 1011 pong_timeout', async (t) => {
  const backend = await listen(t);
  const sluice = await start(t, {
    backend: backend.address,
    defaults: { keepalive: { ping_interval: '1s', pong_timeout: '1s' }, timeouts: { close: '1s' } },
  });
  const client = await openRaw(t, sluice);
  const begin = Date.now();
  assert.equal((await client.nextFrame()).opcode, kOpcode.ping);
  assert.deepEqual(await client.readClose(), { code: 1011, reason: 'pong_timeout' });
  const took = Date.now() - begin;
  assert.ok(took >= 1800, `closed after ${took} ms; the ping comes after 1 s and has 1 s`);
  await client.waitForClose(); // It is gone, so nobody waits long for its Close.
  const [line] = await sluice.sessions(1);
  assert.equal(line.reason, 'pong_timeout');
  assert.equal(line.fault, 'client');
  await (await backend.peer()).waitForFin();
});

test('bytes of any kind are a sign of life, not pongs alone', async (t) => {
  const backend = await listen(t);
  const sluice = await start(t, {
    backend: backend.address,
    defaults: { keepalive: { ping_interval: '1s', pong_timeout: '1s' } },
  });
  const client = await openRaw(t, sluice);
  const timer = setInterval(() => client.sendFrame({ payload: Buffer.from('x') }), 200);
  t.after(() => clearInterval(timer));
  for (let i = 0; i < 4; ++i) {
    assert.equal((await client.nextFrame()).opcode, kOpcode.ping, 'a Close here means it was given up');
  }
});

test('ping_interval: off means no pings', async (t) => {
  const backend = await listen(t);
  const sluice = await start(t, {
    backend: backend.address,
    route: { keepalive: { ping_interval: 'off' } },
  });
  const client = await openRaw(t, sluice);
  await neverDuring(2500, 'a frame came', () => client.buffer.length > 0);
  client.write(closeFrame(1000));
  assert.equal((await client.readClose()).code, 1000);
});

test('no deadline runs against a client that sluice itself does not read', async (t) => {
  const backend = await sink(t, () => {});
  const sluice = await start(t, {
    backend: backend.address,
    defaults: { keepalive: { ping_interval: '1s', pong_timeout: '1s' } },
  });
  const client = await openRaw(t, sluice);
  const size = 32 * MiB;
  for (let at = 0; at < size; at += 256 * KiB) client.write(encodeFrame({ payload: pattern(256 * KiB, at + 1) }));
  await sluice.waitFor('the client leg to be paused', async () =>
    (await sluice.metrics()).sum('sluice_pauses_total', { direction: 'to_backend' }) > 0,
  );
  // Its pongs would lie behind bytes that sluice does not read, so it cannot be blamed.
  await neverDuring(4000, 'the session ended', () => client.over || sluice.eventsOf('session').length > 0);
  const peer = await backend.peer();
  peer.socket.resume();
  client.write(closeFrame(1000));
  await waitFor('everything at the backend', () => peer.receivedBytes >= size, {
    details: () => `${peer.details()}\n${sluice.details()}`,
  });
  assert.equal(peer.receivedBytes, size);
  const [line] = await sluice.sessions(1);
  assert.equal(line.reason, 'client_closed');
});

test('a backend that does not read for longer than backend_timeout, but whose host lives, is waited for', async (t) => {
  const backend = await sink(t, () => {});
  const sluice = await start(t, {
    backend: backend.address,
    defaults: { keepalive: { backend_timeout: '1s' } },
  });
  const client = await openRaw(t, sluice);
  const size = 32 * MiB;
  for (let at = 0; at < size; at += 256 * KiB) client.write(encodeFrame({ payload: pattern(256 * KiB, at + 1) }));
  await sluice.waitFor('the client leg to be paused', async () =>
    (await sluice.metrics()).sum('sluice_pauses_total', { direction: 'to_backend' }) > 0,
  );
  // Its kernel answers the probes of a closed window: it is slow, not gone.
  await neverDuring(8000, 'the session ended', () => client.over || sluice.eventsOf('session').length > 0);
  const peer = await backend.peer();
  peer.socket.resume();
  await waitFor('everything at the backend', () => peer.receivedBytes >= size, {
    details: () => `${peer.details()}\n${sluice.details()}`,
  });
});

test('idle: closed with 1001 idle_timeout although pings flow', async (t) => {
  const backend = await listen(t);
  const sluice = await start(t, {
    backend: backend.address,
    defaults: { keepalive: { ping_interval: '1s', pong_timeout: '1s' }, timeouts: { idle: '3s' } },
  });
  const client = await openWs(t, sluice.url());
  const begin = Date.now();
  assert.deepEqual(await client.waitForClose(), { code: 1001, reason: 'idle_timeout' });
  const took = Date.now() - begin;
  assert.ok(took >= 2700, `closed after ${took} ms instead of 3 s`);
  assert.ok(client.pings >= 2, `${client.pings} pings came meanwhile`);
  const [line] = await sluice.sessions(1);
  assert.equal(line.reason, 'idle_timeout');
  assert.equal(line.code, 1001);
  await (await backend.peer()).waitForFin();
});

for (const from of ['client', 'backend']) {
  test(`idle: payload from the ${from} alone keeps a session open`, async (t) => {
    const backend = await listen(t);
    const sluice = await start(t, { backend: backend.address, defaults: { timeouts: { idle: '2s' } } });
    const client = await openWs(t, sluice.url());
    const peer = await backend.peer();
    const timer = setInterval(() => (from === 'client' ? client.send('x') : peer.socket.write('x')), 400);
    t.after(() => clearInterval(timer));
    await neverDuring(4500, 'the session was closed', () => client.closeEvent);
    clearInterval(timer);
    assert.deepEqual(await client.waitForClose(), { code: 1001, reason: 'idle_timeout' });
  });
}
