// The npm package `ws`, a client that applications use, with what it received kept for the test.
import assert from 'node:assert/strict';
import WebSocket from 'ws';

import { defer } from './cleanup.mjs';
import { waitFor, within } from './wait.mjs';

class Client {
  constructor(socket) {
    this.socket = socket;
    /** Payload of the messages received, in order. */
    this.messages = [];
    this.receivedBytes = 0;
    this.pings = 0;
    this.error = undefined;
    /** {code, reason} once the connection is closed; code is 1005 or 1006 as browsers have it. */
    this.closeEvent = undefined;
    socket.on('message', (data, isBinary) => {
      this.messages.push({ data, isBinary });
      this.receivedBytes += data.length;
    });
    socket.on('ping', () => ++this.pings);
    socket.on('error', (error) => (this.error = error));
    socket.on('close', (code, reason) => (this.closeEvent = { code, reason: reason.toString() }));
  }

  details() {
    return (
      `${this.messages.length} messages with ${this.receivedBytes} bytes received; ` +
      `close: ${JSON.stringify(this.closeEvent ?? 'none')}; error: ${this.error ?? 'none'}`
    );
  }

  send(data, options) {
    this.socket.send(data, options);
  }

  /** Waits until `size` bytes have come, and returns all that has come as one. */
  async receive(size) {
    await waitFor(
      `${size} bytes from the gateway`,
      () => {
        if (this.receivedBytes >= size) return true;
        if (this.closeEvent) throw new Error('the connection closed too early');
        return false;
      },
      { details: () => this.details() },
    );
    return this.received();
  }

  /** All bytes received, across message borders: a TCP service knows none. */
  received() {
    return Buffer.concat(this.messages.map((m) => m.data));
  }

  /** Forgets what was received. */
  clear() {
    this.messages = [];
    this.receivedBytes = 0;
  }

  async waitForClose() {
    await waitFor('the WebSocket to close', () => this.closeEvent, { details: () => this.details() });
    return this.closeEvent;
  }

  /** Closes as an application does, and waits for the end. */
  async close(code, reason) {
    this.socket.close(code, reason);
    return this.waitForClose();
  }
}

/**
 * Opens a WebSocket; fails if it does not open, or is `compressed` otherwise than expected. It is cut when
 * the test is over.
 */
export async function openWs(t, url, { protocols = [], compressed = false, ...options } = {}) {
  const socket = new WebSocket(url, protocols, options);
  const client = new Client(socket);
  defer(t, () => socket.terminate());
  const opened = new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  await within(`the WebSocket ${url} to open`, opened);
  assert.equal(socket.extensions, compressed ? 'permessage-deflate' : '', 'the extensions agreed on');
  return client;
}

/** Tries to open a WebSocket that must be refused; returns the response {status, headers, body}. */
export async function refusedWs(t, url, { protocols = [], ...options } = {}) {
  const socket = new WebSocket(url, protocols, options);
  defer(t, () => socket.terminate());
  socket.on('error', () => {});
  const answered = new Promise((resolve, reject) => {
    socket.on('open', () => reject(new Error(`the WebSocket ${url} opened; a refusal was expected`)));
    socket.on('unexpected-response', (_, response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => (body += text));
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body }),
      );
    });
    socket.on('close', () => reject(new Error(`the connection to ${url} ended without a response`)));
  });
  return within(`a refusal of ${url}`, answered);
}
