// The command line.
import { parseArgs } from 'node:util';

import { defaultCore } from './suites.mjs';

export const kUsage = `Usage: bench/run [OPTION]...

Measures sluice beside its peers and prints the tables (Markdown). Without options: everything, for an hour and a half.

  --quick               a smoke run of a minute that proves nothing but that it all works
  --only WORK,...       to_client, to_backend_64k, to_backend_1k, echo_16k, ping_1, ping_50, ping_1000, connect,
                        mixed_4, mixed_50, mixed_200, mixed_800, scale_10, scale_100, scale_1000, scale_9000, idle;
                        the beginning of a name stands for all that begin so (ping)
  --contenders NAME,... sluice, copy, splice, haproxy, haproxy-splice, nginx, websockify, node, v2ray
  --pinned, --unpinned, --workers2
                        only these ways to measure
  --plain, --wss        only these transports
  --rounds N            how often each is measured (5)
  --seconds S           for how long each time (2)
  --idle-seconds S      for how long sessions idle (45, which holds two pings)
  --core N              the core for what is pinned (the last)
  --congestion NAME     TCP's congestion control (the machine's own); takes root, as it is set in a network namespace
  --json FILE           writes every sample
  --out FILE            writes the tables, the machine, the versions and the command
  --no-build            measures what is built and installed already
`;

const kModes = ['pinned', 'unpinned', 'workers2'];
const kTransports = ['plain', 'wss'];

export function parseOptions(args) {
  const text = { type: 'string' };
  const flag = { type: 'boolean' };
  const { values } = parseArgs({
    args,
    options: {
      help: { ...flag, short: 'h' },
      quick: flag,
      only: text,
      contenders: text,
      ...Object.fromEntries([...kModes, ...kTransports].map((name) => [name, flag])),
      rounds: text,
      seconds: text,
      'idle-seconds': text,
      core: text,
      congestion: text, // Done by bench/run.
      json: text,
      out: text,
      'no-build': flag,
    },
  });
  const positive = (name, fallback) => {
    if (values[name] === undefined) return fallback;
    const value = Number(values[name]);
    if (!(value > 0)) throw new Error(`--${name} ${values[name]}: expected a number above 0`);
    return value;
  };
  const chosen = (names) => {
    const some = names.filter((name) => values[name]);
    return some.length > 0 ? some : names;
  };
  const { help, quick = false, json, out } = values;
  const core = Number(values.core ?? defaultCore());
  if (!Number.isInteger(core) || core < 0) throw new Error(`--core ${values.core}: expected the number of a core`);
  return {
    help,
    quick,
    json,
    out,
    core,
    only: values.only?.split(','),
    contenders: values.contenders?.split(','),
    modes: chosen(kModes),
    transports: chosen(kTransports),
    rounds: Math.ceil(positive('rounds', quick ? 1 : 5)),
    seconds: positive('seconds', quick ? 0.3 : 2),
    warmup: quick ? 0.1 : 0.3,
    idleRounds: 1,
    idleSeconds: positive('idle-seconds', quick ? 1 : 45),
    idleSessions: quick ? 500 : 5000,
  };
}
