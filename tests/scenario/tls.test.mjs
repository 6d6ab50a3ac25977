// TLS towards clients: wss:// by the npm client, node's own TLS, `openssl s_client` and Chromium.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { echo } from './lib/backends.mjs';
import { openPage, startBrowser } from './lib/browser.mjs';
import { assertSameBytes, MiB, pattern } from './lib/bytes.mjs';
import { makeAuthority, makeCertificate } from './lib/certificates.mjs';
import { closeFrame, decodeFrame, encodeFrame } from './lib/frames.mjs';
import { httpGet } from './lib/metrics.mjs';
import { probe, startOpenssl } from './lib/openssl.mjs';
import { connectRaw, connectTls, upgradeHead } from './lib/raw_client.mjs';
import { run, start, tempDir } from './lib/sluice.mjs';
import { startTls } from './lib/tls.mjs';
import { within } from './lib/wait.mjs';
import { openWs, refusedWs } from './lib/ws_client.mjs';

const kHandshakes = 'sluice_tls_handshakes_total';

for (const version of ['TLSv1.2', 'TLSv1.3']) {
  test(`${version}: messages of 0 bytes to 1 MiB, both ways at once, come back byte for byte`, async (t) => {
    const backend = await echo(t);
    const { sluice, ca } = await startTls(t, { backend: backend.address });
    const client = await openWs(t, sluice.wssUrl(), { ca, minVersion: version, maxVersion: version });
    assert.equal(client.socket._socket.getProtocol(), version);
    const sizes = [0, 1, 125, 126, 16383, 16384, 16385, 65535, 65536, 300_000, MiB];
    const messages = sizes.map((size, i) => pattern(size, i + 1));
    for (const message of messages) client.send(message);
    const all = Buffer.concat(messages);
    assertSameBytes(await client.receive(all.length), all, 'what came back');
    // One after the other, as a person types.
    client.clear();
    for (const message of messages.slice(1)) {
      client.send(message);
      assertSameBytes(await client.receive(message.length), message, `${message.length} bytes`);
      client.clear();
    }
    assert.deepEqual(await client.close(1000), { code: 1000, reason: '' });
    assert.equal(client.error, undefined);
    assert.equal((await sluice.sessions(1))[0].reason, 'client_closed');
    await sluice.metric(kHandshakes, { result: 'ok' }, 1);
  });
}

test('the certificate is chosen by the name that the client asks for', async (t) => {
  const authority = makeAuthority(tempDir(t));
  const certificates = [
    makeCertificate(authority, 'first', ['first.test']),
    makeCertificate(authority, 'second', ['second.test', '*.wild.test']),
  ];
  const backend = await echo(t);
  const sluice = await start(t, {
    backend: backend.address,
    listeners: [{ address: '127.0.0.1:0', tls: { certificates } }],
  });
  for (const [servername, name] of [
    ['first.test', 'first'],
    ['second.test', 'second'],
    ['any.wild.test', 'second'],
  ]) {
    const client = await connectTls(t, sluice.port, { servername, ca: authority.pem });
    assert.equal(client.error, undefined, `${servername}: ${client.error}`);
    assert.equal(client.socket.getPeerCertificate().subject.CN, name);
  }
  const output = await probe(t, sluice.port, '-noservername');
  assert.match(output, /subject=CN = first\n/);
  assert.match(output, / 1 s:CN = sluice test CA\n/, 'the chain is sent');
});

test('versions below the oldest are refused, and the log says so', async (t) => {
  const old = ['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'];
  const { sluice } = await startTls(t, { backend: (await echo(t)).address });
  assert.match(await probe(t, sluice.port, '-tls1_2'), /Protocol {2}: TLSv1\.2/);
  assert.match(await probe(t, sluice.port, ...old), /alert protocol version/);
  const line = await sluice.event('tls_handshake_failed', { detail: 'unsupported protocol' });
  assert.equal(line.reason, 'failed');
  assert.equal(line.listener, '127.0.0.1:0');
  assert.match(line.client, /^127\.0\.0\.1:\d+$/);
  await sluice.metric(kHandshakes, { result: 'failed' }, 1);

  const newer = await startTls(t, { backend: (await echo(t)).address }, { min_version: '1.3' });
  assert.match(await probe(t, newer.sluice.port, '-tls1_3'), /New, TLSv1\.3/);
  assert.match(await probe(t, newer.sluice.port, '-tls1_2'), /alert protocol version/);
});

test('ALPN is http/1.1, and a client that speaks only others is refused', async (t) => {
  const { sluice } = await startTls(t, { backend: (await echo(t)).address });
  assert.match(await probe(t, sluice.port, '-alpn', 'h2,http/1.1'), /ALPN protocol: http\/1\.1/);
  assert.match(await probe(t, sluice.port, '-alpn', 'h2'), /alert no application protocol/);
});

for (const version of ['-tls1_2', '-tls1_3']) {
  test(`s_client ${version}: a session by hand, and a ticket for the next handshake`, async (t) => {
    const backend = await echo(t);
    const { sluice } = await startTls(t, { backend: backend.address, workers: 2 });
    const ticket = path.join(tempDir(t), 'ticket');
    const args = ['s_client', '-connect', `127.0.0.1:${sluice.port}`, version, '-quiet', '-no_ign_eof'];
    const client = startOpenssl(t, [...args, '-sess_out', ticket]);
    client.send(upgradeHead());
    await client.waitFor('the 101', () => client.output.includes('\r\n\r\n'));
    assert.match(client.output.toString('latin1'), /^HTTP\/1\.1 101 /);
    const head = client.output.indexOf('\r\n\r\n') + 4;
    client.send(encodeFrame({ payload: Buffer.from('by hand') }));
    await client.waitFor('the echo', () => decodeFrame(client.output.subarray(head)));
    assert.equal(decodeFrame(client.output.subarray(head)).payload.toString(), 'by hand');
    client.send(closeFrame(1000));
    await within('s_client to end by itself', client.ended, { details: client.details });

    const again = await probe(t, sluice.port, version, '-sess_in', ticket);
    assert.match(again, /Reused, TLSv1/);
    await sluice.metric(kHandshakes, { result: 'resumed' }, 1);
  });
}

test('a plain request on the TLS port is told so', async (t) => {
  const { sluice } = await startTls(t, { backend: (await echo(t)).address });
  const { status, body } = await httpGet(sluice.httpUrl());
  assert.equal(status, 400);
  assert.equal(body, 'bad_request: this port speaks TLS: use wss:// or https://\n');
  const refused = await refusedWs(t, sluice.url());
  assert.equal(refused.status, 400);
  await sluice.metric(kHandshakes, { result: 'not_tls' }, 2);
});

test('a client that stalls in the handshake is cut by timeouts.handshake', async (t) => {
  const { sluice } = await startTls(t, {
    backend: (await echo(t)).address,
    defaults: { timeouts: { handshake: '500ms' } },
  });
  const silent = await connectRaw(t, sluice.port);
  const partial = await connectRaw(t, sluice.port);
  partial.write(Buffer.from('1603010200010001fc0303', 'hex')); // The beginning of a ClientHello.
  for (const client of [silent, partial]) {
    await client.waitForEnd();
    assert.equal(client.received, 0);
  }
  await sluice.event('tls_handshake_failed', { reason: 'timeout' });
  await sluice.metric(kHandshakes, { result: 'timeout' }, 2);
  const gone = await connectRaw(t, sluice.port);
  gone.socket.destroy();
  await sluice.metric(kHandshakes, { result: 'aborted' }, 1);
  await sluice.metric('sluice_connections_active', {}, 0);
});

test('a head that stalls behind the handshake is answered with 408', async (t) => {
  const { sluice, ca } = await startTls(t, {
    backend: (await echo(t)).address,
    defaults: { timeouts: { handshake: '500ms' } },
  });
  const client = await connectTls(t, sluice.port, { ca });
  client.write('GET / HTTP/1.1\r\n');
  assert.equal((await client.readResponse()).status, 408);
});

test('a client that does not trust the certificate: the log says why it left', async (t) => {
  const { sluice } = await startTls(t, { backend: (await echo(t)).address });
  const client = await connectTls(t, sluice.port);
  assert.match(client.error.code, /SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT/);
  const output = await probe(t, sluice.port, '-verify_return_error');
  assert.match(output, /verify error/);
  await sluice.event('tls_handshake_failed', { detail: "the peer sent the alert 'unknown CA'" });
});

test('the origin check works with https origins', async (t) => {
  const { sluice, ca } = await startTls(t, { backend: (await echo(t)).address });
  const options = (origin) => ({ ca, headers: { Origin: origin } });
  await openWs(t, sluice.wssUrl(), options(`https://127.0.0.1:${sluice.port}`));
  // By name, without asking for it: a bare system has no /etc/hosts.
  const named = { Host: `localhost:${sluice.port}`, Origin: `https://localhost:${sluice.port}` };
  await openWs(t, sluice.wssUrl(), { ca, headers: named });
  for (const origin of ['https://127.0.0.1', `https://127.0.0.1:${sluice.port + 1}`, 'https://evil.example']) {
    assert.equal((await refusedWs(t, sluice.wssUrl(), options(origin))).status, 403, origin);
  }
  // At the default port neither the page's origin nor the Host has one.
  const atDefault = { Host: 'lab.example.com', Origin: 'https://lab.example.com' };
  await openWs(t, sluice.wssUrl(), { ca, headers: atDefault });
});

test('files that will not do are told, with their place, by check and at the start', async (t) => {
  const dir = tempDir(t);
  const authority = makeAuthority(dir);
  makeCertificate(authority, 'one', ['one.test']);
  makeCertificate(authority, 'other', ['other.test']);
  const file = path.join(dir, 'sluice.yaml');
  const lines = [
    'listeners:',
    '  - address: 127.0.0.1:0',
    '    tls:',
    '      certificates:',
    '        - {cert: one.pem, key: other.key}',
    '        - {cert: nowhere.pem, key: one.key}',
    'routes: [{name: main, match: {path: /}, backend: "localhost:9"}]',
  ];
  writeFileSync(file, lines.join('\n'));
  for (const args of [['check', file], ['--config', file]]) {
    const { code, stderr } = await run(args);
    assert.equal(code, 1);
    const at = (line, column, message) =>
      `${file}:${line}:${column}: ${message}\n${lines[line - 1]}\n${' '.repeat(column - 1)}^\n`;
    assert.equal(
      stderr,
      at(5, 32, `key: '${dir}/other.key' does not belong to the certificate`) +
        at(6, 18, `cert: '${dir}/nowhere.pem' cannot be read: No such file or directory`),
    );
  }
});

test('check waits for no writer of a FIFO in place of a PEM file', async (t) => {
  const dir = tempDir(t);
  const file = path.join(dir, 'sluice.yaml');
  execFileSync('mkfifo', [path.join(dir, 'fifo.pem')]);
  writeFileSync(file, [
    'listeners:',
    '  - {address: "127.0.0.1:0", tls: {certificates: [{cert: fifo.pem, key: fifo.pem}]}}',
    'routes: [{name: main, match: {path: /}, backend: "localhost:9"}]',
  ].join('\n'));
  const { code, stderr } = await run(['check', file]);
  assert.equal(code, 1);
  assert.ok(stderr.includes(`cert: '${dir}/fifo.pem' is not a regular file`), stderr);
});

test('Chromium over wss://', async (t) => {
  const backend = await echo(t);
  const { sluice } = await startTls(t, {
    routes: [
      { name: 'page', match: { path: '/' }, static: 'builtin:console' },
      { name: 'main', match: { path: '/ws' }, backend: backend.address },
    ],
  });
  const browser = await startBrowser(t, { args: ['--ignore-certificate-errors'] });
  const page = await openPage(t, browser, `https://127.0.0.1:${sluice.port}/`);
  const seen = await page.evaluate(async (url) => {
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onclose = ({ code }) => reject(new Error(`closed with ${code} before it opened`));
    });
    for (const size of [1, 125, 16384, 65536, 1_000_000, 5_000_000]) {
      const sent = new Uint8Array(size);
      for (let i = 0; i < size; i += 65536) crypto.getRandomValues(sent.subarray(i, i + 65536));
      let got = 0;
      socket.send(sent);
      await new Promise((resolve, reject) => {
        socket.onclose = ({ code }) => reject(new Error(`closed with ${code} after ${got} bytes`));
        socket.onmessage = ({ data }) => {
          for (const byte of new Uint8Array(data)) {
            if (byte !== sent[got]) reject(new Error(`byte ${got} of ${size} is wrong`));
            ++got;
          }
          if (got === size) resolve();
        };
      });
    }
    socket.close(1000);
    const end = await new Promise((resolve) => (socket.onclose = resolve));
    return [end.code, end.wasClean];
  }, sluice.wssUrl('/ws'));
  assert.deepEqual(seen, [1000, true]);
  assert.deepEqual(page.problems, []);
});
