// The pages of the project that users read, and the examples in them.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { fences } from './markdown.mjs';
import { kProjectRoot } from './project.mjs';

/** Paths from the project's root. */
export const kPages = [
  'README.md',
  ...['docs', 'deploy'].flatMap((dir) =>
    readdirSync(path.join(kProjectRoot, dir)).filter((f) => f.endsWith('.md')).map((f) => `${dir}/${f}`)),
];

export function readPage(page) {
  return readFileSync(path.join(kProjectRoot, page), 'utf8');
}

/** The fenced blocks in a language of the pages, each with its `place`, such as docs/metrics.md:7. */
export function examples(language, inPages = kPages) {
  return inPages.flatMap((page) =>
    fences(readPage(page))
      .filter((fence) => fence.language === language)
      .map((fence) => ({ ...fence, place: `${page}:${fence.line}` })));
}
