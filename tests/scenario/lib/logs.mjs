// What docs/logs.md says of the log, and whether a line agrees with it.
import { readPage } from './pages.mjs';

const kTypes = {
  text: (value) => typeof value === 'string',
  integer: Number.isInteger,
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
};

function rows(section) {
  return section.split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));
}

const names = (cell) => [...cell.matchAll(/`(\w+)`/g)].map((m) => m[1]);

/** {events: Map of name -> {levels, has, may}, fields: Map of name -> type}. */
export function readLogPage() {
  const [, events, fields] = /## Events\n(.*)## Fields\n(.*)/s.exec(readPage('docs/logs.md'));
  return {
    events: new Map(rows(events).map(([name, level, , has, may]) => [
      names(name)[0], { levels: names(level.replace(/\[.*/, '')), has: names(has), may: names(may) },
    ])),
    fields: new Map(rows(fields).map(([name, type]) => [names(name)[0], type])),
  };
}

const kPage = readLogPage();
const kAlways = ['time', 'level', 'event'];

/** In what a line differs from docs/logs.md: sentences that say what to do. */
export function contradictions(line) {
  const event = kPage.events.get(line.event);
  if (!event) return [`docs/logs.md: add a row for the event '${line.event}' to the table in "Events"`];
  const found = [];
  if (!event.levels.includes(line.level)) {
    found.push(`docs/logs.md: the event '${line.event}' also has the level '${line.level}'`);
  }
  for (const field of [...kAlways, ...event.has]) {
    if (!(field in line)) {
      found.push(`docs/logs.md: '${line.event}' does not always have '${field}': move it to "may have", or log it`);
    }
  }
  for (const [field, value] of Object.entries(line)) {
    const type = kPage.fields.get(field);
    if (!kAlways.includes(field) && !event.has.includes(field) && !event.may.includes(field)) {
      found.push(`docs/logs.md: add the field '${field}' to the row of '${line.event}' in "Events"`);
    }
    if (!type) {
      found.push(`docs/logs.md: add a row for the field '${field}' to the table in "Fields"`);
    } else if (!kTypes[type]?.(value)) {
      found.push(`docs/logs.md: '${field}' is '${type}', but '${line.event}' has ${JSON.stringify(value)}: ` +
        'a field has one type in all events');
    }
  }
  return found;
}
