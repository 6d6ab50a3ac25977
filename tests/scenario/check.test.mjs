// `sluice check`: it finds what would keep a gateway from its start, and what is unwise.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { makeAuthority, makeCertificate } from './lib/certificates.mjs';
import { kBinary, run, tempDir } from './lib/sluice.mjs';

const kWarnings = { GOOD: 0, FAILED: 1 };

/** A directory of the test's own with these files, readable by their owner alone. */
function directoryWith(t, files) {
  const dir = tempDir(t);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    writeFileSync(path.join(dir, name), text, { mode: 0o600 });
  }
  return dir;
}

/** `line:column: message` of each diagnostic in the output of a check in `dir`. */
function headlines(output) {
  return output.split('\n').filter((line) => line.startsWith('sluice.yaml:'))
    .map((line) => line.slice('sluice.yaml:'.length));
}

const kFaults = [
  ['user', 'user: no-such-user', /^1:7: user: there is no user 'no-such-user' on this machine$/],
  ['users_file that is missing', '    auth: {basic: {users_file: missing}}',
    /^1:32: users_file: 'missing' cannot be read: No such file or directory$/],
  ['users_file with a plain password', '    auth: {basic: {users_file: users}}',
    /^1:32: users_file: users:2: the password is not hashed; expected /],
  ['token file', '    auth: {token: {file: tokens}}', /^1:26: file: tokens:1: the token has no server; expected /],
  ['token directory', '    auth: {token: {directory: tokens.d}}',
    /^1:31: directory: tokens.d\/README:1: expected 'token: host:port', or /],
  ['token directory that is missing', '    auth: {token: {directory: missing.d}}',
    /^1:31: directory: 'missing.d' cannot be read: No such file or directory$/],
  ['jwks_file that is not JSON', '    auth: {jwt: {algorithms: [ES256], jwks_file: bad.json}}',
    /^1:50: jwks_file: bad.json:3: the JSON is not valid here/],
  ['jwks_file without a key', '    auth: {jwt: {algorithms: [ES256], jwks_file: empty.json}}',
    /^1:50: jwks_file: 'empty.json' has no key /],
  ['key_file of HS256', '    auth: {jwt: {algorithms: [HS256], key_file: short}}',
    /^1:49: key_file: 'short' has a secret of less than 32 bytes/],
  ['password_file of Redis', '    auth: {token: {redis: {server: "127.0.0.1:1", password_file: missing}}}',
    /^1:66: password_file: 'missing' cannot be read: No such file or directory$/],
  ['token_file of admin', 'admin: {address: 127.0.0.1:0, token_file: short}',
    /^1:43: token_file: short:1: the token has 5 characters and could be guessed; expected 16 or more$/],
  ['token_file that is missing', 'admin: {address: 127.0.0.1:0, token_file: missing}',
    /^1:43: token_file: 'missing' cannot be read: No such file or directory$/],
];

const kFiles = {
  users: '# people\nanna:secret\n',
  tokens: 'a: nowhere\n',
  'tokens.d/README': 'One file for each token.\n',
  'bad.json': '{"keys": [\n  {"kty": "EC"},\n  ]}\n',
  'empty.json': '{"keys": []}',
  short: 'short\n',
};

for (const [what, line, expected] of kFaults) {
  test(`check and start report the same: ${what}`, async (t) => {
    const dir = directoryWith(t, kFiles);
    const isRoute = line.startsWith(' ');
    const routes = ['routes:', '  - name: main', '    match: {path: /}', '    backend: 127.0.0.1:1'];
    const text = isRoute
      ? ['listeners: ["127.0.0.1:0"]', ...routes, line]
      : [line, 'listeners: ["127.0.0.1:0"]', ...routes];
    writeFileSync(path.join(dir, 'sluice.yaml'), `${text.join('\n')}\n`);
    const check = await run(['check', 'sluice.yaml'], { cwd: dir });
    assert.equal(check.code, 1, check.stdout + check.stderr);
    const found = headlines(check.stderr);
    assert.equal(found.length, 1, check.stderr);
    assert.match(found[0].replace(/^\d+/, '1'), expected);
    assert.ok(found[0].startsWith(`${text.indexOf(line) + 1}:`), found[0]);
    const start = await run(['--config', 'sluice.yaml'], { cwd: dir });
    assert.equal(start.code, 1);
    assert.equal(start.stderr, check.stderr);
    assert.equal(start.stdout, '', 'it does not begin to start');
  });
}

test('check: every fault of every file at once, with the line and a caret', async (t) => {
  const dir = directoryWith(t, { ...kFiles, more: 'x\nanna:y\n' });
  const text = [
    'listeners: ["127.0.0.1:0"]',
    'routes:',
    '  - name: main',
    '    match: {path: /}',
    '    backend: 127.0.0.1:1',
    '    auth:',
    '      - basic: {users_file: more}',
    '      - token: {directory: tokens.d}',
  ];
  writeFileSync(path.join(dir, 'sluice.yaml'), text.join('\n'));
  const { stderr } = await run(['check', 'sluice.yaml'], { cwd: dir });
  const found = headlines(stderr);
  assert.deepEqual(found.map((line) => line.split(': ').slice(0, 3).join(': ')), [
    '7:29: users_file: more:1', '7:29: users_file: more:2', '8:28: directory: tokens.d/README:1',
  ]);
  assert.ok(stderr.includes(`\n${text[6]}\n${' '.repeat(28)}^\n`), stderr);
});

test('check: listeners that cannot be bound at once', async (t) => {
  const dir = tempDir(t);
  const file = path.join(dir, 'sluice.yaml');
  const routes = 'routes: [{name: main, match: {path: /}, backend: "127.0.0.1:1"}]\n';
  const overlap = [['8443', '127.0.0.1:8443'], ['0.0.0.0:8443', '127.0.0.1:8443'], ['8443', '"[::1]:8443"'],
    ['0.0.0.0:8443', '8443'], ['127.0.0.1:8443', '"[::ffff:127.0.0.1]:8443"']];
  for (const [one, other] of overlap) {
    writeFileSync(file, `listeners:\n  - ${one}\n  - ${other}\n${routes}`);
    const { code, stderr } = await run(['check', file]);
    assert.equal(code, 1, `${one} and ${other}`);
    assert.match(stderr, /sluice.yaml:3:5: .* overlap; only one of them can be bound/);
  }
  const apart = [['127.0.0.1:8443', '127.0.0.2:8443'], ['0.0.0.0:8443', '"[::1]:8443"'], ['8443', '8444'], ['0', '0']];
  for (const [one, other] of apart) {
    writeFileSync(file, `listeners:\n  - ${one}\n  - ${other}\n${routes}`);
    const { code, stderr } = await run(['check', file]);
    assert.equal(code, 0, `${one} and ${other}: ${stderr}`);
  }
});

/** A good configuration in `dir` that gives one warning: the token's file is open to everybody. */
function writeWithWarning(dir) {
  writeFileSync(path.join(dir, 'token'), 'a token of the admin\n');
  chmodSync(path.join(dir, 'token'), 0o644);
  writeFileSync(path.join(dir, 'sluice.yaml'), [
    'listeners: ["127.0.0.1:0"]',
    'admin: {address: "127.0.0.1:0", token_file: token}',
    'routes: [{name: main, match: {path: /}, backend: "127.0.0.1:1"}]',
  ].join('\n'));
}

test('check: a warning looks as compilers have it, and --strict fails for it', async (t) => {
  const dir = tempDir(t);
  writeWithWarning(dir);
  const plain = await run(['check', 'sluice.yaml'], { cwd: dir });
  assert.equal(plain.code, kWarnings.GOOD);
  assert.match(plain.stderr, /^sluice\.yaml:2:45: warning: token_file: 'token' holds a secret, and every user/);
  assert.match(plain.stdout, /^sluice\.yaml: ok, 1 route, 1 warning\n/);
  const strict = await run(['check', '--strict', 'sluice.yaml'], { cwd: dir });
  assert.equal(strict.code, kWarnings.FAILED);
  assert.match(strict.stdout, /^sluice\.yaml: failed, 1 route, 1 warning\n/);
  chmodSync(path.join(dir, 'token'), 0o600);
  const good = await run(['check', '--strict', 'sluice.yaml'], { cwd: dir });
  assert.equal(good.code, kWarnings.GOOD);
  assert.match(good.stdout, /^sluice\.yaml: ok, 1 route\n/);
});

test('check: --format json has every diagnostic of all files in one list', async (t) => {
  const dir = tempDir(t);
  writeWithWarning(dir);
  writeFileSync(path.join(dir, 'bad.yaml'), 'listeners: [1]\nroute: []\n');
  const args = ['check', '--format', 'json', 'sluice.yaml', 'bad.yaml', 'absent.yaml'];
  const { code, stdout, stderr } = await run(args, { cwd: dir });
  assert.equal(code, 1);
  assert.equal(stderr, '');
  const list = JSON.parse(stdout);
  const warning = list[0];
  assert.match(warning.message, /^token_file: 'token' holds a secret/);
  assert.deepEqual({ ...warning, message: '' },
    { file: 'sluice.yaml', line: 2, column: 45, severity: 'warning', message: '' });
  assert.deepEqual(list.slice(1), [
    { file: 'bad.yaml', line: 2, column: 1, severity: 'error', message: "unknown key 'route'; did you mean 'routes'?" },
    { file: 'absent.yaml', line: null, column: null, severity: 'error',
      message: 'cannot be read: No such file or directory' },
  ]);
  writeFileSync(path.join(dir, 'good.yaml'), readFileSync(path.join(dir, 'sluice.yaml'), 'utf8').replace(/admin.*\n/, ''));
  const good = await run(['check', '--format=json', 'good.yaml'], { cwd: dir });
  assert.deepEqual(JSON.parse(good.stdout), []);
  assert.equal(good.code, 0);
});

test('check: errors and warnings of one file come together, in the order of the file', async (t) => {
  const dir = tempDir(t);
  writeWithWarning(dir);
  const text = readFileSync(path.join(dir, 'sluice.yaml'), 'utf8');
  writeFileSync(path.join(dir, 'sluice.yaml'), `${text}\nworkers: [many]\nlog: {session_opened: yes}\n`);
  const { code, stdout, stderr } = await run(['check', 'sluice.yaml'], { cwd: dir });
  assert.equal(code, 1);
  assert.equal(stdout, '');
  const heads = headlines(stderr);
  assert.equal(heads.length, 3, stderr);
  assert.match(heads[0], /^2:45: warning: token_file: 'token' holds a secret/);
  assert.match(heads[1], /^\d+:10: workers: expected 'auto' or a number from 1 to 256, found a list$/);
  assert.match(heads[2], /^\d+:23: session_opened: expected 'true' or 'false', found 'yes'$/);
  const started = await run(['--config', 'sluice.yaml'], { cwd: dir });
  assert.equal(started.code, 1);
  assert.deepEqual(headlines(started.stderr), heads, 'a start that fails has the same');
});

test('check: - is the standard input', async (t) => {
  const dir = tempDir(t);
  writeWithWarning(dir);
  const check = async (text) => {
    const child = spawn(kBinary, ['check', '-'], { cwd: dir });
    let output = '';
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (output += data));
    child.stdin.end(text);
    const [code] = await once(child, 'close');
    return { code, output };
  };
  const good = await check(readFileSync(path.join(dir, 'sluice.yaml')));
  assert.equal(good.code, 0, good.output);
  assert.match(good.output, /<stdin>: ok, 1 route/);
  const bad = await check('listeners: [1]\nrouts: []\n');
  assert.equal(bad.code, 1);
  assert.match(bad.output, /^<stdin>:2:1: unknown key 'routs'; did you mean 'routes'\?\nrouts/);
});

test('check: a certificate that has expired, and a key that others may read', async (t) => {
  const dir = tempDir(t);
  const authority = makeAuthority(dir);
  const { cert, key } = makeCertificate(authority, 'old', ['localhost'], { days: -1 });
  chmodSync(key, 0o644);
  writeFileSync(path.join(dir, 'sluice.yaml'), [
    'listeners:',
    '  - address: 127.0.0.1:0',
    '    tls:',
    '      certificates:',
    `        - cert: ${cert}`,
    `          key: ${key}`,
    'routes: [{name: main, match: {path: /}, backend: "127.0.0.1:1"}]',
  ].join('\n'));
  const { code, stderr } = await run(['check', 'sluice.yaml'], { cwd: dir });
  assert.equal(code, 0);
  const found = headlines(stderr);
  assert.equal(found.length, 2, stderr);
  assert.match(found[0], /^5:17: warning: cert: '.*old\.pem' has expired on \d{4}-\d\d-\d\d$/);
  assert.match(found[1], /^6:16: warning: key: '.*old\.key' holds a secret, .* \(mode 0644\); expected 0600/);
});

test('check: a token directory may hold other things than files', async (t) => {
  const dir = directoryWith(t, {
    'tokens.d/a': 'a: 127.0.0.1:1\n', 'tokens.d/a~': 'a: 127.0.0.1:1\n', 'tokens.d/#a#': 'a: 127.0.0.1:1\n',
    'tokens.d/.a.swp': '\0', 'tokens.d/old/a': 'a: 127.0.0.1:1\n',
  });
  symlinkSync('nowhere', path.join(dir, 'tokens.d', 'dangling'));
  const config = {
    listeners: ['127.0.0.1:0'],
    routes: [{ name: 'main', match: { path: '/' }, backend: { from: 'token' },
      auth: { token: { directory: 'tokens.d' } } }],
  };
  writeFileSync(path.join(dir, 'sluice.yaml'), JSON.stringify(config));
  const { code, stderr } = await run(['check', '--strict', 'sluice.yaml'], { cwd: dir });
  assert.equal(code, 0, stderr);
});
