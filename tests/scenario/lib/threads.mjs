// Stops a worker's thread, so that a test sees what sluice does when a worker is stuck.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import path from 'node:path';

import { defer } from './cleanup.mjs';
import { kProjectRoot } from './project.mjs';
import { within } from './wait.mjs';

const kHoldThread = path.join(kProjectRoot, 'tests/scenario/lib/hold_thread.py');

/** Whether this user may stop the threads of its processes. */
export const mayHoldThreads = (() => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  try {
    return spawnSync('python3', [kHoldThread, String(child.pid)], { input: '' }).stdout.toString().startsWith('held');
  } finally {
    child.kill('SIGKILL');
  }
})();

/**
 * Stops the last worker of `sluice`, which has just become ready, so that its workers are its youngest threads.
 * Returns a function that lets it continue.
 */
export async function holdLastWorker(t, sluice) {
  const tids = readdirSync(`/proc/${sluice.pid}/task`).map(Number);
  const holder = spawn('python3', [kHoldThread, String(Math.max(...tids))], { stdio: ['pipe', 'pipe', 'inherit'] });
  defer(t, () => holder.kill('SIGKILL'));
  await within('a worker to be held', once(holder.stdout, 'data'));
  return async () => {
    holder.stdin.end();
    await within('the worker to be released', once(holder, 'close'));
  };
}
