// The main job: what a client sends reaches the TCP service byte for byte, and the other way round.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { echo, greeter, listen } from './lib/backends.mjs';
import { assertSameBytes, KiB, MiB, pattern, utf8Text } from './lib/bytes.mjs';
import { encodeFrame, kOpcode } from './lib/frames.mjs';
import { connectRaw, openRaw, upgradeHead } from './lib/raw_client.mjs';
import { start } from './lib/sluice.mjs';
import { openWs } from './lib/ws_client.mjs';

// Around every border that a length, a buffer or a segment has.
const kSizes = [
  1, 2, 3, 124, 125, 126, 127, 1000, 1460, 4095, 4096, 4097, 16384, 65534, 65535, 65536, 65537,
  128 * KiB, 256 * KiB - 1, 256 * KiB + 1, MiB - 1, MiB, MiB + 1, 5_000_000, 5 * MiB,
];

test('binary messages from 1 byte to 5 MiB come back byte for byte', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  const client = await openWs(t, sluice.url());
  for (const size of kSizes) {
    const sent = pattern(size, size);
    client.send(sent);
    assertSameBytes(await client.receive(size), sent, `the echo of ${size} bytes`);
    assert.ok(
      client.messages.every((m) => m.isBinary),
      'towards the client every message is binary',
    );
    assert.ok(
      client.messages.every((m) => m.data.length <= MiB),
      'no message to the client is over 1 MiB',
    );
    client.clear();
  }
  await client.close();
});

test('text messages from 1 byte to 5 MiB reach the backend as their UTF-8 bytes', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  const client = await openWs(t, sluice.url());
  for (const size of kSizes) {
    const text = utf8Text(size);
    client.send(text);
    assertSameBytes(await client.receive(size), Buffer.from(text), `the echo of ${size} bytes of text`);
    client.clear();
  }
  await client.close();
});

test('a fresh session for each size around the borders', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  for (const size of [1, 125, 126, 65535, 65536, MiB]) {
    const client = await openWs(t, sluice.url());
    const sent = pattern(size, size + 1);
    client.send(sent);
    assertSameBytes(await client.receive(size), sent, `the echo of ${size} bytes`);
    await client.close();
  }
});

test('many messages sent without waiting arrive in order', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  const client = await openWs(t, sluice.url());
  const sent = [];
  for (let i = 0; i < 5000; ++i) {
    const message = pattern(1 + ((i * 37) % 700), i + 1);
    sent.push(message);
    client.send(message);
  }
  const all = Buffer.concat(sent);
  assertSameBytes(await client.receive(all.length), all, 'the echo of 5000 messages');
  await client.close();
});

test('fragmented messages and empty ones are one stream of bytes to the backend', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  const client = await openWs(t, sluice.url());
  client.send(Buffer.alloc(0));
  client.send('', { fin: false });
  client.send('one ', { fin: false });
  client.send('', { fin: false });
  client.send('two ', { fin: true });
  client.send('');
  client.send(Buffer.from('three'));
  assert.equal((await client.receive(13)).toString(), 'one two three');
  await client.close();
});

test('two directions at once do not wait for each other', async (t) => {
  const toClient = pattern(3 * MiB, 5);
  const toBackend = pattern(3 * MiB, 6);
  const backend = await listen(t, ({ socket }) => socket.write(toClient));
  const sluice = await start(t, { backend: backend.address });
  const client = await openWs(t, sluice.url());
  client.send(toBackend);
  const peer = await backend.peer();
  const [atClient, atBackend] = await Promise.all([
    client.receive(toClient.length),
    peer.receive(toBackend.length),
  ]);
  assertSameBytes(atClient, toClient, 'what the backend sent');
  assertSameBytes(atBackend, toBackend, 'what the client sent');
  await client.close();
});

test('200 sessions at once each have their own bytes', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  const clients = await Promise.all(Array.from({ length: 200 }, () => openWs(t, sluice.url())));
  await Promise.all(
    clients.map(async (client, i) => {
      const sent = pattern(20_000, i + 1);
      client.send(sent.subarray(0, 7));
      client.send(sent.subarray(7));
      assertSameBytes(await client.receive(sent.length), sent, `session ${i}`);
    }),
  );
  assert.equal(backend.peers.length, 200, 'each session has its own backend connection');
  assert.equal((await sluice.metrics()).sum('sluice_sessions_active', { route: 'main' }), 200);
  await Promise.all(clients.map((client) => client.close()));
  await sluice.sessions(200);
  await sluice.metric('sluice_sessions_active', { route: 'main' }, 0);
});

test('a service that speaks first is heard before the client has said a word', async (t) => {
  const greeting = 'SSH-2.0-OpenSSH_9.2\r\n';
  const backend = await greeter(t, greeting);
  const sluice = await start(t, { backend: backend.address });
  for (let i = 0; i < 20; ++i) {
    const client = await openWs(t, sluice.url());
    assert.equal((await client.receive(greeting.length)).toString(), greeting);
    await client.close();
  }
});

test('a greeting that comes with the 101 is a frame of its own behind a complete head', async (t) => {
  const backend = await greeter(t, 'RFB 003.008\n');
  const sluice = await start(t, { backend: backend.address });
  const client = await openRaw(t, sluice);
  assert.equal((await client.readPayload(12)).toString(), 'RFB 003.008\n');
});

test('what a client sends together with its request reaches the backend', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  const early = pattern(300, 9);
  const client = await connectRaw(t, sluice.port);
  client.write(
    Buffer.concat([
      Buffer.from(upgradeHead()),
      encodeFrame({ payload: early.subarray(0, 100) }),
      encodeFrame({ opcode: kOpcode.text, payload: 'abc' }),
      encodeFrame({ payload: early.subarray(100) }),
    ]),
  );
  assert.equal((await client.readHead()).status, 101);
  assertSameBytes(
    await client.readPayload(303),
    Buffer.concat([early.subarray(0, 100), Buffer.from('abc'), early.subarray(100)]),
    'the echo of the early frames',
  );
});

test('a megabyte that a client sends before the 101 is not lost', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  const early = pattern(MiB, 10);
  const client = await connectRaw(t, sluice.port);
  client.write(Buffer.concat([Buffer.from(upgradeHead()), encodeFrame({ payload: early })]));
  assert.equal((await client.readHead()).status, 101);
  assertSameBytes(await client.readPayload(MiB), early, 'the echo of the early megabyte');
});

test('small messages go out at once, in both directions', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  const client = await openWs(t, sluice.url());
  // A Nagle delay would cost some 40 ms a turn: 200 turns would take 8 s.
  const begin = Date.now();
  for (let i = 0; i < 200; ++i) {
    client.send('x');
    await waitForMessages(client, i + 1);
  }
  const took = Date.now() - begin;
  assert.ok(took < 6000, `200 round trips of one byte took ${took} ms`);
  await client.close();
});

async function waitForMessages(client, count) {
  while (client.receivedBytes < count) {
    await new Promise((resolve) => client.socket.once('message', resolve));
  }
}

test('the log line of a session says what happened and no more', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  const client = await openWs(t, `${sluice.url('/')}?token=s3cret-token`);
  client.send(pattern(1000));
  await client.receive(1000);
  await client.close(1000, 'done');
  const [line] = await sluice.sessions(1);
  assert.match(line.connection, /^[0-9a-f]{16}$/);
  assert.equal(line.route, 'main');
  assert.match(line.client, /^127\.0\.0\.1:\d+$/);
  assert.equal(line.server, backend.address);
  assert.equal(line.bytes_to_backend, 1000);
  assert.equal(line.bytes_to_client, 1000);
  assert.equal(typeof line.duration_seconds, 'number');
  assert.ok(line.duration_seconds >= 0 && line.duration_seconds < 60, `${line.duration_seconds}`);
  assert.equal(line.reason, 'client_closed');
  assert.equal(line.code, 1000);
  assert.equal(line.fault, 'nobody');
  assert.ok(!Number.isNaN(Date.parse(line.time)), `time is a time: ${line.time}`);
  assert.ok(!sluice.stdout.includes('s3cret-token'), 'a query string must not be logged');
});
