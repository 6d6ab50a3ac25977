// A real redis-server.
import { execFileSync, spawn } from 'node:child_process';
import net from 'node:net';
import { once } from 'node:events';

import { defer } from './cleanup.mjs';
import { tempDir } from './sluice.mjs';
import { waitFor } from './wait.mjs';

async function freePort() {
  const server = net.createServer().listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts redis-server on a port of 127.0.0.1; `set(key, value)` sets, `stop()` ends it. */
export async function startRedisServer(t, { port, password = '' } = {}) {
  port ??= await freePort();
  const child = spawn(
    'redis-server',
    ['--bind', '127.0.0.1', '--port', `${port}`, '--save', '', '--appendonly', 'no', '--dir', tempDir(t),
      ...(password ? ['--requirepass', password] : [])],
    { stdio: 'ignore' },
  );
  const gone = new Promise((resolve) => child.once('close', resolve));
  const stop = async () => {
    child.kill('SIGKILL');
    await gone;
  };
  defer(t, stop);
  const env = { ...process.env, ...(password ? { REDISCLI_AUTH: password } : {}) };
  const cli = (...args) =>
    execFileSync('redis-cli', ['-p', `${port}`, ...args], { encoding: 'utf8', env }).trim();
  await waitFor('redis-server to answer', () => cli('PING') === 'PONG');
  return { port, address: `127.0.0.1:${port}`, set: (key, value) => cli('SET', key, value), cli, stop, child };
}
