// Rules for markdownlint that it does not have itself.
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

import { headings } from './markdown.mjs';

/** Calls `visit` for each token of a type, at any depth. */
function forEachToken(tokens, type, visit) {
  for (const token of tokens) {
    if (token.type === type) visit(token);
    forEachToken(token.children, type, visit);
  }
}

/** Returns why `target`, as a link in `file` names it, leads nowhere; nothing if it leads somewhere. */
function brokenLink(file, target) {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return undefined;
  const [name, anchor] = target.split('#');
  const found = name === '' ? file : path.resolve(path.dirname(file), decodeURIComponent(name));
  if (!existsSync(found)) return `there is no ${name}`;
  if (anchor === undefined || statSync(found).isDirectory() || !found.endsWith('.md')) return undefined;
  const anchors = headings(readFileSync(found, 'utf8'));
  return anchors.includes(anchor) ? undefined : `${name || 'the page'} has no heading #${anchor}`;
}

const tableRows = {
  names: ['SL001', 'table-rows'],
  description: 'A row belongs to a table: no blank line comes before it',
  tags: ['table'],
  parser: 'micromark',
  function: ({ parsers }, onError) => {
    forEachToken(parsers.micromark.tokens, 'paragraph', ({ startLine, text }) => {
      if (text.startsWith('|')) onError({ lineNumber: startLine, context: text.slice(0, 60) });
    });
  },
};

const links = {
  names: ['SL002', 'link-targets'],
  description: 'A link leads to a file, and to a heading in it',
  tags: ['links'],
  parser: 'micromark',
  function: ({ name, parsers }, onError) => {
    for (const type of ['resourceDestinationString', 'definitionDestinationString']) {
      forEachToken(parsers.micromark.tokens, type, ({ startLine, text }) => {
        const detail = brokenLink(name, text);
        if (detail) onError({ lineNumber: startLine, detail });
      });
    }
  },
};

export default [tableRows, links];
