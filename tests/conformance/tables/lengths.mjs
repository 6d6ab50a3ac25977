// Lengths of payloads: every form of the length, at its edges, in one piece and cut (RFC 6455 section 5.2).
import { pattern, utf8Text } from '../../scenario/lib/bytes.mjs';
import { encodeFrame } from '../../scenario/lib/frames.mjs';
import { binary, kProtocolError, message, text } from '../lib/cases.mjs';

const kEdges = [0, 1, 2, 124, 125, 126, 127, 128, 65534, 65535, 65536, 65537];
const kAll = ['recorder', 'echo', 'messages', 'deflate'];
const rfc = 'RFC 6455 5.2';

const payloadOf = (opcode, size) => (opcode === text ? Buffer.from(utf8Text(size)) : pattern(size, size + 1));
const nameOf = (opcode) => (opcode === text ? 'text' : 'binary');

const whole = kEdges.flatMap((size) =>
  [text, binary].map((opcode) => ({
    name: `${size} bytes of ${nameOf(opcode)}`,
    rfc,
    on: kAll,
    send: [message(payloadOf(opcode, size), opcode)],
    expect: { messages: [message(payloadOf(opcode, size), opcode)] },
  })),
);

const byBytes = [0, 1, 125, 126, 127, 128].map((size) => ({
  name: `${size} bytes, one byte at a time`,
  rfc,
  on: ['recorder', 'messages'],
  send: [message(payloadOf(text, size), text)],
  cut: 'bytes',
  expect: { messages: [message(payloadOf(text, size), text)] },
}));

// Two messages, so that a cut behind the first is one between frames.
const cutOnce = [5, 126, 65536].flatMap((size) => {
  const [first, second] = [message(payloadOf(text, size), text), message(payloadOf(binary, 3))];
  const head = encodeFrame(first).length - size;
  const end = head + size;
  const places = [...Array(head + 5).keys(), ...Array.from({ length: 12 }, (_, i) => end - 2 + i)];
  return [...new Set(places)].slice(1).map((at) => ({
    name: `${size} bytes and 3, cut at byte ${at}`,
    rfc,
    on: ['messages'],
    send: [first, second],
    cut: [at],
    expect: { messages: [first, second] },
  }));
});

const notMinimal = [
  ...[0, 1, 124, 125].map((size) => [2, size]),
  ...[0, 1, 125, 126, 65535].map((size) => [8, size]),
].map(([lengthBytes, size]) => ({
  name: `a length of ${size} in ${lengthBytes} bytes`,
  rfc,
  on: ['recorder', 'messages'],
  send: [{ lengthBytes, payload: pattern(size) }],
  expect: { close: kProtocolError },
}));

const highBit = [2n ** 63n, 2n ** 63n + 5n, 2n ** 64n - 1n].map((announced) => ({
  name: `a length of ${announced}`,
  rfc,
  on: ['recorder', 'messages'],
  send: [{ lengthBytes: 8, announced, payload: 'x' }],
  silent: true,
  expect: { close: kProtocolError },
}));

export default [...whole, ...byBytes, ...cutOnce, ...notMinimal, ...highBit];
