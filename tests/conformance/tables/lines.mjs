// Messages in front of a service of lines that sends back what it gets: one line is one text message,
// however it was sent, and no message is more than one line.
import {
  binary,
  continuation,
  fragments,
  kInvalidUtf8,
  kProtocolError,
  message,
  ping,
  text,
  textMessage,
} from '../lib/cases.mjs';

const kOn = ['lines', 'lines-deflate'];
const kRfc = 'RFC 6455 5.6';
const kTooBig = { code: 1009, reason: 'message_too_big' };
const kTwoLines = { code: 1008, reason: 'line_end_in_message' };

/** The longest line of the routes. */
const kLongest = 1024;

const sizes = [0, 1, 124, 125, 126, 127, 128, 1000, kLongest].flatMap((size) =>
  ['whole', 'bytes'].map((cut) => ({
    name: `a line of ${size} bytes, ${cut === 'whole' ? 'in one piece' : 'one byte at a time'}`,
    rfc: kRfc,
    on: kOn,
    send: [textMessage('l'.repeat(size))],
    cut,
    expect: { messages: [textMessage('l'.repeat(size))] },
  })),
);

const ends = ['\n', '\r\n'].flatMap((end) =>
  ['', 'a', 'l'.repeat(kLongest)].map((line) => ({
    name: `the end ${JSON.stringify(end)} of ${line.length} bytes is the line's own`,
    rfc: kRfc,
    on: kOn,
    send: [textMessage(line + end), textMessage('next')],
    expect: { messages: [textMessage(line), textMessage('next')] },
  })),
);

const insides = ['a\nb', 'a\rb', 'a\r\nb', '\na', '\ra', 'a\n\n', 'a\r', '\n\r\n'].flatMap((payload) =>
  ['whole', 'bytes'].map((cut) => ({
    name: `${JSON.stringify(payload)} is more than a line, ${cut === 'whole' ? 'in one piece' : 'one byte at a time'}`,
    rfc: kRfc,
    on: kOn,
    send: [textMessage('good'), textMessage(payload)],
    cut,
    silent: true,
    expect: { messages: [textMessage('good')], close: kTwoLines },
  })),
);

const long = [
  [kLongest + 1, 'whole'],
  [kLongest + 1, 'bytes'],
  [70_000, 'whole'],
].map(([size, cut]) => ({
  name: `a line of ${size} bytes is too long, ${cut}`,
  rfc: 'RFC 6455 7.4.1',
  on: kOn,
  send: [textMessage('good'), textMessage('l'.repeat(size))],
  cut,
  silent: true,
  expect: { messages: [textMessage('good')], close: kTooBig },
}));

const kMany = Array.from({ length: 1000 }, (_, i) => textMessage(`line ${i}`));

export default [
  ...sizes,
  ...ends,
  ...insides,
  ...long,
  {
    name: 'fragments are one line',
    rfc: 'RFC 6455 5.4',
    on: kOn,
    send: fragments(text, ['Gr', '', 'ün', '\r', '\n']),
    expect: { messages: [textMessage('Grün')] },
  },
  {
    name: 'fragments with a ping between, one byte at a time',
    rfc: 'RFC 6455 5.4',
    on: kOn,
    send: [
      { opcode: text, fin: false, payload: 'a' },
      { opcode: ping, payload: 'p' },
      { opcode: continuation, payload: 'b' },
    ],
    cut: 'bytes',
    expect: { pongs: ['p'], messages: [textMessage('ab')] },
  },
  {
    name: 'fragments that are too long a line together',
    rfc: 'RFC 6455 7.4.1',
    on: kOn,
    send: fragments(text, ['l'.repeat(kLongest), 'l', 'l', 'l']),
    silent: true,
    expect: { close: kTooBig },
  },
  {
    name: '1000 lines in one piece',
    rfc: kRfc,
    on: kOn,
    send: kMany,
    expect: { messages: kMany },
  },
  {
    name: 'a binary message is a line as well',
    rfc: kRfc,
    on: kOn,
    send: [message('bytes', binary)],
    expect: { messages: [textMessage('bytes')] },
  },
  {
    name: 'what is no text comes back as no message',
    rfc: 'RFC 6455 8.1',
    on: kOn,
    send: [message(Buffer.from([0x61, 0xff]), binary)],
    expect: { close: { code: 1007, reason: 'backend_invalid_utf8' } },
  },
  {
    name: 'text that is no UTF-8',
    rfc: 'RFC 6455 8.1',
    on: kOn,
    send: [textMessage('good'), { opcode: text, payload: Buffer.from([0x61, 0xff, 0x62]) }],
    silent: true,
    expect: { messages: [textMessage('good')], close: kInvalidUtf8 },
  },
  {
    name: 'a breach behind a line',
    rfc: 'RFC 6455 5.2',
    on: kOn,
    send: [textMessage('good'), { opcode: 3, payload: '' }],
    silent: true,
    expect: { messages: [textMessage('good')], close: kProtocolError },
  },
];
