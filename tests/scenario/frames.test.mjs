// Frames made by hand: every breach of RFC 6455 section 5 gets its close code, and everything unusual that is
// allowed goes through.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';

import { echo, listen } from './lib/backends.mjs';
import { assertSameBytes, KiB, MiB, pattern, sha256 } from './lib/bytes.mjs';
import { closeFrame, encodeFrame, kMaskKey, kOpcode, mask } from './lib/frames.mjs';
import { openRaw } from './lib/raw_client.mjs';
import { start } from './lib/sluice.mjs';
import { waitFor, within } from './lib/wait.mjs';

const { continuation, text, binary, close, ping, pong } = kOpcode;
const bytes = (...values) => Buffer.from(values);

/** What a server must refuse: frames, close code, reason. */
const kBreaches = {
  'an unmasked frame': [{ masked: false, payload: 'hello' }, 1002],
  'an unmasked ping': [{ opcode: ping, masked: false }, 1002],
  'RSV1': [{ rsv: 4, payload: 'hello' }, 1002],
  'RSV2': [{ rsv: 2, payload: 'hello' }, 1002],
  'RSV3 on a control frame': [{ opcode: ping, rsv: 1 }, 1002],
  ...Object.fromEntries(
    [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => [
      `the reserved opcode ${opcode}`,
      [{ opcode, payload: 'x' }, 1002],
    ]),
  ),
  'a fragmented ping': [{ opcode: ping, fin: false }, 1002],
  'a fragmented Close': [{ opcode: close, fin: false }, 1002],
  'a ping of 126 bytes': [{ opcode: ping, payload: Buffer.alloc(126) }, 1002],
  'a length of 125 in two bytes': [{ lengthBytes: 2, payload: Buffer.alloc(125) }, 1002],
  'a length of 65535 in eight bytes': [{ lengthBytes: 8, payload: Buffer.alloc(65535) }, 1002],
  'a length with its highest bit set': [{ lengthBytes: 8, announced: 2n ** 63n, payload: 'x' }, 1002],
  'a continuation of nothing': [{ opcode: continuation, payload: 'x' }, 1002],
  'a continuation behind a whole message': [
    { payload: 'x' },
    { opcode: continuation, payload: 'x' },
    1002,
  ],
  'a new message inside another': [{ fin: false, payload: 'x' }, { payload: 'y' }, 1002],
  'text inside a binary message': [{ fin: false, payload: 'x' }, { opcode: text, payload: 'y' }, 1002],
  'text that is Latin-1': [{ opcode: text, payload: bytes(0x68, 0xe9, 0x21) }, 1007],
  'text with an overlong form': [{ opcode: text, payload: bytes(0xc0, 0xaf) }, 1007],
  'text with a surrogate': [{ opcode: text, payload: bytes(0xed, 0xa0, 0x80) }, 1007],
  'text above U+10FFFF': [{ opcode: text, payload: bytes(0xf4, 0x90, 0x80, 0x80) }, 1007],
  'text that ends inside a character': [{ opcode: text, payload: bytes(0x61, 0xe6, 0xb5) }, 1007],
  'text whose fragments end inside a character': [
    { opcode: text, fin: false, payload: bytes(0xe6) },
    { opcode: continuation, payload: bytes(0xb5) },
    1007,
  ],
  'a Close of one byte': [{ opcode: close, payload: bytes(3) }, 1002],
  'a Close whose reason is no UTF-8': [{ opcode: close, payload: bytes(3, 0xe8, 0xff) }, 1007],
  ...Object.fromEntries(
    [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535].map((code) => [
      `a Close with ${code}`,
      [{ opcode: close, payload: bytes(code >> 8, code & 0xff) }, 1002],
    ]),
  ),
};

test('breaches of the framing', async (t) => {
  const backend = await listen(t);
  const sluice = await start(t, { backend: backend.address });
  const before = pattern(5000, 3);
  for (const [what, [...frames]] of Object.entries(kBreaches)) {
    const code = frames.pop();
    const reason = code === 1007 ? 'invalid_utf8' : 'protocol_error';
    await t.test(`${what}: ${code} ${reason}`, async (t) => {
      const index = backend.peers.length;
      const client = await openRaw(t, sluice);
      const peer = await backend.peer(index);
      client.write(Buffer.concat([encodeFrame({ payload: before }), ...frames.map(encodeFrame)]));
      assert.deepEqual(await client.readClose(), { code, reason });
      client.write(closeFrame(code));
      await client.waitForEnd();
      client.end();
      await peer.waitForFin();
      assertSameBytes(
        peer.received().subarray(0, before.length),
        before,
        'what the backend got of the frames before the breach',
      );
    });
  }
  const lines = await sluice.sessions(Object.keys(kBreaches).length);
  for (const line of lines) {
    assert.equal(line.fault, 'client');
    assert.ok([1002, 1007].includes(line.code), `code ${line.code}`);
  }
});

test('bad UTF-8 is found before its message is over', async (t) => {
  const backend = await listen(t);
  const sluice = await start(t, { backend: backend.address });
  const client = await openRaw(t, sluice);
  const frame = encodeFrame({ opcode: text, payload: Buffer.concat([bytes(0x61, 0xff), Buffer.alloc(1000, 'a')]) });
  client.write(frame.subarray(0, 30)); // The rest of the frame never comes.
  assert.deepEqual(await client.readClose(), { code: 1007, reason: 'invalid_utf8' });
});

test('Close frames of the client come back as they are', async (t) => {
  const backend = await listen(t);
  const sluice = await start(t, { backend: backend.address });
  for (const code of [undefined, 1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 3999, 4000, 4999]) {
    await t.test(`${code ?? 'an empty Close'}`, async (t) => {
      const client = await openRaw(t, sluice);
      client.write(closeFrame(code, code ? 'because' : ''));
      const answer = await client.readClose();
      assert.equal(answer.code, code);
      await client.waitForEnd();
    });
  }
});

test('a ping is answered with its own payload', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  const client = await openRaw(t, sluice);
  for (const size of [0, 1, 4, 100, 124, 125]) {
    const payload = pattern(size, size + 1);
    client.sendFrame({ opcode: ping, payload });
    const answer = await client.nextFrame();
    assert.equal(answer.opcode, pong);
    assert.ok(answer.fin);
    assertSameBytes(answer.payload, payload, `the pong to a ping of ${size} bytes`);
  }
  client.sendFrame({ opcode: pong, payload: Buffer.from('nobody asked') });
  client.sendFrame({ payload: Buffer.from('data') });
  assert.equal((await client.readPayload(4)).toString(), 'data', 'an unasked pong is ignored');
});

test('many pings at once are each answered, or the last one stands for all', async (t) => {
  const backend = await listen(t);
  const sluice = await start(t, { backend: backend.address });
  const client = await openRaw(t, sluice);
  const pings = Array.from({ length: 50 }, (_, i) =>
    encodeFrame({ opcode: ping, payload: Buffer.from(`ping ${i}`) }),
  );
  client.write(Buffer.concat(pings));
  // RFC 6455 section 5.5.3 lets an endpoint answer only the most recent ping.
  let last = -1;
  while (last < 49) {
    const answer = await client.nextFrame();
    assert.equal(answer.opcode, pong);
    const number = Number(/^ping (\d+)$/.exec(answer.payload.toString())[1]);
    assert.ok(number > last, `pong ${number} came after pong ${last}`);
    last = number;
  }
});

test('a ping between the fragments of a message', async (t) => {
  const backend = await listen(t);
  const sluice = await start(t, { backend: backend.address });
  const client = await openRaw(t, sluice);
  client.sendFrame({ opcode: text, fin: false, payload: bytes(0xe6) });
  client.sendFrame({ opcode: ping, payload: Buffer.from('between') });
  const answer = await client.nextFrame();
  assert.equal(answer.opcode, pong);
  assert.equal(answer.payload.toString(), 'between');
  client.sendFrame({ opcode: continuation, fin: false, payload: bytes(0xb5, 0x81) });
  client.sendFrame({ opcode: ping });
  assert.equal((await client.nextFrame()).opcode, pong);
  client.sendFrame({ opcode: continuation });
  const peer = await backend.peer();
  assert.equal((await peer.receive(3)).toString(), '流');
});

test('a Close between the fragments of a message', async (t) => {
  const backend = await listen(t);
  const sluice = await start(t, { backend: backend.address });
  const client = await openRaw(t, sluice);
  client.sendFrame({ fin: false, payload: Buffer.from('half a message') });
  client.write(closeFrame(1000));
  assert.equal((await client.readClose()).code, 1000);
  const peer = await backend.peer();
  await peer.waitForFin();
  assert.equal(peer.received().toString(), 'half a message');
});

test('a fragment is passed on at once, before its message is over', async (t) => {
  const backend = await listen(t);
  const sluice = await start(t, { backend: backend.address });
  const client = await openRaw(t, sluice);
  const peer = await backend.peer();
  client.sendFrame({ fin: false, payload: Buffer.from('first') });
  assert.equal((await peer.receive(5)).toString(), 'first');
  client.sendFrame({ opcode: continuation, fin: false, payload: Buffer.alloc(0) });
  client.sendFrame({ opcode: continuation, fin: true, payload: Buffer.from(' last') });
  assert.equal((await peer.receive(10)).toString(), 'first last');
});

test('half a frame is passed on at once', async (t) => {
  const backend = await listen(t);
  const sluice = await start(t, { backend: backend.address });
  const client = await openRaw(t, sluice);
  const peer = await backend.peer();
  const payload = pattern(70_000, 4);
  const frame = encodeFrame({ payload });
  const head = frame.length - payload.length;
  client.write(frame.subarray(0, head + 10));
  assertSameBytes(await peer.receive(10), payload.subarray(0, 10), 'the first ten bytes');
  client.write(frame.subarray(head + 10));
  assertSameBytes(await peer.receive(payload.length), payload, 'all of it');
});

test('a frame cut at each of its bytes', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  const client = await openRaw(t, sluice);
  const flushed = (data) => new Promise((resolve) => client.socket.write(data, () => setImmediate(resolve)));
  for (const size of [0, 5, 126, 300, 66_000]) {
    const payload = pattern(size, size + 7);
    const frame = encodeFrame({ payload, key: pattern(4, size + 1) });
    const cuts = Math.min(frame.length, 20);
    for (let cut = 1; cut < cuts; ++cut) {
      await flushed(frame.subarray(0, cut));
      await flushed(frame.subarray(cut));
      if (size > 0) assertSameBytes(await client.readPayload(size), payload, `${size} bytes cut at ${cut}`);
    }
  }
});

test('a conversation one byte at a time', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  const client = await openRaw(t, sluice);
  const stream = Buffer.concat([
    encodeFrame({ fin: false, payload: Buffer.from('one ') }),
    encodeFrame({ opcode: ping, payload: Buffer.from('p') }),
    encodeFrame({ opcode: continuation, payload: Buffer.from('two ') }),
    encodeFrame({ opcode: text, payload: Buffer.from('流 three') }),
  ]);
  for (const byte of stream) {
    await new Promise((resolve) => client.socket.write(bytes(byte), () => setImmediate(resolve)));
  }
  let data = '';
  let pongs = 0;
  while (data.length < 17) {
    const frame = await client.nextFrame();
    if (frame.opcode === pong) ++pongs;
    else data += frame.payload.toString('latin1');
  }
  assert.equal(Buffer.from(data, 'latin1').toString(), 'one two 流 three');
  assert.equal(pongs, 1);
});

test('a single frame of 64 MiB streams through', async (t) => {
  const size = 64 * MiB;
  const hash = createHash('sha256');
  let got = 0;
  const backend = await listen(
    t,
    ({ socket }) => socket.on('data', (chunk) => ((got += chunk.length), hash.update(chunk))),
    { keep: false },
  );
  const sluice = await start(t, { backend: backend.address });
  const client = await openRaw(t, sluice);
  const payload = pattern(size, 64);
  // Masked in pieces; each piece is a multiple of four, so the key begins anew.
  const head = encodeFrame({ payload: Buffer.alloc(0), lengthBytes: 8, announced: size });
  client.write(head);
  for (let at = 0; at < size; at += MiB) {
    const piece = mask(payload.subarray(at, at + MiB), kMaskKey);
    if (!client.socket.write(piece)) {
      await within('the gateway to read on', once(client.socket, 'drain'), {
        details: () => client.details(),
      });
    }
  }
  await waitFor('64 MiB at the backend', () => got >= size, { details: () => `${got} bytes came` });
  assert.equal(got, size);
  assert.equal(hash.digest('hex'), sha256(payload), 'the sha256 of what the backend got');
  client.write(closeFrame(1000));
  assert.equal((await client.readClose()).code, 1000);
});

test('ten thousand tiny frames in one segment', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  const client = await openRaw(t, sluice);
  const payload = pattern(10_000, 11);
  const frames = [];
  for (const byte of payload) frames.push(encodeFrame({ payload: bytes(byte), key: pattern(4, byte + 1) }));
  client.write(Buffer.concat(frames));
  assertSameBytes(await client.readPayload(payload.length), payload, 'the echo');
});

test('frames to the client are whole, unmasked, binary, and of the shortest form', async (t) => {
  const sizes = [1, 125, 126, 65535, 65536, 300 * KiB];
  const backend = await listen(t, ({ socket }) => socket.once('data', () => socket.write(pattern(1, 1))));
  const sluice = await start(t, { backend: backend.address });
  const client = await openRaw(t, sluice);
  client.sendFrame({ payload: Buffer.from('go') });
  await client.readPayload(1);
  const peer = await backend.peer();
  for (const size of sizes) {
    peer.socket.write(pattern(size, size));
    for (let got = 0; got < size; ) {
      const frame = await client.nextFrame();
      const length = frame.payload.length;
      assert.equal(frame.opcode, binary);
      assert.ok(frame.fin);
      assert.equal(frame.lengthBytes, length < 126 ? 0 : length < 65536 ? 2 : 8);
      assert.ok(length > 0 && length <= MiB, `a message of ${length} bytes`);
      got += length;
    }
  }
});
