// The opening handshake: whole requests, and what is answered (RFC 6455 section 4.2, RFC 9112).
import { kKey, upgradeHead } from '../../scenario/lib/raw_client.mjs';

const rfc6455 = 'RFC 6455 4.2.1';
const rfc9112 = 'RFC 9112';

const target = '/echo';
const head = (options = {}) => upgradeHead({ target, ...options });
const withField = (name, value) => head({ headers: { [name]: value } });
const withLine = (line) => head().replace('\r\n\r\n', `\r\n${line}\r\n\r\n`);
const base64 = (size) => Buffer.alloc(size, 7).toString('base64');

const kUnsupportedVersion = {
  status: 426,
  reason: 'unsupported_version',
  fields: { 'sec-websocket-version': '13' },
};
const kBadRequest = { status: 400, reason: 'bad_request' };
const kNotAllowed = { status: 405, reason: 'method_not_allowed', fields: { allow: 'GET, HEAD' } };
const kHttpVersion = { status: 505, reason: 'http_version' };
const kTooLarge = { status: 431, reason: 'header_too_large' };
const kUpgradeRequired = { status: 426, reason: 'upgrade_required', fields: { 'sec-websocket-version': '13' } };
const kNoRoute = { status: 404, reason: 'no_route' };
const kForeign = { status: 403, reason: 'origin_not_allowed' };
const kOpens = { status: 101 };

const kMethods = [
  'POST',
  'PUT',
  'DELETE',
  'OPTIONS',
  'PATCH',
  'TRACE',
  'CONNECT',
  'BREW',
  'GETT',
  'G',
  'M-SEARCH',
];
const methods = [
  ...kMethods.map((method) => [`the method ${method}`, rfc6455, head({ method }), kNotAllowed]),
  [
    'the method HEAD, which is no upgrade',
    rfc6455,
    head({ method: 'HEAD' }),
    { ...kUpgradeRequired, reason: null, keepsAlive: true },
  ],
  ...['get', 'Get', '', ' GET', '(GET)'].map((method) => [
    `the method '${method}'`,
    rfc9112,
    head({ method }),
    kBadRequest,
  ]),
];

const versions = [
  ...['HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/1.2', 'HTTP/3.0', 'HTTP/11'].map((version) => [
    `the version ${version}`,
    rfc6455,
    head({ version }),
    kHttpVersion,
  ]),
  ...['http/1.1', 'HTTPS/1.1', 'HTTP 1.1', 'XTTP/1.1', 'HTTP/1.1 ', ' HTTP/1.1', 'HTTP/1.11'].map((version) => [
    `the version '${version}'`,
    rfc9112,
    head({ version }),
    kBadRequest,
  ]),
  ['no version', rfc9112, head().replace(' HTTP/1.1', ''), kHttpVersion],
  ['the preface of HTTP/2', 'RFC 9113 3.4', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', kHttpVersion],
];

const keys = [
  ['no key', null],
  ['two keys', [kKey, kKey]],
  ['two different keys', [kKey, base64(16)]],
  ['an empty key', ''],
  ...[0, 1, 12, 15, 17, 18, 20, 32, 64].map((size) => [`a key of ${size} bytes`, base64(size)]),
  ['a key without padding', kKey.replaceAll('=', '')],
  ['a key with half its padding', kKey.slice(0, -1)],
  ['a key with too much padding', `${kKey}=`],
  ['a key with padding inside', `dGhl=HNhbXBsZSBub25jZQ==`],
  ['a key in the alphabet for URLs', 'dGhlIHNhbXBsZS_ub2-jZQ=='],
  ['a key with a space inside', 'dGhlIHNhbXBs SBub25jZQ=='],
  ['a key in quotes', `"${kKey}"`],
  ['a key and another in one field', `${kKey}, ${kKey}`],
].map(([name, key]) => [name, rfc6455, withField('Sec-WebSocket-Key', key), kBadRequest]);

const kWebSocketVersions = [
  null,
  '',
  '0',
  '7',
  '8',
  '12',
  '14',
  '25',
  '130',
  '013',
  '13.0',
  '+13',
  '-13',
  '13a',
  'x',
  '13, 8',
  '8, 13',
  '13, 13',
  ['13', '8'],
  ['13', '13'],
];
const webSocketVersions = kWebSocketVersions.map((version) => [
  `Sec-WebSocket-Version: ${JSON.stringify(version)}`,
  'RFC 6455 4.4',
  withField('Sec-WebSocket-Version', version),
  kUnsupportedVersion,
]);

const upgrades = [
  ...['h2c', 'websockets', 'web socket', '"websocket"', 'websocket/13', 'websocket;q=1', ''].map((value) => [
    `Upgrade: ${value}`,
    rfc6455,
    withField('Upgrade', value),
    kBadRequest,
  ]),
  ['no Upgrade but a key', rfc6455, withField('Upgrade', null), kBadRequest],
  ...['keep-alive', 'close', 'upgraded', '"Upgrade"', 'up grade', '', null].map((value) => [
    `Connection: ${value}`,
    rfc6455,
    withField('Connection', value),
    kBadRequest,
  ]),
  [
    'neither Upgrade nor key',
    rfc6455,
    head({ headers: { Upgrade: null, 'Sec-WebSocket-Key': null } }),
    { ...kUpgradeRequired, keepsAlive: true },
  ],
];

const hosts = [
  ['no Host', null],
  ['two Hosts', ['a', 'b']],
  ['the same Host twice', ['localhost', 'localhost']],
  ['an empty Host', ''],
  ['a Host with a space', 'a b'],
  ['a Host with a user', 'user@localhost'],
  ['a Host with a path', 'localhost/x'],
  ['a Host with a port that is no number', 'localhost:http'],
  ['a Host with a port above 65535', 'localhost:65536'],
  ['a Host with half an IPv6 address', '[::1'],
  ['two Hosts in one field', 'a, b'],
].map(([name, host]) => [name, 'RFC 9112 3.2', withField('Host', host), kBadRequest]);

const protocols = [
  ['an empty element with a separator', 'a;b'],
  ['the same twice', 'chat, chat'],
  ['the same in two fields', ['chat', 'chat']],
  ['a name with a space', 'super chat'],
  ['a name in quotes', '"chat"'],
  ['a name with a slash', 'chat/1'],
  ['a name beyond ASCII', 'ch\xe4t'],
].map(([name, offer]) => [
  `subprotocols: ${name}`,
  'RFC 6455 4.1',
  withField('Sec-WebSocket-Protocol', offer),
  kBadRequest,
]);

const bodies = [
  ['Content-Length: 1', 'Content-Length', '1'],
  ['Content-Length: -1', 'Content-Length', '-1'],
  ['Content-Length: x', 'Content-Length', 'x'],
  ['two Content-Lengths that differ', 'Content-Length', ['0', '5']],
  ['Transfer-Encoding: chunked', 'Transfer-Encoding', 'chunked'],
  ['Transfer-Encoding: identity', 'Transfer-Encoding', 'identity'],
].map(([name, field, value]) => [name, 'RFC 9112 6', withField(field, value), kBadRequest]);

const lines = [
  ['a line without a colon', 'nonsense'],
  ['a line with an empty name', ': value'],
  ['a space before the colon', 'X-Test : value'],
  ['a tab before the colon', 'X-Test\t: value'],
  ['a line that begins with a space', ' X-Test: value'],
  ['a folded line', 'X-Test: one\r\n two'],
  ['a name with a slash', 'X/Test: value'],
  ['a name with quotes', '"X-Test": value'],
  ['a name beyond ASCII', 'X-T\xe9st: value'],
  ['a NUL in a name', 'X-T\0st: value'],
  ['a NUL in a value', 'X-Test: va\0lue'],
  ['a bare CR in a value', 'X-Test: va\rlue'],
  ['an escape in a value', 'X-Test: va\x1blue'],
  ['a DEL in a value', 'X-Test: va\x7flue'],
  ['a line that ends in LF alone', 'X-Test: value\nX-Other: value'],
  ['a line that ends in CR CR LF', 'X-Test: value\r\r\nX-Other: value'],
].map(([name, line]) => [name, 'RFC 9112 5', withLine(line), kBadRequest]);

const requestLines = [
  ['an empty target', ''],
  ['a target without a slash', 'echo'],
  ['the target *', '*'],
  ['a target with a fragment', '/echo#here'],
  ['a target beyond ASCII', '/\xe9cho'],
  ['a target with a control byte', '/ec\x01ho'],
  ['a target with half an escape', '/echo%4'],
  ['a target with an escape that is none', '/echo%zz'],
  ['a target with an escaped NUL', '/echo%00'],
  ['a target of another scheme', 'ftp://localhost/echo'],
  ['a target with a user', 'ws://user@localhost/echo'],
].map(([name, target]) => [name, 'RFC 9112 3.2', head({ target }), kBadRequest]);

const others = [
  ['two spaces before the target', rfc9112, head().replace('GET ', 'GET  '), kBadRequest],
  ['LF alone everywhere', 'RFC 9112 2.2', head().replaceAll('\r\n', '\n'), kBadRequest],
  ['CR alone everywhere', 'RFC 9112 2.2', head().replaceAll('\r\n', '\r'), kBadRequest],
  ['a TLS handshake', rfc9112, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', kBadRequest],
  ['SSH', rfc9112, 'SSH-2.0-OpenSSH_9.2\r\n', kBadRequest],
  ['zero bytes', rfc9112, '\0'.repeat(64), kBadRequest],
  ['a WebSocket frame', rfc9112, '\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58', kBadRequest],
  [
    'a target of 8193 bytes',
    rfc9112,
    head({ target: `/${'a'.repeat(8192)}` }),
    { status: 414, reason: 'uri_too_long' },
  ],
  ['a head of more than 16 KiB', 'RFC 6585 5', withField('X-Big', 'b'.repeat(16384)), kTooLarge],
  ['101 fields', 'RFC 6585 5', withField('X-Many', Array(96).fill('1')), kTooLarge],
  ['a path that no route has', rfc6455, head({ target: '/nowhere' }), kNoRoute],
  ['a path in another case', rfc6455, head({ target: '/Echo' }), kNoRoute],
  ['a foreign origin', 'RFC 6455 10.2', withField('Origin', 'https://evil.example.com'), kForeign],
  ['the origin null', 'RFC 6455 10.2', withField('Origin', 'null'), kForeign],
  ['two origins', 'RFC 6454 7.3', withField('Origin', ['http://localhost', 'http://localhost']), kBadRequest],
];

const speaks = (protocol) => ({ ...kOpens, fields: { 'sec-websocket-protocol': protocol } });
const fields = (headers) => head({ headers });
const opens = [
  ['the plain handshake', head(), kOpens],
  ['names in lower case', head().replace(/^([A-Z][\w-]+):/gm, (name) => name.toLowerCase()), kOpens],
  ['names in upper case', head().replace(/^([A-Z][\w-]+):/gm, (name) => name.toUpperCase()), kOpens],
  ['Upgrade: WebSocket', fields({ Upgrade: 'WebSocket' }), kOpens],
  ['Upgrade in a list', fields({ Upgrade: 'h2c, WEBSOCKET' }), kOpens],
  ['Upgrade in two fields', fields({ Upgrade: ['h2c', 'websocket'] }), kOpens],
  ['Connection in a list', fields({ Connection: 'keep-alive, Upgrade' }), kOpens],
  ['Connection in a list without spaces', fields({ Connection: 'keep-alive,upgrade' }), kOpens],
  ['Connection in two fields', fields({ Connection: ['Upgrade', 'keep-alive'] }), kOpens],
  ['Connection with empty elements', fields({ Connection: ', ,Upgrade,' }), kOpens],
  ['whitespace around the key', fields({ 'Sec-WebSocket-Key': ` \t${kKey} \t` }), kOpens],
  ['whitespace around the version', fields({ 'Sec-WebSocket-Version': '  13 ' }), kOpens],
  ['no whitespace behind colons', head().replaceAll(': ', ':'), kOpens],
  [
    'a key whose unused bits are set',
    fields({ 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZR==' }),
    { ...kOpens, key: 'dGhlIHNhbXBsZSBub25jZR==' },
  ],
  ['another key', fields({ 'Sec-WebSocket-Key': base64(16) }), { ...kOpens, key: base64(16) }],
  ['an empty line before it', `\r\n${head()}`, kOpens],
  ['the target as a URL', head({ target: 'ws://localhost/echo' }), kOpens],
  ['the target as a URL of http', head({ target: 'http://localhost/echo' }), kOpens],
  ['a query', head({ target: '/echo?a=b&c=d' }), kOpens],
  ['an escape in the path', head({ target: '/%65cho' }), kOpens],
  ['a Host with a port', head({ host: 'localhost:8080' }), kOpens],
  ['a Host that is an IPv6 address', head({ host: '[::1]:8080' }), kOpens],
  ['the same origin', fields({ Origin: 'http://localhost' }), kOpens],
  ['Content-Length: 0', fields({ 'Content-Length': '0' }), kOpens],
  ['bytes above 127 in a value', fields({ 'X-Name': 'caf\xe9' }), kOpens],
  ['100 fields', fields({ 'X-Many': Array(95).fill('1') }), kOpens],
  ['a subprotocol', fields({ 'Sec-WebSocket-Protocol': 'chat' }), speaks('chat')],
  ['subprotocols in two fields', fields({ 'Sec-WebSocket-Protocol': ['chat', 'binary'] }), speaks('binary')],
].map(([name, request, answer]) => [name, 'RFC 6455 4.2.2', request, answer]);

export default [
  ...methods,
  ...versions,
  ...keys,
  ...webSocketVersions,
  ...upgrades,
  ...hosts,
  ...protocols,
  ...bodies,
  ...lines,
  ...requestLines,
  ...others,
  ...opens,
].map(([name, rfc, request, answer]) => ({ name, rfc, on: ['echo'], request, answer }));
