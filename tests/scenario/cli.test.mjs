// The command line: what people type, and what they read when they mistype.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';

import { defer } from './lib/cleanup.mjs';
import { deadAddress, echo } from './lib/backends.mjs';
import { httpGet } from './lib/metrics.mjs';
import { makeNamedFiles } from './lib/named_files.mjs';
import { connectRaw, upgradeHead } from './lib/raw_client.mjs';
import { kProjectRoot, makeConfig, run, start, startWithArgs, tempDir } from './lib/sluice.mjs';
import { openWs, refusedWs } from './lib/ws_client.mjs';

function writeConfig(t, text) {
  const file = path.join(tempDir(t), 'sluice.yaml');
  writeFileSync(file, text);
  return file;
}

test('--version and version print the commit, and the versions of libevent and OpenSSL', async () => {
  for (const args of [['--version'], ['-V'], ['version']]) {
    const { code, stdout } = await run(args);
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^sluice \d+\.\d+\.\d+\ncommit ([0-9a-f]{12}(-dirty)?|unknown)\nlibevent 2\.\S+\nOpenSSL 3\.\d+\.\d+ .*\n$/,
    );
  }
});

test('the help names every way to start it', async () => {
  for (const args of [['--help'], ['-h'], ['help']]) {
    const { code, stdout } = await run(args);
    assert.equal(code, 0);
    for (const word of ['--config', 'check', 'healthcheck', 'demo', '--origin', '--admin', '--workers']) {
      assert.ok(stdout.includes(word), `${word} is missing from:\n${stdout}`);
    }
  }
});

test('each command has its own help with an example', async () => {
  const { stdout: main } = await run(['help']);
  const commands = [...main.matchAll(/^ {2}([a-z]+) {2,}[A-Z]/gm)].map((match) => match[1]);
  for (const name of ['check', 'explain', 'healthcheck', 'demo']) assert.ok(commands.includes(name), main);
  for (const name of commands) {
    const asked = await run(['help', name]);
    assert.equal(asked.code, 0);
    assert.match(asked.stdout, new RegExp(`^Usage: sluice ${name}\\b`, 'm'));
    assert.equal((await run([name, '--help'])).stdout, asked.stdout);
    assert.match(asked.stdout, new RegExp(`^Examples?:\\n  sluice ${name}\\b`, 'm'), asked.stdout);
  }
});

test('check: a good file', async (t) => {
  const file = writeConfig(t, JSON.stringify(makeConfig({ backend: '127.0.0.1:5900' })));
  const { code, stderr, stdout } = await run(['check', file]);
  assert.equal(code, 0, `${stdout}${stderr}`);
});

test('check: the demo and every example', async (t) => {
  const config = path.join(tempDir(t), 'config');
  cpSync(path.join(kProjectRoot, 'config'), config, { recursive: true });
  const examples = path.join(config, 'examples');
  const files = [
    path.join(config, 'demo.yaml'),
    ...readdirSync(examples).filter((f) => f.endsWith('.yaml')).map((f) => path.join(examples, f)),
  ];
  assert.ok(files.length > 1, 'there are examples');
  for (const file of files) {
    makeNamedFiles(file);
    const { code, stdout, stderr } = await run(['check', file]);
    assert.equal(code, 0, `${stdout}${stderr}`);
  }
});

test('check: every error of a file at once, each with its place, its line and a caret', async (t) => {
  const lines = [
    'listeners:',
    '  - address: 0.0.0.0:99999',
    'routes:',
    '  - name: main',
    '    match: {path: vnc}',
    '    bakend: 127.0.0.1:5900',
    'defaults:',
    '  timeouts: {connect: 5 parsecs}',
    '',
  ];
  const file = writeConfig(t, lines.join('\n'));
  const { code, stdout, stderr } = await run(['check', file]);
  const output = stdout + stderr;
  assert.equal(code, 1, output);
  const places = [
    [2, 14, /99999/],
    [5, 19, /path/],
    [6, 5, /unknown key 'bakend'; did you mean 'backend'\?/],
    [8, 23, /duration.*5 parsecs/],
  ];
  for (const [line, column, message] of places) {
    const place = `${file}:${line}:${column}: `;
    const at = output.indexOf(place);
    assert.ok(at >= 0, `no error at ${line}:${column} in:\n${output}`);
    const [head, source, caret] = output.slice(at + place.length).split('\n');
    assert.match(head, message);
    assert.equal(source, lines[line - 1]);
    assert.equal(caret, `${' '.repeat(column - 1)}^`);
  }
});

test('check: a file that is not YAML, and one that is not there', async (t) => {
  const broken = writeConfig(t, 'routes: [a\nlisteners: b\n');
  const bad = await run(['check', broken]);
  assert.equal(bad.code, 1);
  assert.match(bad.stdout + bad.stderr, /sluice\.yaml:\d+:\d+: /);
  const absent = await run(['check', '/nonexistent/sluice.yaml']);
  assert.equal(absent.code, 1);
  assert.match(absent.stdout + absent.stderr, /\/nonexistent\/sluice\.yaml.*No such file/s);
});

test('--config with a bad file does not start', async (t) => {
  const file = writeConfig(t, 'listeners:\n  - address: 127.0.0.1:0\nroute: []\n');
  const { code, stdout, stderr } = await run(['--config', file]);
  assert.equal(code, 1);
  assert.match(stdout + stderr, /sluice\.yaml:3:1: unknown key 'route'; did you mean 'routes'\?/);
  assert.ok(!stdout.includes('"ready"'));
});

test('the quick form: sluice LISTEN TARGET', async (t) => {
  const backend = await echo(t);
  const sluice = await startWithArgs(t, ['127.0.0.1:0', backend.address]);
  const client = await openWs(t, sluice.url('/any/path/will/do'));
  client.send('hello');
  assert.equal((await client.receive(5)).toString(), 'hello');
  await client.close();
});

test('the quick form with a bare port listens on every address', async (t) => {
  const backend = await echo(t);
  const sluice = await startWithArgs(t, ['0', `localhost:${backend.port}`, '--admin', '127.0.0.1:0', '--workers', '1']);
  const client = await openWs(t, sluice.url());
  client.send('hello');
  assert.equal((await client.receive(5)).toString(), 'hello');
  await client.close();
  assert.equal((await httpGet(sluice.adminUrl('/readyz'))).status, 200);
  assert.equal((await sluice.metrics()).sum('sluice_workers'), 1);
});

test('the quick form with --origin', async (t) => {
  const backend = await echo(t);
  const sluice = await startWithArgs(t, [
    '127.0.0.1:0', backend.address, '--origin', 'https://a.example.com', '--origin', 'https://b.example.com',
  ]);
  for (const origin of ['https://a.example.com', 'https://b.example.com']) {
    const client = await openWs(t, sluice.url(), { origin });
    await client.close();
  }
  assert.equal((await refusedWs(t, sluice.url(), { origin: 'https://c.example.com' })).status, 403);
});

const kUsageErrors = {
  'no arguments': [[], /LISTEN and SERVER.*--config/],
  'an unknown option': [['--colour'], /--colour/],
  'a target without a port': [['8080', 'localhost'], /localhost/],
  'a target that is only a port': [['8080', '5900'], /SERVER: '5900' is only a port; did you mean localhost:5900\?/],
  'a port that is none': [['80808080', 'localhost:1'], /80808080/],
  'a service that is missing': [['8080'], /SERVER/],
  'an argument too many': [['8080', 'localhost:1', 'more'], /more/],
  'workers that are no number': [['8080', 'localhost:1', '--workers', 'many'], /many/],
  'an origin that is none': [['8080', 'localhost:1', '--origin', 'example.com'], /example\.com/],
  '--config without a file': [['--config'], /--config/],
  '--config and a target': [['--config', 'x.yaml', '8080', 'localhost:1'], /--config|8080/],
  'check without a file': [['check'], /FILE|file/],
  'a command that is misspelt': [['chek', 'sluice.yaml'], /'chek' is neither a command .*; did you mean 'check'\?/],
  'a command that is misspelt, with an option': [['explian', '--from', '::1'], /did you mean 'explain'\?/],
  'a command that does not exist': [['serve', 'sluice.yaml'], /'serve' is neither.*the commands are: .*check/],
  'help for a command that is misspelt': [['help', 'chek'], /no command 'chek'; did you mean 'check'\?/],
  'a file without --config': [['sluice.yaml'], /did you mean `sluice --config sluice\.yaml`\?/],
  'an option in front of a command': [['--admin', '127.0.0.1:0', 'check', 'x.yaml'], /'--admin' in front of 'check'/],
  'arguments in front of a command': [['0', 'localhost:1', 'demo'], /'LISTEN' in front of 'demo'/],
  '--config and --origin': [['--config', 'x.yaml', '--origin', 'https://a.example'], /--origin.*'origins' of a route/],
  'an admin listener on a Unix socket': [['0', 'localhost:1', '--admin', 'unix:/a'], /--admin: 'unix:\/a' is a Unix socket/],
  'a demo port that is none': [['demo', '--port', '65536'], /^--port: expected a port .*, found '65536'$/m],
  'a format that is none': [['check', '--format', 'xml', 'f'], /^--format: expected 'text' or 'json', found 'xml'$/m],
  'an option that is misspelt': [['demo', '--prot', '1'], /^unknown option '--prot' of `sluice demo`; did you mean '--port'\?$/m],
  'an option of another command': [['demo', '--strict'], /^unknown option '--strict' .*; it is an option of `sluice check`$/m],
  'an option that is given twice': [['demo', '--port', '1', '--port', '2'], /^--port: expected one value, found 2/m],
  'an option without its value': [['check', 'f', '--format'], /^--format has no value: expected text, or json/m],
  'another option as a value': [['--config', '--workers', '1'], /^--config: expected a value, found the option '--workers'$/m],
  'a flag with a value': [['check', '--strict=yes', 'f'], /^--strict takes no value$/m],
};

test('usage errors', async (t) => {
  for (const [what, [args, message]] of Object.entries(kUsageErrors)) {
    await t.test(`${what}: sluice ${args.join(' ')}`, async () => {
      const { code, signal, stdout, stderr } = await run(args);
      assert.equal(signal, null, 'it ends by itself');
      assert.ok(code === 1 || code === 2, `exit status ${code}`);
      assert.match(stderr, message, `stderr names the problem; stdout was:\n${stdout}`);
      assert.ok(!stdout.includes('"ready"'));
    });
  }
});

test('every option of every command has the same sentences for a mistake', async () => {
  const operands = { '': ['0', 'builtin:echo'], check: ['/dev/null'], explain: ['/dev/null', 'ws://a/'] };
  const parsed = ['--port', '--workers', '--format', '--timeout', '--method', '--header', '--from', '--subprotocol',
    '--claim', '--certificate'];
  let count = 0;
  for (const command of ['', 'demo', 'check', 'explain', 'healthcheck', 'help', 'version']) {
    const words = command === '' ? [] : [command];
    const { stdout } = await run([...words, '--help']);
    for (const [, name, isFlag] of stdout.matchAll(/^ {2}(?:-\w,)?(--[a-z-]+)( {2,}[A-Z])?/gm)) {
      if (name === '--help' || name === '--version') continue;
      const cases = isFlag
        ? [[[`${name}=x`], `${name} takes no value`]]
        : [
            [[name], `${name} has no value: expected `],
            [[name, '--help'], `${name}: expected a value, found the option '--help'`],
            [[name, ''], `${name}: expected `],
          ];
      cases.push([[`${name}x`, '1'], `unknown option '${name}x' of \`${['sluice', ...words].join(' ')}\`; did you mean '${name}'?`]);
      if (parsed.includes(name)) cases.push([[name, '\x01'], `${name}: expected `]);
      for (const [args, expected] of cases) {
        const { code, stderr } = await run([...words, ...(operands[command] ?? []), ...args]);
        const shown = `${[...words, ...args].join(' ')}: ${stderr}`;
        assert.ok(stderr.startsWith(expected), `${shown}expected: ${expected}`);
        assert.match(stderr, /\nRun `sluice (--help|help [a-z]+)` for more information\.\n$/, shown);
        assert.equal(code, 2, shown);
        ++count;
      }
    }
  }
  assert.ok(count > 80, `${count} command lines`);
});

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
  const file = (address) =>
    writeConfig(t, JSON.stringify(makeConfig({ backend: 'builtin:echo', admin: { address, token_file: token } })));
  const cases = [
    { args: ['--config', file(taken), '--admin', free] },
    { args: ['--config', file(taken)], env: { SLUICE_ADMIN: free } },
    { args: ['--config', file(taken), '--admin', free], env: { SLUICE_ADMIN: taken } },
    { args: ['--config', file(free)], env: { SLUICE_ADMIN: '' } },
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
  const bad = await run(['--config', file(free)], { env: { SLUICE_ADMIN: 'nowhere' } });
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /SLUICE_ADMIN: 'nowhere'/);
});

test('--workers takes precedence over the file, after a reload as well', async (t) => {
  const file = writeConfig(t, JSON.stringify(makeConfig({ backend: 'builtin:echo', workers: 2 })));
  const sluice = await startWithArgs(t, ['--config', file, '--workers', '1']);
  assert.equal((await sluice.event('ready')).workers, 1);
  writeFileSync(file, JSON.stringify(makeConfig({ backend: 'builtin:echo', workers: 3 })));
  sluice.reload();
  await sluice.event('config_reloaded');
});

test('healthcheck finds the admin address by the same rule', async (t) => {
  const sluice = await start(t, { backend: 'builtin:echo' });
  const here = sluice.adminAddress;
  const dead = await deadAddress(t);
  // What else is wrong with the file is no reason to call a running sluice unhealthy.
  const file = (address) => writeConfig(t, `{admin: {address: "${address}"}, routs: [], workers: many}`);
  const cases = [
    [['--config', file(here)], {}, 0],
    [['--config', file(dead)], {}, 1],
    [['--config', file(dead)], { SLUICE_ADMIN: here }, 0],
    [['--config', file(here)], { SLUICE_ADMIN: dead }, 1],
    [['--admin', here, '--config', file(dead)], { SLUICE_ADMIN: dead }, 0],
    [[], { SLUICE_ADMIN: here }, 0],
  ];
  for (const [args, env, expected] of cases) {
    const { code, stdout, stderr } = await run(['healthcheck', ...args], { env });
    assert.equal(code, expected, `${args.join(' ')} ${JSON.stringify(env)}: ${stdout}${stderr}`);
  }
  const none = await run(['healthcheck', '--config', writeConfig(t, 'routes: []\n')]);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /has no 'admin'/);
  const broken = await run(['healthcheck', '--config', writeConfig(t, `admin: {address: "${here}"}\nroutes: [\n`)]);
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

test('query strings, credentials and payload are never in the log', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  const secrets = ['s3cret-query', 's3cret-cookie', 's3cret-auth', 's3cret-proto', 's3cret-payload', 's3cret-reason'];
  const headers = {
    Cookie: `id=${secrets[1]}`,
    Authorization: `Bearer ${secrets[2]}`,
    'Sec-WebSocket-Protocol': secrets[3],
  };
  const { 'Sec-WebSocket-Protocol': protocol, ...credentials } = headers;
  const client = await openWs(t, sluice.url(`/?token=${secrets[0]}`), {
    headers: credentials,
    protocols: [protocol],
  });
  client.send(secrets[4]);
  await client.receive(secrets[4].length);
  await client.close(4000, secrets[5]);
  // Refusals, too, of each kind that quotes what it refuses.
  const requests = [
    upgradeHead({ target: `/nowhere?token=${secrets[0]}`, headers }),
    upgradeHead({ target: `/?token=${secrets[0]}`, method: 'POST', headers }),
    upgradeHead({ target: `/?token=${secrets[0]}`, headers: { ...headers, Origin: 'https://evil.example.com' } }),
    upgradeHead({ target: `/?token=${secrets[0]}`, headers: { ...headers, 'Sec-WebSocket-Key': 'short' } }),
    upgradeHead({ target: `/?token=${secrets[0]}${'x'.repeat(9000)}`, headers }),
    `GET /?token=${secrets[0]} HTTP/1.1\r\nHost: a\r\nCookie: ${secrets[1]}\r\nbad header ${secrets[2]}\r\n\r\n`,
  ];
  for (const request of requests) {
    const raw = await connectRaw(t, sluice.port);
    raw.write(request);
    await raw.waitForClose();
  }
  await sluice.sessions(1);
  await sluice.waitFor('the refusals in the log', () => sluice.eventsOf('refused').length === requests.length);
  for (const secret of secrets) {
    assert.ok(!sluice.stdout.includes(secret), `${secret} is in the log:\n${sluice.stdout}`);
    assert.ok(!sluice.stderr.includes(secret), `${secret} is on stderr`);
  }
});

test('every line of the log has a time, a level and an event', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  await (await openWs(t, sluice.url())).close();
  await sluice.sessions(1);
  await sluice.stop();
  const seen = sluice.events.map((e) => e.event);
  for (const name of ['listening', 'admin_listening', 'ready', 'session', 'draining', 'stopped']) {
    assert.ok(seen.includes(name), `no "${name}" among ${seen.join(', ')}`);
  }
  for (const event of sluice.events) {
    assert.ok(!Number.isNaN(Date.parse(event.time)), `time: ${event.time}`);
    assert.match(event.level, /^(debug|info|warn|warning|error)$/);
    assert.match(event.event, /^[a-z_]+$/);
  }
  const listening = sluice.eventsOf('listening')[0];
  assert.equal(listening.listener, '127.0.0.1:0', 'the address as configured');
  assert.match(listening.address, /^127\.0\.0\.1:[1-9]\d*$/, 'and as it is');
});

test('a path with odd bytes cannot break a log line', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    routes: [{ name: 'all', match: { path: '/**' }, backend: backend.address }],
  });
  for (const target of ['/%22%5c%7f', '/%ff%fe', '/a%22,%22level%22:%22', '/%e6%b5%81']) {
    const raw = await connectRaw(t, sluice.port);
    raw.write(upgradeHead({ target }));
    await raw.readHead();
    raw.end();
    await raw.waitForClose();
  }
  await sluice.stop();
  assert.deepEqual(sluice.eventsOf('unparsable'), []);
});

test('--origin takes one value, wherever it stands, and may be repeated', async (t) => {
  const args = ['--origin', 'https://a.example', '127.0.0.1:0', '--origin', 'https://b.example', 'builtin:echo'];
  const sluice = await startWithArgs(t, args);
  for (const origin of ['https://a.example', 'https://b.example']) {
    const client = await openWs(t, sluice.url(), { origin });
    client.send('hello');
    assert.equal((await client.receive(5)).toString(), 'hello');
  }
});
