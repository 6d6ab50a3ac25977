// The work that every contender gets, and the figures that tell how it went.

const kKib = 1024;

/** The contenders of mixed load and scale; some of the others start a process for each session. */
const kFew = ['sluice', 'copy', 'haproxy'];

/**
 * id         as in --only
 * request    for the load generator
 * crowded    another number of sessions, for the comparison of 1 and 2 workers: few cannot be spread evenly
 * brief      part of --quick where not everything is
 * cpu, speed the figures that matter on one core, and where there is a core to spare
 * absolute   it is no use to divide them by those of another
 * memory     a gateway of its own, whose memory is measured
 * among      the only contenders that take part
 * plain      not over TLS
 * large      not part of --quick
 */
export const kWorks = [
  {
    id: 'to_client',
    title: 'bulk to the client',
    brief: true,
    request: { work: 'to_client', sessions: 4, message: 64 * kKib },
    crowded: 32,
    cpu: ['cpuPerGb'],
    speed: ['mbPerS'],
  },
  {
    id: 'to_backend_64k',
    title: 'bulk to the backend, 64 KiB',
    request: { work: 'to_backend', sessions: 4, message: 64 * kKib },
    crowded: 32,
    cpu: ['cpuPerGb'],
    speed: ['mbPerS'],
  },
  {
    id: 'to_backend_1k',
    title: 'to the backend, 1 KiB',
    request: { work: 'to_backend', sessions: 4, message: 1 * kKib },
    cpu: ['cpuPerMessage'],
    speed: ['mbPerS'],
  },
  {
    id: 'echo_16k',
    title: 'echo of 16 KiB, 16 under way',
    request: { work: 'echo', sessions: 4, message: 16 * kKib, pipeline: 16 },
    cpu: ['cpuPerGb'],
    speed: ['mbPerS'],
  },
  ...[1, 50, 1000].map((sessions) => ({
    id: `ping_${sessions}`,
    title: `ping-pong of 64 B, ${sessions} session${sessions > 1 ? 's' : ''}`,
    request: { work: 'ping', sessions, message: 64, pipeline: 1 },
    ...(sessions === 50 && { brief: true }),
    ...(sessions === 1000 && { crowded: 1000 }),
    cpu: sessions === 1 ? ['p50', 'cpuPerMessage'] : ['cpuPerMessage'],
    speed: ['p50', 'p99'],
  })),
  {
    id: 'connect',
    title: 'connect, upgrade, echo, close',
    brief: true,
    request: { work: 'connect', sessions: 16, message: 64 },
    crowded: 64,
    cpu: ['cpuPerMessage'],
    speed: ['perS'],
  },
  ...[4, 50, 200, 800].map((bulk) => ({
    id: `mixed_${bulk}`,
    title: `a ping-pong beside ${bulk} bulk sessions`,
    // The kernel's own buffers of 1,600 bulk sockets would be more than its limit for all of TCP.
    request: { work: 'mixed', sessions: 1 + bulk, message: 64, bulk_message: 64 * kKib, socket_buffer: 128 * kKib },
    ...(bulk === 50 && { brief: true }),
    ...(bulk > 50 && { large: true }),
    memory: true,
    among: kFew,
    plain: true,
    cpu: ['p99', 'cpuPerGb'],
    speed: ['p99', 'mbPerS'],
  })),
  ...[10, 100, 1000, 9000].map((sessions) => ({
    id: `scale_${sessions}`,
    title: `10,000 messages/s over ${sessions.toLocaleString('en')} sessions`,
    request: { work: 'ping', sessions, message: 64, rate: 10_000 },
    ...(sessions > 100 && { large: true }),
    memory: true,
    among: kFew,
    plain: true,
    cpu: ['cpuPerMessage', ...(sessions >= 1000 ? ['kibPerSession'] : [])],
    speed: ['p50', 'p99'],
  })),
  {
    id: 'idle',
    title: 'idle',
    request: { work: 'idle', sessions: 5000, message: 64 * kKib },
    memory: true,
    cpu: ['kibPerSession', 'idleCpu'],
    speed: [],
    absolute: true,
  },
];

/** Works by id or by the beginning of one: `ping` is all three. */
export function pickWorks(names) {
  if (!names) return kWorks;
  const picked = kWorks.filter((work) => names.some((name) => work.id === name || work.id.startsWith(`${name}_`)));
  const known = (name) => kWorks.some((work) => work.id === name || work.id.startsWith(`${name}_`));
  const unknown = names.find((name) => !known(name));
  if (unknown) throw new Error(`no work '${unknown}'; there are ${kWorks.map((work) => work.id).join(', ')}`);
  return picked;
}

/** Every figure, in the order of the columns. */
export const kFigures = {
  cpuPerGb: { title: 'CPU-s/GB' },
  cpuPerMessage: { title: 'CPU-µs/message' },
  mbPerS: { title: 'MB/s', more: true },
  perS: { title: 'per s', more: true },
  p50: { title: 'p50 µs' },
  p99: { title: 'p99 µs' },
  p999: { title: 'p99.9 µs' },
  kibPerSession: { title: 'KiB/session' },
  idleCpu: { title: 'idle CPU %' },
};

/** The figures that a result of the load generator gives for `work`. */
export function figuresOf(work, result) {
  const { seconds, cpu_ns: cpu, bytes } = result;
  const count = work.request.work === 'connect' ? result.cycles : result.messages;
  switch (work.request.work) {
    case 'idle':
      return { idleCpu: (cpu / 1e9 / seconds) * 100 };
    case 'connect':
      return { cpuPerMessage: cpu / 1e3 / count, perS: count / seconds };
    case 'ping':
      return {
        cpuPerMessage: cpu / 1e3 / count,
        perS: count / seconds,
        p50: result.p50_us,
        p99: result.p99_us,
        p999: result.p999_us,
      };
    case 'mixed':
      return {
        cpuPerGb: cpu / bytes,
        mbPerS: bytes / 1e6 / seconds,
        perS: count / seconds,
        p50: result.p50_us,
        p99: result.p99_us,
        p999: result.p999_us,
      };
    case 'to_client': // A gateway chooses the messages itself.
      return { cpuPerGb: cpu / bytes, mbPerS: bytes / 1e6 / seconds };
    default:
      return { cpuPerGb: cpu / bytes, cpuPerMessage: cpu / 1e3 / count, mbPerS: bytes / 1e6 / seconds };
  }
}
