// A PostgreSQL of the test's own: on a port that the system chose, with a password.
import { spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { once } from 'node:events';

import { defer } from './cleanup.mjs';
import { tempDir } from './sluice.mjs';
import { waitFor } from './wait.mjs';

export const kPassword = 'p4ss word';

/** Debian keeps the server's programs out of the path, by version. */
function binDir() {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root) : [];
  const dirs = versions.map((version) => path.join(root, version, 'bin'));
  const found = dirs.find((dir) => existsSync(path.join(dir, 'postgres')));
  if (!found) throw new Error(`there is no PostgreSQL server in ${root}`);
  return found;
}

/** PostgreSQL refuses to run as root, so root starts it as the package's user. */
function owner() {
  if (process.getuid() !== 0) return {};
  const id = (flag) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
  return { uid: id('-u'), gid: id('-g') };
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts it and returns its address, host:port. The user and the database are `postgres`. */
export async function startPostgres(t) {
  const dir = tempDir(t);
  const data = path.join(dir, 'data');
  const passwordFile = path.join(dir, 'password');
  writeFileSync(passwordFile, `${kPassword}\n`);
  const user = owner();
  if (user.uid !== undefined) for (const file of [dir, passwordFile]) chownSync(file, user.uid, user.gid);
  const bin = binDir();
  const made = spawnSync(
    path.join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '--auth=password', `--pwfile=${passwordFile}`, '--no-sync', '-E', 'UTF8'],
    { ...user, cwd: dir, encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr ?? made.error}`);
  const port = await freePort();
  const settings = { port, listen_addresses: '127.0.0.1', unix_socket_directories: dir, fsync: 'off' };
  const args = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const child = spawn(path.join(bin, 'postgres'), ['-D', data, ...args], {
    ...user,
    cwd: dir,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  defer(t, () => {
    const gone = once(child, 'close');
    return child.kill('SIGINT') ? gone : undefined;
  });
  await waitFor('PostgreSQL to be ready', () => /ready to accept connections/.test(output), {
    details: () => output,
  });
  return `127.0.0.1:${port}`;
}
