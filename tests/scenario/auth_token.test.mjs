// Tokens that name a server: in files, a directory, a real Redis and claims.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { assertSecret, basic, bearer, kSecret, reaches, refuses, sha512Crypt, startServers } from './lib/auth.mjs';
import { file } from './lib/files.mjs';
import { makeJwt, secondsFromNow } from './lib/jwt.mjs';
import { startRedisServer } from './lib/redis.mjs';
import { start, tempDir } from './lib/sluice.mjs';

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
