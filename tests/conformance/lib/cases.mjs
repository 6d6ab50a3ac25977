// Words that the tables of cases are written in.
//
// A case is an object:
//
//   name, rfc   what it is about, and the section that says so
//   on          the routes it is played on, each a test of its own (kRoutes)
//   send        frames (as for encodeFrame) and buffers with raw bytes, in order
//   cut         how they are written: 'whole' in one piece (the default), 'bytes' one byte at a time,
//               a list of sizes, what is left being the last piece, or {each: size} for such pieces as fast
//               as they are taken
//   silent      the client leaves the gateway's Close unanswered
//   expect      what must come of it, nothing more and nothing less:
//     messages    whole messages: echoed in front of an echo, delivered as bytes to a recorder. `pongsBefore`
//                 says how many pongs an echo comes behind
//     partial     bytes of a message that never ends; a recorder gets them, too. `{least, most}` where it
//                 depends on the cuts how much of them is passed on before the breach is found
//     pongs       payloads
//     close       what the gateway's Close says, {} if it is empty; without it the session is whole at the
//                 end, and the client closes it with 1000
import { closeFrame, encodeFrame, kOpcode } from '../../scenario/lib/frames.mjs';

export const { continuation, text, binary, close, ping, pong } = kOpcode;

const kDeflate = 'permessage-deflate';

/**
 * recorder: `stream` framing before a service that keeps what it gets. echo: the same before an echo, so
 * that bytes come back but not messages. messages: `length_prefixed` before the same echo, which makes it a
 * WebSocket echo. deflate: the same with compression, each message for itself; takeover: with shared windows.
 * lines and lines-deflate: `lines` before the same echo, of 1 KiB at most.
 * reset and reset-messages: both framings before a service that answers with a RST.
 */
export const kRoutes = {
  recorder: { recorded: true },
  echo: { bytes: true },
  messages: { messages: true },
  deflate: { messages: true, offer: `${kDeflate}; client_no_context_takeover; server_no_context_takeover` },
  takeover: { messages: true, offer: kDeflate },
  lines: { messages: true },
  'lines-deflate': { messages: true, offer: `${kDeflate}; client_no_context_takeover; server_no_context_takeover` },
  reset: {},
  'reset-messages': {},
};

export const kProtocolError = { code: 1002, reason: 'protocol_error' };
export const kInvalidUtf8 = { code: 1007, reason: 'invalid_utf8' };

export const bytes = (...values) => Buffer.from(values);
export const hex = (digits) => Buffer.from(digits.replaceAll(' ', ''), 'hex');

export const message = (payload, opcode = binary) => ({ opcode, payload: Buffer.from(payload) });
export const textMessage = (payload) => message(payload, text);

/** The frames of a message that is sent in `payloads.length` fragments. */
export function fragments(opcode, payloads) {
  return payloads.map((payload, i) => ({
    opcode: i === 0 ? opcode : continuation,
    fin: i === payloads.length - 1,
    payload,
  }));
}

/** `payload` in pieces of `size` bytes. */
export function inPieces(payload, size) {
  const count = Math.ceil(payload.length / size);
  return Array.from({ length: count }, (_, i) => payload.subarray(i * size, (i + 1) * size));
}

export const toBytes = (item) => (Buffer.isBuffer(item) ? item : encodeFrame(item));

/** A Close with this payload, whatever it is. */
export const closeWith = (payload) => encodeFrame({ opcode: close, payload });
export { closeFrame };
