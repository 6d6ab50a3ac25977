// The command line: what people type, and what they read when they mistype.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cpSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { echo } from './lib/backends.mjs';
import { file } from './lib/files.mjs';
import { httpGet } from './lib/metrics.mjs';
import { makeNamedFiles } from './lib/named_files.mjs';
import { kProjectRoot, makeConfig, run, start, startWithArgs, tempDir } from './lib/sluice.mjs';
import { openWs, refusedWs } from './lib/ws_client.mjs';

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
  const config = file(t, 'sluice.yaml', JSON.stringify(makeConfig({ backend: '127.0.0.1:5900' })));
  const { code, stderr, stdout } = await run(['check', config]);
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
  const config = file(t, 'sluice.yaml', lines.join('\n'));
  const { code, stdout, stderr } = await run(['check', config]);
  const output = stdout + stderr;
  assert.equal(code, 1, output);
  const places = [
    [2, 14, /99999/],
    [5, 19, /path/],
    [6, 5, /unknown key 'bakend'; did you mean 'backend'\?/],
    [8, 23, /duration.*5 parsecs/],
  ];
  for (const [line, column, message] of places) {
    const place = `${config}:${line}:${column}: `;
    const at = output.indexOf(place);
    assert.ok(at >= 0, `no error at ${line}:${column} in:\n${output}`);
    const [head, source, caret] = output.slice(at + place.length).split('\n');
    assert.match(head, message);
    assert.equal(source, lines[line - 1]);
    assert.equal(caret, `${' '.repeat(column - 1)}^`);
  }
});

test('check: a file that is not YAML, and one that is not there', async (t) => {
  const broken = file(t, 'sluice.yaml', 'routes: [a\nlisteners: b\n');
  const bad = await run(['check', broken]);
  assert.equal(bad.code, 1);
  assert.match(bad.stdout + bad.stderr, /sluice\.yaml:\d+:\d+: /);
  const absent = await run(['check', '/nonexistent/sluice.yaml']);
  assert.equal(absent.code, 1);
  assert.match(absent.stdout + absent.stderr, /\/nonexistent\/sluice\.yaml.*No such file/s);
});

test('--config with a bad file does not start', async (t) => {
  const config = file(t, 'sluice.yaml', 'listeners:\n  - address: 127.0.0.1:0\nroute: []\n');
  const { code, stdout, stderr } = await run(['--config', config]);
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

test('--origin takes one value, wherever it stands, and may be repeated', async (t) => {
  const args = ['--origin', 'https://a.example', '127.0.0.1:0', '--origin', 'https://b.example', 'builtin:echo'];
  const sluice = await startWithArgs(t, args);
  for (const origin of ['https://a.example', 'https://b.example']) {
    const client = await openWs(t, sluice.url(), { origin });
    client.send('hello');
    assert.equal((await client.receive(5)).toString(), 'hello');
  }
});
