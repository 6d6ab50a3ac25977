// Chromium as the client: the console page under a person's hands, and `new WebSocket()` as applications use it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import path from 'node:path';
import { test } from 'node:test';

import { deadAddress, echo, greeter, listen } from './lib/backends.mjs';
import { openPage, startBrowser } from './lib/browser.mjs';
import { assertSameBytes, pattern, sha256 } from './lib/bytes.mjs';
import { defer } from './lib/cleanup.mjs';
import { connectRaw, upgradeHead } from './lib/raw_client.mjs';
import { start } from './lib/sluice.mjs';

const kSizes = [1, 125, 126, 65535, 65536, 131072, 131073, 1_000_000, 5_000_000];
const kPage = { name: 'page', match: { path: '/' }, static: 'builtin:console' };

/** Sluice with the console at `/` and `backend` at `/ws`, and a page of the same origin in the browser. */
async function serve(t, browser, backend, { route = {}, ...config } = {}) {
  const sluice = await start(t, {
    routes: [kPage, { name: 'main', match: { path: '/ws' }, backend, ...route }],
    ...config,
  });
  const page = await openPage(t, browser, sluice.httpUrl('/'));
  return { sluice, page, url: sluice.url('/ws') };
}

/**
 * Runs in the page: opens a WebSocket and waits for its end; the log of what happened. `until` bytes, if
 * given, are waited for and then it closes.
 */
async function watch({ url, protocols, until, code }) {
  const socket = new WebSocket(url, protocols ?? []);
  socket.binaryType = 'arraybuffer';
  const seen = { opened: false, error: false, text: '', bytes: 0, allBinary: true, protocol: '' };
  socket.onopen = () => {
    seen.opened = true;
    seen.protocol = socket.protocol;
  };
  socket.onerror = () => (seen.error = true);
  socket.onmessage = ({ data }) => {
    if (typeof data === 'string') seen.allBinary = false;
    else seen.text += new TextDecoder().decode(data);
    seen.bytes += data.byteLength ?? data.length;
    if (until !== undefined && seen.bytes >= until) socket.close(code ?? 1000);
  };
  await new Promise((resolve) => {
    socket.onclose = ({ code, reason, wasClean }) => {
      Object.assign(seen, { code, reason, wasClean });
      resolve();
    };
  });
  return seen;
}

/** Runs in the page: sends what `kind` says in each of `sizes` and compares what comes back. */
async function echoInPage({ url, sizes, kind }) {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onclose = ({ code }) => reject(new Error(`closed with ${code} before it opened`));
  });
  for (const size of sizes) {
    let sent = new Uint8Array(size);
    let message = sent;
    if (kind === 'text') {
      const unit = 'a流é🌊 '; // 11 bytes.
      message = unit.repeat(Math.floor(size / 11)) + '.'.repeat(size % 11);
      sent = new TextEncoder().encode(message);
    } else {
      for (let i = 0; i < size; i += 65536) crypto.getRandomValues(sent.subarray(i, i + 65536));
      if (kind === 'blob') message = new Blob([sent]);
    }
    let got = 0;
    const problem = await new Promise((resolve) => {
      socket.onclose = ({ code, reason }) => resolve(`closed with ${code} ${reason} after ${got} bytes`);
      socket.onmessage = ({ data }) => {
        if (typeof data === 'string') return resolve('a text message came');
        for (const byte of new Uint8Array(data)) {
          if (byte !== sent[got]) return resolve(`byte ${got} is ${byte} instead of ${sent[got]}`);
          ++got;
        }
        if (got === size) resolve('');
      };
      socket.send(message);
    });
    if (problem) return `${kind} of ${size} bytes: ${problem}`;
  }
  socket.close(1000);
  const end = await new Promise((resolve) => (socket.onclose = resolve));
  return end.wasClean && end.code === 1000 ? '' : `closed with ${end.code}, wasClean ${end.wasClean}`;
}

test('Chromium', async (t) => {
  const browser = await startBrowser(t);

  await t.test('the console: connect, type, see the bytes come back', async (t) => {
    const sluice = await start(t, {
      routes: [
        kPage,
        { name: 'echo', match: { path: '/echo' }, backend: 'builtin:echo' },
        { name: 'down', match: { path: '/down' }, backend: await deadAddress(t) },
      ],
    });
    const page = await openPage(t, browser, sluice.httpUrl('/'));
    const url = page.getByLabel('WebSocket URL');
    const status = page.locator('#status');
    const log = page.getByRole('log');
    assert.equal(await url.inputValue(), sluice.url('/echo'), 'the default URL');

    await url.focus();
    await page.keyboard.press('Enter');
    await status.getByText('Connected', { exact: true }).waitFor();
    await page.keyboard.type('hello, wörld 流');
    await page.keyboard.press('Enter');
    const received = log.locator('li.received').first();
    await received.waitFor();
    assert.match(await received.innerText(), /18 bytes binary\s+hello, wörld 流\s*0A$/);
    assert.match(await log.locator('li.sent').first().innerText(), /^\d\d:\d\d:\d\d\.\d{3}\s+sent\s+18 bytes text/);
    assert.equal(await page.locator('#received-bytes').innerText(), '18');

    await page.getByLabel('Line end').selectOption('CRLF');
    await page.getByLabel('Send as').selectOption('binary message');
    await page.getByLabel('Line to send').fill('two');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await page.waitForFunction(() => document.querySelectorAll('#log li.received').length === 2);
    assert.match(await log.locator('li.received').nth(1).innerText(), /5 bytes binary\s+two\s*0D\s*0A$/);

    const result = page.locator('#result');
    await page.getByLabel('Random bytes').fill('5000000');
    await page.getByRole('button', { name: 'Send random bytes' }).click();
    await result.getByText('5,000,000 bytes came back, every one the same').waitFor();
    await page.getByLabel('File').setInputFiles({
      name: 'some.bin',
      mimeType: 'application/octet-stream',
      buffer: Buffer.from(pattern(300_000, 3)),
    });
    await page.getByRole('button', { name: 'Send file' }).click();
    await result.getByText('300,000 bytes came back, every one the same').waitFor();
    assert.equal(await page.locator('#sent-bytes').innerText(), '5,300,023');

    await page.getByRole('button', { name: 'Disconnect' }).click();
    await status.getByText('Closed: 1000').waitFor();
    assert.ok(await page.getByRole('button', { name: 'Send', exact: true }).isDisabled());

    await url.fill(sluice.url('/down'));
    await page.getByRole('button', { name: 'Connect' }).click();
    await status.getByText('Closed: 1014, the backend could not be reached: backend_refused').waitFor();
    await url.fill(sluice.url('/nowhere'));
    await page.getByRole('button', { name: 'Connect' }).click();
    await status.getByText('Closed: 1006').waitFor();
    await url.fill('ftp://localhost/');
    await page.getByRole('button', { name: 'Connect' }).click();
    await status.getByText('Not connected: ').waitFor();

    await page.waitForFunction(() => {
      const list = document.getElementById('log');
      return list.scrollHeight - list.scrollTop - list.clientHeight < 2; // The log follows its end.
    });
    if (process.env.SLUICE_SCREENSHOTS) {
      await page.screenshot({ path: path.join(process.env.SLUICE_SCREENSHOTS, 'console.png') });
    }
    await page.setViewportSize({ width: 360, height: 740 });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `at 360 px the page is ${overflow} px too wide`);
    for (const request of page.requests) {
      assert.ok(request.startsWith(sluice.httpUrl('/')) || request.startsWith('data:'), `it loads ${request}`);
    }
    // The refused upgrade is the one thing that the browser itself reports.
    assert.deepEqual(page.problems.filter((p) => !/WebSocket connection to .*nowhere/.test(p)), []);
    await page.setViewportSize({ width: 1000, height: 900 });
  });

  await t.test('the console shows at most 500 entries, whatever comes', async (t) => {
    const backend = await listen(t, ({ socket }) => socket.on('data', () => socket.write('.')));
    const { page, url } = await serve(t, browser, backend.address);
    await page.getByLabel('WebSocket URL').fill(url);
    await page.keyboard.press('Enter');
    await page.locator('#status').getByText('Connected', { exact: true }).waitFor();
    await page.evaluate(() => {
      const line = document.getElementById('line');
      for (let i = 0; i < 700; ++i) {
        line.value = `line ${i}`;
        document.getElementById('sender').requestSubmit();
      }
    });
    await page.getByRole('log').getByText('line 699').waitFor();
    assert.equal(await page.locator('#log li').count(), 500);
  });

  await t.test('a server-first greeting', async (t) => {
    const backend = await greeter(t, 'SSH-2.0-OpenSSH_9.2\r\n');
    const { page, url } = await serve(t, browser, backend.address);
    const seen = await page.evaluate(watch, { url, until: 21 });
    assert.equal(seen.text, 'SSH-2.0-OpenSSH_9.2\r\n');
    assert.ok(seen.allBinary);
    assert.deepEqual([seen.code, seen.wasClean], [1000, true]);
  });

  for (const kind of ['binary', 'blob', 'text']) {
    await t.test(`${kind} from 1 byte to 5 MB comes back byte for byte`, async (t) => {
      const backend = await echo(t);
      const { page, url } = await serve(t, browser, backend.address);
      assert.equal(await page.evaluate(echoInPage, { url, sizes: kSizes, kind }), '');
    });
  }

  await t.test('5 MB to the backend in one message, which Chromium cuts into fragments', async (t) => {
    const backend = await listen(t);
    const { page, sluice, url } = await serve(t, browser, backend.address);
    await page.evaluate((url) => {
      const bytes = new Uint8Array(5_000_000);
      for (let i = 0; i < bytes.length; ++i) bytes[i] = (i * 31 + (i >> 8)) & 255;
      const socket = new WebSocket(url);
      socket.onopen = () => {
        socket.send(bytes);
        socket.close(1000);
      };
    }, url);
    const peer = await backend.peer();
    await peer.waitForFin();
    const expected = Buffer.alloc(5_000_000);
    for (let i = 0; i < expected.length; ++i) expected[i] = (i * 31 + (i >> 8)) & 255;
    assertSameBytes(peer.received(), expected, 'what the backend got');
    await sluice.sessions(1);
    await sluice.metric('sluice_messages_total', { route: 'main', direction: 'to_backend' }, 1);
  });

  await t.test('5 MB from the backend', async (t) => {
    const sent = pattern(5_000_000, 5);
    const backend = await listen(t, ({ socket }) => socket.end(sent));
    const { page, url } = await serve(t, browser, backend.address);
    const seen = await page.evaluate(async (url) => {
      const socket = new WebSocket(url);
      const parts = [];
      socket.onmessage = ({ data }) => parts.push(data);
      const end = await new Promise((resolve) => (socket.onclose = resolve));
      const bytes = await new Blob(parts).arrayBuffer();
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
      const hex = [...digest].map((b) => b.toString(16).padStart(2, '0')).join('');
      return { size: bytes.byteLength, hex, code: end.code, reason: end.reason, wasClean: end.wasClean };
    }, url);
    assert.deepEqual(seen, {
      size: sent.length,
      hex: sha256(sent),
      code: 1000,
      reason: 'backend_closed',
      wasClean: true,
    });
  });

  await t.test('the backend closes first: wasClean, 1000, backend_closed, every time', async (t) => {
    const backend = await listen(t, ({ socket }) => socket.end('bye'));
    const { page, url } = await serve(t, browser, backend.address);
    for (let i = 0; i < 20; ++i) {
      const seen = await page.evaluate(watch, { url });
      assert.deepEqual(
        [seen.text, seen.code, seen.reason, seen.wasClean, seen.error],
        ['bye', 1000, 'backend_closed', true, false],
        `attempt ${i}`,
      );
    }
  });

  await t.test('the backend is down: 1014 with its reason', async (t) => {
    const { page, url } = await serve(t, browser, await deadAddress(t));
    const seen = await page.evaluate(watch, { url });
    assert.deepEqual(
      [seen.opened, seen.code, seen.reason, seen.wasClean],
      [true, 1014, 'backend_refused', true],
    );
  });

  await t.test('the backend resets: 1011 with its reason', async (t) => {
    const backend = await listen(t, (peer) => peer.socket.once('data', () => peer.reset()));
    const { page, url } = await serve(t, browser, backend.address);
    const seen = await page.evaluate(async (url) => {
      const socket = new WebSocket(url);
      socket.onopen = () => socket.send('go');
      const end = await new Promise((resolve) => (socket.onclose = resolve));
      return [end.code, end.reason, end.wasClean];
    }, url);
    assert.deepEqual(seen, [1011, 'backend_reset', true]);
  });

  await t.test('close() without a code is a clean 1005', async (t) => {
    const backend = await listen(t);
    const { page, url } = await serve(t, browser, backend.address);
    const seen = await page.evaluate(async (url) => {
      const socket = new WebSocket(url);
      socket.onopen = () => socket.close();
      const end = await new Promise((resolve) => (socket.onclose = resolve));
      return [end.code, end.reason, end.wasClean];
    }, url);
    assert.deepEqual(seen, [1005, '', true]);
  });

  await t.test('subprotocols', async (t) => {
    const backend = await greeter(t, 'x');
    const { page, url } = await serve(t, browser, backend.address);
    for (const [protocols, choice] of [
      [['binary'], 'binary'],
      [['mqtt'], 'mqtt'],
      [['base64', 'binary'], 'binary'],
      [[], ''],
    ]) {
      const seen = await page.evaluate(watch, { url, protocols, until: 1 });
      assert.deepEqual([seen.opened, seen.protocol, seen.wasClean], [true, choice, true], `${protocols}`);
    }
  });

  await t.test('pings are answered by the browser', async (t) => {
    const backend = await listen(t);
    const { page, sluice, url } = await serve(t, browser, backend.address, {
      defaults: { keepalive: { ping_interval: '1s', pong_timeout: '5s' } },
    });
    await page.evaluate((url) => {
      window.socket = new WebSocket(url);
      return new Promise((resolve) => (window.socket.onopen = resolve));
    }, url);
    await sluice.waitFor('round trips of two pings', async () =>
      (await sluice.metrics()).sum('sluice_ping_rtt_seconds_count', { route: 'main' }) >= 2,
    );
    assert.equal(await page.evaluate(() => window.socket.readyState), 1, 'and the session is still open');
  });

  await t.test('a page of another origin is refused, unless the route lets it in', async (t) => {
    const backend = await greeter(t, 'hi');
    const sluice = await start(t, {
      routes: [
        { name: 'strict', match: { path: '/strict' }, backend: backend.address },
        { name: 'open', match: { path: '/open' }, backend: backend.address, origins: ['*'] },
      ],
    });
    const other = http.createServer((_, response) => {
      response.setHeader('Content-Type', 'text/html');
      response.end('<!DOCTYPE html><title>another origin</title><link rel="icon" href="data:,">');
    });
    other.listen({ port: 0, host: '127.0.0.1' });
    await once(other, 'listening');
    defer(t, () => {
      other.closeAllConnections();
      other.close();
    });
    const page = await openPage(t, browser, `http://127.0.0.1:${other.address().port}/`);
    const refused = await page.evaluate(watch, { url: sluice.url('/strict') });
    assert.deepEqual([refused.opened, refused.error, refused.code, refused.wasClean], [false, true, 1006, false]);
    await sluice.event('refused', { reason: 'origin_not_allowed', code: 403 });
    assert.equal(backend.peers.length, 0, 'the backend heard nothing of it');
    const open = await page.evaluate(watch, { url: sluice.url('/open'), until: 2 });
    assert.deepEqual([open.opened, open.text, open.code], [true, 'hi', 1000]);
  });

  await t.test('a tab that is closed ends the backend connection', async (t) => {
    const backend = await listen(t);
    const { page, sluice, url } = await serve(t, browser, backend.address);
    await page.evaluate((url) => {
      window.socket = new WebSocket(url);
      return new Promise((resolve) => (window.socket.onopen = resolve));
    }, url);
    await page.close();
    await (await backend.peer()).waitForFin();
    const [line] = await sluice.sessions(1);
    assert.ok(['client_closed', 'client_lost'].includes(line.reason), line.reason);
    if (line.reason === 'client_closed') assert.equal(line.code, 1001);
  });

  await t.test('a drain is told to the page', async (t) => {
    const backend = await listen(t);
    const { page, sluice, url } = await serve(t, browser, backend.address);
    const ended = page.evaluate(async (url) => {
      const socket = new WebSocket(url);
      const end = await new Promise((resolve) => (socket.onclose = resolve));
      return [end.code, end.reason, end.wasClean];
    }, url);
    await sluice.metric('sluice_sessions_active', { route: 'main' }, 1);
    await sluice.stop();
    assert.deepEqual(await ended, [1012, 'drain', true]);
  });

  await t.test('the status page shows the servers, and follows them', async (t) => {
    const backend = await listen(t);
    const sluice = await start(t, {
      routes: [{ name: 'main', match: { path: '/' }, backend: 'pool' }],
      backends: { pool: { servers: [{ address: backend.address, max_sessions: 5 }], queue: { size: 9 } } },
    });
    const page = await openPage(t, browser, sluice.adminUrl('/status.html'));
    const row = page.getByRole('row').filter({ hasText: backend.address });
    await row.getByText('0 of 5').waitFor();
    assert.match(await row.innerText(), /\bup\b/);
    assert.match(await page.locator('main').innerText(), /0 of 9 places in the queue taken/);
    await connectRaw(t, sluice.port).then((client) => client.write(upgradeHead()));
    await row.getByText('1 of 5').waitFor();
    assert.deepEqual(page.problems, []);
  });
});
