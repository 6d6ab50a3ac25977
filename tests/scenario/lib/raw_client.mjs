// A client that knows nothing of WebSocket but what a test tells it: it sends bytes as they are given and
// shows what comes back, in order, with the end of the stream and a reset told apart.
import assert from 'node:assert/strict';
import net from 'node:net';
import tls from 'node:tls';

import { defer } from './cleanup.mjs';
import { decodeFrame, encodeFrame, kOpcode, parseClose } from './frames.mjs';
import { waitFor } from './wait.mjs';

export const kKey = 'dGhlIHNhbXBsZSBub25jZQ==';
/** What RFC 6455 section 1.3 says the answer to that key is. */
export const kAccept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

/**
 * The head of an upgrade. `headers` replaces or adds fields; an array stands for several fields of that
 * name, `null` leaves the field out.
 */
export function upgradeHead({
  method = 'GET',
  target = '/',
  version = 'HTTP/1.1',
  host = 'localhost',
  headers = {},
} = {}) {
  const fields = {
    Host: host,
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': kKey,
    'Sec-WebSocket-Version': '13',
    ...headers,
  };
  let head = `${method} ${target} ${version}\r\n`;
  for (const [name, value] of Object.entries(fields)) {
    if (value === null || value === undefined) continue;
    for (const one of [value].flat()) head += `${name}: ${one}\r\n`;
  }
  return `${head}\r\n`;
}

class RawClient {
  #chunks = [];
  #buffered = 0;
  #asksForHead = false; // The last request is HEAD: its response has no content.

  constructor(socket) {
    this.socket = socket;
    /** The server has sent its FIN. */
    this.ended = false;
    /** The error that ended the connection, ECONNRESET for instance. */
    this.error = undefined;
    this.closed = false;
    /** Bytes received since the connection was made. */
    this.received = 0;
    socket.on('data', (chunk) => {
      this.received += chunk.length;
      this.#chunks.push(chunk);
      this.#buffered += chunk.length;
    });
    socket.on('end', () => (this.ended = true));
    socket.on('error', (error) => (this.error = error));
    socket.on('close', () => (this.closed = true));
  }

  get over() {
    return this.ended || this.closed;
  }

  /** What has arrived and has not been taken yet. */
  get buffer() {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks, this.#buffered)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  take(size) {
    const all = this.buffer;
    this.#chunks = size < all.length ? [all.subarray(size)] : [];
    this.#buffered = all.length - size;
    return all.subarray(0, size);
  }

  write(data) {
    this.#asksForHead = /^HEAD /.test(data);
    this.socket.write(data);
    return this;
  }

  sendFrame(options) {
    return this.write(encodeFrame(options));
  }

  /** Our FIN; what the server still sends is received. */
  end() {
    this.socket.end();
    return this;
  }

  reset() {
    this.socket.resetAndDestroy();
  }

  details() {
    const start = this.buffer.subarray(0, 400);
    return (
      `received ${this.received} bytes in all; not yet read: ${this.#buffered} bytes, ` +
      `${JSON.stringify(start.toString('latin1'))}; ended: ${this.ended}, closed: ${this.closed}, ` +
      `error: ${this.error ? this.error.code : 'none'}`
    );
  }

  waitFor(what, condition, options = {}) {
    return waitFor(what, condition, { details: () => this.details(), ...options });
  }

  /** Reads one HTTP response head: {status, line, headers (names in lower case, values in arrays)}. */
  async readHead() {
    const end = await this.waitFor('a response head', () => {
      const at = this.buffer.indexOf('\r\n\r\n');
      if (at < 0 && this.over) throw new Error('the connection ended before a response head was complete');
      return at >= 0 && at + 4;
    });
    const lines = this.take(end).toString('latin1').split('\r\n').slice(0, -2);
    const line = lines.shift();
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(line);
    assert.ok(status, `not an HTTP/1.1 status line: ${line}`);
    const headers = new Map();
    for (const field of lines) {
      const colon = field.indexOf(':');
      const name = field.slice(0, colon).toLowerCase();
      headers.set(name, [...(headers.get(name) ?? []), field.slice(colon + 1).trim()]);
    }
    return { status: Number(status[1]), line, headers };
  }

  /**
   * Reads a complete response: the head, and `body`. A response with `Connection: close` ends with
   * the connection; any other has the length that it announces, or none if it answers a HEAD.
   */
  async readResponse() {
    const head = await this.readHead();
    const closes = (head.headers.get('connection') ?? []).join().includes('close');
    const announced = this.#asksForHead ? 0 : Number(head.headers.get('content-length')?.[0]);
    if (closes) {
      await this.waitForEnd();
    } else {
      await this.waitFor('the content of the response', () => this.buffer.length >= announced);
    }
    const body = this.take(closes ? this.buffer.length : announced).toString();
    return { ...head, body };
  }

  /** Waits for the server's FIN (a reset is a failure). */
  async waitForEnd(options) {
    await this.waitFor('the end of the connection', () => this.over || this.error, options);
    assert.equal(this.error, undefined, `the connection broke: ${this.error}; ${this.details()}`);
    assert.ok(this.ended, `the connection closed without the server's FIN; ${this.details()}`);
  }

  /** Waits until the connection is over in whatever way. */
  async waitForClose() {
    await this.waitFor('the connection to close', () => this.over);
  }

  /** Sends an upgrade and takes its 101. */
  async upgrade(options) {
    this.write(upgradeHead(options));
    const head = await this.readHead();
    assert.equal(head.status, 101, `upgrade answered ${head.line}; ${this.details()}`);
    return head;
  }

  /** The next frame, of whatever kind. Checks what holds of every frame from a server. `rsv` 4: compressed. */
  async nextFrame({ rsv = 0 } = {}) {
    const frame = await this.waitFor('a frame', () => {
      const found = decodeFrame(this.buffer);
      if (!found && this.over) throw new Error('the connection ended before a frame was complete');
      return found;
    });
    this.take(frame.size);
    assert.equal(frame.masked, false, 'a server must not mask (RFC 6455 section 5.1)');
    assert.equal(frame.rsv, rsv, 'no RSV bit may be set but what an extension that was agreed on defines');
    return frame;
  }

  /** Reads data frames until `size` bytes of payload are there; a control frame in between is a failure. */
  async readPayload(size) {
    const parts = [];
    let total = 0;
    while (total < size) {
      const frame = await this.nextFrame();
      if (frame.opcode === kOpcode.close) {
        const { code, reason } = parseClose(frame.payload);
        assert.fail(`a Close ${code} ${reason} came after ${total} of ${size} bytes`);
      }
      assert.ok(frame.opcode <= kOpcode.binary, `unexpected frame with opcode ${frame.opcode}`);
      parts.push(frame.payload);
      total += frame.payload.length;
    }
    assert.equal(total, size, 'more payload came than was expected');
    return Buffer.concat(parts);
  }

  /** The next frame must be a Close: returns {code, reason}. */
  async readClose() {
    const frame = await this.nextFrame();
    assert.equal(
      frame.opcode,
      kOpcode.close,
      `expected a Close, got opcode ${frame.opcode} with ${frame.payload.length} bytes`,
    );
    assert.ok(frame.fin, 'a control frame must not be fragmented');
    return parseClose(frame.payload);
  }
}

/** Connects to `port`, from `localAddress`; the client is destroyed when the test is over. */
export async function connectRaw(t, port, host = '127.0.0.1', { localAddress } = {}) {
  const socket = net.connect({ port, host, localAddress, allowHalfOpen: true, noDelay: true });
  const client = new RawClient(socket);
  defer(t, () => socket.destroy());
  await waitFor(`a TCP connection to ${host}:${port}`, () => {
    if (client.error) throw client.error;
    return !socket.connecting;
  });
  return client;
}

/** Connects to `port` with TLS; `options` are those of tls.connect. The socket's `error` is in the client's. */
export async function connectTls(t, port, options = {}) {
  const socket = tls.connect({ port, host: '127.0.0.1', ALPNProtocols: ['http/1.1'], ...options });
  const client = new RawClient(socket);
  defer(t, () => socket.destroy());
  let isOpen = false;
  socket.on('secureConnect', () => (isOpen = true));
  await waitFor(`a TLS connection to port ${port}`, () => isOpen || client.error || client.closed);
  return client;
}

/** Connects and upgrades. */
export async function openRaw(t, sluice, options = {}) {
  const client = await connectRaw(t, sluice.port);
  client.head = await client.upgrade(options);
  return client;
}
