// RSV bits, reserved opcodes and missing masks, in every position (RFC 6455 sections 5.1 and 5.2).
import {
  binary,
  close,
  closeFrame,
  continuation,
  kProtocolError,
  ping,
  pong,
  text,
  textMessage,
} from '../lib/cases.mjs';

const hello = textMessage('Hello, world!');
const opened = { opcode: text, fin: false, payload: 'half a ' };
const kPart = Buffer.from(opened.payload);
const kNothing = Buffer.alloc(0);
const kBoth = ['recorder', 'messages'];

const kNames = { 0: 'a continuation', 1: 'text', 2: 'binary', 8: 'a Close', 9: 'a ping', 10: 'a pong' };

/**
 * The frame `bad` alone, after a message, between fragments, and with more behind it. Data frames have no
 * place between fragments, and a continuation has one nowhere else, but the breach is one anyway.
 */
function inEveryPosition(name, rfc, bad, alone = ['recorder', 'messages', 'deflate']) {
  const positions = [
    ['alone', [bad], [], kNothing, alone],
    ['after a message', [hello, bad], [hello], kNothing, kBoth],
    ['between fragments', [opened, bad, { opcode: continuation, payload: 'x' }], [], kPart, kBoth],
    ['before a ping and a message', [bad, { opcode: ping }, hello], [], kNothing, kBoth],
  ];
  return positions.map(([where, send, messages, partial, on]) => ({
    name: `${name}, ${where}`,
    rfc,
    on,
    send,
    silent: where === 'alone',
    expect: { messages, partial, close: kProtocolError },
  }));
}

const rsv = [1, 2, 3, 4, 5, 6, 7].flatMap((bits) =>
  [continuation, text, binary, close, ping, pong].flatMap((opcode) => {
    const payload = opcode === close ? Buffer.from([3, 232]) : 'payload';
    const frame = { opcode, rsv: bits, payload };
    const name = `${kNames[opcode]} with RSV ${bits.toString(2).padStart(3, '0')}`;
    // With permessage-deflate RSV1 has a meaning on the first frame of a message; extensions.mjs has that.
    const alone = bits === 4 ? kBoth : undefined;
    return inEveryPosition(name, 'RFC 6455 5.2', frame, alone);
  }),
);

const opcodes = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) => [
  ...inEveryPosition(`opcode ${opcode}`, 'RFC 6455 5.2', { opcode, payload: 'payload' }),
  ...inEveryPosition(`opcode ${opcode} without payload`, 'RFC 6455 5.2', { opcode }),
  ...inEveryPosition(`opcode ${opcode} without FIN`, 'RFC 6455 5.2', { opcode, fin: false, payload: 'x' }),
]);

const unmasked = [continuation, text, binary, close, ping, pong].flatMap((opcode) => {
  const frame =
    opcode === close ? closeFrame(1000, '', { masked: false }) : { opcode, masked: false, payload: 'x' };
  return inEveryPosition(`${kNames[opcode]} without a mask`, 'RFC 6455 5.1', frame);
});

export default [...rsv, ...opcodes, ...unmasked];
