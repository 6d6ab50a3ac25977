// Pings and pongs (RFC 6455 sections 5.5, 5.5.2 and 5.5.3).
import { pattern } from '../../scenario/lib/bytes.mjs';
import {
  binary,
  continuation,
  fragments,
  kProtocolError,
  message,
  ping,
  pong,
  text,
  textMessage,
} from '../lib/cases.mjs';

const kBoth = ['recorder', 'messages'];
const hello = textMessage('Hello, world!');

const sizes = Array.from({ length: 126 }, (_, size) => ({
  name: `a ping of ${size} bytes`,
  rfc: 'RFC 6455 5.5.2',
  on: ['recorder'],
  send: [{ opcode: ping, payload: pattern(size, size + 1) }],
  expect: { pongs: [pattern(size, size + 1)] },
}));

const byBytes = [0, 1, 125].map((size) => ({
  name: `a ping of ${size} bytes, one byte at a time`,
  rfc: 'RFC 6455 5.5.2',
  on: kBoth,
  send: [{ opcode: ping, payload: pattern(size, 9) }],
  cut: 'bytes',
  expect: { pongs: [pattern(size, 9)] },
}));

const unsolicited = [0, 1, 4, 125].map((size) => ({
  name: `an unsolicited pong of ${size} bytes, then a ping`,
  rfc: 'RFC 6455 5.5.3',
  on: kBoth,
  send: [{ opcode: pong, payload: pattern(size, 2) }, { opcode: ping, payload: 'ping' }, hello],
  expect: { pongs: ['ping'], messages: [hello] },
}));

const flood = (count) => Array.from({ length: count }, (_, i) => `ping ${i}`);
const floods = [10, 1000].flatMap((count) =>
  ['whole', ...(count === 10 ? ['bytes'] : [])].map((cut) => ({
    name: `${count} pings in a row, ${cut === 'whole' ? 'in one piece' : 'one byte at a time'}`,
    rfc: 'RFC 6455 5.5.2',
    on: kBoth,
    send: flood(count).map((payload) => ({ opcode: ping, payload })),
    cut,
    expect: { pongs: flood(count) },
  })),
);

const pongFlood = {
  name: '1000 unsolicited pongs, then a message',
  rfc: 'RFC 6455 5.5.3',
  on: kBoth,
  send: [...flood(1000).map((payload) => ({ opcode: pong, payload })), hello],
  expect: { messages: [hello] },
};

const between = [1, 2, 10, 100].map((count) => {
  const parts = Array.from({ length: count + 1 }, (_, i) => `part ${i} é `);
  const frames = fragments(text, parts);
  const pings = flood(count);
  return {
    name: `${count} pings between the fragments of a message`,
    rfc: 'RFC 6455 5.4',
    on: [...kBoth, 'deflate'],
    send: frames.flatMap((frame, i) => (i < count ? [frame, { opcode: ping, payload: pings[i] }] : [frame])),
    expect: { pongs: pings, messages: [{ ...textMessage(parts.join('')), pongsBefore: count }] },
  };
});

const pongsBetween = {
  name: 'pongs between the fragments of a message',
  rfc: 'RFC 6455 5.4',
  on: kBoth,
  send: [
    { opcode: binary, fin: false, payload: 'a' },
    { opcode: pong, payload: 'one' },
    { opcode: continuation, fin: false, payload: 'b' },
    { opcode: pong },
    { opcode: continuation, payload: 'c' },
  ],
  expect: { messages: [message('abc')] },
};

const tooLong = [ping, pong].flatMap((opcode) =>
  [126, 127, 65536].map((size) => ({
    name: `a ${opcode === ping ? 'ping' : 'pong'} of ${size} bytes`,
    rfc: 'RFC 6455 5.5',
    on: kBoth,
    send: [{ opcode, payload: pattern(size) }],
    silent: size === 126,
    expect: { close: kProtocolError },
  })),
);

const fragmented = [ping, pong].flatMap((opcode) =>
  [[], [{ opcode: text, fin: false, payload: 'in a message' }]].map((before) => ({
    name: `a fragmented ${opcode === ping ? 'ping' : 'pong'}${before.length ? ' in a message' : ''}`,
    rfc: 'RFC 6455 5.5',
    on: kBoth,
    send: [...before, { opcode, fin: false, payload: 'x' }, { opcode: continuation, payload: 'y' }],
    expect: { close: kProtocolError, partial: Buffer.from(before.length ? 'in a message' : '') },
  })),
);

export default [
  ...sizes,
  ...byBytes,
  ...unsolicited,
  ...floods,
  pongFlood,
  ...between,
  pongsBetween,
  ...tooLong,
  ...fragmented,
];
