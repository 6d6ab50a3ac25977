// Pools of servers that say their names, and services that leave and come back.
import { once } from 'node:events';
import net from 'node:net';

import { listen } from './backends.mjs';
import { defer } from './cleanup.mjs';
import { httpGet } from './metrics.mjs';
import { openWs } from './ws_client.mjs';

export const kRoute = { name: 'main', match: { path: '/' }, backend: 'pool' };

/** Servers that each say their name to whoever comes, and then echo. */
export function namedServers(t, names) {
  return Promise.all(
    names.map((name) =>
      listen(t, ({ socket }) => {
        socket.write(name);
        socket.pipe(socket);
      }),
    ),
  );
}

/** Opens a session and returns [the client, the name of its server]. */
export async function openNamed(t, sluice, where = '/') {
  const client = await openWs(t, sluice.url(where));
  return [client, (await client.receive(1)).toString()];
}

/** The state of the servers of the first backend as /status has it: {address: server}. */
export async function statusOf(sluice) {
  const { body } = await httpGet(sluice.adminUrl('/status'));
  const { backends } = JSON.parse(body);
  return Object.fromEntries(backends[0].servers.map((server) => [server.address, server]));
}

/** A service on a port that it can leave and take again. */
export async function service(t, port = 0) {
  const sockets = new Set();
  const server = net.createServer((socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => {}));
    socket.write('x');
  });
  const stop = async () => {
    if (!server.listening) return;
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  defer(t, stop);
  server.listen({ host: '127.0.0.1', port });
  await once(server, 'listening');
  return { port: server.address().port, address: `127.0.0.1:${server.address().port}`, stop };
}

export const kFull = (server, queue) => ({
  routes: [kRoute],
  backends: { pool: { servers: [{ address: server.address, max_sessions: 1 }], queue } },
});
