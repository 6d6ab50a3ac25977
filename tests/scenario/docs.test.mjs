// The pages are true: their examples pass `sluice check`, the README's commands run, the Markdown is in order,
// and the tests that they name as proof exist.
//
// A fence with `yaml` is a configuration or a part of one, and is checked: `listeners` and `routes` are added where
// it has none. A fence with `yaml defaults` has keys of `defaults`; a key that comes again begins an alternative,
// and each alternative is checked. What sluice cannot check is not `yaml` but `text`.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { makeNamedFiles } from './lib/named_files.mjs';
import { examples, kPages, readPage } from './lib/pages.mjs';
import { kProjectRoot, run, startWithArgs, tempDir } from './lib/sluice.mjs';

/** What the examples take from the environment. */
const kEnvironment = { PORT: '8080', CHAT_TOKEN: 'secret' };

const kAddedSections = {
  listeners: 'listeners: ["127.0.0.1:0"]\n',
  routes: 'routes: [{name: added, match: {path: /added}, backend: "builtin:echo"}]\n',
};

/** What `auth: {ticket: true}` needs. */
const kAdmin = 'admin: {address: "127.0.0.1:0", token_file: admin-token}\n';

/** Adds the required sections that a part of a configuration does not have. */
function complete(text) {
  const missing = Object.keys(kAddedSections).filter((key) => !new RegExp(`^${key}:`, 'm').test(text));
  return text + missing.map((key) => kAddedSections[key]).join('');
}

/** Cuts keys of `defaults` into alternatives, in each of which every key is unique. */
function alternatives(text) {
  const found = [''];
  let keys = new Set();
  for (const line of text.split(/(?<=\n)/)) {
    const [key] = /^\w+(?=:)/.exec(line) ?? [];
    if (keys.has(key)) {
      found.push('');
      keys = new Set();
    }
    if (key) keys.add(key);
    found[found.length - 1] += line;
  }
  return found;
}

/** The configurations that a fence with `yaml` stands for. */
function configurations({ words, text, place }) {
  if (words.length === 0) return [complete(text)];
  assert.deepEqual(words, ['defaults'],
    `${place}: expected 'yaml' or 'yaml defaults', or 'text' for what is no configuration`);
  return alternatives(text).map((part) => complete(`${kAdmin}defaults:\n${part.replace(/^(?=.)/gm, '  ')}`));
}

for (const page of kPages.filter((p) => examples('yaml', [p]).length > 0)) {
  test(`every configuration in ${page} passes sluice check`, async (t) => {
    const failures = [];
    for (const example of examples('yaml', [page])) {
      for (const text of configurations(example)) {
        const file = path.join(tempDir(t), 'sluice.yaml');
        writeFileSync(file, text);
        makeNamedFiles(file);
        const { code, stdout, stderr } = await run(['check', file], { env: kEnvironment });
        if (code === 0) continue;
        failures.push(`the example at ${example.place}, as it was checked:\n${text}\n${stdout}${stderr}`);
      }
    }
    assert.equal(failures.length, 0, failures.join('\n'));
  });
}

/** Commands of the README that this test does not run, and what does. */
const kNotRunHere = new Map([
  ['scripts/test', 'scripts/test'],
  ['scripts/demo', 'scripts/check-demo'],
  ['docker', 'scripts/image'],
]);

test("the README's commands do what they say", async (t) => {
  const dir = tempDir(t);
  const [{ text: config }] = examples('yaml', ['README.md']);
  const file = path.join(dir, 'sluice.yaml');
  const anyPort = (text) => text.replace(/(?<=(?:\]|127\.0\.0\.1):)\d+/g, '0');
  writeFileSync(file, anyPort(config));
  const commands = examples('sh', ['README.md']).flatMap(({ text }) => text.trim().split('\n'))
    .map((line) => line.replace(/ +#.*/, ''));
  let count = 0;
  for (const command of commands) {
    const [program, ...words] = command.split(' ');
    if (program !== 'sluice') {
      const step = kNotRunHere.get(program);
      assert.ok(step, `no test runs the README's command: ${command}`);
      assert.ok(readPage('.ci/run').includes(` ${step}`), `.ci/run does not run ${step}, for: ${command}`);
      continue;
    }
    count += 1;
    const args = words.map((word) => (word === 'sluice.yaml' ? file : word));
    const isServer = args[0] === '--config' || /^\d+$/.test(args[0]);
    if (isServer) {
      const sluice = await startWithArgs(t, args.map((word) => word.replace(/^\d+$/, '0')));
      await sluice.stop();
    } else {
      const { code, stdout, stderr } = await run(args);
      assert.equal(code, 0, `${command}\n${stdout}${stderr}`);
    }
  }
  assert.ok(count >= 5, `only ${count} commands were found`);
});

const kLinter = path.join(kProjectRoot, 'tests/scenario/node_modules/markdownlint-cli2/markdownlint-cli2-bin.mjs');
const kLinterConfig = path.join(kProjectRoot, '.markdownlint-cli2.yaml');

function lint(args, cwd) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [kLinter, '--config', kLinterConfig, ...args],
    { cwd, encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}

test('the Markdown is in order', () => {
  const { status, output } = lint([], kProjectRoot);
  assert.equal(status, 0, output);
});

test('the linter finds a table that is cut in two, and links that lead nowhere', (t) => {
  const dir = tempDir(t);
  writeFileSync(path.join(dir, 'good.md'), '# Good\n\n## One `key`\n\n[here](#one-key)\n');
  writeFileSync(path.join(dir, 'bad.md'), [
    '# Bad', '', '| a |', '| --- |', '| 1 |', '', '| 2 |', '',
    '[fine](good.md#one-key) [nowhere](good.md#two) [nothing](none.md)', '',
  ].join('\n'));
  const { status, output } = lint(['--no-globs', '*.md'], dir);
  assert.equal(status, 1, output);
  assert.match(output, /bad\.md:7 SL001/);
  assert.match(output, /bad\.md:9 SL002.*good\.md has no heading #two/);
  assert.match(output, /bad\.md:9 SL002.*there is no none\.md/);
  assert.equal(output.match(/SL00\d/g).length, 3, output);
  assert.doesNotMatch(output, /good\.md:\d/);
});

/** The files of the tests by their names, which are unique among those that are named. */
function testFiles() {
  const root = path.join(kProjectRoot, 'tests');
  const files = new Map();
  for (const dir of ['scenario', 'fuzz', ...readdirSync(path.join(root, 'unit')).map((d) => `unit/${d}`)]) {
    if (/\.\w+$/.test(dir)) continue;
    for (const name of readdirSync(path.join(root, dir))) {
      if (!files.has(name)) files.set(name, []);
      files.get(name).push(path.join(root, dir, name));
    }
  }
  return files;
}

test('every test that docs/security.md names exists', () => {
  const page = readFileSync(path.join(kProjectRoot, 'docs/security.md'), 'utf8');
  const rows = page.split('\n').filter((line) => /^\| [A-Z]/.test(line));
  assert.ok(rows.length > 20);
  const files = testFiles();
  for (const row of rows) {
    const proofs = [...row.matchAll(/`([\w.]+)`: "([^"]+)"/g)];
    assert.ok(proofs.length > 0, `a threat without proof: ${row}`);
    for (const [, file, name] of proofs) {
      assert.ok(files.has(file), `there is no ${file}`);
      const found = files.get(file).some((where) => readFileSync(where, 'utf8').includes(name));
      assert.ok(found, `${file} has no test "${name}"`);
    }
  }
});
