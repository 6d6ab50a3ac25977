// Reads Markdown: the anchors of headings, and fenced blocks.

const kFence = /^ *(`{3,}) *(.*)$/;

/**
 * The fenced blocks of a text: [{line, language, words, text}]. `line` is where the fence opens; `words` are
 * what follows the language on that line.
 */
export function fences(text) {
  const found = [];
  let open;
  text.split('\n').forEach((line, i) => {
    const [, marks, info] = kFence.exec(line) ?? [];
    if (open && marks && marks.length >= open.marks.length && info === '') {
      found.push({ ...open, text: open.lines.map((l) => `${l}\n`).join('') });
      open = undefined;
    } else if (open) {
      open.lines.push(line);
    } else if (marks) {
      const [language, ...words] = info.split(' ');
      open = { line: i + 1, marks, language, words, lines: [] };
    }
  });
  return found;
}

/** The anchors of a text's headings, as GitHub makes them. */
export function headings(text) {
  const counts = new Map();
  let inFence = false;
  return text.split('\n').flatMap((line) => {
    if (kFence.test(line)) inFence = !inFence;
    const title = inFence ? null : /^#{1,6} +(.*?) *#*$/.exec(line);
    if (!title) return [];
    const plain = title[1].replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain.replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replace(/ /g, '-');
    const count = counts.get(anchor) ?? 0;
    counts.set(anchor, count + 1);
    return [count === 0 ? anchor : `${anchor}-${count}`];
  });
}
