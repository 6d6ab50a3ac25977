// Plays the tables of cases against the real program, over its socket. CONFORMANCE=REGEX in the environment
// plays only those whose line `subject: name (section; route)` matches.
import { test } from 'node:test';

import { createWorld, kLanes } from './lib/world.mjs';
import { play } from './lib/play.mjs';
import { playHandshake } from './lib/play_handshake.mjs';
import closing from './tables/close.mjs';
import control from './tables/control.mjs';
import extensions from './tables/extensions.mjs';
import fragmentation from './tables/fragmentation.mjs';
import handshake from './tables/handshake.mjs';
import large from './tables/large.mjs';
import lengths from './tables/lengths.mjs';
import lines from './tables/lines.mjs';
import reserved from './tables/reserved.mjs';
import utf8 from './tables/utf8.mjs';

/** Subjects, their tables and how many of their cases are played at once: large ones would hold up the others. */
const kSubjects = [
  ['lengths', lengths, kLanes],
  ['control', control, kLanes],
  ['reserved', reserved, kLanes],
  ['fragmentation', fragmentation, kLanes],
  ['utf8', utf8, kLanes],
  ['lines', lines, kLanes],
  ['close', closing, kLanes],
  ['handshake', handshake, kLanes],
  ['extensions', extensions, kLanes],
  ['large', large, 2],
];

const kOnly = new RegExp(process.env.CONFORMANCE ?? '');

/** Every case on each of its routes: {name, route, ...case}. */
function* testsOf(subject, cases) {
  for (const { name, rfc, on, ...rest } of cases) {
    for (const route of on) {
      const full = `${name} (${rfc}; ${route})`;
      if (kOnly.test(`${subject}: ${full}`)) yield { ...rest, name: full, route };
    }
  }
}

test('conformance', { concurrency: true }, async (t) => {
  const world = await createWorld(t);
  for (const [subject, cases, concurrency] of kSubjects) {
    await t.test(subject, { concurrency }, (t) =>
      Promise.all(
        [...testsOf(subject, cases)].map(({ name, ...one }) =>
          t.test(name, (t) =>
            world.inLane((lane) => (one.request ? playHandshake : play)(t, world, lane, one)),
          ),
        ),
      ),
    );
  }
});
