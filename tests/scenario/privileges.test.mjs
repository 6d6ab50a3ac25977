// What sluice may do once it runs, and what it says it leaves open.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { echo } from './lib/backends.mjs';
import { makeConfig, run, start, tempDir } from './lib/sluice.mjs';
import { openWs, refusedWs } from './lib/ws_client.mjs';

const skip = process.getuid() === 0 ? false : 'only root can become somebody else';

/** The fields of /proc/PID/task/TID/status, of every thread. */
function statusOf(pid) {
  return readdirSync(`/proc/${pid}/task`).map((tid) =>
    Object.fromEntries(
      readFileSync(`/proc/${pid}/task/${tid}/status`, 'utf8')
        .split('\n')
        .map((line) => line.split(':').map((part) => part.trim())),
    ),
  );
}

test('user: root is given up, by every thread and for good', { skip }, async (t) => {
  const backend = await echo(t);
  const dir = tempDir(t);
  chmodSync(dir, 0o755);
  const socket = path.join(dir, 'http.sock');
  const users = path.join(dir, 'users');
  writeFileSync(users, `alice:${execFileSync('openssl', ['passwd', '-6', 'wonderland']).toString()}`);
  const sluice = await start(t, {
    user: 'nobody',
    listeners: [{ address: '127.0.0.1:0' }, { address: `unix:${socket}` }],
    routes: [
      { name: 'main', match: { path: '/' }, backend: backend.address },
      { name: 'login', match: { path: '/login' }, backend: backend.address, auth: { basic: { users_file: users } } },
    ],
  });
  // A password is checked by a thread of its own, which starts with the first one.
  const before = statusOf(sluice.pid).length;
  const authorization = `Basic ${Buffer.from('alice:queen').toString('base64')}`;
  const refused = await refusedWs(t, sluice.url('/login'), { headers: { authorization } });
  assert.equal(refused.status, 401);
  const threads = statusOf(sluice.pid);
  assert.ok(before >= 4, 'the main thread, the log and two workers');
  assert.ok(threads.length > before, 'and the one that checks passwords');
  for (const status of threads) {
    assert.deepEqual(status.Uid.split('\t'), Array(4).fill('65534'));
    assert.deepEqual(status.Gid.split('\t'), Array(4).fill('65534'));
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) {
      assert.equal(Number(`0x${status[set]}`), 0, `${set} of thread ${status.Pid}`);
    }
    assert.equal(status.NoNewPrivs, '1', `thread ${status.Pid}`);
    assert.ok(!status.Groups.split(' ').includes('0'), "root's groups are gone, too");
  }
  assert.equal(statSync(socket).uid, 65534);
  assert.deepEqual(sluice.eventsOf('running_as_root'), []);
  const client = await openWs(t, sluice.url());
  client.send('hello');
  assert.equal((await client.receive(5)).toString(), 'hello');
  await client.close(1000);
});

test('root that stays root is told so', { skip }, async (t) => {
  const sluice = await start(t, { backend: 'builtin:echo' });
  await sluice.event('running_as_root');
});

test('a user that does not exist is a clear error', { skip }, async (t) => {
  const file = path.join(tempDir(t), 'sluice.yaml');
  writeFileSync(file, JSON.stringify(makeConfig({ user: 'nobody-at-all', backend: 'builtin:echo' })));
  const { code, stderr } = await run(['--config', file]);
  assert.equal(code, 1);
  assert.match(stderr, /there is no user 'nobody-at-all' on this machine/);
});

test('what is open without auth is told at the start, and by check', async (t) => {
  const token = path.join(tempDir(t), 'token');
  writeFileSync(token, 'a-token-of-the-admin-that-is-long-enough\n');
  const config = {
    listeners: [{ address: '0.0.0.0:0' }],
    routes: [
      { name: 'open', match: { path: '/a' }, backend: 'builtin:echo' },
      { name: 'guarded', match: { path: '/b' }, backend: 'builtin:echo', auth: { ticket: true } },
      { name: 'page', match: { path: '/**' }, static: 'builtin:console' },
    ],
    admin: { address: '127.0.0.1:0', token_file: token },
  };
  const sluice = await start(t, config);
  const line = await sluice.event('open_without_auth', { routes: 'open' });
  assert.equal(line.level, 'warn');
  assert.equal(line.to_other_machines, true);
  const file = path.join(tempDir(t), 'sluice.yaml');
  writeFileSync(file, JSON.stringify(config));
  const { stdout } = await run(['check', file]);
  assert.match(stdout, /: without auth: open\n/);
  const local = await start(t, { backend: 'builtin:echo' });
  assert.equal((await local.event('open_without_auth')).level, 'info');
});
