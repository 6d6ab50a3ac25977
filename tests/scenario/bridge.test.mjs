// Two sluices back to back: the near one takes plain TCP and dials the far one's WebSocket, which dials the
// TCP service. So any TCP protocol passes where only HTTP does.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { test } from 'node:test';

import { greeter, listen, pusher } from './lib/backends.mjs';
import { assertSameBytes, MiB, pattern } from './lib/bytes.mjs';
import { makeAuthority, makeCertificate } from './lib/certificates.mjs';
import { residentBytes } from './lib/memory.mjs';
import { startRedisServer } from './lib/redis.mjs';
import { start, tempDir } from './lib/sluice.mjs';
import { scp, startSshd } from './lib/sshd.mjs';
import { connectTcp } from './lib/tcp_client.mjs';
import { waitFor } from './lib/wait.mjs';

/** The far sluice and the near one in front of `address`. With `secure`, TLS is between them. */
async function startBridge(t, address, { secure = false, route = {}, far: farConfig = {} } = {}) {
  const token = 'c2VjcmV0';
  const listener = { address: '127.0.0.1:0' };
  const backend = { websocket: { headers: { 'X-Bridge': token } } };
  if (secure) {
    const authority = makeAuthority(tempDir(t));
    listener.tls = { certificates: [makeCertificate(authority, 'far', ['far.test'])] };
    backend.tls = { ca: authority.cert, server_name: 'far.test' };
  }
  const far = await start(t, {
    workers: 1,
    listeners: [listener],
    routes: [
      { name: 'far', match: { path: '/bridge', headers: { 'X-Bridge': token } }, backend: address, ...route },
    ],
    ...farConfig,
  });
  const scheme = secure ? 'wss' : 'ws';
  const near = await start(t, {
    workers: 1,
    listeners: [{ address: '127.0.0.1:0', name: 'raw', protocol: 'tcp' }],
    backends: { far: { servers: [`${scheme}://127.0.0.1:${far.port}/bridge`], ...backend } },
    routes: [{ name: 'near', match: { listener: 'raw' }, backend: 'far', ...route }],
  });
  return { near, far };
}

async function sha256File(file) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

test('scp of 100 MB both ways, through TLS between the two', async (t) => {
  const sshd = await startSshd(t);
  const { near, far } = await startBridge(t, sshd.address, { secure: true });
  const [source, there, back] = ['source', 'there', 'back'].map((name) => path.join(sshd.dir, name));
  const chunks = function* () {
    for (let i = 0; i < 100; ++i) yield pattern(1_000_000, i + 1);
  };
  await pipeline(Readable.from(chunks()), createWriteStream(source));
  const sum = await sha256File(source);
  await scp(sshd, near.port, source, `remote:${there}`);
  assert.equal(await sha256File(there), sum);
  await scp(sshd, near.port, `remote:${there}`, back);
  assert.equal(await sha256File(back), sum);
  for (const sluice of [near, far]) {
    const lines = await sluice.sessions(2);
    assert.ok(lines[0].bytes_to_backend > 100e6 && lines[1].bytes_to_client > 100e6);
    for (const line of lines) assert.match(line.reason, /^(client|backend)_closed$/);
  }
});

test('redis-cli through both', async (t) => {
  const redis = await startRedisServer(t);
  const { near } = await startBridge(t, redis.address);
  const cli = async (...args) =>
    (await promisify(execFile)('redis-cli', ['-p', `${near.port}`, ...args])).stdout.trim();
  assert.equal(await cli('SET', 'key', 'value'), 'OK');
  assert.equal(await cli('GET', 'key'), 'value');
  assert.equal(redis.cli('GET', 'key'), 'value');
});

test('keep-alive runs on every leg, and an idle session lives', async (t) => {
  const service = await greeter(t, 'hello');
  const { near, far } = await startBridge(t, service.address, {
    route: { keepalive: { ping_interval: '1s', pong_timeout: '1s' } },
  });
  const client = await connectTcp(t, near.address());
  await client.receive(5);
  await far.waitFor('pings of the far one', async () =>
    (await far.metrics()).sum('sluice_pings_sent_total') >= 3);
  client.socket.write('!');
  assert.equal((await client.receive(6)).toString(), 'hello!');
  assert.deepEqual([near.eventsOf('session').length, far.eventsOf('session').length], [0, 0]);
});

test('a reader that stalls costs both of them bounded memory, and no byte', async (t) => {
  const size = 128;
  const chunk = pattern(MiB);
  const service = await pusher(t, () => Array(size).fill(chunk), ({ socket }) => socket.end());
  const { near, far } = await startBridge(t, service.address);
  const before = [near, far].map(({ pid }) => residentBytes(pid));
  const client = await connectTcp(t, near.address());
  client.socket.pause();
  for (const sluice of [near, far]) {
    await sluice.waitFor('the direction to be paused', async () =>
      (await sluice.metrics()).sum('sluice_pauses_total', { direction: 'to_client' }) >= 1);
  }
  [near, far].forEach(({ pid }, i) => {
    assert.ok(residentBytes(pid) - before[i] < 16 * MiB, `memory of number ${i} stays bounded`);
  });
  client.socket.resume();
  await client.waitForEnd();
  const all = client.received();
  assert.equal(all.length, size * MiB);
  for (let i = 0; i < size; ++i) {
    assertSameBytes(all.subarray(i * MiB, (i + 1) * MiB), chunk, `the MiB number ${i}`);
  }
});

for (const secure of [false, true]) {
  const way = secure ? 'TLS' : 'plain TCP';
  test(`half-close through both, over ${way}: the client ends first and gets its answer`, async (t) => {
    // It answers when it has all: only a half-close gets that far.
    const service = await listen(
      t,
      (peer) => peer.socket.on('end', () => peer.socket.end(`${peer.receivedBytes} bytes`)),
      { lingers: true },
    );
    const { near, far } = await startBridge(t, service.address, { secure });
    const client = await connectTcp(t, near.address());
    const bytes = pattern(3 * MiB, 1);
    client.socket.end(bytes);
    await client.waitForEnd();
    assert.equal(client.received().toString(), `${bytes.length} bytes`);
    assertSameBytes((await service.peer()).received(), bytes, 'what the service got');
    for (const sluice of [near, far]) {
      const [line] = await sluice.sessions();
      assert.equal(line.reason, 'client_closed');
    }
  });

  test(`half-close through both, over ${way}: the service ends first and gets the rest`, async (t) => {
    const service = await listen(t, ({ socket }) => socket.end('that was all'), { lingers: true });
    const { near, far } = await startBridge(t, service.address, { secure });
    const client = await connectTcp(t, near.address());
    await client.waitForEnd();
    assert.equal(client.received().toString(), 'that was all');
    const bytes = pattern(3 * MiB, 2);
    client.socket.end(bytes);
    const peer = await service.peer();
    await peer.waitForFin();
    assertSameBytes(peer.received(), bytes, 'what the client sent after that');
    for (const sluice of [near, far]) {
      const [line] = await sluice.sessions();
      assert.equal(line.reason, 'backend_closed');
    }
  });
}

test('a service that closes altogether after its end: the client is reset, and the logs report the loss', async (t) => {
  const service = await listen(t, ({ socket }) => socket.end('bye'), { lingers: true });
  const { near, far } = await startBridge(t, service.address);
  const client = await connectTcp(t, near.address());
  await client.waitForEnd();
  assert.equal(client.received().toString(), 'bye');
  (await service.peer()).reset();
  let written = 0;
  await waitFor('the reset of the client', () => {
    if (!client.closed) {
      client.socket.write('late');
      written += 4;
    }
    return client.closed;
  });
  assert.match(client.error.code, /^(ECONNRESET|EPIPE)$/);
  for (const sluice of [near, far]) {
    const [line] = await sluice.sessions();
    assert.equal(line.reason, 'backend_reset');
    assert.ok(line.bytes_to_backend <= written);
  }
  assert.match((await near.sessions())[0].detail, /closed with code 1011: backend_reset/);
});

test('after a half-close the two keep each other alive with pings', async (t) => {
  const service = await listen(t, () => {}, { lingers: true });
  const { near, far } = await startBridge(t, service.address, {
    route: { keepalive: { ping_interval: '1s', pong_timeout: '1s' } },
  });
  const client = await connectTcp(t, near.address());
  client.socket.end('question');
  const peer = await service.peer();
  await peer.waitForFin();
  await far.waitFor('pings of the far one', async () =>
    (await far.metrics()).sum('sluice_pings_sent_total') >= 3);
  assert.deepEqual([near.eventsOf('session').length, far.eventsOf('session').length], [0, 0]);
  peer.socket.end('answer');
  await client.waitForEnd();
  assert.equal(client.received().toString(), 'answer');
});

test('a drain of the far one ends the near session in good order', async (t) => {
  const service = await greeter(t, 'hello');
  const { near, far } = await startBridge(t, service.address);
  const client = await connectTcp(t, near.address());
  await client.receive(5);
  await far.stop();
  await waitFor('the end', () => client.ended);
  client.socket.end();
  const [line] = await near.sessions();
  assert.equal(line.reason, 'backend_reset');
  assert.match(line.detail, /closed with code 1012: drain/);
});
