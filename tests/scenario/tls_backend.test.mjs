// TLS to backends: `openssl s_server`, and node's own TLS where a test wants to decide what the server does.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { test } from 'node:test';

import { listen } from './lib/backends.mjs';
import { assertSameBytes, MiB, pattern, sha256 } from './lib/bytes.mjs';
import { makeAuthority, makeCertificate } from './lib/certificates.mjs';
import { defer } from './lib/cleanup.mjs';
import { startServer } from './lib/openssl.mjs';
import { makeConfig, run, start, startWithArgs, tempDir } from './lib/sluice.mjs';
import { openWs, refusedWs } from './lib/ws_client.mjs';

const kDials = 'sluice_backend_dials_total';

/** An authority, and a certificate of its for a server that is known as db.test. */
function makeServer(t) {
  const dir = tempDir(t);
  const authority = makeAuthority(dir);
  return { dir, authority, certificate: makeCertificate(authority, 'server', ['db.test']) };
}

/** Sluice in front of the one server at `address`. */
function startBefore(t, address, tlsOptions, route = {}) {
  return start(t, {
    workers: 1,
    backends: { db: { servers: [address], tls: tlsOptions } },
    routes: [{ name: 'main', match: { path: '/' }, backend: 'db', ...route }],
  });
}

/** A TLS server by node that calls `serve(socket, tcp)`. */
async function listenTls(t, certificate, serve) {
  const context = tls.createSecureContext({
    cert: readFileSync(certificate.cert),
    key: readFileSync(certificate.key),
  });
  const server = net.createServer({ allowHalfOpen: true }, (tcp) => {
    const socket = new tls.TLSSocket(tcp, { isServer: true, secureContext: context });
    for (const stream of [tcp, socket]) stream.on('error', () => {});
    defer(t, () => tcp.destroy());
    serve(socket, tcp);
  });
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  defer(t, () => server.close());
  return `127.0.0.1:${server.address().port}`;
}

/** Opens a session whose dial fails; the session's end, and why the log says that it failed. */
async function failedDial(t, sluice) {
  const client = await openWs(t, sluice.url());
  assert.deepEqual(await client.waitForClose(), { code: 1014, reason: 'backend_tls' });
  const line = await sluice.event('dial_failed', { reason: 'backend_tls' });
  await sluice.metric(kDials, { backend: 'db', result: 'backend_tls' }, 1);
  return line.detail.replace(/^127\.0\.0\.1:\d+: /, '');
}

for (const version of ['-tls1_2', '-tls1_3']) {
  test(`s_server ${version}: lines go out, and come back reversed`, async (t) => {
    const { authority, certificate } = makeServer(t);
    // It ends the handshake if it is asked for another name.
    const named = ['-servername', 'db.test', '-servername_fatal', '-cert2', certificate.cert, '-key2', certificate.key];
    const server = await startServer(t, certificate, version, '-rev', ...named);
    const sluice = await startBefore(t, server.address, { ca: authority.cert, server_name: 'db.test' });
    const client = await openWs(t, sluice.url());
    client.send('hello\n');
    assert.equal((await client.receive(6)).toString(), 'olleh\n');
    assert.deepEqual(await client.close(1000), { code: 1000, reason: '' });
    assert.equal((await sluice.sessions(1))[0].reason, 'client_closed');
    await sluice.metric(kDials, { backend: 'db', result: 'ok' }, 1);
  });

  test(`s_server ${version}: it asks for our certificate`, async (t) => {
    const { authority, certificate } = makeServer(t);
    const ours = makeCertificate(authority, 'gateway', ['gateway.test']);
    const asking = [version, '-rev', '-Verify', '1', '-verify_return_error', '-CAfile', authority.cert];
    const server = await startServer(t, certificate, ...asking);
    const trusting = { ca: authority.cert, server_name: 'db.test' };
    const sluice = await startBefore(t, server.address, { ...trusting, ...ours });
    const client = await openWs(t, sluice.url());
    client.send('hello\n');
    assert.equal((await client.receive(6)).toString(), 'olleh\n');
    await client.close(1000); // s_server takes one after the other.

    const without = await startBefore(t, server.address, trusting);
    if (version === '-tls1_2') {
      assert.match(await failedDial(t, without), /^the peer sent the alert '/);
    } else {
      // In TLS 1.3 the server says so after the handshake (RFC 8446 section 4.4.2.4).
      const refused = await openWs(t, without.url());
      assert.deepEqual(await refused.waitForClose(), { code: 1011, reason: 'backend_reset' });
      assert.equal((await without.sessions(1))[0].detail, "the peer sent the alert 'certificate required'");
    }
  });
}

test('a server whose certificate will not do: the reason goes to the client and the log', async (t) => {
  const { authority, certificate, dir } = makeServer(t);
  const server = await startServer(t, certificate, '-rev');
  const other = makeAuthority(dir, 'other-ca', 'another CA');
  const refused = "the peer's certificate is not accepted: ";
  for (const [options, why] of [
    [{ ca: authority.cert, server_name: 'other.test' }, 'hostname mismatch'],
    [{ ca: authority.cert }, 'IP address mismatch'],
    [{ ca: other.cert, server_name: 'db.test' }, 'self-signed certificate in certificate chain'],
    [{ server_name: 'db.test' }, 'self-signed certificate in certificate chain'],
  ]) {
    const sluice = await startBefore(t, server.address, options);
    assert.equal(await failedDial(t, sluice), refused + why);
  }
  const expired = makeCertificate(authority, 'expired', ['db.test'], { days: -1 });
  const late = await startServer(t, expired, '-rev');
  const sluice = await startBefore(t, late.address, { ca: authority.cert, server_name: 'db.test' });
  assert.equal(await failedDial(t, sluice), `${refused}certificate has expired`);
});

test('insecure_skip_verify, and that word alone, takes anybody', async (t) => {
  const { certificate } = makeServer(t);
  const server = await startServer(t, certificate, '-rev');
  const sluice = await startBefore(t, server.address, { insecure_skip_verify: true });
  const client = await openWs(t, sluice.url());
  client.send('hello\n');
  assert.equal((await client.receive(6)).toString(), 'olleh\n');
});

test('a server that speaks no TLS, and one that says nothing', async (t) => {
  const { authority } = makeServer(t);
  const options = { ca: authority.cert, server_name: 'db.test' };
  const greeting = await listen(t, ({ socket }) => socket.write('RFB 003.008\n'));
  assert.equal(await failedDial(t, await startBefore(t, greeting.address, options)), 'wrong version number');
  const silent = await listen(t);
  const impatient = { timeouts: { connect: '300ms' } };
  assert.equal(
    await failedDial(t, await startBefore(t, silent.address, options, impatient)),
    'the TLS handshake was not over in time',
  );
  const http = await startBefore(t, greeting.address, options, { on_dial_failure: 'http' });
  const { status, body } = await refusedWs(t, http.url());
  assert.equal(status, 502);
  assert.match(body, /^backend_tls: /);
});

test('32 MiB each way at once, and a server that speaks first', async (t) => {
  const { authority, certificate } = makeServer(t);
  const down = pattern(32 * MiB, 1);
  const up = pattern(32 * MiB, 2);
  const got = [];
  let bytes = 0;
  const address = await listenTls(t, certificate, (socket) => {
    socket.write(down);
    socket.on('data', (chunk) => {
      got.push(chunk);
      bytes += chunk.length;
    });
  });
  const sluice = await startBefore(t, address, { ca: authority.cert, server_name: 'db.test' });
  const client = await openWs(t, sluice.url());
  for (let at = 0; at < up.length; at += 300_000) client.send(up.subarray(at, at + 300_000));
  assert.equal(sha256(await client.receive(down.length)), sha256(down));
  await sluice.waitFor('all bytes at the backend', () => bytes === up.length);
  assertSameBytes(Buffer.concat(got), up, 'what the backend got');
});

test('the end of a backend is one in good order with a close_notify only', async (t) => {
  const { authority, certificate } = makeServer(t);
  const address = await listenTls(t, certificate, (socket, tcp) => {
    socket.on('data', (chunk) => {
      if (chunk.includes('bye')) socket.end('last words');
      // What anybody on the way could do: a FIN below TLS.
      if (chunk.includes('cut')) socket.write('last words', () => tcp.end());
    });
  });
  const sluice = await startBefore(t, address, { ca: authority.cert, server_name: 'db.test' });
  for (const [word, end] of [
    ['bye', { code: 1000, reason: 'backend_closed' }],
    ['cut', { code: 1011, reason: 'backend_reset' }],
  ]) {
    const client = await openWs(t, sluice.url());
    client.send(word);
    assert.deepEqual(await client.waitForClose(), end);
    assert.equal(client.received().toString(), 'last words', 'all that has come is delivered');
  }
  const [, cut] = await sluice.sessions(2);
  assert.equal(cut.detail, 'the peer ended the connection without a close_notify');
});

test('the authority and our certificate are read anew', async (t) => {
  const { authority, certificate, dir } = makeServer(t);
  const ours = makeCertificate(authority, 'gateway', ['gateway.test'], { days: 2 });
  const asking = ['-rev', '-Verify', '1', '-verify_return_error', '-CAfile', authority.cert];
  const server = await startServer(t, certificate, ...asking);
  const ca = path.join(dir, 'trusted.pem');
  writeFileSync(ca, makeAuthority(dir, 'other-ca', 'another CA').pem);
  const sluice = await startBefore(t, server.address, { ca, server_name: 'db.test', ...ours });
  await failedDial(t, sluice);
  const labels = { backend: 'db', certificate: ours.cert };
  const expiry = async () => (await sluice.metrics()).sum('sluice_certificate_expiry_timestamp_seconds', labels);
  const before = await expiry();

  writeFileSync(ca, authority.pem);
  makeCertificate(authority, 'gateway', ['gateway.test'], { days: 9 });
  sluice.reload();
  await sluice.event('certificates_reloaded', { backend: 'db' });
  const client = await openWs(t, sluice.url());
  client.send('hello\n');
  assert.equal((await client.receive(6)).toString(), 'olleh\n');
  assert.ok(Math.abs((await expiry()) - before - 7 * 86400) < 60);

  writeFileSync(ca, 'no certificate');
  sluice.reload();
  const kept = await sluice.event('certificates_kept', { backend: 'db' });
  assert.equal(kept.detail, `${ca} holds no certificate in PEM form`);
  await openWs(t, sluice.url());
  await sluice.metric('sluice_certificate_reloads_total', { backend: 'db', result: 'failed' }, 1);
});

test('what will not do is told by check, with its place', async (t) => {
  const { dir } = makeServer(t);
  const file = path.join(dir, 'sluice.yaml');
  const lines = [
    'listeners: ["127.0.0.1:0"]',
    'backends:',
    '  db: {servers: ["localhost:9"], tls: {ca: nowhere.pem, cert: server.pem, key: ca.key}}',
    'routes: [{name: main, match: {path: /}, backend: db}]',
  ];
  writeFileSync(file, lines.join('\n'));
  const { code, stderr } = await run(['check', file]);
  assert.equal(code, 1);
  assert.ok(stderr.includes(`${file}:3:44: ca: '${dir}/nowhere.pem' cannot be read: No such file or directory\n`), stderr);
  assert.ok(stderr.includes(`key: '${dir}/ca.key' does not belong to the certificate\n`), stderr);
});

test('a missing store of authorities is a warning of check and at the start, where they are needed', async (t) => {
  const dir = tempDir(t);
  const authority = makeAuthority(dir);
  const none = { SSL_CERT_FILE: path.join(dir, 'none.pem'), SSL_CERT_DIR: path.join(dir, 'none') };
  const hashed = path.join(dir, 'certs');
  mkdirSync(hashed);
  writeFileSync(path.join(hashed, 'README'), 'not a certificate\n');
  const empty = { SSL_CERT_FILE: path.join(dir, 'none.pem'), SSL_CERT_DIR: hashed };
  const file = { ...none, SSL_CERT_FILE: authority.cert };
  const message = /the servers are verified by the system's certificate authorities, and there are none/;
  const check = async (backend, env) => {
    const config = path.join(dir, 'sluice.yaml');
    writeFileSync(config, JSON.stringify(makeConfig({ backends: { db: backend },
      routes: [{ name: 'main', match: { path: '/' }, backend: 'db' }] })));
    const { code, stderr } = await run(['check', config], { env });
    assert.equal(code, 0, stderr);
    return message.test(stderr);
  };
  const plain = { servers: ['127.0.0.1:5432'] };
  assert.equal(await check({ ...plain, tls: {} }, none), true);
  assert.equal(await check({ ...plain, tls: {} }, empty), true);
  assert.equal(await check({ servers: ['wss://db.test/'] }, none), true);
  assert.equal(await check({ ...plain, tls: {} }, file), false);
  assert.equal(await check({ ...plain, tls: { ca: authority.cert } }, none), false);
  assert.equal(await check({ ...plain, tls: { insecure_skip_verify: true } }, none), false);
  assert.equal(await check(plain, none), false);
  writeFileSync(path.join(hashed, '0123abcd.0'), authority.pem);
  assert.equal(await check({ ...plain, tls: {} }, { ...none, SSL_CERT_DIR: `${dir}/none:${hashed}` }), false);

  const config = path.join(dir, 'start.yaml');
  writeFileSync(config, JSON.stringify(makeConfig({ backend: 'wss://db.test/' })));
  const sluice = await startWithArgs(t, ['--config', config], { env: none });
  await sluice.waitFor('the warning at the start', () => message.test(sluice.stderr));
  const quick = await startWithArgs(t, ['127.0.0.1:0', 'wss://db.test/'], { env: none });
  await quick.waitFor('the warning of the short form', () =>
    /warning: wss:\/\/db\.test\/ is verified by the system's certificate authorities/.test(quick.stderr));
});
