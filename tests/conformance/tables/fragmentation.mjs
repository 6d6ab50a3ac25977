// Frames of messages in every order, legal or not (RFC 6455 section 5.4).
import { KiB, pattern } from '../../scenario/lib/bytes.mjs';
import {
  binary,
  continuation,
  fragments,
  inPieces,
  kProtocolError,
  message,
  ping,
  text,
  textMessage,
} from '../lib/cases.mjs';

const rfc = 'RFC 6455 5.4';
const kBoth = ['recorder', 'messages'];

const kFrames = {
  text: { opcode: text, fin: true },
  'text…': { opcode: text, fin: false },
  binary: { opcode: binary, fin: true },
  'more…': { opcode: continuation, fin: false },
  end: { opcode: continuation, fin: true },
  ping: { opcode: ping, fin: true },
};

/** What must come of frames in this order: section 5.4 in a few lines. */
function outcomeOf(frames) {
  const outcome = { messages: [], pongs: [], partial: Buffer.alloc(0) };
  let open;
  for (const { opcode, fin, payload } of frames) {
    if (opcode === ping) {
      outcome.pongs.push(payload);
      continue;
    }
    if ((opcode === continuation) !== (open !== undefined)) return { ...outcome, close: kProtocolError };
    open ??= { opcode, parts: [] };
    open.parts.push(Buffer.from(payload));
    outcome.partial = Buffer.concat(open.parts);
    if (!fin) continue;
    outcome.messages.push(message(outcome.partial, open.opcode));
    outcome.partial = Buffer.alloc(0);
    open = undefined;
  }
  return outcome;
}

function sequences(length) {
  if (length === 0) return [[]];
  return sequences(length - 1).flatMap((start) => Object.keys(kFrames).map((name) => [...start, name]));
}

const orders = [1, 2, 3].flatMap(sequences).map((names) => {
  const frames = names.map((name, i) => ({ ...kFrames[name], payload: `<${i} ${name}>` }));
  return { name: names.join(', '), rfc, on: kBoth, send: frames, expect: outcomeOf(frames) };
});

const empties = [
  ['three empty fragments', fragments(text, ['', '', '']), textMessage('')],
  ['empty fragments around one with content', fragments(text, ['', 'middle', '']), textMessage('middle')],
  ['an empty binary message', [message('')], message('')],
].map(([name, send, whole]) => ({ name, rfc, on: [...kBoth, 'deflate'], send, expect: { messages: [whole] } }));

const single = pattern(64 * KiB, 5);
const many = {
  name: '65,536 fragments of one byte',
  rfc,
  on: kBoth,
  send: fragments(binary, inPieces(single, 1)),
  expect: { messages: [message(single)] },
};
const manyEmpty = {
  name: '65,536 fragments of which only the last has content',
  rfc,
  on: kBoth,
  send: fragments(text, [...Array(65535).fill(''), 'at last']),
  expect: { messages: [textMessage('at last')] },
};
const manyMessages = {
  name: '1000 messages in one piece, text and binary in turn',
  rfc,
  on: [...kBoth, 'deflate'],
  send: Array.from({ length: 1000 }, (_, i) => message(`message ${i}`, i % 2 ? binary : text)),
  expect: { messages: Array.from({ length: 1000 }, (_, i) => message(`message ${i}`, i % 2 ? binary : text)) },
};
const cutAnywhere = fragments(text, ['Hé', 'llo', ' wörld']);
const byBytes = {
  name: 'three fragments, one byte at a time',
  rfc,
  on: [...kBoth, 'deflate'],
  send: cutAnywhere,
  cut: 'bytes',
  expect: { messages: [textMessage('Héllo wörld')] },
};

export default [...orders, ...empties, many, manyEmpty, manyMessages, byBytes];
