// A client of plain TCP, over TLS if it is told to, with what it received kept for the test.
import net from 'node:net';
import tls from 'node:tls';
import { once } from 'node:events';

import { portOf } from './sluice.mjs';
import { defer } from './cleanup.mjs';
import { waitFor } from './wait.mjs';

class TcpClient {
  #chunks = [];

  constructor(socket) {
    this.socket = socket;
    this.receivedBytes = 0;
    this.ended = false;
    this.closed = false;
    this.error = undefined;
    socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.receivedBytes += chunk.length;
    });
    socket.on('end', () => (this.ended = true));
    socket.on('error', (error) => (this.error = error));
    socket.on('close', () => (this.closed = true));
  }

  details() {
    return `${this.receivedBytes} bytes received; ended: ${this.ended}, error: ${this.error ?? 'none'}`;
  }

  received() {
    this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0];
  }

  async receive(size) {
    await waitFor(`${size} bytes`, () => this.receivedBytes >= size, { details: () => this.details() });
    return this.received();
  }

  /** Waits for the FIN of sluice. A reset in its place is a failure. */
  async waitForEnd() {
    await waitFor(
      "sluice's FIN",
      () => {
        if (this.error) throw this.error;
        return this.ended;
      },
      { details: () => this.details() },
    );
  }
}

/** Connects to `address`, an address:port of sluice's; `secure` are options of tls.connect. */
export async function connectTcp(t, address, { secure } = {}) {
  const where = { host: '127.0.0.1', port: portOf(address), allowHalfOpen: true };
  const socket = secure ? tls.connect({ ...where, ...secure }) : net.connect(where);
  defer(t, () => socket.destroy());
  const client = new TcpClient(socket);
  await once(socket, secure ? 'secureConnect' : 'connect');
  return client;
}
