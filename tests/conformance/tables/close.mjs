// The closing handshake (RFC 6455 sections 5.5.1 and 7).
import { pattern } from '../../scenario/lib/bytes.mjs';
import {
  binary,
  bytes,
  close,
  closeFrame,
  closeWith,
  continuation,
  hex,
  kInvalidUtf8,
  kProtocolError,
  message,
  ping,
  text,
  textMessage,
} from '../lib/cases.mjs';

const kBoth = ['recorder', 'messages'];
const hello = textMessage('Hello, world!');
const code = (number) => bytes(number >> 8, number & 0xff);

const kGood = [
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3999, 4000, 4999,
];
const kBad = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1017, 1100, 1999, 2000, 2999, 5000, 10000, 32768, 65535];

const good = kGood.flatMap((number) => [
  {
    name: `${number} comes back`,
    rfc: 'RFC 6455 7.4',
    on: kBoth,
    send: [closeFrame(number)],
    silent: true,
    expect: { close: { code: number, reason: '' } },
  },
  {
    name: `${number} with a reason comes back`,
    rfc: 'RFC 6455 7.4',
    on: ['recorder'],
    send: [closeFrame(number, 'because é')],
    cut: 'bytes',
    silent: true,
    expect: { close: { code: number, reason: '' } },
  },
]);

const bad = kBad.flatMap((number) =>
  ['', 'because'].map((reason) => ({
    name: `${number}${reason && ' with a reason'} is refused`,
    rfc: 'RFC 6455 7.4',
    on: kBoth,
    send: [closeFrame(number, reason)],
    silent: true,
    expect: { close: kProtocolError },
  })),
);

const forms = [
  ['an empty Close', bytes(), {}],
  ['a payload of one byte', bytes(3), kProtocolError],
  ['a reason of 123 bytes', Buffer.concat([code(1000), Buffer.alloc(123, '*')]), { code: 1000, reason: '' }],
  ['a payload of 126 bytes', Buffer.concat([code(1000), Buffer.alloc(124, '*')]), kProtocolError],
  ['a reason that is no UTF-8', Buffer.concat([code(1000), hex('ce ba ff')]), kInvalidUtf8],
  ['a reason with a surrogate', Buffer.concat([code(1000), hex('ed a0 80')]), kInvalidUtf8],
  ['a reason that ends inside a character', Buffer.concat([code(1000), hex('61 e2 82')]), kInvalidUtf8],
  ['a bad code and a bad reason', Buffer.concat([code(1005), hex('ff')]), kProtocolError],
].flatMap(([name, payload, answer]) =>
  ['whole', 'bytes'].map((cut) => ({
    name: `${name}${cut === 'bytes' ? ', one byte at a time' : ''}`,
    rfc: 'RFC 6455 5.5.1',
    on: kBoth,
    send: [closeWith(payload)],
    cut,
    silent: true,
    expect: { close: answer },
  })),
);

const fragmented = {
  name: 'a fragmented Close',
  rfc: 'RFC 6455 5.5',
  on: kBoth,
  send: [{ opcode: close, fin: false, payload: code(1000) }, { opcode: continuation }],
  expect: { close: kProtocolError },
};

const kDone = { code: 1000, reason: '' };
const behind = [
  ['another Close', [closeFrame(1000), closeFrame(1001)]],
  ['a message', [closeFrame(1000), hello]],
  ['a ping', [closeFrame(1000), { opcode: ping, payload: 'late' }]],
  ['200,000 bytes', [closeFrame(1000), message(pattern(200_000))]],
  ['a breach', [closeFrame(1000), { opcode: 3, payload: 'x' }]],
  ['text that is no UTF-8', [closeFrame(1000), textMessage(hex('ff'))]],
  ['bytes that are no frame', [closeFrame(1000), hex('ff ff ff ff ff ff ff ff')]],
].map(([name, send]) => ({
  name: `${name} behind the Close is ignored`,
  rfc: 'RFC 6455 5.5.1',
  on: kBoth,
  send,
  silent: true,
  expect: { close: kDone },
}));

const before = [
  ['a message', [hello], { messages: [hello] }],
  ['a ping', [{ opcode: ping, payload: 'first' }], { pongs: ['first'] }],
  ['a message of 256 KiB', [message(pattern(262_144))], { messages: [message(pattern(262_144))] }],
].map(([name, send, outcome]) => ({
  name: `${name} before the Close is answered first`,
  rfc: 'RFC 6455 7.1.1',
  on: kBoth,
  send: [...send, closeFrame(1000)],
  silent: true,
  expect: { ...outcome, close: kDone },
}));

const inMessage = [text, binary].map((opcode) => ({
  name: `a Close inside a ${opcode === text ? 'text' : 'binary'} message`,
  rfc: 'RFC 6455 5.4',
  on: kBoth,
  send: [{ opcode, fin: false, payload: 'half' }, closeFrame(1000), { opcode: continuation, payload: 'rest' }],
  silent: true,
  expect: { partial: Buffer.from('half'), close: kDone },
}));

const reset = ['whole', 'bytes'].map((cut) => ({
  name: `the backend resets upon a message that comes ${cut === 'whole' ? 'in one piece' : 'byte by byte'}`,
  rfc: 'RFC 6455 7.4.1',
  on: ['reset', 'reset-messages'],
  send: [hello],
  cut,
  expect: { close: { code: 1011, reason: 'backend_reset' } },
}));

export default [...good, ...bad, ...forms, fragmented, ...behind, ...before, ...inMessage, ...reset];
