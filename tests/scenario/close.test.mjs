// How sessions end: what was read is delivered first, then the right code, then TCP in the right order.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { listen, pusher } from './lib/backends.mjs';
import { assertSameBytes, KiB, MiB, pattern } from './lib/bytes.mjs';
import { closeFrame, encodeFrame, kOpcode, parseClose } from './lib/frames.mjs';
import { connectRaw, openRaw, upgradeHead } from './lib/raw_client.mjs';
import { start } from './lib/sluice.mjs';
import { waitFor } from './lib/wait.mjs';
import { openWs } from './lib/ws_client.mjs';

/** The one session of `sluice` must have ended so, in the log and in the metrics. */
async function endedWith(sluice, reason, code, fault) {
  const [line] = await sluice.sessions(1);
  assert.equal(line.reason, reason);
  assert.equal(line.code, code);
  assert.equal(line.fault, fault);
  await sluice.metric('sluice_sessions_closed_total', { route: 'main', reason }, 1);
  await sluice.metric('sluice_sessions_active', { route: 'main' }, 0);
  await sluice.metric('sluice_connections_active', {}, 0);
}

test('the backend ends: all its data, then Close 1000 backend_closed', async (t) => {
  const sent = pattern(3 * MiB, 1);
  const backend = await listen(t, ({ socket }) => socket.end(sent));
  const sluice = await start(t, { backend: backend.address });
  const client = await openWs(t, sluice.url());
  assert.deepEqual(await client.waitForClose(), { code: 1000, reason: 'backend_closed' });
  assertSameBytes(client.received(), sent, 'what came before the Close');
  await endedWith(sluice, 'backend_closed', 1000, 'nobody');
});

test('the backend ends before the 101 is read: nothing is lost', async (t) => {
  const backend = await listen(t, ({ socket }) => socket.end('bye'));
  const sluice = await start(t, { backend: backend.address });
  for (let i = 0; i < 20; ++i) {
    const client = await openWs(t, sluice.url());
    assert.deepEqual(await client.waitForClose(), { code: 1000, reason: 'backend_closed' });
    assert.equal(client.received().toString(), 'bye');
  }
});

test('after the end of the backend the client may go on sending until its Close', async (t) => {
  const backend = await listen(t, ({ socket }) => socket.end('that was all'));
  const sluice = await start(t, { backend: backend.address });
  const client = await openRaw(t, sluice);
  assert.equal((await client.readPayload(12)).toString(), 'that was all');
  assert.deepEqual(await client.readClose(), { code: 1000, reason: 'backend_closed' });
  const late = pattern(100 * KiB, 2);
  client.sendFrame({ payload: late.subarray(0, 1000) });
  client.sendFrame({ payload: late.subarray(1000) });
  const peer = await backend.peer();
  assertSameBytes(await peer.receive(late.length), late, 'what the client sent after the Close');
  assert.equal(peer.ended, false, 'the backend is not ended before the client has sent its Close');
  client.write(closeFrame(1000));
  await client.waitForEnd();
  await peer.waitForFin();
  client.end();
  await endedWith(sluice, 'backend_closed', 1000, 'nobody');
});

test('a client that never answers the Close is cut after timeouts.close, not later', async (t) => {
  const backend = await listen(t, ({ socket }) => socket.end());
  const sluice = await start(t, { backend: backend.address, defaults: { timeouts: { close: '2s' } } });
  const client = await openRaw(t, sluice);
  const begin = Date.now();
  assert.equal((await client.readClose()).code, 1000);
  await client.waitForClose();
  const took = Date.now() - begin;
  assert.ok(took >= 1800 && took < 3000, `it took ${took} ms; the time limit is 2 s`);
  await endedWith(sluice, 'backend_closed', 1000, 'nobody');
  await (await backend.peer()).waitForClose();
});

test('a backend that does not end after the client has closed is cut after timeouts.close, not later', async (t) => {
  const backend = await listen(t, () => {}, { lingers: true });
  const sluice = await start(t, { backend: backend.address, defaults: { timeouts: { close: '2s' } } });
  const client = await openWs(t, sluice.url());
  const begin = Date.now();
  await client.close(1000);
  const [line] = await sluice.sessions(1);
  const took = Date.now() - begin;
  assert.ok(took >= 1800 && took < 3000, `it took ${took} ms; the time limit is 2 s`);
  assert.equal(line.reason, 'client_closed');
  assert.equal(line.detail, 'closing made no progress for timeouts.close');
});

/** Has `send` called every 50 ms until `isOver()` is true, and returns how long that took. */
async function talkUntil(isOver, send) {
  const begin = Date.now();
  const timer = setInterval(() => isOver() || send(), 50);
  try {
    await waitFor('an end', isOver);
  } finally {
    clearInterval(timer);
  }
  return Date.now() - begin;
}

const kShortClosing = { timeouts: { close: '500ms', close_total: '2s' } };

test('a client that ignores our Close and keeps sending is cut after timeouts.close_total', async (t) => {
  const backend = await listen(t, ({ socket }) => socket.end());
  const sluice = await start(t, { backend: backend.address, defaults: kShortClosing });
  const client = await openRaw(t, sluice);
  assert.equal((await client.readClose()).code, 1000);
  const took = await talkUntil(() => client.over || client.error, () => client.sendFrame({ payload: 'more' }));
  assert.ok(took >= 1700 && took < 4000, `it took ${took} ms; the time limit is 2 s`);
  const [line] = await sluice.sessions(1);
  assert.equal(line.reason, 'backend_closed');
  assert.equal(line.detail, 'closing took longer than timeouts.close_total');
  assert.ok((await backend.peer()).receivedBytes > 0, 'what the client sent meanwhile was delivered');
});

test('a client of plain TCP that ignores our FIN and keeps sending is cut after timeouts.close_total', async (t) => {
  const backend = await listen(t, ({ socket }) => socket.end());
  const sluice = await start(t, {
    listeners: [{ address: '127.0.0.1:0', name: 'raw', protocol: 'tcp' }],
    routes: [{ name: 'main', match: { listener: 'raw' }, backend: backend.address }],
    defaults: kShortClosing,
  });
  const client = await connectRaw(t, sluice.port);
  await client.waitForEnd();
  const took = await talkUntil(() => client.closed || client.error, () => client.write('more'));
  assert.ok(took >= 1700 && took < 4000, `it took ${took} ms; the time limit is 2 s`);
  await sluice.sessions(1);
});

test('the backend resets: 1011 backend_reset', async (t) => {
  const backend = await listen(t, () => {});
  const sluice = await start(t, { backend: backend.address });
  const client = await openWs(t, sluice.url());
  client.send('hello');
  const peer = await backend.peer();
  await peer.receive(5);
  peer.reset();
  assert.deepEqual(await client.waitForClose(), { code: 1011, reason: 'backend_reset' });
  await endedWith(sluice, 'backend_reset', 1011, 'backend');
});

test('the client closes: the backend gets everything, then the end', async (t) => {
  const backend = await listen(t);
  const sluice = await start(t, { backend: backend.address });
  const client = await openWs(t, sluice.url());
  const sent = pattern(2 * MiB, 3);
  client.send(sent);
  client.socket.close(4001, 'my own');
  const peer = await backend.peer();
  await peer.waitForFin();
  assertSameBytes(peer.received(), sent, 'what the backend got before the end');
  peer.socket.end();
  // `ws` shows the code of the Close that it received.
  assert.equal((await client.waitForClose()).code, 4001);
  await endedWith(sluice, 'client_closed', 4001, 'nobody');
});

test('an empty Close is answered by an empty one', async (t) => {
  const backend = await listen(t);
  const sluice = await start(t, { backend: backend.address });
  const client = await openWs(t, sluice.url());
  client.socket.close();
  assert.equal((await client.waitForClose()).code, 1005, '1005 stands for an empty Close');
  await (await backend.peer()).waitForFin();
  const [line] = await sluice.sessions(1);
  assert.equal(line.reason, 'client_closed');
  assert.ok(!('code' in line), `no code was received, so none is logged: ${JSON.stringify(line)}`);
});

test('what the backend still says to a closing client ends with it', async (t) => {
  // A backend that answers the end with more data must not hold the session open.
  const backend = await listen(t, ({ socket }) => socket.on('end', () => socket.end(pattern(MiB, 8))));
  const sluice = await start(t, { backend: backend.address });
  const client = await openWs(t, sluice.url());
  client.socket.close(1000);
  assert.equal((await client.waitForClose()).code, 1000);
  await endedWith(sluice, 'client_closed', 1000, 'nobody');
  const peer = await backend.peer();
  await peer.waitForClose();
  assert.equal(peer.error, undefined, 'the backend was drained, so it saw no reset');
});

test("the client's TCP ends without a Close: the backend gets everything, then the end", async (t) => {
  const backend = await listen(t);
  const sluice = await start(t, { backend: backend.address });
  const client = await openRaw(t, sluice);
  const sent = pattern(700 * KiB, 4);
  client.sendFrame({ payload: sent });
  client.end();
  const peer = await backend.peer();
  await peer.waitForFin();
  assertSameBytes(peer.received(), sent, 'what the backend got before the end');
  peer.socket.end();
  await client.waitForClose();
  await endedWith(sluice, 'client_lost', undefined, 'client');
});

test('the client is lost in the middle of a frame: the backend gets what came of it', async (t) => {
  const backend = await listen(t);
  const sluice = await start(t, { backend: backend.address });
  const client = await openRaw(t, sluice);
  const frame = encodeFrame({ payload: pattern(1000, 5) });
  client.write(frame.subarray(0, frame.length - 400));
  client.end();
  const peer = await backend.peer();
  await peer.waitForFin();
  assertSameBytes(peer.received(), pattern(1000, 5).subarray(0, 600), 'the part that came');
  await endedWith(sluice, 'client_lost', undefined, 'client');
});

test('the client resets: the backend gets its end', async (t) => {
  const backend = await listen(t);
  const sluice = await start(t, { backend: backend.address });
  const client = await openRaw(t, sluice);
  client.sendFrame({ payload: Buffer.from('hello') });
  const peer = await backend.peer();
  await peer.receive(5);
  client.reset();
  await waitFor('the end at the backend', () => peer.ended || peer.closed);
  await endedWith(sluice, 'client_lost', undefined, 'client');
});

test("after the client's Close the gateway ends TCP first, and at once", async (t) => {
  const backend = await listen(t, ({ socket }) => socket.on('end', () => socket.end()));
  const sluice = await start(t, { backend: backend.address, defaults: { timeouts: { close: '30s' } } });
  const client = await openRaw(t, sluice);
  const begin = Date.now();
  client.write(closeFrame(1000));
  assert.equal((await client.readClose()).code, 1000);
  await client.waitForEnd(); // We have sent no FIN.
  assert.ok(Date.now() - begin < 10_000, 'no time limit was waited for');
  client.end();
  await endedWith(sluice, 'client_closed', 1000, 'nobody');
});

test('after a Close exchange that the gateway began it ends TCP first, too', async (t) => {
  const backend = await listen(t, ({ socket }) => socket.end());
  const sluice = await start(t, { backend: backend.address, defaults: { timeouts: { close: '30s' } } });
  const client = await openRaw(t, sluice);
  assert.equal((await client.readClose()).code, 1000);
  assert.equal(client.ended, false, "the gateway waits for the client's Close");
  const begin = Date.now();
  client.write(closeFrame(1000));
  await client.waitForEnd();
  assert.ok(Date.now() - begin < 10_000, 'no time limit was waited for');
});

test("a client's second Close, or data after its Close, draws no reset", async (t) => {
  const backend = await listen(t, ({ socket }) => socket.on('end', () => socket.end()));
  const sluice = await start(t, { backend: backend.address });
  const client = await openRaw(t, sluice);
  client.write(closeFrame(1000));
  assert.equal((await client.readClose()).code, 1000);
  await client.waitForEnd();
  // websocket-client sends a second Close here. A reset would come back as an error of the socket.
  client.write(closeFrame(1000));
  client.sendFrame({ payload: pattern(200 * KiB, 6) });
  client.end();
  await client.waitForClose();
  await waitFor('the socket to close', () => client.closed);
  assert.equal(client.error, undefined, `no reset: ${client.error}`);
  assert.equal(client.buffer.length, 0, 'and no second answer');
});

test('a Close that comes with the request', async (t) => {
  const backend = await listen(t);
  const sluice = await start(t, { backend: backend.address });
  const client = await connectRaw(t, sluice.port);
  client.write(
    Buffer.concat([Buffer.from(upgradeHead()), encodeFrame({ payload: 'hello' }), closeFrame(1000)]),
  );
  assert.equal((await client.readHead()).status, 101);
  assert.equal((await client.readClose()).code, 1000);
  const peer = await backend.peer();
  await peer.waitForFin();
  assert.equal(peer.received().toString(), 'hello');
});

test('a client that goes away with its request only', async (t) => {
  const backend = await listen(t);
  const sluice = await start(t, { backend: backend.address });
  const client = await connectRaw(t, sluice.port);
  client.write(upgradeHead());
  client.end();
  await client.waitForClose();
  await sluice.metric('sluice_connections_active', {}, 0);
  await waitFor('the backend to be let go', () => backend.peers.every((p) => p.ended || p.closed));
});

test('a Close goes ahead of nothing: the data before it comes first, even to a slow client', async (t) => {
  const size = 8 * MiB;
  const sent = pattern(size, 7);
  const backend = await pusher(t, () => [sent], ({ socket }) => socket.end());
  const sluice = await start(t, { backend: backend.address });
  const client = await openRaw(t, sluice);
  client.socket.pause();
  const peer = await backend.peer();
  await waitFor('data on its way', async () =>
    (await sluice.metrics()).sum('sluice_payload_bytes_total', { direction: 'to_client' }) > 64 * KiB,
  );
  assert.equal(peer.closed, false);
  client.socket.resume();
  const parts = [];
  for (;;) {
    const frame = await client.nextFrame();
    if (frame.opcode === kOpcode.close) {
      assert.deepEqual(parseClose(frame.payload), { code: 1000, reason: 'backend_closed' });
      break;
    }
    parts.push(frame.payload);
  }
  assertSameBytes(Buffer.concat(parts), sent, 'what came before the Close');
});
