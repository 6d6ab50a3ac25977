// Who may come in: every method through the real program, with real tokens, hashes and a real Redis, and
// the attacks on each.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { test } from 'node:test';

import { deadAddress, echo, greeter } from './lib/backends.mjs';
import { makeAuthority, makeCertificate } from './lib/certificates.mjs';
import { encode, makeJwt, makeKeys, secondsFromNow, signature } from './lib/jwt.mjs';
import { connectRaw, connectTls, openRaw, upgradeHead } from './lib/raw_client.mjs';
import { startRedisServer } from './lib/redis.mjs';
import { start, tempDir } from './lib/sluice.mjs';
import { openWs, refusedWs } from './lib/ws_client.mjs';

const kSecret = 'a secret of more than thirty-two bytes, for the tests alone';
const kAdminToken = 'the-admins-own-token-0123456789';

function bearer(token) {
  return { headers: { Authorization: `Bearer ${token}` } };
}

function basic(user, password) {
  return { headers: { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` } };
}

/** Writes `text` to a file of the test's own, and returns its path. */
function file(t, name, text) {
  const where = path.join(tempDir(t), name);
  writeFileSync(where, text);
  return where;
}

/** Replaces a file in one step, as a careful editor does. */
function replace(where, text) {
  writeFileSync(`${where}.new`, text);
  renameSync(`${where}.new`, where);
}

/** Sluice with one route to an echo service, guarded by `auth`. */
async function startGuarded(t, auth, { route = {}, ...config } = {}) {
  const backend = await echo(t);
  return start(t, { workers: 1, backend: backend.address, route: { auth, ...route }, ...config });
}

async function letsIn(t, sluice, where, options) {
  const client = await openWs(t, sluice.url(where), options);
  client.send(Buffer.from('hello'));
  assert.equal((await client.receive(5)).toString(), 'hello');
  return client;
}

async function refuses(t, sluice, where, options, status = 401) {
  const answer = await refusedWs(t, sluice.url(where), options);
  assert.equal(answer.status, status, answer.body);
  return answer;
}

/** The log has none of `secrets`, whatever the line. */
function assertSecret(sluice, ...secrets) {
  for (const secret of secrets) assert.ok(!sluice.stdout.includes(secret), `the log has ${secret}`);
}

// ---- Basic ----

function sha512Crypt(password) {
  return execFileSync('openssl', ['passwd', '-6', password], { encoding: 'utf8' }).trim();
}

test('basic: the right password comes in, others get 401 and a challenge', async (t) => {
  // The bcrypt hash is of `U*U`.
  const users = file(t, 'users', `# people\nanna:${sha512Crypt('it’s: me')}\n` +
    'bert:$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n');
  const sluice = await startGuarded(t, { basic: { users_file: users, realm: 'the lab' } });
  const client = await letsIn(t, sluice, '/', basic('anna', 'it’s: me'));
  await letsIn(t, sluice, '/', basic('bert', 'U*U'));
  const missing = await refuses(t, sluice, '/', {});
  assert.equal(missing.body, 'unauthorized: authentication required: no valid credentials\n');
  await sluice.event('refused', { reason: 'unauthorized', detail: 'basic: the request has no credentials' });
  for (const [user, password] of [['anna', 'no'], ['anna', ''], ['', ''], ['carl', 'it’s: me'], ['bert', 'U*U ']]) {
    const answer = await refuses(t, sluice, '/', basic(user, password));
    assert.equal(answer.headers['www-authenticate'], 'Basic realm="the lab", charset="UTF-8"');
    assert.match(answer.body, /^unauthorized: /);
  }
  await refuses(t, sluice, '/', { headers: { Authorization: 'Basic ?' } });
  await refuses(t, sluice, '/', {});
  await client.close(1000);
  const line = await sluice.event('session', { user: 'anna' });
  assert.equal(line.auth, 'basic');
  await sluice.metric('sluice_authentications_total', { route: 'main', result: 'refused' }, 6);
  await sluice.metric('sluice_authentications_total', { route: 'main', result: 'absent' }, 2);
  await sluice.metric('sluice_authentications_total', { route: 'main', result: 'accepted' }, 2);
  await sluice.metric('sluice_requests_refused_total', { reason: 'unauthorized', code: 401 }, 8);
  await sluice.event('refused', { reason: 'unauthorized', detail: 'basic: the user or password is wrong' });
  assertSecret(sluice, 'it’s: me', Buffer.from('anna:it’s: me').toString('base64'));
});

test('basic: the users are read anew when their file changes; a bad file changes nothing', async (t) => {
  const users = file(t, 'users', `anna:${sha512Crypt('one')}\n`);
  const sluice = await startGuarded(t, { basic: { users_file: users } });
  await letsIn(t, sluice, '/', basic('anna', 'one'));
  replace(users, 'anna:one\n');
  sluice.child.kill('SIGHUP');
  await sluice.event('auth_kept', { method: 'basic', faults: 1 });
  const fault = await sluice.event('auth_fault', { method: 'basic' });
  assert.match(fault.detail, /users:1: the password is not hashed; expected a hash of bcrypt/);
  await letsIn(t, sluice, '/', basic('anna', 'one'));
  replace(users, `anna:${sha512Crypt('two')}\n`);
  await sluice.event('auth_reloaded', { method: 'basic' }); // Without a signal.
  await letsIn(t, sluice, '/', basic('anna', 'two'));
  await refuses(t, sluice, '/', basic('anna', 'one'));
  await sluice.metric('sluice_auth_reloads_total', { result: 'failed' }, 1);
  await sluice.metric('sluice_auth_reloads_total', { result: 'ok' }, 1);
});

test('an emptied file of users or tokens revokes every client, and the log says so', async (t) => {
  const users = file(t, 'users', `anna:${sha512Crypt('one')}\n`);
  const tokens = file(t, 'tokens', 'one: 127.0.0.1:1\n');
  const backend = (await echo(t)).address;
  const sluice = await start(t, {
    workers: 1,
    routes: [
      { name: 'users', match: { path: '/users' }, backend, auth: { basic: { users_file: users } } },
      { name: 'tokens', match: { path: '/tokens' }, backend, auth: { token: { file: tokens } } },
    ],
  });
  await letsIn(t, sluice, '/users', basic('anna', 'one'));
  await letsIn(t, sluice, '/tokens?token=one');
  for (const [method, where] of [['basic', users], ['token', tokens]]) {
    writeFileSync(where, '');
    const line = await sluice.event('auth_empty', { method }); // Without a signal.
    assert.equal(line.level, 'error');
    assert.equal(line.detail, `${where} is empty: every client is refused`);
  }
  await refuses(t, sluice, '/users', basic('anna', 'one'));
  await refuses(t, sluice, '/users', basic('nobody', ''));
  await refuses(t, sluice, '/tokens?token=one');
  writeFileSync(users, `anna:${sha512Crypt('two')}\n`);
  // Trying until it works would count as failures to authenticate.
  await sluice.waitFor('the new users', () =>
    sluice.eventsOf('auth_reloaded').filter(({ method }) => method === 'basic').length === 2);
  await letsIn(t, sluice, '/users', basic('anna', 'two'));
});

test('sessions go on while passwords are being hashed', async (t) => {
  // 2^13 rounds take a second and more: far longer than the echo may.
  const hash = execFileSync('python3', ['-W', 'ignore', '-c',
    'import crypt; print(crypt.crypt("slow", crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=2**13)))',
  ], { encoding: 'utf8' }).trim();
  const users = file(t, 'users', `anna:${hash}\n`);
  const backend = await echo(t);
  const sluice = await start(t, {
    workers: 1,
    routes: [
      { name: 'open', match: { path: '/open' }, backend: backend.address },
      { name: 'slow', match: { path: '/slow' }, backend: backend.address, auth: { basic: { users_file: users } } },
    ],
  });
  const open = await letsIn(t, sluice, '/open');
  let answered = false;
  const refused = refuses(t, sluice, '/slow', basic('anna', 'wrong')).then(() => (answered = true));
  open.clear();
  open.send(Buffer.from('quick'));
  assert.equal((await open.receive(5)).toString(), 'quick');
  assert.equal(answered, false, 'the echo came only after the password was hashed');
  await refused;
});

// ---- JWT ----

const kGood = () => ({ sub: 'anna', iss: 'us', aud: ['them', 'sluice'], exp: secondsFromNow(600) });
const kRules = { issuer: 'us', audience: 'sluice' };

for (const algorithm of ['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'EdDSA']) {
  test(`jwt: ${algorithm}, by header and by subprotocol; damaged ones are refused`, async (t) => {
    const keys = algorithm.startsWith('HS') ? { privateKey: kSecret, pem: `${kSecret}\n` } : makeKeys(algorithm);
    const sluice = await startGuarded(
      t,
      { jwt: { algorithms: [algorithm], key_file: file(t, 'key', keys.pem), ...kRules } },
      { auth_failures: 'off' },
    );
    const token = makeJwt(algorithm, kGood(), keys.privateKey);
    await letsIn(t, sluice, '/', bearer(token));
    const client = await letsIn(t, sluice, '/', { protocols: ['mqtt', 'bearer', token] });
    assert.equal(client.socket.protocol, 'mqtt', 'the token is not echoed');
    const answer = await refuses(t, sluice, '/', bearer(token.slice(0, -1)));
    assert.equal(answer.headers['www-authenticate'], 'Bearer');
    const [head, body, mac] = token.split('.');
    const forged = encode({ ...kGood(), sub: 'root' });
    for (const bad of [
      `${head}.${forged}.${mac}`, `${head}.${body}.`, `${head}.${body}`, `${head}.${body}.${mac}A`,
      `${head}.${body}.${mac}.${mac}`, `.${body}.${mac}`, '', '..', 'x',
      `${encode({ alg: 'none' })}.${body}.`, `${encode({ alg: 'None' })}.${body}.${mac}`,
      `${encode({})}.${body}.${mac}`,
    ]) {
      await refuses(t, sluice, '/', bearer(bad));
    }
    await client.close(1000);
    await sluice.event('session', { user: 'anna', auth: 'jwt' });
    assertSecret(sluice, token, mac, body);
  });
}

test('jwt: what the claims say is checked, and what stands twice is refused', async (t) => {
  const keys = makeKeys('ES256');
  const sluice = await startGuarded(
    t,
    {
      jwt: {
        algorithms: ['ES256'], key_file: file(t, 'key.pem', keys.pem), ...kRules, leeway: '10s',
        claims: { role: ['admin', 'operator'], level: '3' },
      },
    },
    { auth_failures: 'off' },
  );
  const good = () => ({ ...kGood(), role: 'operator', level: 3 });
  const make = (claims, header) => bearer(makeJwt('ES256', claims, keys.privateKey, header));
  await letsIn(t, sluice, '/', make(good()));
  await letsIn(t, sluice, '/', make({ ...good(), role: ['guest', 'admin'], aud: 'sluice' }));
  await letsIn(t, sluice, '/', make({ ...good(), exp: secondsFromNow(-5), nbf: secondsFromNow(5) }));
  for (const [claims, why] of [
    [{ ...good(), exp: secondsFromNow(-60) }, 'it has expired'],
    [{ ...good(), exp: undefined }, "it has no 'exp'"],
    [{ ...good(), exp: `${secondsFromNow(60)}` }, "its 'exp' is not a time"],
    [{ ...good(), exp: 1e300 }, "its 'exp' is not a time"],
    [{ ...good(), nbf: secondsFromNow(60) }, 'it is not valid yet'],
    [{ ...good(), aud: 'them' }, 'it is for another audience'],
    [{ ...good(), aud: undefined }, 'it is for another audience'],
    [{ ...good(), iss: 'them' }, 'it is from another issuer'],
    [{ ...good(), iss: ['us'] }, 'it is from another issuer'],
    [{ ...good(), role: 'guest' }, "its claim 'role' is not one that is let in"],
    [{ ...good(), role: undefined }, "it lacks the claim 'role'"],
    [{ ...good(), level: 33 }, "its claim 'level' is not one that is let in"],
    [JSON.stringify(good()).replace('{', '{"sub":"root",'), 'its claims are not a JSON object'],
    ['[]', 'its claims are not a JSON object'],
    ['{"a":'.repeat(300) + '1' + '}'.repeat(300), 'its claims are not a JSON object'],
  ]) {
    // The log takes ten such lines a second, so this may have to be said again.
    await sluice.waitFor(`a refusal because ${why}`, async () => {
      await refuses(t, sluice, '/', make(claims));
      return sluice.eventsOf('refused', { reason: 'unauthorized', detail: `jwt: ${why}` })[0];
    });
  }
  await sluice.waitFor('a refusal of critical extensions', async () => {
    await refuses(t, sluice, '/', make(good(), { crit: ['exp'] }));
    return sluice.eventsOf('refused', { detail: 'jwt: it has critical extensions' })[0];
  });
  // Two headers: somebody in front of us might have looked at the other one.
  const client = await connectRaw(t, sluice.port);
  client.write(upgradeHead({ headers: { Authorization: [make(good()).headers.Authorization, 'Bearer x'] } }));
  assert.equal((await client.readResponse()).status, 401);
});

test('jwt: the public key of RS256 is no secret of HS256, and keys in a header count for nothing', async (t) => {
  const keys = makeKeys('RS256');
  const mine = makeKeys('RS256');
  const sluice = await startGuarded(
    t,
    { jwt: { algorithms: ['RS256'], key_file: file(t, 'key.pem', keys.pem), ...kRules } },
    { auth_failures: 'off' },
  );
  for (const secret of [keys.pem, keys.pem.trim()]) {
    const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(kGood())}`;
    await refuses(t, sluice, '/', bearer(`${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`));
  }
  // The word says RS256, the arithmetic is HMAC.
  const text = `${encode({ alg: 'RS256' })}.${encode(kGood())}`;
  await refuses(t, sluice, '/', bearer(`${text}.${signature('HS256', text, keys.pem)}`));
  for (const header of [{ jwk: mine.jwk }, { jku: 'http://127.0.0.1:1/jwks' }, { kid: '/dev/null' }]) {
    await refuses(t, sluice, '/', bearer(makeJwt('RS256', kGood(), mine.privateKey, header)));
  }
  await refuses(t, sluice, '/', bearer(makeJwt('RS384', kGood(), keys.privateKey)));
  await letsIn(t, sluice, '/', bearer(makeJwt('RS256', kGood(), keys.privateKey)));
});

test('jwt: a JWK set with several keys, which is read anew when a key is replaced', async (t) => {
  const keys = { es: makeKeys('ES256'), rs: makeKeys('RS256'), ed: makeKeys('EdDSA'), new: makeKeys('ES256') };
  const set = (...names) =>
    JSON.stringify({ keys: [
      { kty: 'RSA', use: 'enc', n: 'AQAB', e: 'AQAB', kid: 'other' },
      ...names.map((kid) => ({ ...keys[kid].jwk, kid, use: 'sig' })),
    ] });
  const jwks = file(t, 'jwks.json', set('es', 'rs', 'ed'));
  const sluice = await startGuarded(
    t,
    { jwt: { algorithms: ['ES256', 'RS256', 'EdDSA'], jwks_file: jwks, ...kRules } },
    { auth_failures: 'off' },
  );
  const by = (algorithm, name, kid = name) =>
    bearer(makeJwt(algorithm, kGood(), keys[name].privateKey, kid === null ? {} : { kid }));
  await letsIn(t, sluice, '/', by('ES256', 'es'));
  await letsIn(t, sluice, '/', by('RS256', 'rs'));
  await letsIn(t, sluice, '/', by('EdDSA', 'ed'));
  await letsIn(t, sluice, '/', by('ES256', 'es', null));
  await refuses(t, sluice, '/', by('ES256', 'es', 'rs'));
  await refuses(t, sluice, '/', by('ES256', 'es', 'nobody'));
  await refuses(t, sluice, '/', by('ES256', 'new'));
  replace(jwks, '{"keys": []}');
  sluice.child.kill('SIGHUP');
  await sluice.event('auth_kept', { method: 'jwt' });
  await letsIn(t, sluice, '/', by('ES256', 'es'));
  replace(jwks, set('new'));
  sluice.child.kill('SIGHUP');
  await sluice.event('auth_reloaded', { method: 'jwt' });
  await letsIn(t, sluice, '/', by('ES256', 'new'));
  await refuses(t, sluice, '/', by('ES256', 'es'));
});

test('jwt: when it expires the session ends with 1008 token_expired', async (t) => {
  const sluice = await startGuarded(t, {
    jwt: { algorithms: ['HS256'], key_file: file(t, 'secret', kSecret), leeway: 'off' },
  });
  const token = (seconds) => makeJwt('HS256', { sub: 'anna', exp: secondsFromNow(seconds) }, kSecret);
  const long = await letsIn(t, sluice, '/', bearer(token(3600)));
  const short = await letsIn(t, sluice, '/', bearer(token(3)));
  assert.deepEqual(await short.waitForClose(), { code: 1008, reason: 'token_expired' });
  await sluice.event('session', { reason: 'token_expired', code: 1008, user: 'anna' });
  await sluice.metric('sluice_sessions_closed_total', { reason: 'token_expired', code: 1008 }, 1);
  assert.equal(long.closeEvent, undefined);
});

test('bearer alone among the offers is echoed, since a browser would fail the connection', async (t) => {
  const sluice = await startGuarded(t, {
    jwt: { algorithms: ['HS256'], key_file: file(t, 'secret', kSecret), require_expiry: false },
  }, { route: { subprotocols: ['mqtt'] } });
  const token = makeJwt('HS256', { sub: 'anna' }, kSecret);
  const alone = await letsIn(t, sluice, '/', { protocols: ['bearer', token] });
  assert.equal(alone.socket.protocol, 'bearer');
  const other = await letsIn(t, sluice, '/', { protocols: ['bearer', token, 'mqtt'] });
  assert.equal(other.socket.protocol, 'mqtt');
});

// ---- Tokens ----

/** Two services that tell who they are. */
async function startServers(t) {
  return { red: await greeter(t, 'red'), blue: await greeter(t, 'blue') };
}

async function reaches(t, sluice, name, where, options) {
  const client = await openWs(t, sluice.url(where), options);
  assert.equal((await client.receive(name.length)).toString(), name);
  return client;
}

test('token: a file of tokens, each for its server, from wherever the request may carry it', async (t) => {
  const { red, blue } = await startServers(t);
  const tokens = file(t, 'tokens', `# websockify's format\nt-red: ${red.address}\nt:blue: ${blue.address}\n`);
  const route = (name, match, from) => ({
    name, match, backend: { from: 'token' }, auth: { token: { file: tokens, from } },
  });
  const sluice = await start(t, {
    workers: 1,
    auth_failures: 'off',
    routes: [
      { name: 'query', match: { path: '/websockify' }, backend: { from: 'token' }, auth: { token: { file: tokens } } },
      route('path', { path: '/path/**' }, 'path'),
      route('cookie', { path: '/cookie' }, 'cookie:session'),
      route('header', { path: '/header' }, ['authorization', 'subprotocol']),
      route('host', { host: '*.lab.test', path: '/host' }, 'host'),
    ],
  });
  await reaches(t, sluice, 'red', '/websockify?token=t-red');
  await reaches(t, sluice, 'blue', '/websockify?a=b&token=t%3ablue&c');
  await reaches(t, sluice, 'red', '/path/t-red');
  await reaches(t, sluice, 'blue', '/path/t:blue/and/more');
  await reaches(t, sluice, 'red', '/cookie', { headers: { Cookie: 'a=b; session=t-red; c=d' } });
  await reaches(t, sluice, 'red', '/header', bearer('t-red'));
  await reaches(t, sluice, 'red', '/header', { protocols: ['bearer', 't-red'] });
  await reaches(t, sluice, 'red', '/host', { headers: { Host: 'T-Red.lab.test:80' } });
  for (const where of ['/websockify', '/websockify?token=', '/websockify?token=t-re', '/websockify?token=t-red2',
    '/websockify?token=t-red&token=t-red', '/websockify?token=%', '/path/', '/path/x', '/cookie', '/header']) {
    await refuses(t, sluice, where);
  }
  await refuses(t, sluice, '/cookie', { headers: { Cookie: 'session=t-red; session=t:blue' } });
  await sluice.metric('sluice_backend_dials_total', { server: 'token', result: 'ok' }, 8);
  assertSecret(sluice, 't-red', 't:blue', 't%3ablue');
});

test('token: a directory is read anew; a file may be named like its token', async (t) => {
  const { red, blue } = await startServers(t);
  const directory = path.join(tempDir(t), 'tokens');
  mkdirSync(directory);
  writeFileSync(path.join(directory, 'one.cfg'), `first: ${red.address}\nsecond: ${red.address}\n`);
  writeFileSync(path.join(directory, 'third'), `${blue.address}\n`);
  const sluice = await start(t, {
    workers: 1,
    routes: [{ name: 'main', match: { path: '/' }, backend: { from: 'token' }, auth: { token: { directory } } }],
  });
  await (await reaches(t, sluice, 'red', '/?token=second')).close(1000);
  const line = await sluice.event('session', { auth: 'token' });
  assert.ok(!('user' in line), 'a token has none');
  await reaches(t, sluice, 'blue', '/?token=third');
  writeFileSync(path.join(directory, 'two.cfg'), `fourth: ${blue.address}\n`);
  await sluice.event('auth_reloaded', { method: 'token' }); // Without a signal.
  await reaches(t, sluice, 'blue', '/?token=fourth');
});

test('token: a faulty file of a directory is reported by name and line, and holds up no other', async (t) => {
  const { red, blue } = await startServers(t);
  const directory = path.join(tempDir(t), 'tokens');
  mkdirSync(path.join(directory, 'old'), { recursive: true });
  writeFileSync(path.join(directory, 'one'), `\uFEFFfirst : ${red.address}\n`);
  writeFileSync(path.join(directory, 'one~'), `first: ${red.address}\n`);
  writeFileSync(path.join(directory, 'two'), `second: ${red.address}\n`);
  const sluice = await start(t, {
    workers: 1,
    routes: [{ name: 'main', match: { path: '/' }, backend: { from: 'token' }, auth: { token: { directory } } }],
  });
  await reaches(t, sluice, 'red', '/?token=first'); // Neither a byte order mark nor a blank is a part of it.
  writeFileSync(path.join(directory, 'two'), '# half of it\nsecond: nowhere\n');
  writeFileSync(path.join(directory, 'three'), `third: ${blue.address}\n`);
  sluice.child.kill('SIGHUP');
  const fault = await sluice.event('auth_fault', { method: 'token', level: 'error' });
  assert.equal(fault.detail, `${directory}/two:2: the token has no server; expected 'token: host:port'`);
  await sluice.event('auth_reloaded', { method: 'token', faults: 1 });
  await reaches(t, sluice, 'blue', '/?token=third');
  await reaches(t, sluice, 'red', '/?token=second'); // A faulty file keeps the tokens that it had.
  await sluice.metric('sluice_auth_reloads_total', { result: 'failed' }, 1);
  writeFileSync(path.join(directory, 'two'), `other: ${blue.address}\n`);
  await sluice.event('auth_reloaded', { method: 'token', faults: 0 });
  await reaches(t, sluice, 'blue', '/?token=other');
  await refuses(t, sluice, '/?token=second');
});

test('token: Redis, with a password; 503 while it is away, and on again when it is back', async (t) => {
  const { red, blue } = await startServers(t);
  const redis = await startRedisServer(t, { password: 'a password of redis' });
  const store = { server: redis.address, prefix: 'vnc:', password_file: file(t, 'password', 'a password of redis\n') };
  const sluice = await start(t, {
    workers: 2,
    routes: [{ name: 'main', match: { path: '/' }, backend: { from: 'token' }, auth: { token: { redis: store } } }],
  });
  redis.set('vnc:t-red', red.address);
  redis.set('vnc:t-blue', JSON.stringify({ host: blue.address }));
  redis.set('vnc:t-bad', 'unix:/run/docker.sock');
  await reaches(t, sluice, 'red', '/?token=t-red');
  await reaches(t, sluice, 'blue', '/?token=t-blue');
  await refuses(t, sluice, '/?token=t-green');
  // What else is in there is not told from what is not.
  await refuses(t, sluice, '/?token=t-bad');
  await redis.stop();
  const answer = await refuses(t, sluice, '/?token=t-red', {}, 503);
  assert.match(answer.body, /^auth_unavailable: /);
  await sluice.event('refused', { reason: 'auth_unavailable', code: 503 });
  const again = await startRedisServer(t, { port: redis.port, password: 'a password of redis' });
  again.set('vnc:t-red', red.address);
  await reaches(t, sluice, 'red', '/?token=t-red');
  assertSecret(sluice, 't-red', 't-blue', 't-green', 'a password of redis');
});

test('token: a Redis that does not answer is waited for no longer than its time-out', async (t) => {
  const { red } = await startServers(t);
  const redis = await startRedisServer(t);
  const store = { server: redis.address, timeout: '200ms' };
  const sluice = await start(t, {
    workers: 1,
    routes: [{ name: 'main', match: { path: '/' }, backend: { from: 'token' }, auth: { token: { redis: store } } }],
  });
  redis.set('t-red', red.address);
  await reaches(t, sluice, 'red', '/?token=t-red');
  redis.child.kill('SIGSTOP');
  const answers = await Promise.all([1, 2, 3].map(() => refuses(t, sluice, '/?token=t-red', {}, 503)));
  assert.equal(answers.length, 3);
  redis.child.kill('SIGCONT');
  await reaches(t, sluice, 'red', '/?token=t-red');
});

test('jwt: the claims name the server, as websockify has it', async (t) => {
  const { red, blue } = await startServers(t);
  const sluice = await start(t, {
    workers: 1,
    routes: [{
      name: 'main', match: { path: '/' }, backend: { from: 'token' },
      auth: { jwt: { algorithms: ['HS256'], key_file: file(t, 'secret', kSecret), server: 'host', from: 'query:token' } },
    }],
  });
  const at = (claims) => `/?token=${makeJwt('HS256', { ...claims, exp: secondsFromNow(60) }, kSecret)}`;
  await reaches(t, sluice, 'red', at({ host: red.address }));
  await reaches(t, sluice, 'blue', at({ host: '127.0.0.1', port: blue.port }));
  await refuses(t, sluice, at({}));
  await refuses(t, sluice, at({ host: 'unix:/run/docker.sock' }));
});

test('credentials that name no server are not let in where they have to: 403', async (t) => {
  const { red } = await startServers(t);
  const users = file(t, 'users', `anna:${sha512Crypt('one')}\n`);
  const tokens = file(t, 'tokens', `t-red: ${red.address}\n`);
  const sluice = await start(t, {
    workers: 1,
    routes: [{
      name: 'main', match: { path: '/' }, backend: { from: 'token' },
      auth: [{ token: { file: tokens } }, { basic: { users_file: users } }],
    }],
  });
  await reaches(t, sluice, 'red', '/?token=t-red');
  const answer = await refuses(t, sluice, '/', basic('anna', 'one'), 403);
  assert.match(answer.body, /^target_not_allowed: /);
});

// ---- Tickets ----

function askTicket(sluice, body, token = kAdminToken, method = 'POST') {
  return new Promise((resolve, reject) => {
    const request = http.request(sluice.adminUrl('/tickets'), {
      method, agent: false, headers: token ? { Authorization: `Bearer ${token}` } : {},
    }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode, body: text }));
    });
    request.on('error', reject);
    request.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
}

test('tickets: once, for their route, address and origin, and only from who has the admin token', async (t) => {
  const { red } = await startServers(t);
  const backend = await echo(t);
  const sluice = await start(t, {
    workers: 2,
    admin: { address: '127.0.0.1:0', token_file: file(t, 'token', `${kAdminToken}\n`) },
    auth_failures: 'off',
    routes: [
      { name: 'main', match: { path: '/' }, backend: backend.address, auth: { ticket: true }, origins: ['*'] },
      { name: 'other', match: { path: '/other' }, backend: backend.address, auth: { ticket: true } },
      { name: 'named', match: { path: '/named' }, backend: { from: 'token' }, auth: { ticket: { from: 'query:t' } } },
      { name: 'open', match: { path: '/open' }, backend: backend.address },
    ],
  });
  const ticket = async (terms) => {
    const answer = await askTicket(sluice, terms);
    assert.equal(answer.status, 200, answer.body);
    const { ticket: text, expires_in } = JSON.parse(answer.body);
    assert.equal(expires_in, 15);
    assert.match(text, /^[\w-]{43}$/);
    return text;
  };
  const first = await ticket({ route: 'main', user: 'anna' });
  await letsIn(t, sluice, `/?ticket=${first}`);
  await refuses(t, sluice, `/?ticket=${first}`);
  await refuses(t, sluice, '/?ticket=x');
  await refuses(t, sluice, '/');
  const elsewhere = await ticket({ route: 'other' });
  await refuses(t, sluice, `/?ticket=${elsewhere}`);
  await refuses(t, sluice, `/other?ticket=${elsewhere}`); // It was shown in the wrong place.
  await letsIn(t, sluice, `/?ticket=${await ticket({ route: 'main', address: '127.0.0.1' })}`);
  await refuses(t, sluice, `/?ticket=${await ticket({ route: 'main', address: '127.0.0.2' })}`);
  const origin = 'https://www.example.com';
  await letsIn(t, sluice, `/?ticket=${await ticket({ route: 'main', origin })}`, { origin });
  await refuses(t, sluice, `/?ticket=${await ticket({ route: 'main', origin })}`, { origin: 'https://evil.test' });
  await refuses(t, sluice, `/?ticket=${await ticket({ route: 'main', origin })}`);
  await reaches(t, sluice, 'red', `/named?t=${await ticket({ route: 'named', server: red.address })}`);
  await sluice.event('refused', { detail: 'ticket: the ticket is unknown, or was used before' });

  for (const token of ['', 'x', `${kAdminToken}x`]) {
    assert.equal((await askTicket(sluice, { route: 'main' }, token)).status, 401);
  }
  assert.equal((await askTicket(sluice, '')).status, 400);
  assert.equal((await askTicket(sluice, { route: 'main', rout: 'x' })).status, 400);
  assert.equal((await askTicket(sluice, { route: 'main', address: 'x' })).status, 400);
  assert.equal((await askTicket(sluice, { route: 'open' })).status, 404);
  assert.equal((await askTicket(sluice, { route: 'main' }, kAdminToken, 'GET')).status, 405);
  assertSecret(sluice, first, elsewhere, kAdminToken);
});

// ---- Certificates ----

test('a client certificate, by its names; without one another method will do', async (t) => {
  const backend = await echo(t);
  const authority = makeAuthority(tempDir(t));
  const users = file(t, 'users', `anna:${sha512Crypt('one')}\n`);
  const sluice = await start(t, {
    workers: 1,
    listeners: [{
      address: '127.0.0.1:0',
      tls: {
        certificates: [makeCertificate(authority, 'main', ['localhost', '127.0.0.1'])],
        client_ca: authority.cert,
        client_certificate: 'optional',
      },
    }],
    backend: backend.address,
    auth_failures: 'off',
    route: { auth: { client_certificate: { names: ['dns:*.staff.test', 'cn:eva'] }, basic: { users_file: users } } },
  });
  const connect = async (certificate, headers = {}) => {
    const own = certificate ? { cert: [authority.pem], ...certificate } : {};
    const client = await connectTls(t, sluice.port, { ca: authority.pem, servername: 'localhost', ...own });
    client.write(upgradeHead({ headers }));
    const { status } = await client.readHead();
    client.socket.destroy();
    return status;
  };
  const make = async (name, host) => {
    const { readFileSync } = await import('node:fs');
    const { cert, key } = makeCertificate(authority, name, host ? [host] : []);
    return { cert: readFileSync(cert), key: readFileSync(key) };
  };
  assert.equal(await connect(await make('bert', 'bert.staff.test')), 101);
  assert.equal(await connect(await make('carl', 'carl.guests.test')), 401);
  assert.equal(await connect(await make('dora', 'a.dora.staff.test')), 401);
  // A common name is no host, and does not count beside alternative names.
  assert.equal(await connect(await make('fritz.staff.test', 'fritz.guests.test')), 401);
  assert.equal(await connect(await make('fritz.staff.test')), 401);
  assert.equal(await connect(await make('eva', 'eva.guests.test')), 401);
  assert.equal(await connect(await make('eva')), 101);
  await sluice.event('session', { user: 'bert.staff.test' });
  assert.equal(await connect(undefined), 401);
  assert.equal(await connect(undefined, basic('anna', 'one').headers), 101);
  await sluice.event('refused', { detail: 'client_certificate: the certificate is for none of \'names\'' });
});

// ---- Repeated failures ----

test('who fails again and again gets 429 and is told when to come back; others do not', async (t) => {
  const sluice = await startGuarded(
    t,
    { jwt: { algorithms: ['HS256'], key_file: file(t, 'secret', kSecret), require_expiry: false } },
    { auth_failures: { limit: 3, window: '2s' } },
  );
  const good = bearer(makeJwt('HS256', { sub: 'anna' }, kSecret));
  for (let i = 0; i < 5; ++i) await refuses(t, sluice, '/'); // No credentials are no guess.
  for (let i = 0; i < 3; ++i) await refuses(t, sluice, '/', bearer('a.b.c'));
  const answer = await refuses(t, sluice, '/', good, 429);
  assert.match(answer.headers['retry-after'], /^[12]$/);
  assert.match(answer.body, /^too_many_failures: /);
  const other = await openRaw(t, { port: sluice.port }, {}).catch(() => undefined);
  assert.equal(other, undefined, 'without credentials neither');
  await letsIn(t, sluice, '/', { ...good, localAddress: '127.0.0.2' });
  await sluice.metric('sluice_requests_refused_total', { reason: 'too_many_failures', code: 429 }, 2);
  await sluice.event('refused', { reason: 'too_many_failures', code: 429 });
  // The window ends.
  await sluice.waitFor('the address to be let in again', async () => {
    const client = await openWs(t, sluice.url(), good).catch(() => undefined);
    return client !== undefined;
  });
});

test('clients that leave while their password is checked have not failed', async (t) => {
  const slow = execFileSync('openssl', ['passwd', '-6', '-salt', 'rounds=200000$salt', 'secret'], { encoding: 'utf8' });
  const sluice = await startGuarded(
    t,
    { basic: { users_file: file(t, 'users', `anna:${slow.trim()}\n`) } },
    { auth_failures: { limit: 3, window: '1m' } },
  );
  const anna = basic('anna', 'secret');
  for (let i = 0; i < 6; ++i) {
    const client = await connectRaw(t, sluice.port);
    client.write(upgradeHead(anna));
    client.socket.end();
    await client.waitForClose();
  }
  await letsIn(t, sluice, '/', anna);
});

test('failures: every refused credential counts, whatever another route accepts', async (t) => {
  const users = file(t, 'users', `anna:${sha512Crypt('secret')}\n`);
  const backend = (await echo(t)).address;
  const jwt = { algorithms: ['HS256'], key_file: file(t, 'key', kSecret), from: 'subprotocol' };
  const sluice = await start(t, {
    workers: 1,
    auth_failures: { limit: 3, window: '1m' },
    routes: [
      { name: 'admins', match: { path: '/', claims: { role: 'admin' } }, backend, auth: { jwt } },
      { name: 'main', match: { path: '/' }, backend, auth: { basic: { users_file: users } } },
    ],
  });
  const guest = makeJwt('HS256', { sub: 'guest', exp: secondsFromNow(60) }, kSecret);
  const guess = (password) => ({ ...basic('anna', password), protocols: ['bearer', guest] });
  for (let i = 0; i < 5; ++i) await letsIn(t, sluice, '/', guess('secret'));
  for (let i = 0; i < 3; ++i) await refuses(t, sluice, '/', guess(`${i}`));
  await refuses(t, sluice, '/', guess('secret'), 429);
});

test('failures: every refused credential counts, whatever another method of the route accepts', async (t) => {
  const users = file(t, 'users', `anna:${sha512Crypt('secret')}\n`);
  const sluice = await startGuarded(
    t,
    {
      basic: { users_file: users },
      jwt: { algorithms: ['HS256'], key_file: file(t, 'key', kSecret), from: 'query:token' },
    },
    { auth_failures: { limit: 3, window: '1m' } },
  );
  const guest = makeJwt('HS256', { sub: 'guest', exp: secondsFromNow(60) }, kSecret);
  for (let i = 0; i < 5; ++i) await letsIn(t, sluice, `/?token=${guest}`, basic('anna', 'secret'));
  for (let i = 0; i < 3; ++i) await letsIn(t, sluice, `/?token=${guest}`, basic('anna', `${i}`));
  await refuses(t, sluice, `/?token=${guest}`, basic('anna', 'secret'), 429);
});

test('failures: one credential counts once for a request, and not at all if any route accepts it', async (t) => {
  const backend = (await echo(t)).address;
  const route = (name, secret) => ({
    name, match: { path: '/', claims: { tenant: name } }, backend,
    auth: { jwt: { algorithms: ['HS256'], key_file: file(t, `${name}.key`, secret) } },
  });
  const kOther = `${kSecret}, another one`;
  const sluice = await start(t, {
    workers: 1,
    auth_failures: { limit: 2, window: '1m' },
    routes: [route('acme', kSecret), route('other', kOther)],
  });
  const good = bearer(makeJwt('HS256', { tenant: 'other', exp: secondsFromNow(60) }, kOther));
  for (let i = 0; i < 4; ++i) await letsIn(t, sluice, '/', good);
  for (let i = 0; i < 2; ++i) await refuses(t, sluice, '/', bearer('a.b.c'));
  await refuses(t, sluice, '/', good, 429);
});

test('a wrong password is a failure whatever keeps another method from being asked', async (t) => {
  const users = file(t, 'users', `anna:${sha512Crypt('secret')}\n`);
  const store = { server: await deadAddress(t), timeout: '200ms' };
  const sluice = await startGuarded(
    t,
    { basic: { users_file: users }, token: { redis: store, from: 'query:token' } },
    { auth_failures: { limit: 3, window: '1m' } },
  );
  for (let i = 0; i < 3; ++i) await refuses(t, sluice, '/?token=x', basic('anna', `${i}`), 503);
  await refuses(t, sluice, '/?token=x', basic('anna', 'secret'), 429);
});

// ---- Configuration ----

test('a route says for itself that it is open; its default does not hold then', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    workers: 1,
    defaults: { auth: { jwt: { algorithms: ['HS256'], key_file: file(t, 'secret', kSecret) } } },
    routes: [
      { name: 'open', match: { path: '/open' }, backend: backend.address, auth: 'none' },
      { name: 'closed', match: { path: '/closed' }, backend: backend.address },
    ],
  });
  await letsIn(t, sluice, '/open');
  await refuses(t, sluice, '/closed');
});
