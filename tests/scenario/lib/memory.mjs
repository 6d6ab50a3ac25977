// What a process holds in memory, as the kernel counts it.
import { readFileSync } from 'node:fs';

/** The resident set of a process in bytes. */
export function residentBytes(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)[1]) * 1024;
}
