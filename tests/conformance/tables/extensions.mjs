// Offers of extensions, and permessage-deflate at work (RFC 6455 section 9, RFC 7692).
import zlib from 'node:zlib';

import { MiB, pattern, utf8Text } from '../../scenario/lib/bytes.mjs';
import { upgradeHead } from '../../scenario/lib/raw_client.mjs';
import {
  binary,
  closeFrame,
  continuation,
  fragments,
  hex,
  inPieces,
  kInvalidUtf8,
  kProtocolError,
  message,
  ping,
  pong,
  text,
  textMessage,
} from '../lib/cases.mjs';

const kDeflate = 'permessage-deflate';
const kNoTakeover = `${kDeflate}; server_no_context_takeover; client_no_context_takeover`;
const kDeclined = { status: 101, fields: { 'sec-websocket-extensions': null } };
const accepted = (header) => ({ status: 101, fields: { 'sec-websocket-extensions': header } });

function offer(route, header, answer, rfc = 'RFC 7692 7.1') {
  const request = upgradeHead({ target: `/${route}`, headers: { 'Sec-WebSocket-Extensions': header } });
  return { name: `offer: ${JSON.stringify(header)}`, rfc, on: [route], request, answer };
}

// Two spellings of the same are as good, in whatever order and number of fields.
const kGood = [
  [kDeflate, kNoTakeover],
  [`${kDeflate}; client_max_window_bits`, kNoTakeover],
  [`${kDeflate}; client_max_window_bits=15`, kNoTakeover],
  [`${kDeflate}; client_max_window_bits=10`, `${kNoTakeover}; client_max_window_bits=10`],
  [`${kDeflate}; client_max_window_bits=8`, `${kNoTakeover}; client_max_window_bits=8`],
  [`${kDeflate}; server_max_window_bits=9`, `${kNoTakeover}; server_max_window_bits=9`],
  [`${kDeflate}; server_max_window_bits=15`, `${kNoTakeover}; server_max_window_bits=15`],
  [`${kDeflate}; server_max_window_bits="10"`, `${kNoTakeover}; server_max_window_bits=10`],
  [`${kDeflate}; server_max_window_bits="1\\0"`, `${kNoTakeover}; server_max_window_bits=10`],
  [`${kDeflate}; server_no_context_takeover`, kNoTakeover],
  [`${kDeflate}; client_no_context_takeover`, kNoTakeover],
  [`${kDeflate};server_no_context_takeover;client_max_window_bits`, kNoTakeover],
  [`  ${kDeflate} ; \t client_max_window_bits = 12 `, `${kNoTakeover}; client_max_window_bits=12`],
  [`, ,${kDeflate},`, kNoTakeover],
  [`${kDeflate}; server_max_window_bits=8, ${kDeflate}`, kNoTakeover],
  [`${kDeflate}; unknown, ${kDeflate}; server_max_window_bits=11`, `${kNoTakeover}; server_max_window_bits=11`],
  [`x-webkit-deflate-frame, ${kDeflate}`, kNoTakeover],
  [`${kDeflate}; client_max_window_bits=11, ${kDeflate}`, `${kNoTakeover}; client_max_window_bits=11`],
  [['foo', kDeflate], kNoTakeover],
  [[`${kDeflate}; foo=1`, `bar, ${kDeflate}`], kNoTakeover],
];

const kBad = [
  'foo',
  'x-webkit-deflate-frame',
  'permessage-bzip2',
  `${kDeflate}; unknown`,
  `${kDeflate}; unknown=1`,
  `${kDeflate}; server_no_context_takeover=1`,
  `${kDeflate}; client_no_context_takeover=true`,
  `${kDeflate}; server_no_context_takeover; server_no_context_takeover`,
  `${kDeflate}; client_no_context_takeover; client_no_context_takeover`,
  `${kDeflate}; server_max_window_bits`,
  ...['0', '7', '8', '16', '08', '010', '-10', '10.0', 'x', '99999999999999999999'].map(
    (bits) => `${kDeflate}; server_max_window_bits=${bits}`,
  ),
  ...['0', '7', '16', '08', '015', '-10', '10.0', 'x'].map(
    (bits) => `${kDeflate}; client_max_window_bits=${bits}`,
  ),
  `${kDeflate}; server_max_window_bits=10; server_max_window_bits=10`,
  `${kDeflate}; client_max_window_bits; client_max_window_bits=10`,
  `${kDeflate}; unknown, ${kDeflate}; server_max_window_bits=7`,
];

const kMalformed = [
  ';',
  `${kDeflate};`,
  `${kDeflate}; =10`,
  `${kDeflate}; server_max_window_bits=`,
  `${kDeflate}; server_max_window_bits="10`,
  `${kDeflate}; server_max_window_bits=""`,
  `${kDeflate}; server_max_window_bits="1 0"`,
  `${kDeflate} client_max_window_bits`,
  `${kDeflate}; a b`,
  `"${kDeflate}"`,
  `foo/bar`,
  `${kDeflate}, =`,
];

const kTakeover = [
  [kDeflate, kDeflate],
  [`${kDeflate}; client_max_window_bits`, kDeflate],
  [`${kDeflate}; server_no_context_takeover`, `${kDeflate}; server_no_context_takeover`],
  [`${kDeflate}; client_no_context_takeover`, `${kDeflate}; client_no_context_takeover`],
  [`${kDeflate}; client_no_context_takeover; server_no_context_takeover`, kNoTakeover],
  [
    `${kDeflate}; server_max_window_bits=9; client_max_window_bits=9`,
    `${kDeflate}; server_max_window_bits=9; client_max_window_bits=9`,
  ],
];

const offers = [
  ...kGood.map(([header, answer]) => offer('deflate', header, accepted(answer))),
  ...kBad.map((header) => offer('deflate', header, kDeclined)),
  ...kTakeover.map(([header, answer]) => offer('takeover', header, accepted(answer))),
  // Compression is off by default, and then nothing is ever agreed on.
  ...[...kGood.map(([header]) => header), ...kBad].map((header) => offer('messages', header, kDeclined)),
  ...kMalformed.flatMap((header) =>
    ['deflate', 'messages'].map((route) =>
      offer(route, header, { status: 400, reason: 'bad_request' }, 'RFC 6455 9.1'),
    ),
  ),
];

/** A payload as permessage-deflate sends it (RFC 7692 section 7.2.1). */
function deflate(payload, options = {}) {
  const flushed = zlib.deflateRawSync(payload, { finishFlush: zlib.constants.Z_SYNC_FLUSH, ...options });
  return flushed.subarray(0, -4);
}

const compressed = (payload, opcode = text) => ({ opcode, rsv: 4, payload });
const inFragments = (payload, size, opcode = text) =>
  fragments(opcode, inPieces(payload, size)).map((frame, i) => (i === 0 ? { ...frame, rsv: 4 } : frame));

const hello = textMessage('Hello');
const examples = [
  ['one block', [compressed(hex('f2 48 cd c9 c9 07 00'))], [hello]],
  ['one block in two fragments', inFragments(hex('f2 48 cd c9 c9 07 00'), 3), [hello]],
  ['one block in fragments of a byte', inFragments(hex('f2 48 cd c9 c9 07 00'), 1), [hello]],
  ['a block without compression', [compressed(hex('00 05 00 fa ff 48 65 6c 6c 6f 00'))], [hello]],
  ['a block with BFINAL', [compressed(hex('f3 48 cd c9 c9 07 00 00'))], [hello]],
  ['two blocks', [compressed(hex('f2 48 05 00 00 00 ff ff ca c9 c9 07 00'))], [hello]],
  ['an empty message', [compressed(hex('00'))], [textMessage('')]],
  ['a message that is not compressed', [hello], [hello]],
  [
    'compressed and not in turn',
    [compressed(deflate('one')), hello, compressed(deflate('two'), binary)],
    [textMessage('one'), hello, message('two')],
  ],
].flatMap(([name, send, messages]) =>
  ['whole', 'bytes'].map((cut) => ({
    name: `${name}${cut === 'bytes' ? ', one byte at a time' : ''}`,
    rfc: 'RFC 7692 7.2.3',
    on: ['deflate', 'takeover'],
    send,
    cut,
    expect: { messages },
  })),
);

const window = {
  name: 'the second message refers to the first',
  rfc: 'RFC 7692 7.2.3.2',
  on: ['takeover'],
  send: [compressed(hex('f2 48 cd c9 c9 07 00')), compressed(hex('f2 00 11 00 00'))],
  expect: { messages: [hello, hello] },
};
const noWindow = {
  name: 'the second message refers to the first although no window is shared',
  rfc: 'RFC 7692 7.1.1.2',
  on: ['deflate'],
  send: [compressed(hex('f2 00 11 00 00'))],
  expect: { close: kProtocolError },
};

const kSizes = [0, 1, 64, 125, 126, 127, 256, 1024, 65535, 65536, 131072, MiB];
const sizes = kSizes.flatMap((size) =>
  [text, binary].flatMap((opcode) => {
    const payload = opcode === text ? Buffer.from(utf8Text(size)) : pattern(size, size + 3);
    const ways = [
      ['in one frame', [compressed(deflate(payload), opcode)]],
      ['in fragments of 64 bytes', inFragments(deflate(payload), 64, opcode)],
      ['stored', [compressed(deflate(payload, { level: 0 }), opcode)]],
      ['twice', [compressed(deflate(payload), opcode), compressed(deflate(payload), opcode)]],
    ];
    return ways.map(([how, send]) => ({
      name: `${size} bytes of ${opcode === text ? 'text' : 'binary'}, compressed, ${how}`,
      rfc: 'RFC 7692 7.2',
      on: ['deflate', 'takeover'],
      send,
      expect: { messages: Array(how === 'twice' ? 2 : 1).fill(message(payload, opcode)) },
    }));
  }),
);

const many = {
  name: '1000 compressed messages',
  rfc: 'RFC 7692 7.2',
  on: ['deflate', 'takeover'],
  send: Array.from({ length: 1000 }, (_, i) => compressed(deflate(`message number ${i}`))),
  expect: { messages: Array.from({ length: 1000 }, (_, i) => textMessage(`message number ${i}`)) },
};

const pingsBetween = {
  name: 'pings between compressed fragments',
  rfc: 'RFC 7692 6.1',
  on: ['deflate'],
  send: inFragments(deflate('Hello, world!'), 4).flatMap((frame) => [{ opcode: ping, payload: 'p' }, frame]),
  expect: {
    messages: [textMessage('Hello, world!')],
    pongs: inFragments(deflate('Hello, world!'), 4).map(() => 'p'),
  },
};

const breaches = [
  ['RSV1 on a ping', [{ opcode: ping, rsv: 4 }], kProtocolError],
  ['RSV1 on a pong', [{ opcode: pong, rsv: 4 }], kProtocolError],
  ['RSV1 on a Close', [closeFrame(1000, '', { rsv: 4 })], kProtocolError],
  [
    'RSV1 on a continuation',
    [
      { opcode: text, fin: false, payload: 'a' },
      { opcode: continuation, rsv: 4 },
    ],
    kProtocolError,
  ],
  [
    'RSV1 on a compressed continuation',
    inFragments(deflate('Hello'), 3).map((f) => ({ ...f, rsv: 4 })),
    kProtocolError,
  ],
  ['RSV1 and RSV2', [{ opcode: text, rsv: 6, payload: deflate('a') }], kProtocolError],
  ['RSV1 and RSV3', [{ opcode: text, rsv: 5, payload: deflate('a') }], kProtocolError],
  ['a reserved type of block', [compressed(hex('06 00 00'))], kProtocolError],
  ['a stored block with a bad length', [compressed(hex('00 05 00 00 00 48 65 6c 6c 6f 00'))], kProtocolError],
  ['a reference beyond the beginning', [compressed(hex('f2 00 11 00 00'))], kProtocolError],
  ['text that is no UTF-8', [compressed(deflate(hex('61 ff 62')))], kInvalidUtf8],
  ['text that ends inside a character', [compressed(deflate(hex('61 e2 82')))], kInvalidUtf8],
  [
    'text that is no UTF-8, at once in a message that is not over',
    [{ opcode: text, fin: false, rsv: 4, payload: Buffer.concat([deflate(hex('ff')), hex('00 00 ff ff')]) }],
    kInvalidUtf8,
  ],
  [
    '17 MiB of zeros in a small message',
    [compressed(deflate(Buffer.alloc(17 * MiB)), binary)],
    { code: 1009, reason: 'message_too_big' },
  ],
].map(([name, send, answer]) => ({
  name,
  rfc: 'RFC 7692 6',
  on: ['deflate', 'takeover'],
  send,
  silent: true,
  expect: { close: answer },
}));

export default [...offers, ...examples, window, noWindow, ...sizes, many, pingsBetween, ...breaches];
