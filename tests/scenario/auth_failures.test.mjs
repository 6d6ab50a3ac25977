// Which refusals count as failures of a client, and what follows from them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

import { basic, bearer, kSecret, letsIn, refuses, sha512Crypt, startGuarded } from './lib/auth.mjs';
import { deadAddress, echo } from './lib/backends.mjs';
import { file } from './lib/files.mjs';
import { makeJwt, secondsFromNow } from './lib/jwt.mjs';
import { connectRaw, openRaw, upgradeHead } from './lib/raw_client.mjs';
import { start } from './lib/sluice.mjs';
import { openWs } from './lib/ws_client.mjs';

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
