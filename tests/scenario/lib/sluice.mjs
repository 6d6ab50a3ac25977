// Starts the real program, follows its log, stops it, and holds it to the manners that every test expects:
// it becomes ready, it ends with status 0 on SIGTERM, and no sanitizer says a word.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { defer } from './cleanup.mjs';
import { contradictions } from './logs.mjs';
import { fetchMetrics } from './metrics.mjs';
import { kProjectRoot } from './project.mjs';
import { kDeadline, waitFor, within } from './wait.mjs';

export { kProjectRoot };

export const kBinary = path.resolve(
  process.env.SLUICE_BIN ?? path.join(kProjectRoot, 'build/dev/sluice'),
);

const kSanitizerReport = /(Address|Thread|Leak|UndefinedBehavior|Memory)Sanitizer|runtime error:/;

/** 'address' or 'thread' if the binary was built with that sanitizer, else nothing. */
export const sanitizer = (() => {
  const program = readFileSync(kBinary);
  if (program.includes('__asan_init')) return 'address';
  if (program.includes('__tsan_init')) return 'thread';
  return undefined;
})();

/** A directory of the test's own, removed when it is over. */
export function tempDir(t) {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'sluice-scenario-'));
  defer(t, () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Runs `sluice ARGS...` to its end and returns {code, signal, stdout, stderr}. */
export async function run(args, { env = {}, cwd } = {}) {
  const child = spawn(kBinary, args, { env: { ...process.env, ...env }, cwd });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => (output[name] += text));
  }
  child.stdin.end();
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  try {
    const { code, signal } = await within(`'sluice ${args.join(' ')}' to end`, ended, {
      details: () => `${output.stdout}${output.stderr}`,
    });
    assert.doesNotMatch(output.stderr, kSanitizerReport, `sanitizer report:\n${output.stderr}`);
    return { code, signal, ...output };
  } finally {
    child.kill('SIGKILL');
  }
}

/**
 * Fills in what a test does not care about. `routes` and `backends` as in a file; `backend` (an address)
 * is short for one route at `/` to one server. JSON is YAML, so the file is written as JSON.
 */
export function makeConfig({ backend, routes, backends, route = {}, ...rest }) {
  const config = {
    workers: 2,
    listeners: [{ address: '127.0.0.1:0' }],
    hosts: ['*'],
    admin: { address: '127.0.0.1:0' },
    ...rest,
  };
  if (backend !== undefined) {
    config.routes = [{ name: 'main', match: { path: '/' }, backend, ...route }];
  } else {
    config.routes = routes;
  }
  if (backends) config.backends = backends;
  return config;
}

class Sluice {
  #buffer = '';

  constructor(child, configText) {
    this.child = child;
    this.configText = configText;
    this.stdout = '';
    this.stderr = '';
    /** Every line of the log, parsed. */
    this.events = [];
    this.exited = new Promise((resolve) => {
      child.on('error', (error) => resolve({ code: null, signal: null, error }));
      child.on('close', (code, signal) => resolve({ code, signal }));
    });
    this.exited.then((status) => (this.exitStatus = status));
    child.stdout.setEncoding('utf8').on('data', (text) => this.#take(text));
    child.stderr.setEncoding('utf8').on('data', (text) => (this.stderr += text));
  }

  #take(text) {
    this.stdout += text;
    this.#buffer += text;
    const lines = this.#buffer.split('\n');
    this.#buffer = lines.pop();
    for (const line of lines) {
      try {
        this.events.push(JSON.parse(line));
      } catch {
        this.events.push({ event: 'unparsable', line });
      }
    }
  }

  get pid() {
    return this.child.pid;
  }

  /** What a failure message needs: the file, the log, the errors. */
  details() {
    return [
      `status: ${JSON.stringify(this.exitStatus ?? 'running')}`,
      `stderr:\n${this.stderr || '(empty)'}`,
      `log:\n${this.stdout || '(empty)'}`,
      `configuration:\n${this.configText}`,
    ].join('\n');
  }

  /** Waits for something of this process; a failure shows its log, and its early end is a failure. */
  waitFor(what, condition, options = {}) {
    const { mayExit = false, ...rest } = options;
    return waitFor(
      what,
      async () => {
        const value = await condition();
        if (!value && this.exitStatus && !mayExit) return { gone: true };
        return value;
      },
      { details: () => this.details(), ...rest },
    ).then((value) => {
      if (value && value.gone) {
        throw new Error(`sluice ended while a test waited for ${what}\n${this.details()}`);
      }
      return value;
    });
  }

  /** The first log line of that event whose fields are all as in `fields`; waits for it. */
  event(name, fields = {}, options = {}) {
    return this.waitFor(
      `the log line "${name}" with ${JSON.stringify(fields)}`,
      () => this.eventsOf(name, fields)[0],
      options,
    );
  }

  eventsOf(name, fields = {}) {
    return this.events.filter(
      (e) =>
        e.event === name &&
        Object.entries(fields).every(([key, value]) => JSON.stringify(e[key]) === JSON.stringify(value)),
    );
  }

  /** Waits for the end of `count` sessions and returns their log lines, in order. */
  async sessions(count = 1) {
    return this.waitFor(`${count} "session" log lines`, () => {
      const lines = this.eventsOf('session');
      return lines.length >= count && lines;
    });
  }

  get host() {
    return '127.0.0.1';
  }
  /** The address:port of the listener number `i` as it really is. */
  address(i = 0) {
    return this.eventsOf('listening')[i].address;
  }
  get port() {
    return portOf(this.address());
  }
  get adminAddress() {
    return this.eventsOf('admin_listening')[0].address;
  }
  url(where = '/') {
    return `ws://127.0.0.1:${this.port}${where}`;
  }
  /** Of a listener with TLS. */
  wssUrl(where = '/') {
    return `wss://127.0.0.1:${this.port}${where}`;
  }
  httpUrl(where = '/') {
    return `http://127.0.0.1:${this.port}${where}`;
  }
  adminUrl(where) {
    return `http://${this.adminAddress}${where}`;
  }

  /** The metrics as they are now. */
  metrics() {
    return fetchMetrics(this.adminUrl('/metrics'));
  }

  /** Waits until a sample has `value`. */
  async metric(name, labels, value) {
    let last;
    return this.waitFor(
      `${name}${JSON.stringify(labels)} to be ${value}`,
      async () => {
        last = (await this.metrics()).sum(name, labels);
        return last === value;
      },
      { details: () => `it is ${last}\n${this.details()}` },
    );
  }

  /** Asks it by SIGHUP to look at its files. */
  reload() {
    this.child.kill('SIGHUP');
  }

  signal(name) {
    this.signalled = true;
    this.child.kill(name);
  }

  /** SIGTERM, unless a signal was sent before, and all that must hold of an end in good order. */
  async stop() {
    if (!this.exitStatus && !this.signalled) this.signal('SIGTERM');
    const status = await within('sluice to end after SIGTERM', this.exited, {
      details: () => this.details(),
    });
    this.stopped = true;
    this.assertNoSanitizerReport();
    assert.equal(
      status.code,
      0,
      `sluice must end with status 0 on SIGTERM, got ${JSON.stringify(status)}\n${this.details()}`,
    );
    assert.deepEqual(
      this.eventsOf('unparsable'),
      [],
      `every line on stdout must be a JSON object\n${this.details()}`,
    );
    this.assertLogAgreesWithPage();
  }

  /** Each line has the fields that docs/logs.md lists for its event, and no others. */
  assertLogAgreesWithPage() {
    const faults = new Set(this.events.flatMap(contradictions));
    assert.equal(faults.size, 0, `the log and its page differ:\n${[...faults].join('\n')}\n${this.details()}`);
  }

  assertNoSanitizerReport() {
    assert.doesNotMatch(this.stderr, kSanitizerReport, `sanitizer report:\n${this.stderr}`);
  }
}

export function portOf(address) {
  return Number(address.slice(address.lastIndexOf(':') + 1));
}

/**
 * Starts sluice with arguments and waits for `ready`. `expectStop: false` is for tests that end it in
 * another way than by SIGTERM; `launcher` is a command that the program is started by.
 */
export async function startWithArgs(
  t,
  args,
  { env = {}, configText = '', expectStop = true, launcher = [] } = {},
) {
  const [program, ...rest] = [...launcher, kBinary, ...args];
  const child = spawn(program, rest, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const sluice = new Sluice(child, configText || args.join(' '));
  defer(t, async () => {
    try {
      if (expectStop && !sluice.stopped) await sluice.stop();
      else sluice.assertNoSanitizerReport();
    } finally {
      child.kill('SIGKILL');
    }
  });
  await sluice.event('ready', {}, { deadline: kDeadline });
  return sluice;
}

/** Starts sluice with a configuration (see makeConfig) and waits for `ready`. */
export async function start(t, config, options = {}) {
  const file = path.join(tempDir(t), 'sluice.yaml');
  const text = typeof config === 'string' ? config : JSON.stringify(makeConfig(config), null, 2);
  writeFileSync(file, text);
  return startWithArgs(t, ['--config', file], { ...options, configText: text });
}
