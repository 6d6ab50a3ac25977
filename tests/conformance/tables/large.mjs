// Messages as large as limits.message lets them be, in many pieces, and a byte more (RFC 6455 sections 5.2 and 5.4).
import { MiB, pattern } from '../../scenario/lib/bytes.mjs';
import { binary, fragments, inPieces, message } from '../lib/cases.mjs';

const rfc = 'RFC 6455 5.2';

const big = pattern(16 * MiB, 64);
const within = [
  {
    name: '16 MiB in one frame',
    rfc,
    on: ['recorder', 'messages'],
    send: [message(big)],
    expect: { messages: [message(big)] },
  },
  {
    name: '16 MiB in fragments of 64 bytes',
    rfc: 'RFC 6455 5.4',
    on: ['recorder', 'messages'],
    get send() {
      return fragments(binary, inPieces(big, 64));
    },
    expect: { messages: [message(big)] },
  },
  {
    name: '16 MiB in one frame that is written 64 bytes at a time',
    rfc,
    on: ['recorder', 'messages'],
    send: [message(big)],
    cut: { each: 64 },
    expect: { messages: [message(big)] },
  },
];

const kTooBig = { code: 1009, reason: 'message_too_big' };
const tooBig = [
  // Refused as soon as it is announced.
  ['in one frame', [{ payload: 'x', announced: 16 * MiB + 1 }]],
  ['in two fragments', fragments(binary, [big, 'x'])],
].map(([how, send]) => ({
  name: `16 MiB and a byte, ${how}, is over limits.message`,
  rfc: 'RFC 6455 7.4.1',
  on: ['messages'],
  send,
  expect: { close: kTooBig },
}));

export default [...within, ...tooBig];
