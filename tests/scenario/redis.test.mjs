// A real service of the world behind sluice: redis-server, spoken to in RESP over the WebSocket.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';

import { assertSameBytes, pattern } from './lib/bytes.mjs';
import { defer } from './lib/cleanup.mjs';
import { start, tempDir } from './lib/sluice.mjs';
import { waitFor } from './lib/wait.mjs';
import { openWs } from './lib/ws_client.mjs';

/** Starts redis-server on a Unix socket and returns its address for the configuration. */
async function startRedis(t) {
  const dir = tempDir(t);
  const socket = path.join(dir, 'redis.sock');
  const args = ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no', '--dir', dir];
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (output += text));
  child.on('error', (error) => (output += `cannot start redis-server: ${error.message}`));
  defer(t, () => {
    const gone = new Promise((resolve) => child.once('close', resolve));
    return child.kill('SIGKILL') ? gone : undefined;
  });
  const answers = () =>
    new Promise((resolve) => {
      const probe = net.connect({ path: socket });
      probe.on('connect', () => (probe.destroy(), resolve(true)));
      probe.on('error', () => resolve(false));
    });
  await waitFor('redis-server to listen', answers, { details: () => output });
  return `unix:${socket}`;
}

/** A command as RESP sends it: an array of bulk strings. */
function command(...words) {
  const parts = [Buffer.from(`*${words.length}\r\n`)];
  for (const word of words.map((w) => Buffer.from(w))) {
    parts.push(Buffer.from(`$${word.length}\r\n`), word, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}

/** Reads one reply at `offset`: {value, end}, or nothing while it is incomplete. */
function parseReply(buffer, offset = 0) {
  const lineEnd = buffer.indexOf('\r\n', offset);
  if (lineEnd < 0) return undefined;
  const line = buffer.subarray(offset + 1, lineEnd).toString();
  const next = lineEnd + 2;
  switch (String.fromCharCode(buffer[offset])) {
    case '+':
      return { value: line, end: next };
    case '-':
      throw new Error(`redis says: ${line}`);
    case ':':
      return { value: Number(line), end: next };
    case '$': {
      const size = Number(line);
      if (size < 0) return { value: null, end: next };
      if (buffer.length < next + size + 2) return undefined;
      return { value: buffer.subarray(next, next + size), end: next + size + 2 };
    }
    case '*': {
      const items = [];
      let at = next;
      for (let i = 0; i < Number(line); ++i) {
        const item = parseReply(buffer, at);
        if (!item) return undefined;
        items.push(item.value);
        at = item.end;
      }
      return { value: items, end: at };
    }
    default:
      throw new Error(`not RESP: ${JSON.stringify(buffer.subarray(offset, offset + 40).toString('latin1'))}`);
  }
}

/** A Redis client over a WebSocket. */
class Redis {
  constructor(client) {
    this.client = client;
    this.rest = Buffer.alloc(0);
  }

  async reply() {
    return waitFor(
      'a reply of redis',
      () => {
        if (this.client.messages.length > 0) {
          this.rest = Buffer.concat([this.rest, this.client.received()]);
          this.client.clear();
        }
        const parsed = this.rest.length > 0 && parseReply(this.rest);
        if (!parsed) return undefined;
        this.rest = this.rest.subarray(parsed.end);
        return { value: parsed.value };
      },
      { details: () => this.client.details() },
    ).then(({ value }) => value);
  }

  async run(...words) {
    this.client.send(command(...words));
    return this.reply();
  }
}

async function connect(t, sluice) {
  return new Redis(await openWs(t, sluice.url()));
}

test('PING', async (t) => {
  const sluice = await start(t, { backend: await startRedis(t) });
  const redis = await connect(t, sluice);
  assert.equal(await redis.run('PING'), 'PONG');
  redis.client.send('PING\r\n'); // An inline command, as a person types it, in a text message.
  assert.equal(await redis.reply(), 'PONG');
  await redis.client.close();
});

test('a value of 1 MB goes in and comes out', async (t) => {
  const sluice = await start(t, { backend: await startRedis(t) });
  const redis = await connect(t, sluice);
  const value = pattern(1_000_000, 1);
  assert.equal(await redis.run('SET', 'big', value), 'OK');
  assert.equal(await redis.run('STRLEN', 'big'), value.length);
  assertSameBytes(await redis.run('GET', 'big'), value, 'the value');
  await redis.client.close();
});

test('1000 commands without waiting', async (t) => {
  const sluice = await start(t, { backend: await startRedis(t) });
  const redis = await connect(t, sluice);
  for (let i = 0; i < 1000; ++i) redis.client.send(command('INCRBY', 'counter', String(i)));
  let sum = 0;
  for (let i = 0; i < 1000; ++i) {
    sum += i;
    assert.equal(await redis.reply(), sum, `reply ${i}`);
  }
  redis.client.send(Buffer.concat(Array.from({ length: 1000 }, () => command('INCR', 'other'))));
  for (let i = 1; i <= 1000; ++i) assert.equal(await redis.reply(), i);
  await redis.client.close();
});

test('what redis pushes arrives without being asked for', async (t) => {
  const sluice = await start(t, { backend: await startRedis(t) });
  const listener = await connect(t, sluice);
  const speaker = await connect(t, sluice);
  const [kind, channel, count] = await listener.run('SUBSCRIBE', 'news');
  assert.deepEqual([kind.toString(), channel.toString(), count], ['subscribe', 'news', 1]);
  for (let i = 0; i < 100; ++i) {
    assert.equal(await speaker.run('PUBLISH', 'news', `number ${i}`), 1);
    const [type, from, text] = await listener.reply();
    assert.deepEqual([type, from, text].map(String), ['message', 'news', `number ${i}`]);
  }
  await listener.client.close();
  await speaker.client.close();
});

test('QUIT: redis ends the connection, the WebSocket closes with 1000', async (t) => {
  const sluice = await start(t, { backend: await startRedis(t) });
  const redis = await connect(t, sluice);
  assert.equal(await redis.run('QUIT'), 'OK');
  assert.deepEqual(await redis.client.waitForClose(), { code: 1000, reason: 'backend_closed' });
});
