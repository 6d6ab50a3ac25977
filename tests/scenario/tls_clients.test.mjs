// Who comes in over TLS, and how: certificates of clients, ciphers, and TLS and plain on one port.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { echo, listen } from './lib/backends.mjs';
import { mayHavePolicies, openPage, startBrowser } from './lib/browser.mjs';
import { assertSameBytes, KiB, pattern } from './lib/bytes.mjs';
import { makeAuthority, makeCertificate, makeCrl, makeIntermediate } from './lib/certificates.mjs';
import { decodeFrame, encodeFrame } from './lib/frames.mjs';
import { httpGet } from './lib/metrics.mjs';
import { probe, startOpenssl } from './lib/openssl.mjs';
import { connectRaw, connectTls, upgradeHead } from './lib/raw_client.mjs';
import { run, start, tempDir } from './lib/sluice.mjs';
import { waitFor } from './lib/wait.mjs';
import { openWs } from './lib/ws_client.mjs';

const kHandshakes = 'sluice_tls_handshakes_total';

/** Sluice with TLS and an echo behind it; `tls` are further options, `client` signs for clients. */
async function startTls(t, tls = {}, config = {}) {
  const dir = tempDir(t);
  const authority = makeAuthority(dir);
  const client = makeAuthority(dir, 'client-ca', 'sluice test client CA');
  const options = typeof tls === 'function' ? tls(client) : tls;
  const certificates = [makeCertificate(authority, 'main', ['localhost', '127.0.0.1'])];
  const sluice = await start(t, {
    workers: 1,
    backend: (await echo(t)).address,
    listeners: [{ address: '127.0.0.1:0', tls: { certificates, ...options } }],
    ...config,
  });
  return { sluice, authority, client, dir, ca: authority.pem };
}

const required = (client) => ({ client_ca: client.cert });
const optional = (client) => ({ client_ca: client.cert, client_certificate: 'optional' });
const read = ({ cert, key }) => ({ cert: readFileSync(cert), key: readFileSync(key) });

/** A session by s_client's hand: the upgrade, and an echo. */
async function converse(t, sluice, ...args) {
  const client = startOpenssl(t, [
    's_client', '-connect', `127.0.0.1:${sluice.port}`, '-quiet', '-no_ign_eof', ...args,
  ]);
  client.send(upgradeHead());
  await client.waitFor('the 101', () => client.output.includes('\r\n\r\n'));
  assert.match(client.output.toString('latin1'), /^HTTP\/1\.1 101 /);
  const head = client.output.indexOf('\r\n\r\n') + 4;
  client.send(encodeFrame({ payload: Buffer.from('by hand') }));
  await client.waitFor('the echo', () => decodeFrame(client.output.subarray(head)));
  const echoed = decodeFrame(client.output.subarray(head));
  assert.equal(echoed.payload.toString(), 'by hand');
  /** The frame after the echo. */
  client.nextFrame = async () => {
    const rest = () => decodeFrame(client.output.subarray(head + echoed.size));
    await client.waitFor('another frame', rest);
    return rest();
  };
  return client;
}

const inSeconds = (seconds) => new Date(Date.now() + seconds * 1000);

for (const version of ['-tls1_2', '-tls1_3']) {
  test(`${version}: a client must show a certificate that client_ca has signed`, async (t) => {
    const { sluice, client } = await startTls(t, required);
    const alice = makeCertificate(client, 'alice', ['alice.test']);
    await converse(t, sluice, version, '-cert', alice.cert, '-key', alice.key);
    await sluice.metric(kHandshakes, { result: 'ok' }, 1);

    const output = await probe(t, sluice.port, version);
    assert.match(output, /Acceptable client certificate CA names\nCN = sluice test client CA\n/);
    await sluice.metric(kHandshakes, { result: 'failed' }, 1);
    await sluice.event('tls_handshake_failed', { detail: 'peer did not return a certificate' });
  });

  test(`${version}: a certificate of somebody else's is not accepted`, async (t) => {
    const { sluice, authority } = await startTls(t, optional);
    const mallory = makeCertificate(authority, 'mallory', ['alice.test']);
    await probe(t, sluice.port, version, '-cert', mallory.cert, '-key', mallory.key);
    const line = await sluice.event('tls_handshake_failed');
    assert.match(line.detail, /^the peer's certificate is not accepted: /);
    await sluice.metric(kHandshakes, { result: 'ok' }, 0);
    await converse(t, sluice, version);
  });

  test(`${version}: a ticket stands for the certificate that it was given for`, async (t) => {
    const { sluice, client, dir } = await startTls(t, required);
    const alice = makeCertificate(client, 'alice', ['alice.test']);
    const ticket = path.join(dir, 'ticket');
    const args = [version, '-cert', alice.cert, '-key', alice.key];
    await converse(t, sluice, ...args, '-sess_out', ticket);
    assert.match(await probe(t, sluice.port, ...args, '-sess_in', ticket), /Reused, TLSv1/);
  });
}

for (const version of ['-tls1_2', '-tls1_3']) {
  test(`${version}: neither a session nor a ticket outlives the certificate of its client`, async (t) => {
    const { sluice, client, dir } = await startTls(t, required);
    const expires = inSeconds(8);
    const alice = makeCertificate(client, 'alice', ['alice.test'], { expires });
    const tickets = [path.join(dir, 'first'), path.join(dir, 'second')];
    const args = [version, '-cert', alice.cert, '-key', alice.key];
    const sessions = [
      await converse(t, sluice, ...args, '-sess_out', tickets[0]),
      // TLS 1.3 renews the ticket.
      await converse(t, sluice, ...args, '-sess_in', tickets[0], '-sess_out', tickets[1]),
    ];
    const renewed = tickets.filter(existsSync);
    assert.equal(renewed.length, version === '-tls1_3' ? 2 : 1);
    assert.match(await probe(t, sluice.port, ...args, '-sess_in', renewed.at(-1)), /Reused, TLSv1/);

    for (const session of sessions) {
      const { opcode, payload } = await session.nextFrame();
      assert.equal(opcode, 8);
      assert.equal(payload.readUInt16BE(), 1008);
      assert.equal(payload.subarray(2).toString(), 'certificate_expired');
    }
    await sluice.metric('sluice_sessions_closed_total', { reason: 'certificate_expired', code: 1008 }, 2);
    assert.ok(Date.now() >= expires.getTime() - 1000, 'they have lasted as long as the certificate');
    await waitFor('the certificate to expire', () => Date.now() > expires.getTime() + 1000);
    for (const [i, ticket] of renewed.entries()) {
      const output = await probe(t, sluice.port, ...args, '-sess_in', ticket);
      assert.doesNotMatch(output, /Reused, /);
      await sluice.metric(kHandshakes, { result: 'failed' }, i + 1);
    }
    await sluice.event('tls_handshake_failed', {
      detail: "the peer's certificate is not accepted: certificate has expired",
    });
  });

  test(`${version}: no ticket outlives an intermediate certificate of its chain`, async (t) => {
    const { sluice, client, dir } = await startTls(t, required);
    const expires = inSeconds(4);
    const intermediate = makeIntermediate(client, 'intermediate', { expires });
    const alice = makeCertificate(intermediate, 'alice', ['alice.test']);
    const ticket = path.join(dir, 'ticket');
    const args = [version, '-cert', alice.cert, '-key', alice.key, '-cert_chain', intermediate.cert];
    const session = await converse(t, sluice, ...args, '-sess_out', ticket);
    assert.match(await probe(t, sluice.port, ...args, '-sess_in', ticket), /Reused, TLSv1/);
    assert.equal((await session.nextFrame()).payload.subarray(2).toString(), 'certificate_expired');
    await waitFor('the certificate to expire', () => Date.now() > expires.getTime() + 1000);
    assert.doesNotMatch(await probe(t, sluice.port, ...args, '-sess_in', ticket), /Reused, /);
    await sluice.event('tls_handshake_failed', {
      detail: "the peer's certificate is not accepted: certificate has expired",
    });
  });

  test(`${version}: client_crl: who is revoked is not accepted, not by a ticket either`, async (t) => {
    let crl;
    const { sluice, client, dir } = await startTls(t, (ca) => ({ ...required(ca), client_crl: (crl = makeCrl(ca)) }));
    const alice = makeCertificate(client, 'alice', ['alice.test']);
    const bob = makeCertificate(client, 'bob', ['bob.test']);
    const ticket = path.join(dir, 'ticket');
    const args = ({ cert, key }) => [version, '-cert', cert, '-key', key];
    await converse(t, sluice, ...args(alice), '-sess_out', ticket);
    assert.match(await probe(t, sluice.port, ...args(alice), '-sess_in', ticket), /Reused, TLSv1/);

    makeCrl(client, { revoked: [alice] });
    await sluice.event('certificates_reloaded'); // Without a signal.
    assert.doesNotMatch(await probe(t, sluice.port, ...args(alice), '-sess_in', ticket), /Reused, /);
    await sluice.event('tls_handshake_failed', {
      detail: "the peer's certificate is not accepted: certificate revoked",
    });
    await converse(t, sluice, ...args(bob));

    // A file that will not do leaves the old one in use.
    for (const [i, [spoil, why]] of [
      [() => writeFileSync(crl, 'nothing'), `${crl} holds no CRL in PEM form`],
      [() => makeCrl(client, { expires: inSeconds(-60) }), `${crl} has expired`],
    ].entries()) {
      spoil();
      sluice.reload();
      const { detail } = await sluice.waitFor('the log line', () => sluice.eventsOf('certificates_kept')[i]);
      assert.equal(detail, why);
    }
    await converse(t, sluice, ...args(bob));
  });

  test(`${version}: client_crl: when it expires, no client is accepted, not by a ticket either`, async (t) => {
    const expires = inSeconds(4);
    const { sluice, client, dir } = await startTls(t, (ca) => ({
      ...required(ca),
      client_crl: makeCrl(ca, { expires }),
    }));
    const alice = makeCertificate(client, 'alice', ['alice.test']);
    const ticket = path.join(dir, 'ticket');
    const args = [version, '-cert', alice.cert, '-key', alice.key];
    await converse(t, sluice, ...args, '-sess_out', ticket);
    assert.match(await probe(t, sluice.port, ...args, '-sess_in', ticket), /Reused, TLSv1/);
    await waitFor('the CRL to expire', () => Date.now() > expires.getTime() + 1000);
    assert.doesNotMatch(await probe(t, sluice.port, ...args, '-sess_in', ticket), /Reused, /);
    await sluice.event('tls_handshake_failed', {
      detail: "the peer's certificate is not accepted: CRL has expired",
    });
    makeCrl(client);
    await sluice.event('certificates_reloaded');
    await converse(t, sluice, ...args);
  });
}

test('client_crl: check says what is wrong with the file', async (t) => {
  const dir = tempDir(t);
  const authority = makeAuthority(dir);
  const other = makeAuthority(dir, 'other', 'other CA');
  const { cert, key } = makeCertificate(authority, 'main', ['localhost']);
  const config = path.join(dir, 'sluice.yaml');
  const check = async (crl) => {
    writeFileSync(config, JSON.stringify({
      listeners: [{ address: '127.0.0.1:0', tls: { certificates: [{ cert, key }], client_ca: authority.cert, client_crl: crl } }],
      routes: [{ name: 'main', match: { path: '/' }, backend: '127.0.0.1:1' }],
    }));
    const { code, stderr } = await run(['check', config]);
    return { code, stderr };
  };
  const good = await check(makeCrl(authority));
  assert.equal(good.code, 0, good.stderr);
  const foreign = await check(makeCrl(other));
  assert.equal(foreign.code, 1);
  assert.match(foreign.stderr, /other\.crl' has no CRL that the authority 'CN=sluice test CA' has signed/);
  const none = await check(cert);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /main\.pem' holds no CRL in PEM form/);
  const expired = await check(makeCrl(authority, { expires: inSeconds(-60) }));
  assert.equal(expired.code, 0, expired.stderr);
  assert.match(expired.stderr, /warning: .*ca\.crl' has expired: no certificate of a client is accepted until it is renewed/);
});

test('a certificate that has expired is not accepted', async (t) => {
  const { sluice, client } = await startTls(t, required);
  const alice = makeCertificate(client, 'alice', ['alice.test'], { days: -1 });
  await probe(t, sluice.port, '-cert', alice.cert, '-key', alice.key);
  await sluice.event('tls_handshake_failed', {
    detail: "the peer's certificate is not accepted: certificate has expired",
  });
});

test('the ciphers are those of the configuration', async (t) => {
  const { sluice } = await startTls(t, {
    ciphers: ['ECDHE-ECDSA-AES256-GCM-SHA384', 'TLS_CHACHA20_POLY1305_SHA256'],
  });
  const chosen = async (...args) => /Cipher is (\S+)/.exec(await probe(t, sluice.port, ...args))[1];
  assert.equal(await chosen('-tls1_2'), 'ECDHE-ECDSA-AES256-GCM-SHA384');
  assert.equal(await chosen('-tls1_3'), 'TLS_CHACHA20_POLY1305_SHA256');
  const others = ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-GCM-SHA256'];
  assert.match(await probe(t, sluice.port, ...others), /alert handshake failure/);
  await sluice.event('tls_handshake_failed', { detail: 'no shared cipher' });
});

test('of several ciphers the configuration prefers the first', async (t) => {
  const ciphers = [
    'TLS_AES_256_GCM_SHA384', 'TLS_AES_128_GCM_SHA256', // Of TLS 1.3.
    'ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-AES128-GCM-SHA256',
  ];
  for (const list of [ciphers, [...ciphers].reverse()]) {
    const { sluice } = await startTls(t, { ciphers: list });
    const isNew = (name) => name.startsWith('TLS_');
    for (const [version, option, names] of [
      ['-tls1_3', '-ciphersuites', list.filter(isNew)],
      ['-tls1_2', '-cipher', list.filter((name) => !isNew(name))],
    ]) {
      const output = await probe(t, sluice.port, version, option, [...names].reverse().join(':'));
      assert.equal(/Cipher is (\S+)/.exec(output)[1], names[0]);
    }
  }
});

test('mode auto: TLS and plain on one port, told apart by the first byte', async (t) => {
  const { sluice, ca } = await startTls(t, { mode: 'auto' });
  const message = pattern(300 * KiB);
  for (const url of [sluice.wssUrl(), sluice.url()]) {
    const client = await openWs(t, url, { ca });
    client.send(message);
    assertSameBytes(await client.receive(message.length), message, url);
    assert.deepEqual(await client.close(1000), { code: 1000, reason: '' });
  }
  assert.equal((await httpGet(sluice.httpUrl())).status, 426);
  await sluice.metric(kHandshakes, { result: 'ok' }, 1);
  await sluice.metric(kHandshakes, { result: 'plain' }, 2);

  // A head in pieces, and frames behind it in the same segment.
  const raw = await connectRaw(t, sluice.port);
  const head = upgradeHead();
  raw.write(head.slice(0, 1));
  await sluice.metric(kHandshakes, { result: 'plain' }, 3);
  raw.write(Buffer.concat([Buffer.from(head.slice(1)), encodeFrame({ payload: Buffer.from('early') })]));
  assert.equal((await raw.readHead()).status, 101);
  assert.equal((await raw.nextFrame()).payload.toString(), 'early');

  const garbage = await connectRaw(t, sluice.port);
  garbage.write(Buffer.from([0x80, 0x2e, 1, 3, 1, 13, 10, 13, 10])); // SSL 2 began like that.
  assert.equal((await garbage.readResponse()).status, 400);
});

test('mode auto: a backend that is faster than its client, over a plain connection', async (t) => {
  const data = pattern(8 * 1024 * KiB);
  const backend = await listen(t, ({ socket }) => socket.end(data));
  const { sluice } = await startTls(t, { mode: 'auto' }, { backend: backend.address });
  const client = await openWs(t, sluice.url());
  assertSameBytes(await client.receive(data.length), data, 'what came');
  assert.deepEqual(await client.waitForClose(), { code: 1000, reason: 'backend_closed' });
});

test('mode auto with certificates of clients: only TLS asks for them', async (t) => {
  const { sluice, client, ca } = await startTls(t, (c) => ({ ...required(c), mode: 'auto' }));
  await openWs(t, sluice.url());
  const alice = makeCertificate(client, 'alice', ['alice.test']);
  await openWs(t, sluice.wssUrl(), { ca, ...read(alice) });
  const none = await connectTls(t, sluice.port, { ca, maxVersion: 'TLSv1.2' });
  assert.ok(none.error, 'no handshake without a certificate');
});

test('Chromium with a test CA and the certificate of a client', { skip: !mayHavePolicies && 'needs root and unshare' }, async (t) => {
  const { sluice, authority, client, dir } = await startTls(t, required, {
    backend: undefined,
    routes: [
      { name: 'page', match: { path: '/' }, static: 'builtin:console' },
      { name: 'main', match: { path: '/ws' }, backend: (await echo(t)).address },
    ],
  });
  const alice = makeCertificate(client, 'alice', ['alice.test']);
  // Chromium takes both from the NSS database of its user.
  const home = path.join(dir, 'home');
  const database = path.join(home, '.pki/nssdb');
  mkdirSync(database, { recursive: true });
  const nss = (program, ...args) => execFileSync(program, [...args, '-d', `sql:${database}`], { stdio: 'pipe' });
  nss('certutil', '-N', '--empty-password');
  nss('certutil', '-A', '-n', 'authority', '-t', 'C,,', '-i', authority.cert);
  const bundle = path.join(dir, 'alice.p12');
  execFileSync('openssl', ['pkcs12', '-export', '-in', alice.cert, '-inkey', alice.key, '-name', 'alice',
    '-passout', 'pass:', '-out', bundle]);
  nss('pk12util', '-i', bundle, '-W', '', '-K', '');

  const browser = await startBrowser(t, {
    env: { ...process.env, HOME: home },
    policies: { AutoSelectCertificateForUrls: ['{"pattern":"https://127.0.0.1","filter":{}}'] },
  });
  const page = await openPage(t, browser, `https://127.0.0.1:${sluice.port}/`);
  const seen = await page.evaluate(async (url) => {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onclose = ({ code }) => reject(new Error(`closed with ${code} before it opened`));
    });
    socket.send('from a browser');
    const { data } = await new Promise((resolve) => (socket.onmessage = resolve));
    return await data.text();
  }, sluice.wssUrl('/ws'));
  assert.equal(seen, 'from a browser');
  assert.deepEqual(page.problems, []);
});
