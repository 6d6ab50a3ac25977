// Plays one case: sends its bytes as they are, takes everything that comes back, and compares.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import zlib from 'node:zlib';

import { assertSameBytes } from '../../scenario/lib/bytes.mjs';
import { parseClose } from '../../scenario/lib/frames.mjs';
import { openRaw } from '../../scenario/lib/raw_client.mjs';
import { waitFor, within } from '../../scenario/lib/wait.mjs';
import {
  binary,
  close,
  closeFrame,
  continuation,
  inPieces,
  kRoutes,
  ping,
  pong,
  text,
  toBytes,
} from './cases.mjs';

/** A connection that is failed ends within this time, whether or not the client answers. */
const kEndsWithin = 3_000;

const kRsv1 = 4;

/** Everything that a server sends, by kind. */
class Reader {
  messages = [];
  pongs = [];
  bytes = 0;
  close = undefined;
  #fragments = undefined;

  #deflated = [];
  #inflatedBytes = 0;

  constructor(client, route) {
    this.client = client;
    this.rsv = kRoutes[route].offer ? kRsv1 : 0;
    this.sharesWindow = route === 'takeover';
  }

  async readUntil(condition) {
    while (!condition()) {
      assert.equal(this.close, undefined, `a Close came too early: ${JSON.stringify(this.close)}`);
      this.#take(await this.#next());
    }
  }

  /** RSV1 may be set where compression was agreed on, and need not be. */
  async #next() {
    const { client } = this;
    await client.waitFor('a frame', () => client.buffer.length > 0 || client.over);
    return client.nextFrame({ rsv: (client.buffer[0] >> 4) & this.rsv });
  }

  #take(frame) {
    const size = frame.payload.length;
    const form = size < 126 ? 0 : size < 65536 ? 2 : 8;
    assert.equal(frame.lengthBytes, form, 'the shortest form of the length (RFC 6455 section 5.2)');
    if (frame.opcode >= close) {
      assert.ok(frame.fin && size <= 125 && frame.rsv === 0, 'a control frame (RFC 6455 section 5.5)');
    }
    switch (frame.opcode) {
      case pong:
        this.pongs.push(Buffer.from(frame.payload));
        break;
      case close:
        this.close = parseClose(frame.payload);
        break;
      case ping:
        break;
      default:
        this.#takeData(frame);
    }
  }

  #takeData(frame) {
    this.bytes += frame.payload.length;
    if (frame.opcode === continuation) {
      assert.ok(this.#fragments, 'a continuation of nothing (RFC 6455 section 5.4)');
      assert.equal(frame.rsv, 0, 'RSV1 on a continuation (RFC 7692 section 6.1)');
    } else {
      assert.ok([text, binary].includes(frame.opcode), `opcode ${frame.opcode}`);
      assert.equal(this.#fragments, undefined, 'a message inside another (RFC 6455 section 5.4)');
      this.#fragments = { opcode: frame.opcode, compressed: frame.rsv === kRsv1, parts: [] };
    }
    this.#fragments.parts.push(frame.payload);
    if (!frame.fin) return;
    const { opcode, compressed, parts } = this.#fragments;
    this.#fragments = undefined;
    const payload = Buffer.concat(parts);
    this.messages.push({
      opcode,
      payload: compressed ? this.#inflate(payload) : payload,
      pongsBefore: this.pongs.length,
    });
  }

  /** RFC 7692 section 7.2.2. With a shared window all that came before is inflated again. */
  #inflate(payload) {
    if (!this.sharesWindow) this.#deflated = [];
    this.#deflated.push(payload, Buffer.from([0, 0, 0xff, 0xff]));
    const all = zlib.inflateRawSync(Buffer.concat(this.#deflated), {
      finishFlush: zlib.constants.Z_SYNC_FLUSH,
    });
    const start = this.sharesWindow ? this.#inflatedBytes : 0;
    this.#inflatedBytes = all.length;
    return all.subarray(start);
  }
}

function* pieces(data, cut = 'whole') {
  if (cut === 'whole') {
    yield data;
  } else if (cut === 'bytes') {
    for (let i = 0; i < data.length; ++i) yield data.subarray(i, i + 1);
  } else {
    let at = 0;
    for (const size of cut) yield data.subarray(at, (at += size));
    yield data.subarray(at);
  }
}

/** Each piece reaches the kernel, and the gateway has a moment to read it, before the next is written. */
async function write(client, send, cut) {
  const data = Buffer.concat(send.map(toBytes));
  if (cut?.each) return writeFast(client, inPieces(data, cut.each));
  for (const piece of pieces(data, cut)) {
    if (client.closed || client.error) return;
    await new Promise((resolve) => client.socket.write(piece, () => setImmediate(resolve)));
  }
}

async function writeFast(client, list) {
  for (const piece of list) {
    if (!client.socket.write(piece)) await within('the gateway to read on', once(client.socket, 'drain'));
  }
}

const kindOf = (opcode) => (opcode === text ? 'text' : 'binary');

function compareMessages(got, expected) {
  const shape = (list) => list.map((m) => `${kindOf(m.opcode)} of ${m.payload.length}`);
  assert.deepEqual(shape(got), shape(expected), 'the messages that came back');
  got.forEach(({ payload, pongsBefore }, i) => {
    assertSameBytes(payload, expected[i].payload, `message ${i}`);
    assert.equal(pongsBefore, expected[i].pongsBefore ?? pongsBefore, `the pongs before message ${i}`);
  });
}

function comparePongs(got, expected) {
  assert.deepEqual(
    got.map((p) => p.toString('hex')),
    expected.map((p) => Buffer.from(p).toString('hex')),
    'the pongs',
  );
}

/** What the backend got: `messages` as bytes, and of `partial` as much as may be. */
function compareRecord(got, messages, partial) {
  const whole = Buffer.concat(messages.map((m) => m.payload));
  const { least, most } = Buffer.isBuffer(partial) ? { least: partial, most: partial } : partial;
  assertSameBytes(got.subarray(0, whole.length), whole, 'what the backend got');
  const rest = got.subarray(whole.length);
  assertSameBytes(rest, most.subarray(0, Math.max(least.length, rest.length)), 'what it got of the rest');
}

async function openSession(t, world, lane, route) {
  const { recorded, offer } = kRoutes[route];
  const before = lane.recorder.peers.length;
  const headers = { 'Sec-WebSocket-Extensions': offer ?? null };
  const client = await openRaw(t, world.sluice, { target: recorded ? lane.path : `/${route}`, headers });
  return { client, peer: recorded && (await lane.recorder.peer(before)) };
}

/** Whether all that is expected has come back. */
function isComplete(reader, route, { messages, pongs }) {
  const size = messages.reduce((sum, m) => sum + m.payload.length, 0);
  return (
    reader.pongs.length >= pongs.length &&
    (!kRoutes[route].bytes || reader.bytes >= size) &&
    (!kRoutes[route].messages || reader.messages.length >= messages.length)
  );
}

export async function play(t, world, lane, { route, send, cut, silent = false, expect }) {
  const { messages = [], partial = Buffer.alloc(0), pongs = [] } = expect;
  const { client, peer } = await openSession(t, world, lane, route);
  const reader = new Reader(client, route);
  const written = write(client, send, cut);
  written.catch(() => {}); // It is awaited further down, unless something else fails first.
  if (!expect.close) {
    await written;
    await reader.readUntil(() => isComplete(reader, route, { messages, pongs }));
    client.write(closeFrame(1000));
  }
  await reader.readUntil(() => reader.close);
  assert.deepEqual(reader.close, expect.close ?? { code: 1000, reason: '' }, "the gateway's Close");
  if (expect.close && !silent) client.write(closeFrame(expect.close.code));
  await client.waitForEnd({ deadline: kEndsWithin });
  assert.equal(client.buffer.length, 0, `nothing comes behind the Close; ${client.details()}`);
  await written;
  client.end();

  comparePongs(reader.pongs, pongs);
  if (kRoutes[route].messages) compareMessages(reader.messages, messages);
  if (kRoutes[route].bytes) {
    compareRecord(Buffer.concat(reader.messages.map((m) => m.payload)), messages, partial);
  }
  if (peer) {
    await peer.waitForFin();
    compareRecord(peer.received(), messages, partial);
  }
  await waitFor('the connection to close', () => client.closed, { details: () => client.details() });
  assert.equal(client.error, undefined, 'no reset eats the tail');
}
