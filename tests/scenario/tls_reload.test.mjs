// Certificates that change while sluice runs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { echo } from './lib/backends.mjs';
import { makeAuthority, makeCertificate } from './lib/certificates.mjs';
import { probe } from './lib/openssl.mjs';
import { connectTls } from './lib/raw_client.mjs';
import { start, tempDir } from './lib/sluice.mjs';
import { openWs } from './lib/ws_client.mjs';

const kExpiry = 'sluice_certificate_expiry_timestamp_seconds';
const kReloads = 'sluice_certificate_reloads_total';
const kHandshakes = 'sluice_tls_handshakes_total';
const kHosts = ['localhost', '127.0.0.1'];

async function startTls(t, certificates, options = {}, workers = 1) {
  return start(t, {
    workers,
    backend: (await echo(t)).address,
    listeners: [{ address: '127.0.0.1:0', tls: { certificates, ...options } }],
  });
}

/** The serial number of the certificate that a new connection gets. */
async function served(t, sluice, ca) {
  const client = await connectTls(t, sluice.port, { ca });
  assert.equal(client.error, undefined, String(client.error));
  return client.socket.getPeerX509Certificate().serialNumber;
}

const serialOf = (file) => new X509Certificate(readFileSync(file)).serialNumber;

/** Puts a certificate and its key in the place of another. */
function replace(old, fresh) {
  copyFileSync(fresh.cert, old.cert);
  copyFileSync(fresh.key, old.key);
}

test('SIGHUP: new connections get the new certificate, and no session notices', async (t) => {
  const authority = makeAuthority(tempDir(t));
  const current = makeCertificate(authority, 'current', kHosts);
  const next = makeCertificate(authority, 'next', kHosts, { days: 9 });
  const sluice = await startTls(t, [current], {}, 2);
  const session = await openWs(t, sluice.wssUrl(), { ca: authority.pem });
  const labels = { listener: '127.0.0.1:0', certificate: current.cert };
  const expires = (file) => Date.parse(new X509Certificate(readFileSync(file)).validTo) / 1000;
  await sluice.metric(kExpiry, labels, expires(current.cert));
  const before = await served(t, sluice, authority.pem);
  assert.equal(before, serialOf(current.cert));

  replace(current, next);
  sluice.reload();
  await sluice.event('certificates_reloaded', { listener: '127.0.0.1:0' });
  assert.equal(await served(t, sluice, authority.pem), serialOf(next.cert));
  await sluice.metric(kExpiry, labels, expires(next.cert));
  await sluice.metric(kReloads, { listener: '127.0.0.1:0', result: 'ok' }, 1);
  session.send('still here');
  assert.equal((await session.receive(10)).toString(), 'still here');
});

test('files that will not do: the old ones stay, and the log says why', async (t) => {
  const dir = tempDir(t);
  const authority = makeAuthority(dir);
  const current = makeCertificate(authority, 'current', kHosts);
  const next = makeCertificate(authority, 'next', kHosts);
  const sluice = await startTls(t, [current]);
  const old = serialOf(current.cert);
  const expired = makeCertificate(authority, 'expired', kHosts, { days: -1 });

  for (const [i, [spoil, why]] of [
    [() => replace(current, expired), `${current.cert} has expired`],
    [() => copyFileSync(next.key, current.key), `${current.key} does not belong to the certificate`],
    [() => writeFileSync(current.cert, readFileSync(next.cert).subarray(0, 100)),
      new RegExp(`^${current.cert} cannot be used: `)],
    [() => rmSync(current.cert), `${current.cert} cannot be read: No such file or directory`],
  ].entries()) {
    spoil();
    sluice.reload();
    await sluice.metric(kReloads, { result: 'failed' }, i + 1);
    const { detail, level } = await sluice.waitFor('the log line', () => sluice.eventsOf('certificates_kept')[i]);
    assert.equal(level, 'error');
    if (typeof why === 'string') assert.equal(detail, why);
    else assert.match(detail, why);
    assert.equal(await served(t, sluice, authority.pem), old);
  }
  replace(current, next);
  sluice.reload();
  await sluice.event('certificates_reloaded');
  assert.equal(await served(t, sluice, authority.pem), serialOf(next.cert));
});

test('a FIFO in place of a file is seen without a signal, and sluice waits for no writer', async (t) => {
  const dir = tempDir(t);
  const authority = makeAuthority(dir);
  const certificate = makeCertificate(authority, 'current', kHosts);
  const authorities = path.join(dir, 'clients.pem');
  writeFileSync(authorities, authority.pem);
  const sluice = await startTls(t, [certificate], { client_ca: authorities, client_certificate: 'optional' });
  const serial = serialOf(certificate.cert);
  const kept = () => sluice.eventsOf('certificates_kept');
  for (const [i, file] of [certificate.cert, certificate.key, authorities].entries()) {
    const away = `${file}.away`;
    copyFileSync(file, away);
    execFileSync('mkfifo', [`${file}.fifo`]);
    renameSync(`${file}.fifo`, file);
    const { detail } = await sluice.waitFor('the log line', () => kept()[i]);
    assert.ok(detail.includes(`${file} is not a regular file`), detail);
    assert.equal(await served(t, sluice, authority.pem), serial);
    const before = sluice.eventsOf('certificates_reloaded').length;
    renameSync(away, file);
    await sluice.waitFor('the reload', () => sluice.eventsOf('certificates_reloaded').length > before);
  }
});

test('the swap of a symbolic link, as Kubernetes does it, is seen without a signal', async (t) => {
  const dir = tempDir(t);
  const authority = makeAuthority(dir);
  const mount = path.join(dir, 'secret');
  const put = (version, certificate) => {
    mkdirSync(path.join(mount, version), { recursive: true });
    copyFileSync(certificate.cert, path.join(mount, version, 'tls.crt'));
    copyFileSync(certificate.key, path.join(mount, version, 'tls.key'));
  };
  const first = makeCertificate(authority, 'first', kHosts);
  const second = makeCertificate(authority, 'second', kHosts);
  put('..2026_11_24', first);
  symlinkSync('..2026_11_24', path.join(mount, '..data'));
  for (const name of ['tls.crt', 'tls.key']) symlinkSync(`..data/${name}`, path.join(mount, name));
  const sluice = await startTls(t, [
    { cert: path.join(mount, 'tls.crt'), key: path.join(mount, 'tls.key') },
  ]);
  assert.equal(await served(t, sluice, authority.pem), serialOf(first.cert));

  put('..2026_11_25', second);
  symlinkSync('..2026_11_25', path.join(mount, '..data_tmp'));
  renameSync(path.join(mount, '..data_tmp'), path.join(mount, '..data'));
  rmSync(path.join(mount, '..2026_11_24'), { recursive: true });
  await sluice.event('certificates_reloaded');
  assert.equal(await served(t, sluice, authority.pem), serialOf(second.cert));
  assert.deepEqual(sluice.eventsOf('certificates_kept'), []);
});

test('who may sign for clients changes: no ticket of before gets around that', async (t) => {
  const dir = tempDir(t);
  const authority = makeAuthority(dir);
  const old = makeAuthority(dir, 'old-ca', 'old CA');
  const fresh = makeAuthority(dir, 'new-ca', 'new CA');
  const client_ca = path.join(dir, 'clients.pem');
  copyFileSync(old.cert, client_ca);
  const sluice = await startTls(t, [makeCertificate(authority, 'main', kHosts)], { client_ca });
  const alice = makeCertificate(old, 'alice', ['alice.test']);
  const ticket = path.join(dir, 'ticket');
  // In TLS 1.2 the client hears of the refusal within the handshake.
  const args = ['-tls1_2', '-cert', alice.cert, '-key', alice.key];
  await probe(t, sluice.port, ...args, '-sess_out', ticket);
  assert.match(await probe(t, sluice.port, ...args, '-sess_in', ticket), /Reused, TLSv1/);

  copyFileSync(fresh.cert, client_ca);
  sluice.reload();
  await sluice.event('certificates_reloaded');
  assert.doesNotMatch(await probe(t, sluice.port, ...args, '-sess_in', ticket), /Reused/);
  await sluice.metric(kHandshakes, { result: 'failed' }, 1);
  const bob = makeCertificate(fresh, 'bob', ['bob.test']);
  const { cert, key } = { cert: readFileSync(bob.cert), key: readFileSync(bob.key) };
  await openWs(t, sluice.wssUrl(), { ca: authority.pem, cert, key });
});

test('rotation under load: no handshake fails, no session is dropped', async (t) => {
  const authority = makeAuthority(tempDir(t));
  const current = makeCertificate(authority, 'current', kHosts);
  const versions = ['one', 'two', 'three'].map((name) => makeCertificate(authority, name, kHosts));
  replace(current, versions[0]);
  const sluice = await startTls(t, [current], {}, 2);
  const ca = authority.pem;

  const sessions = await Promise.all(Array.from({ length: 8 }, () => openWs(t, sluice.wssUrl(), { ca })));
  let isOver = false;
  let rounds = 0;
  const talk = async (session) => {
    while (!isOver) {
      session.clear();
      session.send('x'.repeat(10_000));
      await session.receive(10_000);
      ++rounds;
    }
  };
  let handshakes = 0;
  const serials = new Set();
  const connect = async () => {
    while (!isOver) {
      const client = await connectTls(t, sluice.port, { ca });
      assert.equal(client.error, undefined, `handshake ${handshakes}: ${client.error}`);
      serials.add(client.socket.getPeerX509Certificate().serialNumber);
      client.socket.destroy();
      ++handshakes;
    }
  };
  const load = Promise.all([...sessions.map(talk), ...Array.from({ length: 4 }, connect)]);

  const kRotations = 30;
  for (let i = 1; i <= kRotations; ++i) {
    const before = handshakes;
    replace(current, versions[i % versions.length]);
    sluice.reload();
    await sluice.metric(kReloads, { result: 'ok' }, i);
    await sluice.waitFor('handshakes with it', () => handshakes >= before + 8);
  }
  isOver = true;
  await load;
  assert.equal(serials.size, versions.length, 'each of them was served');
  for (const session of sessions) assert.equal(session.closeEvent, undefined);
  const metrics = await sluice.metrics();
  assert.equal(metrics.sum(kHandshakes, { result: 'failed' }), 0);
  assert.equal(metrics.sum(kReloads, { result: 'failed' }), 0);
  t.diagnostic(`${kRotations} rotations, ${handshakes} handshakes, ${rounds} echoes in ${sessions.length} sessions`);
});
