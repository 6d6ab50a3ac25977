// The pages name tests as proof: these exist.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { kProjectRoot } from './lib/sluice.mjs';

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
