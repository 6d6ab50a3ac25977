// Who may still come in: the numbers of sessions and the rate of connections.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { echo } from './lib/backends.mjs';
import { makeAuthority, makeCertificate } from './lib/certificates.mjs';
import { connectRaw, upgradeHead } from './lib/raw_client.mjs';
import { portOf, start, tempDir } from './lib/sluice.mjs';
import { openWs, refusedWs } from './lib/ws_client.mjs';

const kRefused = 'sluice_requests_refused_total';

/** A refusal of that kind: the response, the log line and the metric. */
async function assertRefused(t, sluice, reason, code, url, options) {
  const response = await refusedWs(t, url, options);
  assert.equal(response.status, code, response.body);
  // Before a byte of the request is read, it may be HEAD.
  const may_be_empty = reason === 'limit_handshake_rate';
  if (response.body !== '' || !may_be_empty) assert.ok(response.body.startsWith(`${reason}: `), response.body);
  assert.ok(Number(response.headers['retry-after']) >= 1, 'a Retry-After');
  await sluice.event('refused', { reason, code });
  assert.ok((await sluice.metrics()).sum(kRefused, { reason, code }) >= 1);
  return response;
}

/** Opens `url` until there is room: the end of a session is noticed when both its legs are gone. */
async function openWhenThereIsRoom(t, sluice, url, options) {
  let client;
  await sluice.waitFor('room for another session', async () => {
    client = await openWs(t, url, options).catch(() => undefined);
    return client;
  });
  return client;
}

for (const [limit, reason] of [['sessions', 'limit_sessions'], ['route_sessions', 'limit_route_sessions']]) {
  test(`${limit}: over all workers, 503, until one has ended`, async (t) => {
    const backend = await echo(t);
    const sluice = await start(t, { workers: 3, defaults: { limits: { [limit]: 4 } }, backend: backend.address });
    const clients = [];
    for (let i = 0; i < 4; ++i) clients.push(await openWs(t, sluice.url()));
    await assertRefused(t, sluice, reason, 503, sluice.url());
    await clients.pop().close();
    await openWhenThereIsRoom(t, sluice, sluice.url());
  });
}

test('sessions counts all routes, route_sessions each by itself', async (t) => {
  const backend = await echo(t);
  const route = (name) => ({ name, match: { path: `/${name}` }, backend: backend.address });
  const sluice = await start(t, {
    defaults: { limits: { sessions: 3, route_sessions: 2 } },
    routes: [route('a'), route('b')],
  });
  await openWs(t, sluice.url('/a'));
  await openWs(t, sluice.url('/a'));
  await assertRefused(t, sluice, 'limit_route_sessions', 503, sluice.url('/a'));
  await openWs(t, sluice.url('/b'));
  await assertRefused(t, sluice, 'limit_sessions', 503, sluice.url('/b'));
});

test('sessions_per_client: 429 for one address, room for the others', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    trusted_proxies: ['127.0.0.1'],
    defaults: { limits: { sessions_per_client: 2 } },
    backend: backend.address,
  });
  const from = (address) => ({ headers: { 'X-Forwarded-For': address } });
  await openWs(t, sluice.url(), from('192.0.2.1'));
  const second = await openWs(t, sluice.url(), from('192.0.2.1'));
  await assertRefused(t, sluice, 'limit_client_sessions', 429, sluice.url(), from('192.0.2.1'));
  await openWs(t, sluice.url(), from('192.0.2.2'));
  // An IPv6 client is its /64.
  await openWs(t, sluice.url(), from('2001:db8::1'));
  await openWs(t, sluice.url(), from('2001:db8::2'));
  assert.equal((await refusedWs(t, sluice.url(), from('2001:db8::ffff:3'))).status, 429);
  await openWs(t, sluice.url(), from('2001:db8:0:1::1'));
  await second.close();
  await openWhenThereIsRoom(t, sluice, sluice.url(), from('192.0.2.1'));
});

test('sessions_per_user: 429 for one user, wherever from', async (t) => {
  const backend = await echo(t);
  const users = path.join(tempDir(t), 'users');
  const hash = execFileSync('openssl', ['passwd', '-6', '-salt', 'saltsalt', 'secret']).toString().trim();
  writeFileSync(users, `alice:${hash}\nbob:${hash}\n`);
  const sluice = await start(t, {
    backend: backend.address,
    route: { auth: { basic: { users_file: users } }, limits: { sessions_per_user: 1 } },
  });
  const alice = { auth: 'alice:secret' };
  const first = await openWs(t, sluice.url(), alice);
  await assertRefused(t, sluice, 'limit_user_sessions', 429, sluice.url(), { ...alice, localAddress: '127.0.0.3' });
  await openWs(t, sluice.url(), { auth: 'bob:secret' });
  await first.close();
  await openWhenThereIsRoom(t, sluice, sluice.url(), alice);
});

test('sessions_per_user: a token without a user is counted by itself', async (t) => {
  const backend = await echo(t);
  const tokens = path.join(tempDir(t), 'tokens');
  writeFileSync(tokens, `one: ${backend.address}\ntwo: ${backend.address}\n`);
  const sluice = await start(t, {
    backend: { from: 'token' },
    route: {
      auth: { token: { file: tokens, from: 'query:token' } },
      limits: { sessions_per_user: 1 },
    },
  });
  await openWs(t, sluice.url('/?token=one'));
  await assertRefused(t, sluice, 'limit_user_sessions', 429, sluice.url('/?token=one'));
  await openWs(t, sluice.url('/?token=two'));
});

test('handshake_rate: a burst, then 429 before anything is read, counted over all workers', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    workers: 3,
    defaults: { limits: { handshake_rate: { rate: '1/h', burst: 5 } } },
    backend: backend.address,
  });
  for (let i = 0; i < 5; ++i) await openWs(t, sluice.url());
  const response = await assertRefused(t, sluice, 'limit_handshake_rate', 429, sluice.url());
  const wait = Number(response.headers['retry-after']);
  assert.ok(wait > 3500 && wait <= 3600, `Retry-After: ${wait}`);
  const silent = await connectRaw(t, sluice.port);
  assert.equal((await silent.readResponse()).status, 429);
  await openWs(t, sluice.url(), { localAddress: '127.0.0.3' });
});

test('handshake_rate: on a listener with TLS the connection is closed before the handshake', async (t) => {
  const backend = await echo(t);
  const authority = makeAuthority(tempDir(t));
  const certificates = [makeCertificate(authority, 'main', ['localhost', '127.0.0.1'])];
  const sluice = await start(t, {
    listeners: [{ address: '127.0.0.1:0', tls: { certificates } }],
    defaults: { limits: { handshake_rate: { rate: '1/h', burst: 1 } } },
    backend: backend.address,
  });
  await openWs(t, sluice.wssUrl(), { ca: authority.pem });
  const client = await connectRaw(t, sluice.port);
  await client.waitForClose();
  assert.equal(client.received, 0);
  await sluice.event('refused', { reason: 'limit_handshake_rate', code: 429 });
  await sluice.metric('sluice_tls_handshakes_total', {}, 1);
});

test('handshake_rate: behind proxies it is the clients that are counted, not the proxies', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    listeners: [
      { address: '127.0.0.1:0', proxy_protocol: 'required', proxy_protocol_from: ['127.0.0.2'] },
      { address: '127.0.0.1:0' },
    ],
    trusted_proxies: ['127.0.0.1'],
    defaults: { limits: { handshake_rate: { rate: '1/h', burst: 1 } } },
    backend: backend.address,
  });
  const url = `ws://${sluice.address(1)}/`;
  for (const client of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) {
    await openWs(t, url, { headers: { 'X-Forwarded-For': client } });
  }
  const headers = { 'X-Forwarded-For': '192.0.2.2' };
  await assertRefused(t, sluice, 'limit_handshake_rate', 429, url, { headers });
});

test('a flood of refusals is one log line a second, which says how many there were', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    workers: 1,
    defaults: { limits: { handshake_rate: { rate: '1/h', burst: 1 } } },
    backend: backend.address,
  });
  const sent = 300;
  for (let i = 0; i < sent; ++i) {
    const client = await connectRaw(t, sluice.port);
    client.write(upgradeHead());
    await client.readHead();
    client.reset();
  }
  await sluice.metric(kRefused, { reason: 'limit_handshake_rate' }, sent - 1);
  // One more, later, tells of all that were left out.
  await sluice.waitFor('a line that counts the omitted', async () => {
    (await connectRaw(t, portOf(sluice.address()))).reset();
    return sluice.eventsOf('refused').some((line) => line.omitted > 0);
  });
  const lines = sluice.eventsOf('refused');
  assert.ok(lines.length < sent / 5, `${lines.length} lines for ${sent} refusals`);
});
