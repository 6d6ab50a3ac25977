// TCP services for sluice to dial. Each listens on port 0 (or a Unix socket) and remembers its connections.
import { once } from 'node:events';
import net from 'node:net';
import { spawn } from 'node:child_process';

import { defer } from './cleanup.mjs';
import { waitFor, within } from './wait.mjs';

/** One connection as the service sees it. */
class Peer {
  #chunks = [];

  constructor(socket, { keep }) {
    this.socket = socket;
    this.receivedBytes = 0;
    /** The other end has sent its FIN. */
    this.ended = false;
    this.closed = false;
    this.error = undefined;
    if (keep) {
      socket.on('data', (chunk) => {
        this.#chunks.push(chunk);
        this.receivedBytes += chunk.length;
      });
    }
    socket.on('end', () => (this.ended = true));
    socket.on('error', (error) => (this.error = error));
    socket.on('close', () => (this.closed = true));
  }

  /** Everything received. */
  received() {
    this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0];
  }

  details() {
    return (
      `the backend received ${this.receivedBytes} bytes; ended: ${this.ended}, ` +
      `closed: ${this.closed}, error: ${this.error ? this.error.code : 'none'}`
    );
  }

  async receive(size) {
    await waitFor(
      `${size} bytes at the backend`,
      () => {
        if (this.receivedBytes >= size) return true;
        if (this.closed || this.ended) throw new Error('the connection ended too early');
        return false;
      },
      { details: () => this.details() },
    );
    return this.received();
  }

  /** Waits for the FIN of sluice. A reset in its place is a failure. */
  async waitForFin() {
    await waitFor(
      "sluice's FIN at the backend",
      () => {
        if (this.error) throw this.error;
        return this.ended;
      },
      { details: () => this.details() },
    );
  }

  async waitForClose() {
    await waitFor('the connection to close at the backend', () => this.closed, {
      details: () => this.details(),
    });
  }

  /** Sends a RST. */
  reset() {
    this.socket.resetAndDestroy();
  }
}

/**
 * A service that calls `serve(peer)` for each connection. By default it takes and keeps what it is sent, says
 * nothing, and ends its own direction when sluice has ended the other. `keep: false` leaves the reading to
 * `serve`, `paused: true` reads nothing until `peer.socket.resume()`, `lingers: true` never ends by itself.
 */
export async function listen(
  t,
  serve = () => {},
  { host = '127.0.0.1', port: wanted = 0, path, keep = true, paused = false, lingers = false } = {},
) {
  const peers = [];
  const server = net.createServer(
    { allowHalfOpen: true, noDelay: true, pauseOnConnect: paused },
    (socket) => {
      const peer = new Peer(socket, { keep });
      peers.push(peer);
      serve(peer);
      if (!lingers) socket.on('end', () => socket.end());
    },
  );
  server.listen(path ? { path } : { host, port: wanted });
  await once(server, 'listening');
  const kill = () => {
    for (const { socket } of peers) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  };
  defer(t, kill);
  const port = path ? undefined : server.address().port;
  const shown = host.includes(':') ? `[${host}]` : host;
  return {
    peers,
    port,
    /** Ends all its connections, and accepts no more. */
    kill,
    /** As it stands in a configuration. */
    address: path ? `unix:${path}` : `${shown}:${port}`,
    /** The connection number `i`; waits for it. */
    peer: (i = 0) => waitFor(`connection ${i} at the backend`, () => peers[i]),
  };
}

/** Sends back what it gets; ends when it is ended. */
export function echo(t, options) {
  return listen(t, ({ socket }) => socket.pipe(socket), options);
}

/** Speaks first, as SSH and VNC do, and then echoes. */
export function greeter(t, greeting, options) {
  return listen(
    t,
    ({ socket }) => {
      socket.write(greeting);
      socket.pipe(socket);
    },
    options,
  );
}

/** Accepts and does not read, until `peer.socket.resume()`; then `onData` gets what comes. */
export function sink(t, onData, options) {
  return listen(
    t,
    (peer) =>
      peer.socket.on('data', (chunk) => {
        peer.receivedBytes += chunk.length;
        onData(chunk);
      }),
    { ...options, keep: false, paused: true },
  );
}

/**
 * Sends `chunks` (an iterable of buffers) as fast as they are taken, then `after(peer)`.
 * `peer.sentBytes` counts what the kernel has taken or node holds.
 */
export function pusher(t, chunks, after = () => {}) {
  return listen(t, async (peer) => {
    peer.sentBytes = 0;
    const closed = new Promise((resolve) => peer.socket.once('close', resolve));
    for (const chunk of chunks()) {
      if (peer.closed) return;
      peer.sentBytes += chunk.length;
      if (!peer.socket.write(chunk)) {
        await Promise.race([once(peer.socket, 'drain'), closed]).catch(() => {});
      }
    }
    peer.pushedAll = true;
    after(peer);
  });
}

/**
 * An address at which nobody listens, and nobody will while the test runs: the port is held by the near end
 * of an open connection.
 */
export async function deadAddress(t, host = '127.0.0.1') {
  const server = net.createServer((socket) => defer(t, () => socket.destroy()));
  server.listen({ host, port: 0 });
  await once(server, 'listening');
  defer(t, () => server.close());
  const socket = net.connect({ host, port: server.address().port, localAddress: host });
  defer(t, () => socket.destroy());
  await once(socket, 'connect');
  return `${host.includes(':') ? `[${host}]` : host}:${socket.localPort}`;
}

/**
 * An address that neither accepts nor refuses: a listening socket whose process never accepts and whose
 * queue is full, so that the kernel drops further SYNs.
 */
export async function silentAddress(t, { host = '127.0.0.1', port: wanted = 0 } = {}) {
  const program = `
    const server = require('node:net').createServer();
    server.listen({ host: '${host}', port: ${wanted}, backlog: 1 }, () => {
      require('node:fs').writeSync(1, server.address().port + '\\n');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  defer(t, () => child.kill('SIGKILL'));
  const [line] = await within('the silent listener to start', once(child.stdout, 'data'));
  const port = Number(line);
  for (let i = 0; i < 16; ++i) {
    const socket = net.connect({ host, port });
    socket.on('error', () => {});
    defer(t, () => socket.destroy());
    const connected = await Promise.race([
      once(socket, 'connect').then(() => true),
      new Promise((resolve) => setTimeout(resolve, 500, false)),
    ]);
    if (!connected) return `${host}:${port}`;
  }
  throw new Error('the queue of a listener with backlog 1 took 16 connections and is not full');
}
