// Basic authentication with real hashes, and the attacks on it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';

import { assertSecret, basic, letsIn, refuses, sha512Crypt, startGuarded } from './lib/auth.mjs';
import { echo } from './lib/backends.mjs';
import { file, replace } from './lib/files.mjs';
import { start } from './lib/sluice.mjs';

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
