// What sluice may do once it runs, and what it says it leaves open.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { echo } from './lib/backends.mjs';
import { makeConfig, run, start, startWithArgs, tempDir } from './lib/sluice.mjs';
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

/** Owner, group and mode of a file, as `stat -c '%u:%g %a'` prints them. */
function fileOf(file) {
  const { uid, gid, mode } = statSync(file);
  return `${uid}:${gid} ${(mode & 0o7777).toString(8)}`;
}

/**
 * A directory for a file and for sockets, also after root is given up. `start()` starts sluice with a configuration;
 * `reload()` has it read another one, and waits for the event `outcome`.
 */
function setUp(t) {
  const dir = tempDir(t);
  chmodSync(dir, 0o755);
  const file = path.join(dir, 'sluice.yaml');
  const write = (config) => writeFileSync(file, JSON.stringify(makeConfig({ backend: 'builtin:echo', ...config })));
  return {
    dir,
    async start(config) {
      write(config);
      return startWithArgs(t, ['--config', file]);
    },
    async reload(sluice, config, outcome = 'config_reloaded') {
      const before = sluice.eventsOf(outcome).length;
      write(config);
      sluice.reload();
      return sluice.waitFor(outcome, () => sluice.eventsOf(outcome)[before]);
    },
  };
}

test('a Unix socket has the mode and owner of the configuration, also after a reload', { skip }, async (t) => {
  const { dir, start: startWith, reload } = setUp(t);
  const [set, unset] = [path.join(dir, 'set.sock'), path.join(dir, 'unset.sock')];
  const configWith = (settings) => ({
    listeners: [
      { address: '127.0.0.1:0' },
      { address: `unix:${set}`, ...settings },
      { address: `unix:${unset}` },
    ],
  });
  const sluice = await startWith(configWith({ mode: '0620', user: 'nobody', group: 12345 }));
  assert.equal(fileOf(set), '65534:12345 620');
  assert.equal(fileOf(unset), `0:0 ${(0o777 & ~process.umask()).toString(8)}`);
  await reload(sluice, configWith({ mode: '0666', group: 'nogroup' }));
  assert.equal(fileOf(set), '65534:65534 666');
  await reload(sluice, configWith({}));
  assert.equal(fileOf(set), '65534:65534 666', 'nothing is set any more');
  await sluice.stop();
  assert.equal(fileOf(set), '65534:65534 666', 'the file remains');
});

test('a Unix socket keeps its own owner when root is given up', { skip }, async (t) => {
  const { dir, start: startWith, reload } = setUp(t);
  const socket = path.join(dir, 'http.sock');
  const configWith = (user, hosts) => ({
    user: 'nobody',
    listeners: [{ address: '127.0.0.1:0' }, { address: `unix:${socket}`, mode: '0660', user, group: 12345 }],
    hosts,
  });
  const sluice = await startWith(configWith('daemon', ['a']));
  assert.equal(fileOf(socket), '1:12345 660');
  // Nothing has to change, so nothing needs root.
  await reload(sluice, configWith('daemon', ['b']));
  const { detail } = await reload(sluice, configWith('root', ['b']), 'config_fault');
  assert.equal(detail, `cannot set the mode and owner of unix:${socket}: Operation not permitted`);
  assert.equal(fileOf(socket), '1:12345 660');
});

test('a Unix socket with an unknown owner is an error with its place', async (t) => {
  const file = path.join(tempDir(t), 'sluice.yaml');
  writeFileSync(
    file,
    `listeners: [{address: "unix:/run/a.sock", user: no-such-user, group: no-such-group}]
routes: [{name: a, match: {path: /}, backend: "builtin:echo"}]
`,
  );
  const { code, stderr } = await run(['check', file]);
  assert.equal(code, 1);
  assert.match(stderr, /:1:49: .*user: there is no user 'no-such-user' on this machine/);
  assert.match(stderr, /:1:70: .*group: there is no group 'no-such-group' on this machine/);
});

test('root that stays root is told so', { skip }, async (t) => {
  const sluice = await start(t, { backend: 'builtin:echo' });
  const { detail } = await sluice.event('running_as_root');
  assert.equal(detail, "root is no longer needed after the start; set 'user'");
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
