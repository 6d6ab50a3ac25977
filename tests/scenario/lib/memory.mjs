// What a process holds in memory, as the kernel counts it.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The resident set of a process in bytes. */
export function residentBytes(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)[1]) * 1024;
}

/**
 * What the kernel holds for the TCP sockets of a process, in bytes of payload: for each of its connections
 * {localPort, sending, receiving}. IPv4 only.
 */
export function tcpQueues(pid) {
  const inodes = new Set();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const socket = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`));
      if (socket) inodes.add(socket[1]);
    } catch {
      // Closed meanwhile.
    }
  }
  const kEstablished = '01';
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === kEstablished && inodes.has(fields[9]))
    .map((fields) => {
      const [sending, receiving] = fields[4].split(':').map((hex) => parseInt(hex, 16));
      return { localPort: parseInt(fields[1].split(':')[1], 16), sending, receiving };
    });
}
