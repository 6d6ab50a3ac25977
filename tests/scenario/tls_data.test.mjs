// Sessions over TLS: bulk, closes, slow clients and lost ones.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import net from 'node:net';
import { test } from 'node:test';

import { echo, listen, pusher } from './lib/backends.mjs';
import { assertSameBytes, KiB, MiB, pattern, sha256 } from './lib/bytes.mjs';
import { defer } from './lib/cleanup.mjs';
import { closeFrame, encodeFrame, kOpcode } from './lib/frames.mjs';
import { residentBytes } from './lib/memory.mjs';
import { startOpenssl } from './lib/openssl.mjs';
import { connectTls, upgradeHead } from './lib/raw_client.mjs';
import { sanitizer } from './lib/sluice.mjs';
import { startTls } from './lib/tls.mjs';
import { neverDuring, waitFor } from './lib/wait.mjs';
import { openWs } from './lib/ws_client.mjs';

test('32 MiB each way at once, through one session', async (t) => {
  const down = pattern(32 * MiB, 1);
  const up = pattern(32 * MiB, 2);
  const hash = createHash('sha256');
  let got = 0;
  const backend = await listen(t, ({ socket }) => {
    socket.write(down);
    socket.on('data', (chunk) => {
      hash.update(chunk);
      got += chunk.length;
    });
  }, { keep: false });
  const { sluice, ca } = await startTls(t, { backend: backend.address });
  const client = await openWs(t, sluice.wssUrl(), { ca });
  for (let at = 0; at < up.length; at += 300_000) client.send(up.subarray(at, at + 300_000));
  assert.equal(sha256(await client.receive(down.length)), sha256(down));
  await waitFor('all bytes at the backend', () => got === up.length, { details: () => `${got} bytes` });
  assert.equal(hash.digest('hex'), sha256(up));
});

test('the keys are changed in the middle of a session', async (t) => {
  const backend = await echo(t);
  const { sluice } = await startTls(t, { backend: backend.address });
  const client = startOpenssl(t, ['s_client', '-connect', `127.0.0.1:${sluice.port}`, '-tls1_3']);
  client.send(upgradeHead());
  await client.waitFor('the 101', () => /101[^]*\r\n\r\n/.test(client.output.toString('latin1')));
  for (let i = 0; i < 3; ++i) {
    for (const command of ['k', 'K']) { // Its own keys; and those of both sides.
      const before = client.errors.length;
      client.send(`${command}\n`);
      await client.waitFor('the key update', () => client.errors.slice(before).includes('KEYUPDATE'));
      const text = `round ${i} ${command}`;
      client.send(encodeFrame({ payload: Buffer.from(text) }));
      await client.waitFor(`the echo of ${text}`, () => client.output.includes(text));
    }
  }
});

test('closes of every kind', async (t) => {
  const backend = await listen(t, (peer) =>
    peer.socket.on('data', (chunk) => {
      if (chunk.includes('bye')) peer.socket.end('last words');
      if (chunk.includes('crash')) peer.reset();
    }),
  );
  const { sluice, ca } = await startTls(t, { backend: backend.address });
  const open = () => openWs(t, sluice.wssUrl(), { ca });

  assert.deepEqual(await (await open()).close(), { code: 1005, reason: '' });
  assert.deepEqual(await (await open()).close(4321, 'mine'), { code: 4321, reason: '' });
  const bye = await open();
  bye.send('bye');
  assert.deepEqual(await bye.waitForClose(), { code: 1000, reason: 'backend_closed' });
  assert.equal(bye.received().toString(), 'last words');
  const crash = await open();
  crash.send('crash');
  assert.deepEqual(await crash.waitForClose(), { code: 1011, reason: 'backend_reset' });
  for (const client of [bye, crash]) assert.equal(client.error, undefined);

  // TLS ends with a close_notify, or the client would call it an error; and then TCP does.
  const raw = await connectTls(t, sluice.port, { ca });
  await raw.upgrade();
  raw.write(closeFrame(1000));
  assert.deepEqual(await raw.readClose(), { code: 1000, reason: '' });
  await raw.waitForEnd();

  const drained = await open();
  await sluice.stop();
  assert.deepEqual(await drained.waitForClose(), { code: 1012, reason: 'drain' });
});

test('a client that leaves without a close_notify, and one that is reset, are lost; what they sent is not', async (t) => {
  const backend = await listen(t);
  const { sluice, ca } = await startTls(t, { backend: backend.address });
  const payload = pattern(100_000);
  for (const [i, leave] of [(socket) => socket.end(), (socket) => socket.resetAndDestroy()].entries()) {
    const tcp = net.connect({ port: sluice.port, host: '127.0.0.1', allowHalfOpen: true });
    defer(t, () => tcp.destroy());
    tcp.on('error', () => {});
    const client = await connectTls(t, sluice.port, { ca, socket: tcp });
    await client.upgrade();
    client.sendFrame({ payload });
    const peer = await backend.peer(i);
    assertSameBytes(await peer.receive(payload.length), payload, 'what the backend got');
    leave(tcp);
    await peer.waitForFin();
    assert.equal((await sluice.sessions(i + 1))[i].reason, 'client_lost');
  }
});

test('a client that stops reading while the backend pushes 64 MiB: memory is bounded, and no byte is lost', async (t) => {
  const data = pattern(64 * MiB, 1);
  function* chunks() {
    for (let at = 0; at < data.length; at += 256 * KiB) yield data.subarray(at, at + 256 * KiB);
  }
  const backend = await pusher(t, chunks, ({ socket }) => socket.end());
  const warm = await echo(t);
  const { sluice, ca } = await startTls(t, {
    routes: [
      { name: 'main', match: { path: '/' }, backend: backend.address },
      { name: 'warm', match: { path: '/warm' }, backend: warm.address },
    ],
  });
  const first = await openWs(t, sluice.wssUrl('/warm'), { ca });
  first.send(pattern(4 * MiB));
  await first.receive(4 * MiB);
  await sluice.metrics();
  const before = residentBytes(sluice.pid);

  const client = await connectTls(t, sluice.port, { ca });
  client.write(upgradeHead());
  await client.readHead();
  client.socket.pause();
  const direction = { route: 'main', direction: 'to_client' };
  await sluice.waitFor('the backend leg to be paused', async () =>
    (await sluice.metrics()).sum('sluice_pauses_total', direction) > 0,
  );
  const allowed = sanitizer ? 32 * MiB : 2 * MiB;
  await neverDuring(2000, 'memory grew too much', () => residentBytes(sluice.pid) - before > allowed);
  assert.ok(!(await backend.peer()).pushedAll, 'the backend is held back');

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
  assert.equal(got, data.length, 'every byte arrives');
  assert.equal(hash.digest('hex'), sha256(data));
});

test('a slow client that has closed and ended its direction still gets all that was on its way', async (t) => {
  const data = pattern(32 * MiB, 7);
  const backend = await listen(t, ({ socket }) => socket.end(data));
  const { sluice, ca } = await startTls(t, { backend: backend.address });
  const client = await connectTls(t, sluice.port, { ca, allowHalfOpen: true });
  await client.upgrade();
  client.socket.pause();
  await sluice.waitFor('the backend leg to be paused', async () =>
    (await sluice.metrics()).sum('sluice_pauses_total', { direction: 'to_client' }) > 0,
  );
  client.write(closeFrame(1000)).end();
  await (await backend.peer()).waitForFin();
  client.socket.resume();
  const parts = [];
  for (;;) {
    const frame = await client.nextFrame(); // Fails if the connection ends in the middle of one.
    if (frame.opcode === kOpcode.close) break;
    parts.push(frame.payload);
  }
  const received = Buffer.concat(parts);
  assertSameBytes(received, data.subarray(0, received.length), 'what came before the Close');
  await client.waitForEnd();
});
