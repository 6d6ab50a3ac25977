// The results as Markdown.
import { nameOf } from './measure.mjs';
import { median, medianOf, ratio } from './statistics.mjs';
import { kFigures } from './works.mjs';

/** Three significant digits, but no digit of a whole number is dropped. */
export function number(value) {
  if (value === undefined || !Number.isFinite(value)) return '';
  return Math.abs(value) >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}

function table(left, header, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map((_, i) => (i < left ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

function trouble({ failures, samples }) {
  if (failures.length === 0) return '';
  const why = failures[0].error.replaceAll('|', '/').replaceAll('\n', ' ');
  return `${samples.length === 0 ? 'failed' : `failed ${failures.length} of ${failures.length + samples.length}`}: ${why}`;
}

const rowOf = (rows, name) => rows.find((row) => nameOf(row.entry) === name && row.samples.length > 0);

/** The references of a suite that were measured at this work. */
function referencesIn(suite, rows) {
  return suite.references.map((name) => rowOf(rows, name)).filter((row) => row);
}

/** Contenders down, works across: the figures that matter, and their ratio to the first reference. */
function overview(suite, results) {
  const columns = results.flatMap(({ work, rows }) => work[suite.key].map((figure) => ({ work, rows, figure })));
  const header = ['', ...columns.map(({ work, figure }) => `${work.title}: ${kFigures[figure].title}`)];
  const names = [...new Set(results.flatMap(({ rows }) => rows.map((row) => nameOf(row.entry))))];
  const lines = names.map((name) => [
    name,
    ...columns.map(({ work, rows, figure }) => {
      const row = rows.find(({ entry }) => nameOf(entry) === name);
      if (!row) return '';
      if (row.samples.length === 0) return 'failed';
      const [reference] = work.absolute ? [] : referencesIn(suite, rows);
      const by = reference && number(ratio(row, reference, figure));
      return `${number(medianOf(row, figure))}${by ? ` (${by})` : ''}`;
    }),
  ]);
  return table(1, header, lines);
}

/** A line for each work and contender, with everything that was measured. */
function details(suite, results) {
  const figures = Object.keys(kFigures).filter((figure) =>
    results.some(({ rows }) => rows.some((row) => medianOf(row, figure) !== undefined)),
  );
  const references = suite.references.filter((name) => results.some(({ rows }) => rowOf(rows, name)));
  const header = [
    'work',
    'contender',
    ...figures.map((figure) => kFigures[figure].title),
    ...references.map((name) => `by ${name}`),
    'notes',
  ];
  const lines = results.flatMap(({ work, rows }) =>
    rows.map((row) => [
      work.title,
      nameOf(row.entry),
      ...figures.map((figure) => number(medianOf(row, figure))),
      ...references.map((name) => {
        const reference = rowOf(rows, name);
        return reference && !work.absolute ? number(ratio(row, reference, work[suite.key][0])) : '';
      }),
      [row.samples[0]?.note, trouble(row)].filter((text) => text).join('; '),
    ]),
  );
  return table(2, header, lines);
}

/** What a second worker brings. */
function scaling(results) {
  const header = [
    'work', 'contender', 'figure', '1 worker', '2 workers', 'throughput',
    'CPU per message or GB, 1 worker', '2 workers', 'busiest worker', 'capacity', 'notes',
  ];
  const lines = results.flatMap(({ work, rows }) =>
    rows
      .filter(({ entry }) => entry.workers === 2)
      .map((two) => {
        const one = rowOf(rows, two.entry.contender.name) ?? { samples: [], failures: [] };
        const speed = medianOf(two, 'mbPerS') === undefined ? 'perS' : 'mbPerS';
        const cpu = medianOf(two, 'cpuPerMessage') === undefined ? 'cpuPerGb' : 'cpuPerMessage';
        const capacity = median(
          two.samples.map(({ round, busiest, ...sample }) => {
            const first = one.samples.find((other) => other.round === round);
            // No worker can have less than half; less is a program that moves its work from thread to thread.
            return first && first[cpu] / (sample[cpu] * Math.max(busiest, 0.5));
          }),
        );
        return [
          work.title,
          two.entry.contender.name,
          kFigures[speed].title,
          number(medianOf(one, speed)),
          number(medianOf(two, speed)),
          number(ratio(two, one, speed)),
          number(medianOf(one, cpu)),
          number(medianOf(two, cpu)),
          number(medianOf(two, 'busiest')),
          number(capacity),
          [trouble(one), trouble(two)].filter((text) => text).join('; '),
        ];
      }),
  );
  return table(3, header, lines);
}

/** One section for a suite; `results` is [{work, rows}, …]. */
export function section(suite, results) {
  const parts = [`## ${suite.title}`, suite.explanation];
  if (suite.workers.length > 1) {
    parts.push(scaling(results));
  } else {
    const first = suite.references.find((name) => results.some(({ rows }) => rowOf(rows, name)));
    if (first) parts.push(`In brackets: by ${first}, the median of the ratios within each round.`);
    parts.push(overview(suite, results), details(suite, results));
  }
  return parts.join('\n\n');
}
