// How sluice starts from the command line: options and their precedence, addresses, signals.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';

import { deadAddress, echo } from './lib/backends.mjs';
import { defer } from './lib/cleanup.mjs';
import { file } from './lib/files.mjs';
import { httpGet } from './lib/metrics.mjs';
import { makeConfig, run, start, startWithArgs, tempDir } from './lib/sluice.mjs';

/** An address that another socket listens on. */
async function takenAddress(t) {
  const other = net.createServer();
  other.listen({ port: 0, host: '127.0.0.1' });
  await once(other, 'listening');
  defer(t, () => other.close());
  return `127.0.0.1:${other.address().port}`;
}

test('the admin address: the flag takes precedence over the environment, and that over the file', async (t) => {
  const taken = await takenAddress(t);
  const free = '127.0.0.1:0';
  const token = path.join(tempDir(t), 'token');
  writeFileSync(token, 'a-token-of-the-admin-that-is-long-enough\n');
  const configWith = (address) =>
    file(t, 'sluice.yaml', JSON.stringify(makeConfig({ backend: 'builtin:echo', admin: { address, token_file: token } })));
  const cases = [
    { args: ['--config', configWith(taken), '--admin', free] },
    { args: ['--config', configWith(taken)], env: { SLUICE_ADMIN: free } },
    { args: ['--config', configWith(taken), '--admin', free], env: { SLUICE_ADMIN: taken } },
    { args: ['--config', configWith(free)], env: { SLUICE_ADMIN: '' } },
    { args: ['127.0.0.1:0', 'builtin:echo', '--admin', free], env: { SLUICE_ADMIN: taken } },
    { args: ['127.0.0.1:0', 'builtin:echo'], env: { SLUICE_ADMIN: free } },
    { args: ['demo', '--port', '0', '--admin', free], env: { SLUICE_ADMIN: taken } },
    { args: ['demo', '--port', '0'], env: { SLUICE_ADMIN: free } },
  ];
  for (const { args, env } of cases) {
    const sluice = await startWithArgs(t, args, { env });
    assert.notEqual(sluice.adminAddress, taken);
    assert.equal((await httpGet(sluice.adminUrl('/readyz'))).status, 200);
    // An address that only the environment names is not overlooked.
    const hides = args.length === 2 && env.SLUICE_ADMIN !== '' && args[0] === '--config';
    assert.equal(/warning: SLUICE_ADMIN in the environment sets/.test(sluice.stderr), hides, sluice.stderr);
    if (args[0] !== '--config') continue;
    const reloaded = await fetch(sluice.adminUrl('/reload'), {
      method: 'POST',
      headers: { Authorization: 'Bearer a-token-of-the-admin-that-is-long-enough' },
    });
    assert.equal(reloaded.status, 200, "the file's token_file still counts, and a reload keeps the address");
    const text = JSON.parse(readFileSync(args[1], 'utf8'));
    writeFileSync(args[1], JSON.stringify({ ...text, drain: { delay: '1s' } }));
    sluice.reload();
    await sluice.event('config_reloaded');
  }
  const bad = await run(['--config', configWith(free)], { env: { SLUICE_ADMIN: 'nowhere' } });
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /SLUICE_ADMIN: 'nowhere'/);
});

test('--workers takes precedence over the file, after a reload as well', async (t) => {
  const config = file(t, 'sluice.yaml', JSON.stringify(makeConfig({ backend: 'builtin:echo', workers: 2 })));
  const sluice = await startWithArgs(t, ['--config', config, '--workers', '1']);
  assert.equal((await sluice.event('ready')).workers, 1);
  writeFileSync(config, JSON.stringify(makeConfig({ backend: 'builtin:echo', workers: 3 })));
  sluice.reload();
  await sluice.event('config_reloaded');
});

test('healthcheck finds the admin address by the same rule', async (t) => {
  const sluice = await start(t, { backend: 'builtin:echo' });
  const here = sluice.adminAddress;
  const dead = await deadAddress(t);
  // What else is wrong with the file is no reason to call a running sluice unhealthy.
  const configWith = (address) => file(t, 'sluice.yaml', `{admin: {address: "${address}"}, routs: [], workers: many}`);
  const cases = [
    [['--config', configWith(here)], {}, 0],
    [['--config', configWith(dead)], {}, 1],
    [['--config', configWith(dead)], { SLUICE_ADMIN: here }, 0],
    [['--config', configWith(here)], { SLUICE_ADMIN: dead }, 1],
    [['--admin', here, '--config', configWith(dead)], { SLUICE_ADMIN: dead }, 0],
    [[], { SLUICE_ADMIN: here }, 0],
  ];
  for (const [args, env, expected] of cases) {
    const { code, stdout, stderr } = await run(['healthcheck', ...args], { env });
    assert.equal(code, expected, `${args.join(' ')} ${JSON.stringify(env)}: ${stdout}${stderr}`);
  }
  const none = await run(['healthcheck', '--config', file(t, 'sluice.yaml', 'routes: []\n')]);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /has no 'admin'/);
  const broken = await run(['healthcheck', '--config', file(t, 'sluice.yaml', `admin: {address: "${here}"}\nroutes: [\n`)]);
  assert.equal(broken.code, 1, 'what is no YAML has no address');
  assert.match(broken.stderr, /:3:1: not valid YAML/);
  const absent = await run(['healthcheck', '--config', '/nonexistent/sluice.yaml']);
  assert.equal(absent.code, 1);
  assert.match(absent.stderr, /No such file/);
});

test('demo --port: the page is announced when its port is bound, and not before', async (t) => {
  const demo = await startWithArgs(t, ['demo', '--port', '0', '--admin', '127.0.0.1:0']);
  await demo.waitFor('the announcement', () => demo.stderr.includes('\n'));
  assert.equal(demo.stderr, `Open http://localhost:${demo.port}/ in a browser. Ctrl-C ends it.\n`);
  assert.equal((await httpGet(`http://127.0.0.1:${demo.port}/`)).status, 200);
  const again = await run(['demo', '--port', `${demo.port}`, '--admin', '127.0.0.1:0']);
  assert.equal(again.code, 1);
  assert.match(again.stdout, new RegExp(`127\\.0\\.0\\.1:${demo.port}.*Address already in use`));
  assert.doesNotMatch(again.stdout + again.stderr, /Open http/);
  const admin = await run(['demo', '--port', '0', '--admin', demo.adminAddress]);
  assert.equal(admin.code, 1);
  assert.match(admin.stdout, /admin listener: cannot listen on .*Address already in use; choose another address with --admin/);
  assert.match((await run(['demo', '--help'])).stdout, /admin listener: 127\.0\.0\.1:9090, unless --admin/);
});

test('SIGUSR1 and SIGPIPE are ignored', async (t) => {
  const sluice = await start(t, { backend: 'builtin:echo' });
  for (const signal of ['SIGUSR1', 'SIGPIPE', 'SIGXFSZ']) sluice.child.kill(signal);
  sluice.reload();
  await sluice.event('config_unchanged');
  assert.equal(sluice.exitStatus, undefined);
});

test('signals that arrive while sluice starts do not end it', async (t) => {
  // sluice waits for the file's writer in the middle of its start.
  const file = path.join(tempDir(t), 'sluice.yaml');
  execFileSync('mkfifo', [file]);
  const text = JSON.stringify(makeConfig({ backend: 'builtin:echo' }));
  const starting = startWithArgs(t, ['--config', file]);
  const writer = await open(file, 'w'); // Returns when sluice has opened the file.
  const regular = path.join(path.dirname(file), 'regular.yaml');
  writeFileSync(regular, text);
  renameSync(regular, file); // For the reload, which reads no FIFO.
  const pid = Number(readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').at(-1));
  for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGPIPE']) process.kill(pid, signal);
  await writer.writeFile(text);
  await writer.close();
  const sluice = await starting;
  assert.equal(sluice.pid, pid);
  // The SIGHUP has not been lost: it reloads the file.
  await sluice.event('config_unchanged');
});

for (const which of ['listener', 'admin']) {
  test(`a port in use (${which}) is a clear error`, async (t) => {
    const backend = await echo(t);
    const taken = await takenAddress(t);
    const args =
      which === 'listener'
        ? [taken, backend.address]
        : ['127.0.0.1:0', backend.address, '--admin', taken];
    const { code, stdout, stderr } = await run(args);
    assert.equal(code, 1, stdout + stderr);
    assert.match(stdout + stderr, new RegExp(`${taken.replaceAll('.', '\\.')}.*[Aa]ddress already in use`));
    assert.ok(!stdout.includes('"ready"'));
  });
}

test('an address of another machine is a clear error', async () => {
  const { code, stdout, stderr } = await run(['192.0.2.1:0', 'localhost:1']);
  assert.equal(code, 1);
  assert.match(stdout + stderr, /192\.0\.2\.1.*(assign|address)/i);
});
