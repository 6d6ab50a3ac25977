// Text that is UTF-8, and text that is not (RFC 6455 sections 5.6 and 8.1, RFC 3629; the sequences are the
// usual ones of Markus Kuhn's decoder test).
import { continuation, fragments, hex, inPieces, kInvalidUtf8, text, textMessage } from '../lib/cases.mjs';

const kValid = {
  'ASCII with NUL and DEL': '00 41 7f',
  'the Greek word kosme': 'ce ba e1 bd b9 cf 83 ce bc ce b5',
  'the first of two bytes, U+0080': 'c2 80',
  'the last of two bytes, U+07FF': 'df bf',
  'the first of three bytes, U+0800': 'e0 a0 80',
  'the last of three bytes, U+FFFF': 'ef bf bf',
  'the first of four bytes, U+10000': 'f0 90 80 80',
  'the last of four bytes, U+10FFFF': 'f4 8f bf bf',
  'below the surrogates, U+D7FF': 'ed 9f bf',
  'above the surrogates, U+E000': 'ee 80 80',
  'the replacement character, U+FFFD': 'ef bf bd',
  'a byte order mark': 'ef bb bf 61',
  'noncharacters U+FFFE, U+1FFFE, U+10FFFE': 'ef bf be f0 9f bf be f4 8f bf be',
  'noncharacters U+FDD0 to U+FDEF': 'ef b7 90 ef b7 af',
  'a flag of two regional indicators': 'f0 9f 87 a9 f0 9f 87 aa',
};

// The first byte that cannot be follows the "!".
const kInvalid = {
  'a lone continuation byte, the first': '!80',
  'a lone continuation byte, the last': '!bf',
  'two lone continuation bytes': '61 !80 bf',
  'a continuation byte behind a character': 'c2 80 !80',
  'a start of two bytes, then a space': 'c3 !20',
  'a start of three bytes, then a space': 'e2 !20',
  'a start of three bytes, one more, then a space': 'e2 82 !20',
  'a start of four bytes, then a space': 'f0 !20',
  'a start of four bytes, two more, then a space': 'f0 9f 8c !20',
  'a start behind a start': 'e2 !e2 82 ac',
  'a start of five bytes': '!f8 88 80 80 80',
  'a start of six bytes': '!fc 84 80 80 80 80',
  FE: '61 62 !fe',
  FF: '61 62 !ff',
  'FE FE FF FF': '!fe fe ff ff',
  'an overlong slash of two bytes': '!c0 af',
  'an overlong slash of three bytes': 'e0 !80 af',
  'an overlong slash of four bytes': 'f0 !80 80 af',
  'an overlong NUL of two bytes': '!c0 80',
  'an overlong NUL of three bytes': 'e0 !80 80',
  'an overlong NUL of four bytes': 'f0 !80 80 80',
  'the last overlong form of two bytes': '!c1 bf',
  'the last overlong form of three bytes': 'e0 !9f bf',
  'the last overlong form of four bytes': 'f0 !8f bf bf',
  'the first high surrogate, U+D800': 'ed !a0 80',
  'the last high surrogate, U+DBFF': 'ed !af bf',
  'the first low surrogate, U+DC00': 'ed !b0 80',
  'the last low surrogate, U+DFFF': 'ed !bf bf',
  'a pair of surrogates': 'ed !a0 80 ed b0 80',
  'above the last character, U+110000': 'f4 !90 80 80',
  'a start for U+140000 and above': '!f5 80 80 80',
  'a start for U+1C0000 and above': '!f7 bf bf bf',
  'kosme with a surrogate, and more text': 'ce ba e1 bd b9 cf 83 ce bc ce b5 ed !a0 80 65 64 69 74 65 64',
  'kosme with U+110000, and more text': 'ce ba e1 bd b9 cf 83 ce bc ce b5 f4 !90 80 80 65 64 69 74 65 64',
  'Latin-1': '68 e9 !21',
  'UTF-16 with its mark': '!fe ff 00 61',
};

const kIncomplete = {
  'one byte of two': 'c3',
  'one byte of three': 'e2',
  'two bytes of three': 'e2 82',
  'one byte of four': 'f0',
  'two bytes of four': 'f0 9f',
  'three bytes of four': 'f0 9f 8c',
  'text, then two bytes of three': '61 62 63 e2 82',
};

const rfc = 'RFC 6455 8.1';
const kBoth = ['recorder', 'messages'];

/** Ways to send the same text: `frames` and `cut`. */
function waysToSend(data) {
  return [
    ['in one piece', [{ opcode: text, payload: data }], 'whole'],
    ['one byte at a time', [{ opcode: text, payload: data }], 'bytes'],
    ['a fragment for each byte', fragments(text, inPieces(data, 1)), 'whole'],
    ['a fragment for each byte, one byte at a time', fragments(text, inPieces(data, 1)), 'bytes'],
  ];
}

const valid = Object.entries(kValid).flatMap(([name, digits]) =>
  waysToSend(hex(digits)).map(([how, send, cut]) => ({
    name: `${name}, ${how}`,
    rfc,
    on: cut === 'whole' ? [...kBoth, 'deflate'] : kBoth,
    send,
    cut,
    expect: { messages: [textMessage(hex(digits))] },
  })),
);

// How much of the good bytes is passed on depends on how many came together.
const refused = (good) => ({ close: kInvalidUtf8, partial: { least: Buffer.alloc(0), most: good } });

const invalid = Object.entries(kInvalid).flatMap(([name, digits]) => {
  const [before] = digits.split('!');
  const good = hex(before);
  const upToBad = hex(digits.replace('!', '')).subarray(0, good.length + 1);
  const all = hex(digits.replace('!', ''));
  const ways = waysToSend(all).map(([how, send, cut]) => ({
    name: `${name}, ${how}`,
    rfc,
    on: kBoth,
    send,
    cut,
    expect: refused(good),
  }));
  // Nothing more comes, and what was announced never does.
  const atOnce = [
    ['in a frame that is not over', [{ opcode: text, payload: upToBad, announced: 1000 }], 'whole'],
    [
      'byte by byte in a frame that is not over',
      [{ opcode: text, payload: upToBad, announced: 70000 }],
      'bytes',
    ],
    ['in a message that is not over', [{ opcode: text, fin: false, payload: upToBad }], 'whole'],
    [
      'in a continuation that is not over',
      [
        { opcode: text, fin: false, payload: good },
        { opcode: continuation, fin: false, payload: upToBad.subarray(good.length), announced: 500 },
      ],
      'whole',
    ],
  ].map(([how, send, cut]) => ({
    name: `${name}, at once ${how}`,
    rfc,
    on: kBoth,
    send,
    cut,
    silent: true,
    expect: refused(good),
  }));
  return [...ways, ...atOnce];
});

const incomplete = Object.entries(kIncomplete).flatMap(([name, digits]) =>
  waysToSend(hex(digits)).map(([how, send, cut]) => ({
    name: `the message ends behind ${name}, ${how}`,
    rfc,
    on: kBoth,
    send,
    cut,
    expect: refused(hex(digits)),
  })),
);

const alone = {
  name: 'a character that is cut between two messages',
  rfc,
  on: kBoth,
  send: [textMessage(hex('e2 82')), textMessage(hex('ac'))],
  expect: refused(hex('e2 82')),
};
const binaryIsFree = {
  name: 'binary may be anything',
  rfc: 'RFC 6455 5.6',
  on: [...kBoth, 'deflate'],
  send: [{ payload: hex('ff fe c0 80 ed a0 80') }],
  expect: { messages: [{ opcode: 2, payload: hex('ff fe c0 80 ed a0 80') }] },
};

export default [...valid, ...invalid, ...incomplete, alone, binaryIsFree];
