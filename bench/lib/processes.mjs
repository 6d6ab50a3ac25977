// Every process that the benchmark starts, so that none outlives it, and what /proc says about them.
import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, closeSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const kPatience = 3_000;

/** Removed at the end, whatever happens. */
export const kTempDir = mkdtempSync(path.join(os.tmpdir(), 'sluice-bench-'));

const running = new Set();

class Process {
  #errors;

  constructor(name, command, { core, stdio = 'ignore', env = {} }) {
    this.name = name;
    this.#errors = path.join(kTempDir, `${name}-${process.hrtime.bigint()}.err`);
    const stderr = openSync(this.#errors, 'w');
    const argv = core === undefined ? command : ['taskset', '-c', String(core), ...command];
    // In a process group of its own: Ctrl-C at the terminal reaches the runner alone, which then ends
    // them in order.
    this.child = spawn(argv[0], argv.slice(1), {
      cwd: kTempDir,
      detached: true,
      env: { ...process.env, ...env },
      stdio: [stdio, stdio, stderr],
    });
    closeSync(stderr);
    running.add(this);
    this.ended = new Promise((resolve) => {
      this.child.on('error', (error) => resolve(error.message));
      this.child.on('exit', (code, signal) => resolve(signal ?? `status ${code}`));
    });
    this.ended.then((how) => {
      this.how = how;
    });
  }

  get pid() {
    return this.child.pid;
  }

  /** How it ended and what it had to say about it. */
  lastWords() {
    const lines = readFileSync(this.#errors, 'utf8').trim().split('\n');
    const complaint = lines.find((line) => /error|alert|fatal|fail/i.test(line)) ?? lines[0];
    return `${this.name} ended (${this.how})${complaint ? `: ${complaint.slice(0, 300)}` : ''}`;
  }

  /** Ends it and all its descendants: politely, then not. */
  async stop() {
    if (!running.has(this)) return;
    const family = familyOf(this);
    signal(family, 'SIGTERM');
    await Promise.race([this.ended, delay(kPatience, undefined, { ref: false })]);
    signal(family, 'SIGKILL');
    await this.ended;
    running.delete(this);
    rmSync(this.#errors, { force: true });
  }
}

/** Starts `command` ([program, argument, …]), on one core if `core` is given. */
export function startProcess(name, command, options = {}) {
  return new Process(name, command, options);
}

// The whole group at once, lest a parent starts another child in place of one that was ended; and then
// whoever left the group. Once a process has ended, its number may be another's.
function familyOf({ pid, how }) {
  if (!pid) return [];
  return how === undefined ? [-pid, pid, ...descendants(pid)] : [-pid];
}

function signal(pids, name) {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended by itself.
    }
  }
}

// The last resort, when there is no time left to wait for anything.
process.on('exit', () => {
  for (const one of running) {
    signal(familyOf(one), 'SIGKILL');
  }
  rmSync(kTempDir, { recursive: true, force: true });
});

for (const [name, number] of Object.entries({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 })) {
  process.once(name, () => process.exit(128 + number));
}

/** The children of `pid`, their children, and so on. */
export function descendants(pid) {
  const children = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // The name of the program, in brackets, may hold anything; the parent is the second field after it.
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // It ended while we looked.
    }
  }
  const found = [];
  for (let queue = [pid]; queue.length > 0; ) {
    const next = queue.flatMap((one) => children.get(one) ?? []);
    found.push(...next);
    queue = next;
  }
  return found;
}

/** KiB of memory of `pid` and its descendants; a page that n processes share counts as 1/n in each. */
export function proportionalKib(pid) {
  let sum = 0;
  for (const one of [pid, ...descendants(pid)]) {
    try {
      sum += Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${one}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
    } catch {
      // It ended while we looked.
    }
  }
  return sum;
}

/** Nanoseconds of CPU of every thread of `pid` and its descendants, by thread. */
export function threadCpu(pid) {
  const spent = new Map();
  for (const one of [pid, ...descendants(pid)]) {
    try {
      for (const tid of readdirSync(`/proc/${one}/task`)) {
        spent.set(tid, Number(readFileSync(`/proc/${one}/task/${tid}/schedstat`, 'utf8').split(' ')[0]));
      }
    } catch {
      // It ended while we looked.
    }
  }
  return spent;
}

let nextPort = 20_000 + (process.pid % 4_000);

/** A port that nothing listens on, below those that the kernel gives to outgoing connections. */
export async function freePort() {
  for (;;) {
    const port = nextPort++;
    const server = net.createServer();
    const free = await new Promise((resolve) => {
      server.on('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

/** Waits until something accepts on `port`; an error if `program` ends before. */
export async function untilListening(program, port) {
  const end = Date.now() + 10_000;
  while (Date.now() < end) {
    if (program.how !== undefined) throw new Error(program.lastWords());
    const open = await new Promise((resolve) => {
      const socket = net.connect(port, '127.0.0.1');
      socket.on('error', () => resolve(false));
      socket.on('connect', () => {
        socket.destroy();
        resolve(true);
      });
    });
    if (open) return;
    await delay(20);
  }
  throw new Error(`${program.name} does not listen after 10 s`);
}
