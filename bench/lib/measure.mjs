// Runs the rounds: A B C, B C A, C A B, …, so that a machine that gets slower for a while does so for all.
import { setTimeout as delay } from 'node:timers/promises';

import { startContender } from './contenders.mjs';
import { Load } from './load.mjs';
import { descendants, proportionalKib, threadCpu } from './processes.mjs';
import { figuresOf } from './works.mjs';

// A contender that fails this often at a work is not asked again.
const kPatience = 2;

export class Rounds {
  #options;
  #suite;
  #progress;
  #load;
  #running = new Map();

  /** `progress` is told of each measurement: suite, work, round, name, and the figures or {error}. */
  constructor(suite, options, progress) {
    this.#suite = suite;
    this.#options = options;
    this.#progress = progress;
    const { loadBinary, backendPort } = options;
    this.#load = new Load({ binary: loadBinary, threads: suite.threads, port: backendPort, core: suite.core });
  }

  /**
   * Measures `entries` ({contender, workers}) at `work`; returns a row for each: {entry, samples, failures},
   * where a sample has the number of its round.
   */
  async measure(work, entries) {
    const rows = entries.map((entry) => ({ entry, samples: [], failures: [] }));
    const rounds = work.id === 'idle' ? this.#options.idleRounds : this.#options.rounds;
    for (let round = 0; round < rounds; ++round) {
      for (let i = 0; i < rows.length; ++i) {
        const row = rows[(i + round) % rows.length];
        if (row.failures.length >= kPatience) continue;
        await this.#sample(work, row, round);
      }
    }
    return rows;
  }

  async #sample(work, row, round) {
    let outcome;
    try {
      outcome = await (work.memory ? this.#alone(work, row.entry) : this.#once(work, row.entry));
      row.samples.push({ round, ...outcome });
    } catch (error) {
      outcome = { error: error.message };
      row.failures.push({ round, ...outcome });
      await this.#end(row.entry);
    }
    this.#progress(this.#suite, work, round, nameOf(row.entry), outcome);
  }

  #request(work, entry, changes = {}) {
    const sessions = this.#suite.crowded ? work.crowded : work.request.sessions;
    const { subprotocol } = entry.contender;
    return { ...work.request, sessions, ...(subprotocol && { subprotocol }), ...changes };
  }

  async #once(work, entry) {
    const { seconds, warmup } = this.#options;
    const gateway = await this.#gateway(entry);
    const before = threadCpu(gateway.pid);
    const result = await this.#load.run(
      this.#request(work, entry, { url: gateway.url, seconds, warmup, cpu_of: [gateway.pid] }),
    );
    return { ...figuresOf(work, result), busiest: busiest(before, threadCpu(gateway.pid)) };
  }

  // A gateway of its own, since memory that was used by other work does not come back. Its memory is read
  // at the end of the warm-up, so that reading it does not disturb the window, or of the window if it idles.
  async #alone(work, entry) {
    const { idleSeconds, idleSessions, seconds, warmup } = this.#options;
    const isIdle = work.id === 'idle';
    await this.#end(entry);
    const gateway = await this.#gateway(entry);
    const wanted = isIdle ? idleSessions : work.request.sessions;
    const sessions = Math.min(wanted, entry.contender.maxSessions ?? wanted);
    const request = this.#request(work, entry, {
      url: gateway.url,
      sessions,
      cpu_of: [gateway.pid],
      ...(isIdle ? { seconds: idleSeconds, warmup: 0 } : { seconds, warmup }),
    });
    // What the first sessions make the program keep for good is not the price of a session.
    const few = { work: 'echo', message: 64 * 1024, pipeline: 1, rate: 0, sessions: Math.min(50, sessions) };
    await this.#load.run({ ...request, ...few, seconds: 0.3, warmup: 0 });
    await this.#untilAlone(gateway.pid);
    const before = proportionalKib(gateway.pid);
    let after;
    let opened;
    const result = await this.#load.run(request, (event) => {
      const later = (isIdle ? idleSeconds : warmup) * 900;
      if (event === 'open') opened = delay(later).then(() => (after = proportionalKib(gateway.pid)));
    });
    await opened;
    await this.#end(entry);
    const note = sessions < wanted ? `${sessions} sessions` : undefined;
    return { ...figuresOf(work, result), kibPerSession: (after - before) / sessions, note };
  }

  // A process for each session takes a while to end.
  async #untilAlone(pid) {
    for (let last = Infinity; ; ) {
      const now = descendants(pid).length;
      if (now >= last) return;
      last = now;
      await delay(500);
    }
  }

  async #gateway(entry) {
    let gateway = this.#running.get(entry);
    if (gateway?.program.how !== undefined) {
      await this.#end(entry);
      gateway = undefined;
    }
    if (!gateway) {
      const { core, transport } = this.#suite;
      const options = { backend: this.#options.backendPort, workers: entry.workers, tls: transport === 'wss', core };
      gateway = await startContender(entry.contender, options);
      this.#running.set(entry, gateway);
    }
    return gateway;
  }

  async #end(entry) {
    await this.#running.get(entry)?.stop();
    this.#running.delete(entry);
  }

  async stop() {
    for (const entry of [...this.#running.keys()]) await this.#end(entry);
    await this.#load.stop();
  }
}

export const nameOf = ({ contender, workers }) => (workers > 1 ? `${contender.name} ×${workers}` : contender.name);

/** The share of the CPU that the busiest thread spent. */
function busiest(before, after) {
  const spent = [...after].map(([tid, cpu]) => cpu - (before.get(tid) ?? 0));
  return Math.max(...spent) / spent.reduce((sum, one) => sum + one, 0);
}
