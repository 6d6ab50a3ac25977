// The runner: starts what is to be measured, measures it in rounds, prints the tables. bench/run starts it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { kLoadDir, pickContenders, sluiceHasTls } from './contenders.mjs';
import { describeMachine, machineText } from './machine.mjs';
import { nameOf, Rounds } from './measure.mjs';
import { kUsage, parseOptions } from './options.mjs';
import { freePort } from './processes.mjs';
import { pickSuites } from './suites.mjs';
import { number, section } from './table.mjs';
import { kFigures, pickWorks } from './works.mjs';

const say = (text) => process.stderr.write(`${text}\n`);

/** Something that the person at the command line can put right. */
class UsageError extends Error {}

function readOptions() {
  try {
    const options = parseOptions(process.argv.slice(2));
    return { ...options, works: pickWorks(options.only), chosen: pickContenders(options.contenders) };
  } catch (error) {
    throw new UsageError(error.message);
  }
}

/** Those of `chosen` that can run here; a peer that is not installed leaves a note. */
function availableContenders(chosen, notes) {
  return chosen.filter((one) => {
    if (one.available()) return true;
    if (one.ours) throw new UsageError(`${one.name} is not built; run bench/run without --no-build`);
    notes.push(`${one.name} is not installed and was left out.`);
    return false;
  });
}

function availableSuites(options, notes) {
  const suites = pickSuites(options);
  if (!suites.some((suite) => suite.transport === 'wss') || sluiceHasTls()) return suites;
  notes.push('This build of sluice has no TLS listeners: the wss tables are left out.');
  return suites.filter((suite) => suite.transport !== 'wss');
}

// One line for each measurement as it is taken.
function progress(suite, work, round, name, outcome) {
  const figures = Object.entries(kFigures)
    .filter(([figure]) => outcome[figure] !== undefined)
    .map(([figure, { title }]) => `${number(outcome[figure])} ${title}`);
  const text = outcome.error ? `FAILED: ${outcome.error}` : figures.join(', ');
  say(`${suite.id.padEnd(14)} ${work.id.padEnd(14)} round ${round + 1}  ${name.padEnd(14)} ${text}`);
}

// Two workers are compared at the works that say so; nothing idles where speed is what matters.
function worksFor(suite, { works, quick }) {
  return works.filter(
    (work) =>
      work[suite.key].length > 0 &&
      (!suite.crowded || work.crowded) &&
      (!work.plain || suite.transport === 'plain') &&
      (!quick || (!work.large && (suite.key === 'cpu' || work.brief))),
  );
}

/** Those of `works` for which a process may have enough descriptors: two for each session. */
function possibleWorks(works, notes) {
  const limit = Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))[1]);
  return works.filter(({ id, request }) => {
    const needed = 2 * request.sessions + 100;
    if (needed <= limit) return true;
    notes.push(`${id} takes ${needed} descriptors a process, of which there are ${limit}, and was left out.`);
    return false;
  });
}

function lineUp(suite, contenders) {
  return contenders
    .filter((one) => (suite.transport !== 'wss' || one.tls) && (!suite.crowded || one.two))
    .flatMap((contender) => suite.workers.map((workers) => ({ contender, workers })));
}

async function runSuite(suite, options, contenders) {
  const rounds = new Rounds(suite, options, progress);
  const entries = lineUp(suite, contenders);
  const results = [];
  try {
    for (const work of entries.length > 0 ? worksFor(suite, options) : []) {
      const among = entries.filter(({ contender }) => work.among?.includes(contender.name) ?? true);
      if (among.length > 0) results.push({ work, rows: await rounds.measure(work, among) });
    }
  } finally {
    await rounds.stop();
  }
  return { suite, results };
}

function document(options, facts, notes, done) {
  const { machine, versions, command } = facts;
  return `${[
    '# Results',
    '[README.md](README.md) says what each work is and how to read the figures. Medians of ' +
      `${options.rounds} rounds of ${options.seconds} s; the order of the contenders rotates from round to round.`,
    machineText(machine, versions, command),
    ...notes,
    ...done.map(({ suite, results }) => section(suite, results)),
  ].join('\n\n')}\n`;
}

// Each sample and failure, for whoever wants to compute something else.
function plainData(facts, done) {
  const suites = done.map(({ suite, results }) => ({
    suite: suite.id,
    works: results.map(({ work, rows }) => ({
      work: work.id,
      rows: rows.map(({ entry, samples, failures }) => ({
        contender: entry.contender.name,
        workers: entry.workers,
        samples,
        failures,
      })),
    })),
  }));
  return `${JSON.stringify({ ...facts, suites }, null, 1)}\n`;
}

/** Failures of what this project itself is answerable for. */
function ownFailures(done) {
  return done.flatMap(({ suite, results }) =>
    results.flatMap(({ work, rows }) =>
      rows
        .filter(({ entry }) => entry.contender.ours)
        .flatMap(({ entry, failures }) =>
          failures.map(({ error }) => `${suite.id}, ${work.id}, ${nameOf(entry)}: ${error}`),
        ),
    ),
  );
}

async function main() {
  const options = readOptions();
  if (options.help) {
    process.stdout.write(kUsage);
    return 0;
  }
  const notes = [];
  const contenders = availableContenders(options.chosen, notes);
  const suites = availableSuites(options, notes);
  options.works = possibleWorks(options.works, notes);
  options.loadBinary = path.join(kLoadDir, 'sluice_load');
  if (!existsSync(options.loadBinary)) throw new UsageError('sluice_load is not built; run bench/run without --no-build');
  options.backendPort = await freePort();
  const facts = {
    machine: describeMachine(),
    command: ['bench/run', ...process.argv.slice(2)].join(' '),
    versions: Object.fromEntries(contenders.map((one) => [one.name, one.version()])),
  };
  const done = [];
  for (const suite of suites) done.push(await runSuite(suite, options, contenders));
  const measured = done.filter(({ results }) => results.length > 0);
  const text = document(options, facts, notes, measured);
  process.stdout.write(text);
  if (options.out) writeFileSync(options.out, text);
  if (options.json) writeFileSync(options.json, plainData(facts, measured));
  const failures = ownFailures(measured);
  for (const failure of failures) say(`bench/run: error: ${failure}`);
  return failures.length > 0 ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  say(`bench/run: error: ${error.message}`);
  process.exitCode = 2;
}
