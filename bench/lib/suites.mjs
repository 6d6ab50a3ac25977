// The three ways to measure, each plain and over TLS.
import { readFileSync } from 'node:fs';

/**
 * threads     of the load generator
 * core        that everything is bound to, or none
 * key         which of a work's figures matter, as in works.mjs
 * references  the contenders that the others are divided by
 */
function pinned(transport, core) {
  return {
    id: `pinned-${transport}`,
    title: `On one core, ${transport}`,
    explanation:
      'The gateway, the clients and the backend share one core; CPU is the gateway\'s alone (user and system, all its ' +
      'processes). These are the figures to compare.',
    transport,
    threads: 1,
    core,
    key: 'cpu',
    workers: [1],
    references: transport === 'plain' ? ['copy', 'splice'] : ['haproxy', 'nginx'],
  };
}

function unpinned(transport) {
  return {
    id: `unpinned-${transport}`,
    title: `Not bound to a core, ${transport}`,
    explanation: 'One thread of the gateway, one for the clients and one for the backend, wherever the kernel puts them.',
    transport,
    threads: 2,
    key: 'speed',
    workers: [1],
    references: transport === 'plain' ? ['haproxy', 'copy'] : ['haproxy', 'nginx'],
  };
}

function workers2(transport) {
  return {
    id: `workers2-${transport}`,
    title: `1 and 2 workers, ${transport}`,
    explanation:
      'Not bound to a core. Both workers and the two threads of the load generator share the cores of the machine, so ' +
      'the throughput cannot double on two. "Capacity" is what both workers could serve with a core each, as a multiple ' +
      'of what one serves: CPU per unit of work at 1 worker, divided by the same at 2 and by the busiest worker\'s share.',
    transport,
    threads: 2,
    key: 'speed',
    workers: [1, 2],
    references: [],
    crowded: true,
  };
}

const kMakers = { pinned, unpinned, workers2 };

/** The suites that the options ask for, in order. */
export function pickSuites({ modes, transports, core }) {
  return Object.entries(kMakers)
    .filter(([mode]) => modes.includes(mode))
    .flatMap(([, make]) => transports.map((transport) => make(transport, core)));
}

/** The last core that this process may use: the least likely to serve the machine's interrupts. */
export function defaultCore() {
  const allowed = /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1];
  return Number(allowed.split(/[-,]/).at(-1));
}
