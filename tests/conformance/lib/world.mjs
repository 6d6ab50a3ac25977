// One gateway for all cases, and what stands behind its routes.
import { echo, listen } from '../../scenario/lib/backends.mjs';
import { start } from '../../scenario/lib/sluice.mjs';

/** How many cases are played at once. Each has a recorder to itself, which is how it knows its connection. */
export const kLanes = 24;

const kMessages = { length_prefixed: { size: 'u32', order: 'big', type_byte: true } };
const kLines = { lines: { max_length: 1024 } };
const kCompression = { enabled: true, min_size: 1 };
const kTakeover = { server_context_takeover: true, client_context_takeover: true };

export async function createWorld(t) {
  const service = await echo(t);
  const resetter = await listen(t, (peer) => peer.socket.once('data', () => peer.reset()));
  const recorders = await Promise.all(Array.from({ length: kLanes }, () => listen(t)));
  const route = (name, backend, more = {}) => ({
    name,
    match: { path: `/${name}` },
    backend: backend.address,
    ...more,
  });
  const sluice = await start(t, {
    routes: [
      route('echo', service),
      route('messages', service, { framing: kMessages }),
      route('deflate', service, { framing: kMessages, compression: kCompression }),
      route('takeover', service, { framing: kMessages, compression: { ...kCompression, ...kTakeover } }),
      route('lines', service, { framing: kLines }),
      route('lines-deflate', service, { framing: kLines, compression: kCompression }),
      route('reset', resetter),
      route('reset-messages', resetter, { framing: kMessages }),
      ...recorders.map((recorder, i) => route(`recorder-${i}`, recorder)),
    ],
  });
  const free = recorders.map((recorder, i) => ({ recorder, path: `/recorder-${i}` }));
  const waiting = [];
  return {
    sluice,
    /** Runs `use(lane)` when one of the lanes is free. */
    async inLane(use) {
      const lane = free.pop() ?? (await new Promise((resolve) => waiting.push(resolve)));
      try {
        return await use(lane);
      } finally {
        const next = waiting.shift();
        if (next) next(lane);
        else free.push(lane);
      }
    },
  };
}
