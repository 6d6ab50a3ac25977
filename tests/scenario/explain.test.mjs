// `sluice explain`: what it says of a request is what the gateway does.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { connectRaw, upgradeHead } from './lib/raw_client.mjs';
import { makeConfig, run, start, tempDir } from './lib/sluice.mjs';

function explainer(t) {
  const dir = tempDir(t);
  writeFileSync(path.join(dir, 'secret'), 'a secret of more than thirty-two bytes, for the tests alone');
  const auth = { jwt: { algorithms: ['HS256'], key_file: path.join(dir, 'secret') } };
  const config = makeConfig({
    listeners: [{ address: '127.0.0.1:8080' }, { address: '127.0.0.1:8081', name: 'inner' }],
    backends: {
      lab: { servers: ['10.0.0.5:5900', '10.0.0.6:5900'] },
      spare: { servers: ['10.0.0.7:1', { address: '10.0.0.8:1', tier: 2 }, '10.0.0.9:1'] },
      sticky: { servers: ['10.0.0.7:1', '10.0.0.8:1', '10.0.0.9:1'], balance: { hash: 'query.user' } },
    },
    routes: [
      { name: 'inner', match: { listener: 'inner' }, backend: 'lab' },
      { name: 'admins', match: { path: '/vnc', claims: { role: 'admin' } }, backend: 'lab', auth },
      { name: 'vnc', match: { host: '*.lab.example.com', path: '/vnc' }, backend: 'lab' },
      {
        name: 'pg',
        match: { path: '/pg/{server}' },
        backend: { server: '{server}:5432', allow: ['10.1.0.0/16'] },
      },
      {
        name: 'beta',
        match: { headers: { 'X-Channel': 'beta' }, query: { v: '*' }, client: '192.0.2.0/24', subprotocol: 'mqtt' },
        backend: 'builtin:echo',
      },
      { name: 'spare', match: { path: '/spare', upgrade: 'websocket' }, backend: 'spare' },
      { name: 'sticky', match: { path: '/sticky', upgrade: 'websocket' }, backend: 'sticky' },
      { name: 'page', match: { path: '/**', upgrade: 'none' }, static: 'builtin:console' },
    ],
  });
  const file = path.join(dir, 'sluice.yaml');
  writeFileSync(file, JSON.stringify(config));
  return (...args) => run(['explain', file, ...args]);
}

test('the route, where it goes, and the first condition that failed of each other one', async (t) => {
  const explain = explainer(t);
  const { code, stdout } = await explain('ws://a.lab.example.com/vnc');
  assert.equal(code, 0);
  assert.equal(stdout, `route: vnc
backend: lab
servers: 10.0.0.5:5900, 10.0.0.6:5900 (round_robin)
answer: 101 Switching Protocols; not known here: limits, rates, and whether a server answers
others:
  inner: listener is not inner, it is 127.0.0.1:8080
  admins: claims are not known: jwt: the request has no credentials
  pg: path is not /pg/{server}, it is /vnc
  beta: client is not in 192.0.2.0/24, it is 127.0.0.1
  spare: path is not /spare, it is /vnc
  sticky: path is not /sticky, it is /vnc
  page: upgrade is not none
`);
});

test('every fact can be told', async (t) => {
  const explain = explainer(t);
  const route = async (...args) => {
    const { code, stdout, stderr } = await explain(...args);
    assert.equal(code, 0, stderr);
    return stdout.split('\n')[0].replace('route: ', '');
  };
  assert.equal(await route('ws://x.com/vnc', '--claim', 'role=admin'), 'admins');
  assert.equal(await route('ws://x.com/vnc', '--listener', 'inner'), 'inner');
  assert.equal(await route('tcp:', '--listener', 'inner'), 'inner');
  assert.equal(await route('http://x.com/vnc'), 'page');
  assert.equal(await route('ws://x.com/?v=1', '--from', '192.0.2.7', '--header', 'X-Channel: beta',
    '--subprotocol', 'binary', '--subprotocol', 'mqtt'), 'beta');
});

test('the server that a request names, or why it may not', async (t) => {
  const explain = explainer(t);
  const allowed = await explain('ws://x.com/pg/10.1.2.3');
  assert.equal(allowed.code, 0);
  assert.match(allowed.stdout, /^servers: 10\.1\.2\.3:5432 \(of \{server\}:5432\)$/m);
  const refused = await explain('ws://x.com/pg/10.2.2.3');
  assert.equal(refused.code, 1);
  assert.match(refused.stdout, /^servers: refused: .*not one that is allowed/m);
  assert.match(refused.stdout, /^answer: 403 target_not_allowed: .*not one that is allowed/m);
});

test('the servers in the order in which they are tried', async (t) => {
  const explain = explainer(t);
  const servers = async (url) => (await explain(url)).stdout.match(/^servers: (.*)$/m)[1];
  assert.equal(await servers('ws://x.com/spare'),
    '10.0.0.7:1, 10.0.0.9:1, if none of them is up 10.0.0.8:1 (round_robin)');
  const orders = new Set();
  for (let user = 0; user < 20; ++user) {
    const order = await servers(`ws://x.com/sticky?user=${user}`);
    assert.match(order, /^10\.0\.0\.\d:1, then 10\.0\.0\.\d:1, then 10\.0\.0\.\d:1 \(hash\)$/);
    assert.equal(await servers(`ws://x.com/sticky?user=${user}`), order);
    orders.add(order.split(',')[0]);
  }
  assert.equal(orders.size, 3, 'each server is somebody\'s');
  assert.equal(await servers('ws://x.com/sticky'), '10.0.0.7:1, 10.0.0.8:1, 10.0.0.9:1 (hash)');
});

test('no route is exit code 1, what describes no request is 2', async (t) => {
  const explain = explainer(t);
  const none = await explain('ws://x.com/nowhere');
  assert.equal(none.code, 1);
  assert.match(none.stdout, /^route: none\nanswer: 404 no_route: no route matches this request\nothers:\n/);
  const tcp = await explain('tcp:');
  assert.equal(tcp.code, 1);
  assert.match(tcp.stdout, /^answer: none, the connection is closed/m);
  for (const [args, message] of [
    [['/vnc'], /^URL: expected a URL such as .*, found '\/vnc'$/m],
    [['ws://x.com/', '--from', 'nobody'], /^--from: expected an IP address .*, found 'nobody'$/m],
    [['ws://x.com/', '--listener', 'iner'], /^--listener: there is no listener 'iner'; did you mean 'inner'\?$/m],
    [['ws://x.com/', '--claim', 'role'], /^--claim: expected name=value, found 'role'$/m],
    [['ws://x.com/', '--header', 'no colon'], /^--header: expected a header field such as .*, found 'no colon'$/m],
    [['ws://x.com/', '--header', 'Host: other'], /^the request that URL and options describe is invalid: /m],
    [['ftp://x.com/'], /^URL: expected a URL such as .*, found 'ftp:\/\/x.com\/'$/m],
  ]) {
    const { code, stderr } = await explain(...args);
    assert.equal(code, 2, args.join(' '));
    assert.match(stderr, message);
  }
  assert.equal((await run(['explain', '/no/such/file', 'ws://x/'])).code, 2);
});

test('the answer that explain predicts is the one that the gateway gives', async (t) => {
  const dir = tempDir(t);
  const secret = 'a secret of more than thirty-two bytes, for the tests alone';
  writeFileSync(path.join(dir, 'secret'), secret);
  writeFileSync(path.join(dir, 'users'), `alice:${execFileSync('openssl', ['passwd', '-6', 'wonderland'])}`);
  const from = ['authorization', 'query:token', 'cookie:session'];
  const jwt = { jwt: { algorithms: ['HS256'], key_file: path.join(dir, 'secret'), from } };
  const backend = 'builtin:echo';
  const named = { server: '{host}:5432', allow: ['localhost:22'] };
  const route = (name, options = {}) => ({ name, match: { path: `/${name}` }, backend, ...options });
  const config = makeConfig({
    routes: [
      route('open', { origins: ['https://good.example'] }),
      route('strict', { origins: ['https://good.example'], require_origin: true }),
      route('token', { auth: jwt }),
      route('login', { auth: { basic: { users_file: path.join(dir, 'users') } } }),
      { name: 'admins', match: { path: '/admins', claims: { role: 'admin' } }, backend, auth: jwt },
      { name: 'guests', match: { path: '/mixed', claims: { role: 'guest' } }, backend, auth: jwt },
      { name: 'strangers', match: { path: '/mixed' }, backend, origins: ['https://good.example'] },
      { name: 'page', match: { path: '/page' }, static: 'builtin:console' },
      { name: 'named', match: { path: '/named/{host}' }, backend: named },
      { name: 'closed', match: { path: '/closed/{host}' }, backend: named, auth: jwt },
      {
        name: 'claimed', match: { path: '/claimed' },
        backend: { server: '{claim.server}:22', allow: ['localhost:22'] }, auth: jwt,
      },
    ],
  });
  const sluice = await start(t, config);
  const file = path.join(dir, 'sluice.yaml');
  writeFileSync(file, JSON.stringify(config));
  const b64 = (value) => Buffer.from(value).toString('base64url');
  const tokenFor = (claims, key = secret) => {
    const signed = `${b64('{"alg":"HS256"}')}.${b64(JSON.stringify(claims))}`;
    return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
  };
  const bearer = (...token) => ({ Authorization: `Bearer ${tokenFor(...token)}` });
  const alice = { sub: 'alice', exp: 4102444800 };
  const good = bearer(alice);
  const expired = bearer({ ...alice, role: 'admin', exp: 1 });
  const forged = bearer({ ...alice, role: 'admin' }, 'x'.repeat(40));
  const cases = [
    ['ws', '/open', {}, 101],
    ['ws', '/open', { Origin: 'https://good.example' }, 101],
    ['ws', '/open', { Origin: 'https://evil.example' }, 403, /origin_not_allowed: pages of this origin/],
    ['ws', '/strict', {}, 403, /a request without an Origin may not connect/],
    ['http', '/open', {}, 426, /upgrade_required/],
    ['http', '/page', {}, 200],
    ['ws', '/page', {}, 404, /there is a page at this path/],
    ['ws', '/nowhere', {}, 404, /^404 no_route: /],
    ['ws', '/named/evil', {}, 403, /^403 target_not_allowed: /],
    ['ws', '/named/evil', { Origin: 'https://evil.example' }, 403, /^403 origin_not_allowed: /],
    ['http', '/named/evil', {}, 426],
    ['ws', '/closed/evil', {}, 401, /jwt: the request has no credentials$/],
    ['ws', '/closed/evil', good, 403, /^403 target_not_allowed: /],
    ['ws', '/token', {}, 401, /jwt: the request has no credentials$/],
    ['ws', '/token', good, 101],
    ['ws', `/token?token=${tokenFor(alice)}`, {}, 101],
    ['ws', '/token', { Cookie: `session=${tokenFor(alice)}` }, 101],
    ['ws', '/token', expired, 401, /jwt: it has expired$/],
    ['ws', '/token', forged, 401, /jwt: its signature is wrong$/],
    ['ws', '/login', {}, 401, /basic: the request has no credentials$/],
    ['ws', '/admins', {}, 401, /jwt: the request has no credentials$/],
    ['ws', '/admins', expired, 401, /jwt: it has expired$/],
    ['ws', '/admins', forged, 401, /jwt: its signature is wrong$/],
    ['ws', '/admins', good, 404, /the token has none of the claims/],
    ['ws', '/admins', bearer({ ...alice, role: ['guest', 'admin'] }), 101],
    ['ws', `/admins?token=${tokenFor({ ...alice, role: 'admin' })}`, {}, 101],
    ['http', '/admins', {}, 426],
    ['ws', '/mixed', {}, 101],
    ['ws', '/mixed', { Origin: 'https://good.example' }, 101],
    ['ws', '/mixed', { Origin: 'https://evil.example' }, 403],
    ['ws', '/claimed', good, 403, /^403 target_not_allowed: /],
    ['ws', '/claimed', bearer({ ...alice, server: 'evil' }), 403, /^403 target_not_allowed: /],
  ];
  let logged;
  for (const [scheme, target, headers, status, reason = /./] of cases) {
    const what = `${scheme} ${target} ${JSON.stringify(headers)}`;
    const args = Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]);
    const told = await run(['explain', file, `${scheme}://127.0.0.1${target}`, ...args]);
    assert.equal(told.code, status < 400 ? 0 : 1, `${what}: ${told.stdout}${told.stderr}`);
    const answer = told.stdout.match(/^answer: (.*)/m)[1];
    assert.ok(answer.startsWith(`${status}`), `${what}: ${told.stdout}`);
    assert.match(answer, reason, what);
    const raw = await connectRaw(t, sluice.port);
    if (scheme === 'ws') {
      raw.write(upgradeHead({ target, headers, host: '127.0.0.1' }));
    } else {
      raw.write(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    }
    assert.equal((await raw.readHead()).status, status, `the gateway itself: ${what}`);
    raw.end();
    if (status !== 401 || logged) continue;
    // The log has the same words, and one line a second.
    logged = await sluice.waitFor('the refusal in the log', () =>
      sluice.eventsOf('refused').find(({ reason }) => reason === 'unauthorized'));
    assert.equal(answer, `401 unauthorized: ${logged.detail}`);
  }
  const post = await run(['explain', file, 'http://127.0.0.1/open', '--method', 'POST']);
  assert.equal(post.code, 1);
  assert.match(post.stdout, /^answer: 405 method_not_allowed/m);
  const explain = async (target, headers, ...args) => {
    const fields = Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]);
    return (await run(['explain', file, `ws://127.0.0.1${target}`, ...fields, ...args])).stdout;
  };
  const nameless = await explain('/claimed', {});
  assert.match(nameless, /^servers: the one that the claims of a valid token name; give the token, or .* --claim/m);
  const claimed = await explain('/claimed', bearer({ ...alice, server: 'localhost' }));
  assert.match(claimed, /^servers: localhost:22 \(of \{claim\.server\}:22\)\ncredentials: accepted by jwt, user 'alice'$/m);
  const guest = await explain('/mixed', bearer({ ...alice, role: 'guest' }));
  assert.match(guest, /^route: guests$/m);
  const stranger = await explain('/mixed', bearer({ ...alice, role: ['boss', 'clerk\x1b[2J'] }));
  assert.match(stranger, /^route: strangers$/m);
  assert.match(stranger, /^ {2}guests: claim role is not guest, it is 'boss', 'clerk\\x1b\[2J'$/m);
  assert.match(await explain('/mixed', expired), /^ {2}guests: claims are not known: jwt: it has expired$/m);
  assert.match(await explain('/mixed', expired, '--claim', 'role=guest'), /^route: guests$/m, '--claim replaces a token');
  const elsewhere = await run(['explain', file, 'ws://127.0.0.1/claimed', '--claim', 'server=evil']);
  assert.equal(elsewhere.code, 1);
  assert.match(elsewhere.stdout, /^answer: 403 target_not_allowed: /m);
  const login = { Authorization: `Basic ${Buffer.from('alice:wonderland').toString('base64')}` };
  const unknown = await run(['explain', file, 'ws://127.0.0.1/login', '--header', `Authorization: ${login.Authorization}`]);
  assert.equal(unknown.code, 0);
  assert.match(unknown.stdout, /^answer: 101 .* or 401 unauthorized; only the running gateway can check basic \(the password\)$/m);
});

test('the headers of a trusted proxy count as they do for the gateway', async (t) => {
  const dir = tempDir(t);
  const configWith = (header, from = ['127.0.0.1']) =>
    makeConfig({
      trusted_proxies: { from, header },
      routes: [
        { name: 'office', match: { path: '/', client: '192.0.2.0/24' }, backend: 'builtin:echo' },
        { name: 'page', match: { path: '/page' }, backend: 'builtin:echo' },
      ],
    });
  const secure = { 'X-Forwarded-Proto': 'https' };
  const origin = { Origin: 'http://127.0.0.1' };
  const cases = [
    ['x_forwarded_for', '/', { 'X-Forwarded-For': '203.0.113.9, 192.0.2.7' }, 101,
      /^client: 192\.0\.2\.7 \(X-Forwarded-For of the trusted proxy 127\.0\.0\.1\)\nroute: office$/m],
    ['x_forwarded_for', '/', { 'X-Forwarded-For': '192.0.2.7, 203.0.113.9' }, 404,
      /^client: 203\.0\.113\.9 .*\n {2}office: client is not in 192\.0\.2\.0\/24, it is 203\.0\.113\.9$/ms],
    ['x_forwarded_for', '/', { Forwarded: 'for=192.0.2.7' }, 404,
      /^client: 127\.0\.0\.1 \(the trusted proxy 127\.0\.0\.1 names no client in X-Forwarded-For\)$/m],
    ['forwarded', '/', { Forwarded: 'for=192.0.2.7;proto=https' }, 101, /^client: 192\.0\.2\.7 \(Forwarded of/m],
    ['forwarded', '/', { Forwarded: 'for="192.0.2.7' }, 400, /^answer: 400 bad_request: Forwarded breaks its grammar$/m],
    ['x_forwarded_for', '/page', origin, 101, /^route: page$/m],
    ['x_forwarded_for', '/page', { ...secure, ...origin }, 403, /^answer: 403 origin_not_allowed/m],
  ];
  const gateways = {};
  for (const [header, target, headers, status, expected] of cases) {
    const what = `${header} ${target} ${JSON.stringify(headers)}`;
    gateways[header] ??= await start(t, configWith(header));
    const file = path.join(dir, `${header}.yaml`);
    writeFileSync(file, JSON.stringify(configWith(header)));
    const args = Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]);
    const { code, stdout } = await run(['explain', file, `ws://127.0.0.1${target}`, ...args]);
    assert.match(stdout, expected, what);
    assert.equal(code, status < 400 ? 0 : 1, what);
    const raw = await connectRaw(t, gateways[header].port);
    raw.write(upgradeHead({ target, headers, host: '127.0.0.1' }));
    assert.equal((await raw.readHead()).status, status, `the gateway itself: ${what}`);
    raw.end();
  }
  const told = (file, ...args) =>
    run(['explain', path.join(dir, file), 'ws://127.0.0.1/', '--header', 'X-Forwarded-For: 192.0.2.7', ...args]);
  assert.match((await told('x_forwarded_for.yaml', '--from', '203.0.113.1')).stdout,
    /^client: 203\.0\.113\.1 \(X-Forwarded-For ignored: --from is not one of 'trusted_proxies'\)$/m);
  writeFileSync(path.join(dir, 'none.yaml'), JSON.stringify(makeConfig({ backend: 'builtin:echo' })));
  assert.match((await told('none.yaml')).stdout,
    /^client: 127\.0\.0\.1 \(X-Forwarded-For ignored: the file has no 'trusted_proxies'\)$/m);
});
