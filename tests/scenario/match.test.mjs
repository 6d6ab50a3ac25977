// Every condition of `match` through the real program: each route's backend greets with its own name, so
// that a client sees where it has come.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { greeter } from './lib/backends.mjs';
import { makeAuthority, makeCertificate } from './lib/certificates.mjs';
import { makeJwt, secondsFromNow } from './lib/jwt.mjs';
import { httpGet } from './lib/metrics.mjs';
import { portOf, start, tempDir } from './lib/sluice.mjs';
import { openWs, refusedWs } from './lib/ws_client.mjs';

const kSecret = 'a secret of more than thirty-two bytes, for the tests alone';
const kOther = 'another secret of more than thirty-two bytes, for others';

/** Routes from [name, match, the rest of it], each with a backend that says the name. */
async function greeting(t, rows) {
  return Promise.all(rows.map(async ([name, match, rest = {}]) => {
    const backend = await greeter(t, Buffer.from(name));
    return { name, match, backend: backend.address, origins: ['*'], ...rest };
  }));
}

/** Which route a client comes to. */
async function routeOf(t, url, options) {
  const client = await openWs(t, url, options);
  const name = (await client.receive(1)).toString();
  await client.close(1000);
  return name;
}

test('query, headers and subprotocols: the first route whose conditions all hold', async (t) => {
  const sluice = await start(t, {
    routes: await greeting(t, [
      ['both', { path: '/', query: { v: '2' }, headers: { 'X-Channel': ['beta', 'nightly'] } }],
      ['query', { query: { v: ['2', '3'] } }],
      ['header', { headers: { 'x-channel': '*' } }],
      ['mqtt', { subprotocol: ['mqtt', 'mqttv3.1'] }],
      ['rest', { path: '/**' }],
    ]),
  });
  const channel = (value) => ({ headers: { 'X-CHANNEL': value } });
  const rows = [
    ['/?v=2', channel('beta'), 'both'],
    ['/?v=2', channel('Beta'), 'query'],
    ['/x?v=2', channel('beta'), 'query'],
    ['/?a=1&v=%33', {}, 'query'],
    ['/?v=4&v=2', {}, 'query'],
    ['/?v=4', channel('stable'), 'header'],
    ['/?V=2', {}, 'rest'],
    ['/', { protocols: ['mqttv3.1'] }, 'mqtt'],
    ['/', { protocols: ['binary', 'mqtt'] }, 'mqtt'],
    ['/', { protocols: ['MQTT'] }, 'rest'],
    ['/', {}, 'rest'],
  ];
  for (const [where, options, expected] of rows) {
    assert.equal(await routeOf(t, sluice.url(where), options), expected, `${where} ${JSON.stringify(options)}`);
  }
  await sluice.metric('sluice_sessions_opened_total', { route: 'both' }, 1);
});

test('upgrade: a page and a WebSocket at the same path', async (t) => {
  const routes = await greeting(t, [['socket', { path: '/', upgrade: 'websocket' }]]);
  routes.push({ name: 'page', match: { path: '/', upgrade: 'none' }, static: 'builtin:console' });
  const sluice = await start(t, { routes });
  assert.equal(await routeOf(t, sluice.url('/')), 'socket');
  const page = await httpGet(sluice.httpUrl('/'));
  assert.equal(page.status, 200);
  assert.match(page.body, /<html/i);
});

test('listeners by name or address, and the client as a proxy names it', async (t) => {
  const sluice = await start(t, {
    workers: 1,
    listeners: [{ address: '127.0.0.1:0', name: 'outer' }, { address: '127.0.0.1:0', name: 'inner' }],
    trusted_proxies: ['127.0.0.1'],
    routes: await greeting(t, [
      ['office', { listener: 'outer', client: ['192.0.2.0/24', '2001:db8::/32'] }],
      ['inner', { listener: 'inner' }],
      ['outer', { listener: 'outer', client: '127.0.0.0/8' }],
    ]),
  });
  const url = (i) => `ws://127.0.0.1:${portOf(sluice.address(i))}/`;
  const from = (address) => ({ headers: { 'X-Forwarded-For': address } });
  assert.equal(await routeOf(t, url(0)), 'outer');
  assert.equal(await routeOf(t, url(0), from('192.0.2.9')), 'office');
  assert.equal(await routeOf(t, url(0), from('2001:db8::1')), 'office');
  assert.equal(await routeOf(t, url(1), from('192.0.2.9')), 'inner');
  const refused = await refusedWs(t, url(0), from('198.51.100.1'));
  assert.equal(refused.status, 404);
  assert.match(refused.body, /^no_route: no route matches this request/);
});

test('the name asked for in the handshake, and the names of the certificate', async (t) => {
  const dir = tempDir(t);
  const authority = makeAuthority(dir);
  const server = makeCertificate(authority, 'server', ['a.example.com', 'b.example.com', 'localhost']);
  const staff = makeCertificate(authority, 'staff', ['anna.staff.example.com']);
  const guest = makeCertificate(authority, 'guest', ['guest.example.com']);
  const sluice = await start(t, {
    listeners: [{
      address: '127.0.0.1:0',
      tls: {
        certificates: [{ cert: server.cert, key: server.key }],
        client_ca: authority.cert, client_certificate: 'optional',
      },
    }],
    routes: await greeting(t, [
      ['staff', { certificate: 'dns:*.staff.example.com' }],
      ['guest', { certificate: ['dns:guest.example.com'], sni: 'b.example.com' }],
      ['a', { sni: ['a.example.com'] }],
      ['known', { sni: '*.example.com' }],
    ]),
  });
  const open = (servername, certificate) => routeOf(t, sluice.wssUrl('/'), {
    servername, ca: authority.pem, rejectUnauthorized: false,
    ...(certificate && { cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) }),
  });
  assert.equal(await open('a.example.com', staff), 'staff');
  assert.equal(await open('b.example.com', guest), 'guest');
  assert.equal(await open('a.example.com', guest), 'a');
  assert.equal(await open('B.example.com'), 'known');
  const refused = await refusedWs(t, sluice.wssUrl('/'), { servername: 'localhost', rejectUnauthorized: false });
  assert.equal(refused.status, 404);
});

// ---- Claims ----

function jwtAuth(t, secret) {
  const file = path.join(tempDir(t), 'secret');
  writeFileSync(file, secret);
  return { jwt: { algorithms: ['HS256'], key_file: file } };
}

function bearer(claims, secret = kSecret) {
  const token = makeJwt('HS256', { exp: secondsFromNow(60), ...claims }, secret);
  return { headers: { Authorization: `Bearer ${token}` } };
}

test('claims: a token comes to the route that asks for what it says', async (t) => {
  const auth = jwtAuth(t, kSecret);
  const sluice = await start(t, {
    workers: 1,
    auth_failures: { limit: 2, window: '1m' },
    routes: await greeting(t, [
      ['acme admins', { path: '/app', claims: { tenant: 'acme', roles: ['admin', 'root'] } }, { auth }],
      ['acme', { path: '/app', claims: { tenant: 'acme' } }, { auth }],
      ['other', { path: '/app', claims: { tenant: 'other' } }, { auth: jwtAuth(t, kOther) }],
      ['any', { path: '/app', claims: { tenant: '*' } }, { auth }],
    ].map(([name, ...rest]) => [name.replace(' ', '-'), ...rest])),
  });
  const open = (options) => routeOf(t, sluice.url('/app'), options);
  assert.equal(await open(bearer({ tenant: 'acme', roles: ['reader', 'admin'] })), 'acme-admins');
  assert.equal(await open(bearer({ tenant: 'acme', roles: 'root' })), 'acme-admins');
  assert.equal(await open(bearer({ tenant: 'acme', roles: [] })), 'acme');
  assert.equal(await open(bearer({ tenant: 'third' })), 'any');
  // More often than an address may fail: what a later route accepts was no failure.
  for (let i = 0; i < 4; ++i) assert.equal(await open(bearer({ tenant: 'other' }, kOther)), 'other');
  // Each different `auth` is asked once, whatever the number of routes.
  await sluice.metric('sluice_authentications_total', { route: 'acme', result: 'accepted' }, 0);
});

test('claims: no good token is 401, a good one without the claim is 404', async (t) => {
  const auth = jwtAuth(t, kSecret);
  const sluice = await start(t, {
    workers: 1,
    routes: [
      ...await greeting(t, [
        ['a', { path: '/app', claims: { tenant: 'a' } }, { auth }],
        ['b', { path: '/app', claims: { tenant: 'b' } }, { auth }],
        ['foreign', { path: '/origin', claims: { tenant: 'a' } }, { auth, origins: ['https://a.com'] }],
        ['own', { path: '/origin', claims: { tenant: 'a' } }, { auth, origins: ['https://b.com'] }],
      ]),
    ],
  });
  const refused = async (where, options) => {
    const answer = await refusedWs(t, sluice.url(where), options);
    return answer;
  };
  const without = await refused('/app', {});
  assert.equal(without.status, 401);
  assert.match(without.headers['www-authenticate'], /^Bearer/);
  assert.equal((await refused('/app', bearer({ tenant: 'a' }, kOther))).status, 401);
  const unfit = await refused('/app', bearer({ tenant: 'c' }));
  assert.equal(unfit.status, 404);
  const nowhere = await refused('/nowhere', bearer({ tenant: 'c' }));
  assert.equal(unfit.body, nowhere.body, 'it does not show that there is a route');
  assert.equal(unfit.headers['www-authenticate'], undefined);
  const line = await sluice.event('refused', { reason: 'no_route' });
  assert.equal(line.route, '');
  assert.match(line.detail, /none of the claims/);
  // A route whose origins or upgrade do not fit leaves the request to the others, too.
  const origin = 'https://b.com';
  assert.equal(await routeOf(t, sluice.url('/origin'), { ...bearer({ tenant: 'a' }), origin }), 'own');
  assert.equal((await refused('/origin', { ...bearer({ tenant: 'a' }), origin: 'https://c.com' })).status, 403);
  assert.equal((await httpGet(sluice.httpUrl('/app'))).status, 426);
});

test('claims: a request that no such route takes goes on to one that is open', async (t) => {
  const routes = await greeting(t, [
    ['members', { path: '/app', claims: { tenant: '*' } }, { auth: jwtAuth(t, kSecret) }],
    ['guests', { path: '/app' }],
  ]);
  const sluice = await start(t, { workers: 1, auth_failures: { limit: 2, window: '1m' }, routes });
  assert.equal(await routeOf(t, sluice.url('/app'), bearer({ tenant: 'a' })), 'members');
  assert.equal(await routeOf(t, sluice.url('/app'), bearer({})), 'guests');
  assert.equal(await routeOf(t, sluice.url('/app')), 'guests');
  // A bad token is a guess all the same.
  for (let i = 0; i < 2; ++i) {
    assert.equal(await routeOf(t, sluice.url('/app'), bearer({ tenant: 'a' }, kOther)), 'guests');
  }
  const answer = await refusedWs(t, sluice.url('/app'), bearer({ tenant: 'a' }));
  assert.equal(answer.status, 429);
  const sessions = await sluice.sessions(5);
  assert.equal(sessions[1].user, undefined, 'a guest is nobody, whatever the token said');
});
