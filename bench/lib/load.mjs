// The load generator, which holds the clients and the backend: a line of JSON each way.
import { createInterface } from 'node:readline';

import { startProcess } from './processes.mjs';

// Beyond the time that a request asks for: opening thousands of sessions through a slow peer takes long.
const kPatience = 60_000;

export class Load {
  #process;
  #answer;
  #onEvent;

  constructor({ binary, threads, port, core }) {
    this.command = [binary, '--threads', String(threads), '--port', String(port)];
    this.core = core;
  }

  async start() {
    this.#process = startProcess('sluice_load', this.command, { core: this.core, stdio: 'pipe' });
    const { child, ended } = this.#process;
    child.stdin.on('error', () => {});
    createInterface({ input: child.stdout }).on('line', (line) => this.#take(JSON.parse(line)));
    const program = this.#process;
    const ready = new Promise((resolve) => (this.#answer = resolve));
    ended.then(() => this.#settle({ ok: false, error: program.lastWords(), lost: true }));
    const { error } = await ready;
    if (error) throw new Error(error);
  }

  #take(message) {
    if (message.event) this.#onEvent?.(message.event);
    else this.#settle(message);
  }

  #settle(result) {
    this.#answer?.(result);
    this.#answer = undefined;
  }

  /** One request; the result, or an error that says why there is none. */
  async run(request, onEvent) {
    if (!this.#process) await this.start();
    this.#onEvent = onEvent;
    const limit = (request.seconds + request.warmup) * 1000 + kPatience;
    let timer;
    const result = await new Promise((resolve) => {
      this.#answer = resolve;
      timer = setTimeout(() => resolve({ ok: false, error: 'no result from the load generator', lost: true }), limit);
      this.#process.child.stdin.write(`${JSON.stringify(request)}\n`);
    });
    clearTimeout(timer);
    if (result.lost) await this.stop();
    if (!result.ok) throw new Error(result.error ?? 'failed without a word');
    return result;
  }

  async stop() {
    const program = this.#process;
    this.#process = undefined;
    await program?.stop();
  }
}
