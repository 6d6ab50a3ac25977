// A real sshd for one test, with keys of its own, and scp to it.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { once } from 'node:events';

import { defer } from './cleanup.mjs';
import { tempDir } from './sluice.mjs';
import { waitFor, within } from './wait.mjs';

const kSshd = '/usr/sbin/sshd';

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function makeKey(file) {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
}

/** Starts sshd; the user who runs the test can log in with `key`. Returns {address, dir, key, knownHosts}. */
export async function startSshd(t) {
  const dir = tempDir(t);
  const at = (name) => path.join(dir, name);
  makeKey(at('host_key'));
  makeKey(at('key'));
  copyFileSync(at('key.pub'), at('authorized_keys'));
  chmodSync(at('authorized_keys'), 0o600);
  if (process.getuid() === 0) mkdirSync('/run/sshd', { recursive: true });
  const port = await freePort();
  writeFileSync(
    at('sshd_config'),
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${at('host_key')}`,
      `AuthorizedKeysFile ${at('authorized_keys')}`,
      `PidFile ${at('pid')}`,
      'StrictModes no',
      'UsePAM no',
      'PermitRootLogin yes',
      'PasswordAuthentication no',
      'Subsystem sftp internal-sftp',
      '',
    ].join('\n'),
  );
  const child = spawn(kSshd, ['-D', '-e', '-f', at('sshd_config')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (text) => (log += text));
  defer(t, () => {
    const gone = once(child, 'close');
    return child.kill('SIGTERM') ? gone : undefined;
  });
  await waitFor('sshd to listen', () => /Server listening/.test(log), { details: () => log });
  return { address: `127.0.0.1:${port}`, dir, key: at('key'), log: () => log };
}

/** Runs scp through the port `port`; `remote:FILE` among `files` is a file at the server. */
export async function scp(server, port, ...files) {
  const user = os.userInfo().username;
  const args = ['-q', '-P', `${port}`, '-i', server.key, '-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes'];
  args.push('-o', 'StrictHostKeyChecking=no', '-o', `UserKnownHostsFile=${path.join(server.dir, 'known')}`);
  args.push('-o', 'IdentityAgent=none', '-F', '/dev/null');
  for (const file of files) args.push(file.replace(/^remote:/, `${user}@127.0.0.1:`));
  const child = spawn('scp', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const details = () => `scp: ${output}\nsshd: ${server.log()}`;
  const [status] = await within('scp to end', once(child, 'close'), { deadline: 120_000, details });
  if (status !== 0) throw new Error(`scp ended with status ${status}\n${details()}`);
}
