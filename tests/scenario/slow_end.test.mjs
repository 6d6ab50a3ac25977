// Ends that take longer than timeouts.close: whoever still makes progress is waited for, whoever does not is not.
// The pace of the slow side is what is tested, so these tests have intervals.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setInterval } from 'node:timers/promises';

import { listen, sink } from './lib/backends.mjs';
import { assertSameBytes, KiB, MiB, pattern } from './lib/bytes.mjs';
import { closeFrame, encodeFrame } from './lib/frames.mjs';
import { openRaw } from './lib/raw_client.mjs';
import { start } from './lib/sluice.mjs';

const kImpatient = {
  keepalive: { ping_interval: '1s', pong_timeout: '1s' },
  timeouts: { close: '500ms' },
};

test('a steady upload goes on after the end of the backend, for longer than timeouts.close', async (t) => {
  const backend = await listen(t, ({ socket }) => socket.end('bye'));
  const sluice = await start(t, { backend: backend.address, defaults: kImpatient });
  const client = await openRaw(t, sluice);
  assert.deepEqual((await client.readPayload(3)).toString(), 'bye');
  assert.equal((await client.readClose()).code, 1000);
  const sent = pattern(200 * KiB, 1);
  let at = 0;
  for await (const _ of setInterval(100)) {
    client.sendFrame({ payload: sent.subarray(at, at + 10 * KiB) });
    at += 10 * KiB;
    if (at === sent.length) break;
  }
  client.write(closeFrame(1000));
  const peer = await backend.peer();
  assertSameBytes(await peer.receive(sent.length), sent, 'what was uploaded in 2 s');
  await peer.waitForFin();
  client.end();
  await sluice.sessions(1);
});

for (const [how, end] of [
  ['Close', (client) => client.write(closeFrame(1000))],
  ['end without a Close', (client) => client.end()],
  ['breach of the framing', (client) => client.write(Buffer.from([0xff, 0x00]))],
]) {
  test(`a slow backend gets everything after the client's ${how}`, async (t) => {
    let peer;
    const backend = await sink(t, () => peer.socket.pause());
    const sluice = await start(t, { backend: backend.address, defaults: kImpatient });
    const client = await openRaw(t, sluice);
    peer = await backend.peer();
    const size = 2 * MiB;
    client.write(encodeFrame({ payload: pattern(size, 2) }));
    end(client);
    for await (const _ of setInterval(60)) {
      if (peer.closed || peer.ended) break;
      peer.socket.resume(); // Until the next piece.
    }
    assert.equal(peer.error, undefined);
    assert.equal(peer.receivedBytes, size);
    client.end();
    await sluice.sessions(1);
  });
}

test('a client that resets behind a backend that takes nothing is let go', async (t) => {
  const backend = await sink(t, () => {});
  const sluice = await start(t, { backend: backend.address, defaults: kImpatient });
  const client = await openRaw(t, sluice);
  for (let i = 0; i < 64; ++i) client.write(encodeFrame({ payload: pattern(256 * KiB, i) }));
  await sluice.waitFor('the client leg to be paused', async () =>
    (await sluice.metrics()).sum('sluice_pauses_total', { direction: 'to_backend' }) > 0,
  );
  client.reset();
  const [line] = await sluice.sessions(1);
  assert.equal(line.reason, 'client_lost');
  await sluice.metric('sluice_sessions_active', { route: 'main' }, 0);
  await sluice.metric('sluice_queued_bytes', { route: 'main', direction: 'to_backend' }, 0);
});
