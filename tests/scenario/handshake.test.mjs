// The opening handshake over raw sockets: what is refused and how, and what is let in although it looks odd.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { echo } from './lib/backends.mjs';
import { connectRaw, kAccept, kKey, openRaw, upgradeHead } from './lib/raw_client.mjs';
import { start } from './lib/sluice.mjs';
import { openWs } from './lib/ws_client.mjs';

/** Sends `request` and holds the answer to the manners of every refusal. */
async function refusal(t, sluice, request, status, reason, names) {
  const client = await connectRaw(t, sluice.port);
  client.write(request);
  const response = await client.readResponse();
  const shown = `the answer was ${response.line}: ${response.body}`;
  assert.equal(response.status, status, shown);
  assert.match((response.headers.get('connection') ?? []).join(), /\bclose\b/, shown);
  assert.match((response.headers.get('content-type') ?? []).join(), /^text\/plain\b/, shown);
  assert.deepEqual(response.headers.get('content-length'), [String(Buffer.byteLength(response.body))]);
  assert.match(response.body, /^[\x20-\x7e]+\n$/, `one line of text: ${shown}`);
  assert.ok(response.body.startsWith(`${reason}: `), `it begins with the token '${reason}': ${shown}`);
  assert.match(response.body, names, `it names the problem: ${shown}`);
  const line = await sluice.event('refused', { reason, code: status });
  assert.match(line.client, /^127\.0\.0\.1:\d+$/);
  assert.ok(line.detail.length > 0, 'the log says the detail too');
  return response;
}

const with1 = (name, value) => upgradeHead({ headers: { [name]: value } });

const kNoUpgrade = {
  Upgrade: null,
  Connection: null,
  'Sec-WebSocket-Key': null,
  'Sec-WebSocket-Version': null,
};

const kRefusals = [
  ['no key', with1('Sec-WebSocket-Key', null), 400, 'bad_request', /Sec-WebSocket-Key.*missing/],
  ['two keys', with1('Sec-WebSocket-Key', [kKey, kKey]), 400, 'bad_request', /Sec-WebSocket-Key/],
  ['a key that is no base64', with1('Sec-WebSocket-Key', 'not base64 at all !!!!=='), 400, 'bad_request', /Sec-WebSocket-Key/],
  ['a key of 15 bytes', with1('Sec-WebSocket-Key', Buffer.alloc(15, 7).toString('base64')), 400, 'bad_request', /16 bytes/],
  ['a key of 17 bytes', with1('Sec-WebSocket-Key', Buffer.alloc(17, 7).toString('base64')), 400, 'bad_request', /16 bytes/],
  ['an empty key', with1('Sec-WebSocket-Key', ''), 400, 'bad_request', /Sec-WebSocket-Key/],
  ['no version', with1('Sec-WebSocket-Version', null), 426, 'unsupported_version', /13/],
  ['version 8', with1('Sec-WebSocket-Version', '8'), 426, 'unsupported_version', /13/],
  ['two versions', with1('Sec-WebSocket-Version', ['13', '8']), 426, 'unsupported_version', /13/],
  ['POST', upgradeHead({ method: 'POST' }), 405, 'method_not_allowed', /GET/],
  ['an unknown method', upgradeHead({ method: 'BREW' }), 405, 'method_not_allowed', /GET/],
  ['HTTP/1.0', upgradeHead({ version: 'HTTP/1.0' }), 505, 'http_version', /HTTP\/1\.1/],
  ['a folded header', 'GET / HTTP/1.1\r\nHost: a\r\nX-Long: one\r\n two\r\n\r\n', 400, 'bad_request', /begins with whitespace/],
  ['no Host', with1('Host', null), 400, 'bad_request', /Host/],
  ['two Hosts', with1('Host', ['a', 'b']), 400, 'bad_request', /Host/],
  ['Transfer-Encoding', with1('Transfer-Encoding', 'chunked'), 400, 'bad_request', /Transfer-Encoding/],
  ['Content-Length 5', `${with1('Content-Length', '5')}hello`, 400, 'bad_request', /Content-Length/],
  ['no Connection: Upgrade', with1('Connection', 'keep-alive'), 400, 'bad_request', /Connection/],
  ['Upgrade to something else', with1('Upgrade', 'h2c'), 400, 'bad_request', /Upgrade/],
  ['a bare CR in the target', upgradeHead({ target: '/a\rb' }), 400, 'bad_request', /not visible ASCII/],
  ['a NUL in the target', upgradeHead({ target: '/a\0b' }), 400, 'bad_request', /not visible ASCII/],
  ['a target without a version', 'GET /\r\n\r\n', 505, 'http_version', /no version/],
  ['a header without a colon', 'GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n', 400, 'bad_request', /colon/],
  ['bytes that are no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 400, 'bad_request', /./],
  ['a target that is too long', upgradeHead({ target: `/${'a'.repeat(9000)}` }), 414, 'uri_too_long', /8192|8 KiB|longer/],
  ['a head that is too big', with1('X-Big', 'b'.repeat(17000)), 431, 'header_too_large', /16384|16 KiB|over/],
  ['101 fields', with1('X-Many', Array(101).fill('1')), 431, 'header_too_large', /100/],
  ['a path without a route', upgradeHead({ target: '/nowhere' }), 404, 'no_route', /route/],
  ['another host', upgradeHead({ target: '/hosted', host: 'b.example.com' }), 404, 'no_route', /route/],
  ['a plain GET', 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 426, 'upgrade_required',
    /WebSocket/i],
  ['a foreign origin', with1('Origin', 'https://evil.example.com'), 403, 'origin_not_allowed', /origin/i],
  ['an origin of the same host but of another scheme', with1('Origin', 'x://localhost'), 403, 'origin_not_allowed',
    /origin/i],
  ['the origin null', with1('Origin', 'null'), 403, 'origin_not_allowed', /origin/i],
];

test('refusals', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    routes: [
      { name: 'main', match: { path: '/' }, backend: backend.address },
      { name: 'hosted', match: { host: 'a.example.com', path: '/hosted' }, backend: backend.address },
    ],
  });
  for (const [what, request, status, reason, names] of kRefusals) {
    await t.test(`${what}: ${status} ${reason}`, async (t) => {
      const { headers } = await refusal(t, sluice, request, status, reason, names);
      if (status === 426) {
        assert.deepEqual(headers.get('sec-websocket-version'), ['13']);
        assert.match((headers.get('upgrade') ?? []).join(), /websocket/);
      }
      if (status === 405) assert.deepEqual(headers.get('allow'), ['GET, HEAD']);
    });
  }
  assert.equal(backend.peers.length, 0, 'nobody who is refused costs the backend a connection');
  const refused = (await sluice.metrics()).sum('sluice_requests_refused_total');
  assert.equal(refused, kRefusals.length, 'every refusal is counted');
});

test('a connection is kept alive after a page, and an upgrade may follow', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    routes: [
      { name: 'page', match: { path: '/page' }, static: 'builtin:console' },
      { name: 'main', match: { path: '/' }, backend: backend.address },
    ],
  });
  const client = await connectRaw(t, sluice.port);
  for (let i = 0; i < 3; ++i) {
    client.write('GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const { status, headers, body } = await client.readResponse();
    assert.equal(status, 200);
    assert.equal(headers.get('connection'), undefined);
    assert.match(body, /<\/html>\s*$/);
  }
  await client.upgrade();
  client.sendFrame({ opcode: 2, payload: Buffer.from('hello') });
  assert.equal((await client.nextFrame()).payload.toString(), 'hello');
  assert.equal((await sluice.metrics()).sum('sluice_connections_accepted_total'), 1);
});

test('a response to HEAD has no content, and the headers of the response to GET', async (t) => {
  const sluice = await start(t, {
    routes: [
      { name: 'page', match: { path: '/page' }, static: 'builtin:console' },
      { name: 'main', match: { path: '/' }, backend: 'builtin:echo' },
    ],
  });
  const ask = async (request) => {
    const client = await connectRaw(t, sluice.port);
    client.write(request);
    return client.readResponse();
  };
  const rows = [
    ['a page', 200, { target: '/page', headers: kNoUpgrade }],
    ['no route', 404, { target: '/nowhere', headers: kNoUpgrade }],
    ['no upgrade', 426, { headers: kNoUpgrade }],
    ['no Host', 400, { headers: { ...kNoUpgrade, Host: null } }],
    ['another version', 505, { version: 'HTTP/1.0', headers: kNoUpgrade }],
    ['a bare CR', 400, { target: '/a\rb', headers: kNoUpgrade }],
    ['a long target', 414, { target: `/${'a'.repeat(9000)}`, headers: kNoUpgrade }],
    ['a large head', 431, { headers: { ...kNoUpgrade, 'X-Big': 'b'.repeat(17000) } }],
  ];
  for (const [what, status, request] of rows) {
    await t.test(what, async () => {
      const get = await ask(upgradeHead({ ...request, method: 'GET' }));
      const head = await ask(upgradeHead({ ...request, method: 'HEAD' }));
      assert.equal(get.status, status);
      assert.notEqual(get.body, '');
      assert.equal(head.line, get.line);
      assert.deepEqual(head.headers, get.headers);
      assert.equal(head.body, '');
    });
  }
  await t.test('an upgrade is none', async () => {
    const { status, body } = await ask(upgradeHead({ method: 'HEAD' }));
    assert.equal(status, 426);
    assert.equal(body, '');
  });
});

test('what is odd but right is let in', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  const accepted = {
    'mixed case and lists': {
      Upgrade: 'WebSocket, h2c',
      Connection: 'keep-alive, uPGRADE',
    },
    'Connection in two fields': { Connection: ['keep-alive', 'Upgrade'] },
    'Content-Length 0': { 'Content-Length': '0' },
    'a key with whitespace around it': { 'Sec-WebSocket-Key': `  ${kKey} \t` },
    'an origin that is the same': { Host: 'app.example.com:8080', Origin: 'http://app.example.com:8080' },
    'an origin in upper case': { Host: 'app.example.com', Origin: 'HTTP://APP.example.com' },
    'no origin': {},
    '99 fields': { 'X-Many': Array(94).fill('1') },
    'extensions, which are declined': {
      'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
    },
  };
  for (const [what, headers] of Object.entries(accepted)) {
    await t.test(what, async (t) => {
      const client = await openRaw(t, sluice, { headers });
      assert.equal(client.head.line, 'HTTP/1.1 101 Switching Protocols');
      assert.deepEqual(client.head.headers.get('sec-websocket-accept'), [kAccept]);
      assert.match(client.head.headers.get('upgrade').join(), /^websocket$/i);
      assert.match(client.head.headers.get('connection').join(), /^upgrade$/i);
      assert.equal(client.head.headers.get('sec-websocket-extensions'), undefined);
      assert.equal(client.head.headers.get('sec-websocket-protocol'), undefined);
      client.sendFrame({ payload: Buffer.from('hello') });
      assert.equal((await client.readPayload(5)).toString(), 'hello');
    });
  }
  await t.test('header names in lower case', async (t) => {
    const client = await connectRaw(t, sluice.port);
    client.write(upgradeHead().replace(/^([A-Z][\w-]+):/gm, (name) => name.toLowerCase()));
    assert.equal((await client.readHead()).status, 101);
  });
  await t.test('an empty line before the request', async (t) => {
    const client = await connectRaw(t, sluice.port);
    client.write(`\r\n${upgradeHead()}`);
    assert.equal((await client.readHead()).status, 101);
  });
});

test('a head that comes one byte at a time works', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  const client = await connectRaw(t, sluice.port);
  for (const byte of upgradeHead()) {
    await new Promise((resolve) => client.socket.write(byte, () => setImmediate(resolve)));
  }
  assert.equal((await client.readHead()).status, 101);
  client.sendFrame({ payload: Buffer.from('hello') });
  assert.equal((await client.readPayload(5)).toString(), 'hello');
});

test('a refusal is the same whether its bytes come at once or one by one', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  const request = upgradeHead({ headers: { Host: null } });
  const answers = [];
  for (const pieces of [[request], [...request]]) {
    const client = await connectRaw(t, sluice.port);
    for (const piece of pieces) {
      await new Promise((resolve) => client.socket.write(piece, () => setImmediate(resolve)));
    }
    answers.push((await client.readResponse()).body);
  }
  assert.equal(answers[0], answers[1]);
});

test('one deadline for the whole head: bytes that trickle in do not move it', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address, defaults: { timeouts: { handshake: '1s' } } });
  const client = await connectRaw(t, sluice.port);
  const begin = Date.now();
  client.write('GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
  const trickle = setInterval(() => client.socket.write('a'), 50);
  t.after(() => clearInterval(trickle));
  client.socket.on('close', () => clearInterval(trickle));
  const head = await client.readHead();
  const took = Date.now() - begin;
  clearInterval(trickle);
  assert.equal(head.status, 408);
  assert.ok(took >= 900, `the deadline is 1 s, the answer came after ${took} ms`);
  await sluice.event('refused', { reason: 'handshake_timeout', code: 408 });
});

test('a connection without a single byte meets the same deadline', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address, defaults: { timeouts: { handshake: '1s' } } });
  const client = await connectRaw(t, sluice.port);
  await client.waitForEnd();
  await sluice.metric('sluice_connections_active', {}, 0);
});

test('the deadline of the head does not bound the session', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address, defaults: { timeouts: { handshake: '1s' } } });
  const client = await openRaw(t, sluice);
  const late = await connectRaw(t, sluice.port);
  await late.waitForEnd(); // The deadline has passed for a connection that is younger than the session.
  client.sendFrame({ payload: Buffer.from('still here') });
  assert.equal((await client.readPayload(10)).toString(), 'still here');
});

test('subprotocols without a list on the route: binary if offered, else the first, never base64', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  const cases = [
    ['mqtt', 'mqtt'],
    ['a, b', 'a'],
    ['a,b', 'a'],
    ['mqtt, binary', 'binary'],
    ['base64, binary', 'binary'],
    ['base64, mqtt', 'mqtt'],
    ['base64', undefined],
    [['a', 'binary'], 'binary'],
    [undefined, undefined],
  ];
  for (const [offer, choice] of cases) {
    await t.test(`${offer} -> ${choice}`, async (t) => {
      const client = await openRaw(t, sluice, { headers: { 'Sec-WebSocket-Protocol': offer ?? null } });
      assert.deepEqual(client.head.headers.get('sec-websocket-protocol'), choice && [choice]);
    });
  }
});

test('subprotocols with a list on the route: its order decides', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address, route: { subprotocols: ['v2', 'v1'] } });
  for (const [offer, choice] of [
    ['v1, v2', 'v2'],
    ['v1', 'v1'],
    ['V1', undefined],
    ['binary', undefined],
    [undefined, undefined],
  ]) {
    await t.test(`${offer} -> ${choice}`, async (t) => {
      const client = await openRaw(t, sluice, { headers: { 'Sec-WebSocket-Protocol': offer ?? null } });
      assert.deepEqual(client.head.headers.get('sec-websocket-protocol'), choice && [choice]);
    });
  }
  const client = await openWs(t, sluice.url(), { protocols: ['v1', 'v2'] });
  assert.equal(client.socket.protocol, 'v2');
  await client.close();
});

test('origins of the route', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    routes: [
      { name: 'listed', match: { path: '/listed' }, backend: backend.address, origins: ['https://app.example.com'] },
      { name: 'open', match: { path: '/open' }, backend: backend.address, origins: ['*'] },
    ],
  });
  const cases = [
    ['/listed', 'https://app.example.com', 101],
    ['/listed', 'https://APP.example.com', 101],
    ['/listed', 'http://app.example.com', 403],
    ['/listed', 'https://app.example.com:444', 403],
    ['/listed', 'https://app.example.com.evil.com', 403],
    ['/listed', 'http://localhost', 403],
    ['/listed', undefined, 101],
    ['/open', 'https://anything.example.org', 101],
    ['/open', 'null', 101],
  ];
  for (const [target, origin, status] of cases) {
    await t.test(`${target} from ${origin}: ${status}`, async (t) => {
      const client = await connectRaw(t, sluice.port);
      client.write(upgradeHead({ target, headers: { Origin: origin ?? null } }));
      assert.equal((await client.readHead()).status, status);
    });
  }
});

test('routes: the first that matches, exact paths, prefixes, hosts', async (t) => {
  const names = ['exact', 'prefix', 'host', 'rest'];
  const backends = await Promise.all(names.map(() => echo(t)));
  const sluice = await start(t, {
    routes: [
      { name: 'exact', match: { path: '/a' }, backend: backends[0].address },
      { name: 'prefix', match: { path: '/a/**' }, backend: backends[1].address },
      { name: 'host', match: { host: '*.lab.example.com', path: '/**' }, backend: backends[2].address },
      { name: 'rest', match: { path: '/x/**' }, backend: backends[3].address },
    ],
  });
  const cases = [
    ['/a', 'h', 'exact'],
    ['/a?b=c', 'h', 'exact'],
    ['/a/b', 'h', 'prefix'],
    ['/a/', 'h', 'prefix'],
    ['/ab', 'h', undefined],
    ['/x', 'h', 'rest'],
    ['/x/y/z', 'h', 'rest'],
    ['/%78/y', 'h', 'rest'],
    ['/anything', 'one.lab.example.com', 'host'],
    ['/anything', 'ONE.lab.example.com:8080', 'host'],
    ['/anything', 'lab.example.com', undefined],
    ['/anything', 'onelab.example.com', undefined],
  ];
  for (const [target, host, expected] of cases) {
    await t.test(`${host}${target} -> ${expected}`, async (t) => {
      const before = backends.map((b) => b.peers.length);
      const client = await connectRaw(t, sluice.port);
      client.write(upgradeHead({ target, host }));
      const head = await client.readHead();
      assert.equal(head.status, expected ? 101 : 404);
      // The dial comes before the 101, but the backend may hear of it a moment later.
      if (expected) await backends[names.indexOf(expected)].peer(before[names.indexOf(expected)]);
      const reached = names.filter((_, i) => backends[i].peers.length > before[i]);
      assert.deepEqual(reached, expected ? [expected] : []);
    });
  }
});
