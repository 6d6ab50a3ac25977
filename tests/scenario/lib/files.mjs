// Files of a test, which end with it.
import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { tempDir } from './sluice.mjs';

/** Writes `text` to a file of the test's own, and returns its path. */
export function file(t, name, text, options) {
  const where = path.join(tempDir(t), name);
  writeFileSync(where, text, options);
  return where;
}

/** Replaces a file in one step, as a careful editor does. */
export function replace(where, text) {
  writeFileSync(`${where}.new`, text);
  renameSync(`${where}.new`, where);
}
