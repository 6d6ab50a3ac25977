// What the figures were measured on and with.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';

import { kRoot } from './contenders.mjs';

export function describeMachine() {
  const system = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? os.type();
  const cpus = os.cpus();
  const git = spawnSync('git', ['describe', '--always', '--dirty'], { cwd: kRoot, encoding: 'utf8' });
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' ') + ' UTC',
    cpu: cpus[0].model.trim(),
    cores: cpus.length,
    memoryGib: Math.round(os.totalmem() / 2 ** 30),
    system,
    kernel: os.release(),
    congestion: readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8').trim(),
    revision: git.status === 0 ? git.stdout.trim() : 'an unknown revision',
  };
}

export function machineText(machine, versions, command) {
  const { date, cpu, cores, memoryGib, system, kernel, congestion } = machine;
  return [
    `${date}; ${cpu}, ${cores} cores, ${memoryGib} GiB; ${system}, Linux ${kernel}, TCP by ${congestion}; ` +
      `sluice at ${machine.revision}.`,
    `Command: \`${command}\``,
    Object.entries(versions)
      .map(([name, version]) => `* ${name}: ${version}`)
      .join('\n'),
  ].join('\n\n');
}
