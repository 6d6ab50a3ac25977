// permessage-deflate with the clients that people use.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import zlib from 'node:zlib';

import { echo, listen } from './lib/backends.mjs';
import { openPage, startBrowser } from './lib/browser.mjs';
import { KiB, MiB, pattern } from './lib/bytes.mjs';
import { encodeFrame, kOpcode } from './lib/frames.mjs';
import { assertEchoed, kMessageSizes, kSurviving, messagesOf } from './lib/framed.mjs';
import { connectRaw, openRaw, upgradeHead } from './lib/raw_client.mjs';
import { start } from './lib/sluice.mjs';
import { openWs } from './lib/ws_client.mjs';

const kOffer = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' };

/** Sluice in front of an echo, with messages that survive it. */
async function serve(t, { compression = {}, framing = kSurviving, ...route } = {}) {
  const backend = await echo(t);
  return start(t, {
    backend: backend.address,
    route: { framing, compression: { enabled: true, ...compression }, ...route },
  });
}

const kSettings = [
  ['by default', {}, {}],
  ['with context takeover', { server_context_takeover: true, client_context_takeover: true }, {}],
  [
    'with context takeover that the client forbids',
    { server_context_takeover: true, client_context_takeover: true },
    { serverNoContextTakeover: true, clientNoContextTakeover: true },
  ],
  [
    'with the smallest windows of the server',
    { server_window_bits: 9, client_window_bits: 9, memory_level: 1, min_size: 1 },
    {},
  ],
  [
    'with the smallest windows of the client',
    { server_context_takeover: true, min_size: 1 },
    { serverMaxWindowBits: 9, clientMaxWindowBits: 9 },
  ],
];
for (const [what, compression, perMessageDeflate] of kSettings) {
  test(`messages of many sizes come back as they were, ${what}`, async (t) => {
    const sluice = await serve(t, { compression });
    const client = await openWs(t, sluice.url(), { perMessageDeflate, compressed: true });
    await assertEchoed(client, messagesOf(kMessageSizes));
    await assertEchoed(client, messagesOf([100, 2000, 2000]));
    await client.close();
  });
}

test('compressed messages are one stream of bytes to a service of bytes', async (t) => {
  const sluice = await serve(t, { framing: 'stream' });
  const client = await openWs(t, sluice.url(), { perMessageDeflate: {}, compressed: true });
  const sent = Buffer.concat([pattern(MiB), Buffer.alloc(5 * MiB, 'text ')]);
  client.send(sent);
  assert.ok((await client.receive(sent.length)).equals(sent));
  await client.close();
});

test('nothing is compressed where it is not enabled', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address, route: { framing: kSurviving } });
  const client = await openWs(t, sluice.url(), { perMessageDeflate: {} });
  await assertEchoed(client, messagesOf([0, 2000]));
  await client.close();
});

test('nothing is compressed for a client that does not offer it', async (t) => {
  const sluice = await serve(t);
  const client = await openWs(t, sluice.url(), { perMessageDeflate: false });
  await assertEchoed(client, messagesOf([0, 2000]));
  await client.close();
});

test('the first offer that can be kept is answered', async (t) => {
  const sluice = await serve(t);
  const headers = {
    'Sec-WebSocket-Extensions': [
      'x-unknown, permessage-deflate; unknown',
      'permessage-deflate; server_max_window_bits=10',
    ],
  };
  const client = await openRaw(t, sluice, { headers });
  const [answer] = client.head.headers.get('sec-websocket-extensions');
  assert.match(answer, /^permessage-deflate; .*server_max_window_bits=10/);
});

test('a header of extensions that breaks the grammar is refused', async (t) => {
  const sluice = await serve(t);
  const client = await connectRaw(t, sluice.port);
  client.write(upgradeHead({ headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate;;' } }));
  const response = await client.readResponse();
  assert.equal(response.status, 400);
  assert.match(response.body, /Sec-WebSocket-Extensions/);
});

test('messages below min_size go out as they are', async (t) => {
  const messages = [Buffer.alloc(99, 'x'), Buffer.alloc(100, 'x')];
  const backend = await listen(t, ({ socket }) => {
    for (const message of messages) socket.write(Buffer.concat([Buffer.from([message.length]), message]));
  });
  const sluice = await start(t, {
    backend: backend.address,
    route: { framing: { length_prefixed: { size: 'u8' } }, compression: { enabled: true, min_size: 100 } },
  });
  const client = await openRaw(t, sluice, { headers: kOffer });
  const first = await client.nextFrame({ rsv: 0 });
  assert.ok(first.payload.equals(messages[0]));
  const second = await client.nextFrame({ rsv: 4 });
  assert.ok(second.payload.length < 20);
  const tail = Buffer.from([0, 0, 0xff, 0xff]);
  const inflated = zlib.inflateRawSync(Buffer.concat([second.payload, tail]), {
    finishFlush: zlib.constants.Z_SYNC_FLUSH,
  });
  assert.ok(inflated.equals(messages[1]));
});

/** The payload of a compressed message. */
function deflated(data) {
  const whole = zlib.deflateRawSync(data, { finishFlush: zlib.constants.Z_SYNC_FLUSH });
  return whole.subarray(0, -4);
}

test('a small message that inflates to a large one is refused', async (t) => {
  const sluice = await serve(t, { framing: 'stream', limits: { message: '64KiB' } });
  const client = await openRaw(t, sluice, { headers: kOffer });
  const payload = deflated(Buffer.alloc(64 * KiB + 1));
  client.write(encodeFrame({ opcode: kOpcode.binary, payload, rsv: 4 }));
  assert.deepEqual(await client.readClose(), { code: 1009, reason: 'message_too_big' });
  client.end();
  const [line] = await sluice.sessions();
  assert.equal(line.reason, 'message_too_big');
  assert.equal(line.code, 1009);
  assert.match(line.detail, /inflated/);
});

test('compressed data that is corrupt is a protocol error', async (t) => {
  const sluice = await serve(t);
  const client = await openRaw(t, sluice, { headers: kOffer });
  client.write(encodeFrame({ opcode: kOpcode.binary, payload: Buffer.from([0xff, 0xff]), rsv: 4 }));
  assert.deepEqual(await client.readClose(), { code: 1002, reason: 'protocol_error' });
  client.end();
  const [line] = await sluice.sessions();
  assert.equal(line.reason, 'protocol_error');
  assert.match(line.detail, /RFC 7692/);
});

test('Chromium', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    routes: [
      { name: 'page', match: { path: '/' }, static: 'builtin:console' },
      {
        name: 'main',
        match: { path: '/ws' },
        backend: backend.address,
        framing: kSurviving,
        compression: { enabled: true, server_context_takeover: true, client_context_takeover: true },
      },
    ],
  });
  const page = await openPage(t, await startBrowser(t), sluice.httpUrl('/'));
  const seen = await page.evaluate(
    async ({ url, sizes }) => {
      const socket = new WebSocket(url);
      socket.binaryType = 'arraybuffer';
      await new Promise((resolve, reject) => {
        socket.onopen = resolve;
        socket.onerror = reject;
      });
      const result = { extensions: socket.extensions, wrong: [] };
      for (const size of sizes) {
        for (const sent of ['é'.repeat(size / 2), Uint8Array.from({ length: size }, (_, i) => i * 31)]) {
          const answer = new Promise((resolve) => (socket.onmessage = ({ data }) => resolve(data)));
          socket.send(sent);
          const got = await answer;
          const same =
            typeof sent === 'string'
              ? got === sent
              : got.byteLength === size && new Uint8Array(got).every((byte, i) => byte === sent[i]);
          if (!same) result.wrong.push(size);
        }
      }
      socket.close();
      return result;
    },
    { url: sluice.url('/ws'), sizes: [0, 2, 1024, 65536, MiB] },
  );
  assert.match(seen.extensions, /^permessage-deflate/);
  assert.deepEqual(seen.wrong, []);
  assert.deepEqual(page.problems, []);
});
