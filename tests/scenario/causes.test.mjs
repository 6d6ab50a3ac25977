// Every cause, produced through the real binary: what the client gets, the log line and the metric are as
// docs/close-codes.md says. A unit test holds that page to the table in code.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { deadAddress, echo, listen, silentAddress } from './lib/backends.mjs';
import { startDns } from './lib/dns.mjs';
import { closeFrame, kOpcode, parseClose } from './lib/frames.mjs';
import { connectRaw, openRaw, upgradeHead } from './lib/raw_client.mjs';
import { makeJwt, secondsFromNow } from './lib/jwt.mjs';
import { kProjectRoot, start, tempDir } from './lib/sluice.mjs';

/** The rows of docs/close-codes.md: reason -> {status, code, fault}, null for `none`. */
const kCauses = new Map(
  readFileSync(path.join(kProjectRoot, 'docs/close-codes.md'), 'utf8')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter((cells) => /^`\w+`$/.test(cells[1] ?? ''))
    .map(([, reason, status, code, fault]) => [
      reason.slice(1, -1),
      { status: Number(status) || null, code: Number(code) || null, fault },
    ]),
);

/** Refused before the upgrade: reason -> what is sent. */
const kRefused = {
  bad_request: upgradeHead({ target: '/echo', headers: { 'Sec-WebSocket-Key': 'short' } }),
  origin_not_allowed: upgradeHead({ target: '/echo', headers: { Origin: 'https://evil.example' } }),
  no_route: upgradeHead({ target: '/nowhere' }),
  method_not_allowed: upgradeHead({ method: 'POST' }),
  host_not_allowed: upgradeHead({ host: 'evil.example' }),
  handshake_timeout: 'GET / HTTP/1.1\r\n',
  uri_too_long: upgradeHead({ target: `/${'a'.repeat(9000)}` }),
  unauthorized: upgradeHead({ target: '/basic' }),
  target_not_allowed: upgradeHead({ target: '/dynamic/127.0.0.1' }),
  auth_unavailable: upgradeHead({ target: '/redis?token=x' }),
  upgrade_required: 'GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n',
  unsupported_version: upgradeHead({ target: '/echo', headers: { 'Sec-WebSocket-Version': '8' } }),
  header_too_large: upgradeHead({ headers: { Cookie: 'a'.repeat(20_000) } }),
  http_version: upgradeHead({ version: 'HTTP/1.0' }),
};

/** A dial that fails, on the route of that name. */
const kDials = [
  'backend_tls',
  'backend_upgrade',
  'backend_refused', 'backend_unreachable', 'backend_unresolved', 'backend_connect_timeout'];

const frame = (opcode, payload) => ({ opcode, payload: Buffer.from(payload) });

/** The end of a session: reason -> [the route, what the client does once it is open]. */
const kEnds = {
  backend_closed: ['end', () => {}],
  backend_reset: ['reset', (client) => client.sendFrame(frame(kOpcode.binary, 'x'))],
  client_closed: ['echo', (client) => client.write(closeFrame(4321, 'mine'))],
  client_lost: ['echo', (client) => client.end()],
  protocol_error: ['echo', (client) => client.sendFrame(frame(3, 'x'))],
  invalid_utf8: ['echo', (client) => client.sendFrame(frame(kOpcode.text, [0xff]))],
  message_too_big: ['prefixed', (client) => client.sendFrame(frame(kOpcode.binary, Buffer.alloc(2000)))],
  line_end_in_message: ['lines', (client) => client.sendFrame(frame(kOpcode.text, 'a\nb'))],
  backend_framing: ['bad-framing', () => {}],
  backend_message_too_big: ['too-big', () => {}],
  backend_invalid_utf8: ['no-text', () => {}],
  idle_timeout: ['idle', () => {}],
  pong_timeout: ['deaf', () => {}],
  max_age: ['aged', () => {}],
};

const kUser = { Authorization: `Basic ${Buffer.from('anna:secret').toString('base64')}` };
const kJwtSecret = 'a secret of more than thirty-two bytes, for this test alone';
/** Connections that an address may open at once; all rows together need fewer. */
const kBurst = 80;

/** What an address may fail; the others come from another one, and checks that are under way count. */
const kFailures = 8;

/** Refused once there are enough: reason -> what the client does, who returns the one that is refused. */
const kOverLimits = {
  limit_handshake_rate: async (t, sluice) => {
    const from = { localAddress: '127.0.0.3' };
    for (let i = 0; i < kBurst; ++i) (await connectRaw(t, sluice.port, '127.0.0.1', from)).end();
    return connectRaw(t, sluice.port, '127.0.0.1', from);
  },
  too_many_failures: async (t, sluice) => {
    const from = { localAddress: '127.0.0.2' };
    const wrong = upgradeHead({ target: '/other-basic', headers: { Authorization: 'Basic eDp5' } });
    for (let i = 0; i < kFailures; ++i) {
      const client = await connectRaw(t, sluice.port, '127.0.0.1', from);
      assert.equal((await client.write(wrong).readResponse()).status, 401);
    }
    return (await connectRaw(t, sluice.port, '127.0.0.1', from)).write(wrong);
  },
  limit_client_sessions: (t, sluice) => second(t, sluice, { target: '/one-per-client' }),
  limit_user_sessions: (t, sluice) => second(t, sluice, { target: '/one-per-user', headers: kUser }),
  limit_route_sessions: (t, sluice) => second(t, sluice, { target: '/one' }),
};

async function second(t, sluice, upgrade) {
  await openRaw(t, sluice, upgrade);
  return (await connectRaw(t, sluice.port)).write(upgradeHead(upgrade));
}

/** Those that take a gateway of their own, and the test that has one. */
const kElsewhere = {
  certificate_expired: 'tls_clients.test.mjs',
  limit_memory: 'session_limits.test.mjs',
  limit_sessions: 'limits.test.mjs',
  route_removed: 'reload.test.mjs',
  backend_down: 'server_down.test.mjs',
  local_resources: 'local_resources.test.mjs',
};

async function createGateway(t) {
  const saying = async (...bytes) =>
    (await listen(t, ({ socket }) => socket.write(Buffer.from(bytes)))).address;
  const dns = await startDns(t, {});
  const service = (await echo(t)).address;
  const users = path.join(tempDir(t), 'users');
  const hash = execFileSync('openssl', ['passwd', '-6', 'secret'], { encoding: 'utf8' }).trim();
  writeFileSync(users, `anna:${hash}\n`);
  const secret = path.join(tempDir(t), 'secret');
  writeFileSync(secret, kJwtSecret);
  const basic = { basic: { users_file: users } };
  const route = (name, backend, more = {}) => ({ name, match: { path: `/${name}` }, backend, ...more });
  return start(t, {
    hosts: undefined,
    dns: { servers: [dns.address], timeout: '500ms', attempts: 1 },
    workers: 1,
    auth_failures: { limit: kFailures, window: '1m' },
    defaults: {
      timeouts: { handshake: '1s', connect: '500ms', close: '1s' },
      limits: { handshake_rate: { rate: '1/h', burst: kBurst } },
    },
    backends: {
      secure: { servers: [service], tls: {} },
      small: { servers: [{ address: service, max_sessions: 1 }] },
    },
    routes: [
      route('echo', service),
      route('backend_refused', await deadAddress(t)),
      route('backend_unreachable', 'unix:/nowhere/at/all.sock'),
      route('backend_unresolved', 'nowhere.example:80'),
      route('backend_connect_timeout', await silentAddress(t)),
      route('backend_tls', 'secure'),
      route('small', 'small'),
      route('backend_upgrade', `ws://${(await listen(t, ({ socket }) => socket.end('no'))).address}/`),
      route('basic', service, { auth: basic }),
      route('other-basic', service, { auth: basic }),
      route('one-per-user', service, { auth: basic, limits: { sessions_per_user: 1 } }),
      route('one-per-client', service, { limits: { sessions_per_client: 1 } }),
      route('one', service, { limits: { route_sessions: 1 } }),
      route('redis', service, {
        auth: { token: { redis: { server: await deadAddress(t) }, from: 'query:token' } },
      }),
      route('jwt', service, {
        auth: { jwt: { algorithms: ['HS256'], key_file: secret, leeway: '1s' } },
      }),
      route('dynamic/{host}', { server: '{host}:80', allow: ['*'] }, { name: 'dynamic' }),
      route('aged', service, { timeouts: { max_age: '1s' } }),
      route('end', (await listen(t, ({ socket }) => socket.end())).address),
      route('reset', (await listen(t, (peer) => peer.socket.once('data', () => peer.reset()))).address),
      route('prefixed', service, { framing: 'length_prefixed', limits: { message: '1KiB' } }),
      route('lines', service, { framing: 'lines' }),
      route('bad-framing', await saying(0, 0, 0, 1, 7, 0), {
        framing: { length_prefixed: { type_byte: true } },
      }),
      route('too-big', await saying(0xff, 0, 0, 0), { framing: 'length_prefixed' }),
      route('no-text', await saying(0xff), { framing: { stream: { type: 'text' } } }),
      route('idle', service, { timeouts: { idle: '1s' } }),
      route('deaf', service, { keepalive: { ping_interval: '1s', pong_timeout: '1s' } }),
    ],
  });
}

async function expectRefusal(sluice, reason, response) {
  const { status } = kCauses.get(reason);
  assert.equal(response.status, status);
  // Before a byte of the request is read, it may be HEAD, the answer to which has no content.
  if (reason === 'limit_handshake_rate') assert.equal(response.body, '');
  else assert.match(response.body, new RegExp(`\\b${reason}\\b`));
  await sluice.event('refused', { reason, code: status });
  await expectCount(sluice, 'sluice_requests_refused_total', { reason, code: String(status) });
}

async function expectEnd(sluice, reason, client) {
  const { code, fault } = kCauses.get(reason);
  if (code) {
    let last;
    do last = await client.nextFrame();
    while (last.opcode !== kOpcode.close);
    assert.deepEqual(parseClose(last.payload), { code, reason });
    if (reason !== 'pong_timeout') client.write(closeFrame(code)).end();
  }
  const line = await sluice.event('session', { reason });
  assert.equal(line.fault, fault);
  if (code) assert.equal(line.code, code);
  const labels = code ? { reason, code: String(code) } : { reason };
  await expectCount(sluice, 'sluice_sessions_closed_total', labels);
}

/** Once or more: a cause may also have been another row's means, or its end. */
function expectCount(sluice, name, labels) {
  return sluice.waitFor(
    `${name} with ${JSON.stringify(labels)}`,
    async () => (await sluice.metrics()).sum(name, labels) >= 1,
  );
}

test('every cause', { concurrency: true }, async (t) => {
  const produced = new Set(['drain']);
  const sluice = await createGateway(t);
  const cases = [];
  const check = (reason, play) => {
    produced.add(reason);
    cases.push(t.test(reason, play));
  };

  for (const [reason, request] of Object.entries(kRefused)) {
    check(reason, async (t) => {
      const client = await connectRaw(t, sluice.port);
      client.write(request);
      await expectRefusal(sluice, reason, await client.readResponse());
    });
  }
  for (const reason of kDials) {
    check(reason, async (t) => {
      const client = await openRaw(t, sluice, { target: `/${reason}` });
      await expectEnd(sluice, reason, client);
    });
  }
  for (const [reason, [route, play]] of Object.entries(kEnds)) {
    check(reason, async (t) => {
      const client = await openRaw(t, sluice, { target: `/${route}` });
      play(client);
      await expectEnd(sluice, reason, client);
    });
  }
  for (const [reason, play] of Object.entries(kOverLimits)) {
    check(reason, async (t) => {
      await expectRefusal(sluice, reason, await (await play(t, sluice)).readResponse());
    });
  }
  check('limit_backend_sessions', async (t) => {
    await openRaw(t, sluice, { target: '/small' });
    const client = await openRaw(t, sluice, { target: '/small' });
    await expectEnd(sluice, 'limit_backend_sessions', client);
  });
  check('token_expired', async (t) => {
    const token = makeJwt('HS256', { sub: 'anna', exp: secondsFromNow(1) }, kJwtSecret);
    const headers = { Authorization: `Bearer ${token}` };
    await expectEnd(sluice, 'token_expired', await openRaw(t, sluice, { target: '/jwt', headers }));
  });
  for (const [reason, file] of Object.entries(kElsewhere)) {
    const text = readFileSync(new URL(file, import.meta.url), 'utf8');
    assert.ok(text.includes(reason), `${file} has ${reason}`);
    produced.add(reason);
  }
  await Promise.all(cases);

  await t.test('drain', async (t) => {
    const request = await connectRaw(t, sluice.port);
    request.write('GET / HTTP/1.1\r\n');
    const client = await openRaw(t, sluice, { target: '/echo' });
    sluice.signal('SIGTERM');
    const { status, code } = kCauses.get('drain');
    assert.equal((await request.readResponse()).status, status);
    await sluice.event('refused', { reason: 'drain', code: status });
    assert.deepEqual(await client.readClose(), { code, reason: 'drain' });
    client.write(closeFrame(code)).end();
    await sluice.event('session', { reason: 'drain', code, fault: 'sluice' });
  });

  await t.test('none is left out', () => {
    assert.deepEqual([...produced].sort(), [...kCauses.keys()].sort());
  });
});

test('the table of close codes has the reasons of each code', () => {
  const page = readFileSync(path.join(kProjectRoot, 'docs/close-codes.md'), 'utf8');
  const rows = [...page.matchAll(/^\| (\d{4}) \| (.*) \|$/gm)];
  const listed = new Map(rows.map(([, code, text]) => [Number(code), [...text.matchAll(/`(\w+)`/g)].map((m) => m[1])]));
  for (const [reason, { code }] of kCauses) {
    if (code && code !== 1014) assert.ok(listed.get(code)?.includes(reason), `${reason} is in the row of ${code}`);
  }
  for (const [code, reasons] of listed) {
    for (const reason of reasons) assert.equal(kCauses.get(reason)?.code, code, reason);
  }
});
