// Client libraries as applications use them, in front of a route that is a WebSocket echo: each message comes
// back with its type and its content, with and without permessage-deflate.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { WebSocket as Undici } from 'undici';

import { echo } from './lib/backends.mjs';
import { openPage, startBrowser } from './lib/browser.mjs';
import { assertSameBytes, MiB, pattern, utf8Text } from './lib/bytes.mjs';
import { kProjectRoot, start } from './lib/sluice.mjs';
import { kDeadline, waitFor, within } from './lib/wait.mjs';
import { openWs } from './lib/ws_client.mjs';

// Debian's own, which is the one that finds Debian's modules.
const kPython = process.env.SLUICE_PYTHON ?? '/usr/bin/python3';

const kSizes = [0, 1, 125, 126, 127, 65535, 65536, 131073, MiB];
const kFraming = { length_prefixed: { size: 'u32', order: 'big', type_byte: true } };

/** Where an echo is: without compression, with it, and with windows that messages share. */
async function serve(t) {
  const backend = await echo(t);
  const route = (name, compression) => ({
    name,
    match: { path: `/${name}` },
    backend: backend.address,
    framing: kFraming,
    compression,
  });
  return start(t, {
    routes: [
      { name: 'page', match: { path: '/' }, static: 'builtin:console' },
      route('plain', { enabled: false }),
      route('deflate', { enabled: true }),
      route('takeover', { enabled: true, server_context_takeover: true, client_context_takeover: true }),
    ],
  });
}

const messagesOf = (size) => [utf8Text(size), pattern(size, size + 1)];

test('Python', async (t) => {
  const sluice = await serve(t);
  for (const library of ['websockets', 'autobahn']) {
    for (const route of ['plain', 'deflate', 'takeover']) {
      for (const wish of ['plain', 'deflate']) {
        await t.test(`${library}, ${wish}, on the route ${route}`, async () => {
          const script = path.join(kProjectRoot, `tests/scenario/clients/${library}_echo.py`);
          const { stdout } = await promisify(execFile)(kPython, [script, sluice.url(`/${route}`), wish], {
            timeout: kDeadline,
            env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
          });
          const { extensions, code, left } = JSON.parse(stdout);
          const isAgreed = route !== 'plain' && wish === 'deflate';
          assert.match(extensions, isAgreed ? /^permessage-deflate\b/ : /^$/);
          assert.deepEqual({ code, left }, { code: 1000, left: 0 });
        });
      }
    }
  }
});

test('ws', async (t) => {
  const sluice = await serve(t);
  for (const route of ['plain', 'deflate', 'takeover']) {
    for (const perMessageDeflate of [false, { threshold: 0 }]) {
      const compressed = route !== 'plain' && perMessageDeflate !== false;
      await t.test(`${perMessageDeflate ? 'deflate' : 'plain'}, on the route ${route}`, async (t) => {
        const client = await openWs(t, sluice.url(`/${route}`), { perMessageDeflate, compressed });
        for (const message of kSizes.flatMap(messagesOf)) {
          client.clear();
          client.send(message);
          await waitFor('the echo', () => client.messages[0], { details: () => client.details() });
          assert.equal(client.messages[0].isBinary, typeof message !== 'string');
          assertSameBytes(client.messages[0].data, Buffer.from(message), 'the echo');
        }
        assert.equal((await client.close(1000)).code, 1000);
      });
    }
  }
});

/**
 * Sends text and binary of `sizes` by the interface of browsers and compares what comes back. Runs in Node and in
 * a page, so it uses nothing from outside. Returns the extensions and the code of the end.
 */
async function echoThrough({ url, sizes, WebSocket = globalThis.WebSocket }) {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  const gone = new Promise((resolve) => (socket.onclose = resolve));
  const first = (promise) =>
    Promise.race([promise, gone.then(({ code, reason }) => Promise.reject(`closed with ${code} ${reason}`))]);
  await first(new Promise((resolve) => (socket.onopen = resolve)));
  const unit = 'sluice 流 é 🌊 ';
  const unitBytes = new TextEncoder().encode(unit).length;
  for (const size of sizes) {
    const message = unit.repeat(Math.floor(size / unitBytes)) + '.'.repeat(size % unitBytes);
    const bytes = Uint8Array.from({ length: size }, (_, i) => Math.imul(i, 2654435761) >>> 24);
    for (const sent of [message, bytes]) {
      const answer = new Promise((resolve) => (socket.onmessage = resolve));
      socket.send(sent);
      const { data } = await first(answer);
      const got = typeof data === 'string' ? data : new Uint8Array(data);
      const isSame = sent === message ? got === sent : got.length === size && got.every((byte, i) => byte === sent[i]);
      if (!isSame) throw new Error(`${typeof sent} of ${size} bytes came back as ${typeof data} of ${got.length}`);
    }
  }
  const { extensions } = socket;
  socket.close(1000);
  return { extensions, code: (await gone).code };
}

/** Browsers and undici offer compression always. */
function checkRun({ extensions, code }, route) {
  assert.match(extensions, route === 'plain' ? /^$/ : /^permessage-deflate\b/);
  assert.equal(code, 1000);
}

test("Node's own WebSocket", async (t) => {
  const sluice = await serve(t);
  // Node 18 has no global, but what later ones have there is undici's.
  const kinds = { undici: Undici, ...(globalThis.WebSocket && { global: globalThis.WebSocket }) };
  for (const [name, WebSocket] of Object.entries(kinds)) {
    for (const route of ['plain', 'deflate', 'takeover']) {
      await t.test(`${name}, on the route ${route}`, async () => {
        const run = echoThrough({ url: sluice.url(`/${route}`), sizes: kSizes, WebSocket });
        checkRun(await within('the echo of all messages', run), route);
      });
    }
  }
});

test('Chromium', async (t) => {
  const browser = await startBrowser(t);
  const sluice = await serve(t);
  const page = await openPage(t, browser, sluice.httpUrl('/'));
  for (const route of ['plain', 'deflate', 'takeover']) {
    await t.test(`on the route ${route}`, async () => {
      checkRun(await page.evaluate(echoThrough, { url: sluice.url(`/${route}`), sizes: kSizes }), route);
    });
  }
});
