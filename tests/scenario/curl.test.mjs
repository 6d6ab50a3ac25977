// curl, as people try a gateway by hand: TLS with a test CA and a client's certificate, passwords, an upgrade.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { makeAuthority, makeCertificate } from './lib/certificates.mjs';
import { kAccept, kKey } from './lib/raw_client.mjs';
import { start, tempDir } from './lib/sluice.mjs';

const kUpgrade = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  `Sec-WebSocket-Key: ${kKey}`,
].flatMap((field) => ['-H', field]);

/** Runs curl and returns {code, stdout}: the heads and bodies of what it got. */
function curl(...args) {
  return new Promise((resolve) => {
    execFile('curl', ['--silent', '--include', '--max-time', '20', ...args], (error, stdout) =>
      resolve({ code: error ? error.code : 0, stdout }),
    );
  });
}

test('curl with a test CA, and with the certificate of a client', async (t) => {
  const dir = tempDir(t);
  const authority = makeAuthority(dir);
  const own = makeCertificate(authority, 'server', ['localhost']);
  const client = makeCertificate(authority, 'client', ['client.example.com']);
  const sluice = await start(t, {
    listeners: [
      { address: '127.0.0.1:0', tls: { certificates: [{ cert: own.cert, key: own.key }], client_ca: authority.cert } },
    ],
    routes: [{ name: 'page', match: { path: '/**' }, static: 'builtin:console' }],
  });
  const url = `https://localhost:${sluice.port}/`;
  const trust = ['--cacert', authority.cert, '--connect-to', `localhost:${sluice.port}:127.0.0.1:${sluice.port}`];
  const good = await curl(...trust, '--cert', client.cert, '--key', client.key, url);
  assert.equal(good.code, 0);
  assert.match(good.stdout, /^HTTP\/1\.1 200 /);
  const nobody = await curl(...trust, url);
  assert.notEqual(nobody.code, 0, 'without a certificate there is no answer');
  const stranger = await curl('--connect-to', `localhost:${sluice.port}:127.0.0.1:${sluice.port}`, url);
  assert.equal(stranger.code, 60, 'curl does not know the CA');
  const plain = await curl(`http://127.0.0.1:${sluice.port}/`);
  assert.match(plain.stdout, /^HTTP\/1\.1 400 /);
  assert.match(plain.stdout, /this port speaks TLS/);
});

test('curl with a password', async (t) => {
  const users = path.join(tempDir(t), 'users');
  const hash = execFileSync('openssl', ['passwd', '-6', 'secret'], { encoding: 'utf8' }).trim();
  writeFileSync(users, `anna:${hash}\n`);
  const sluice = await start(t, {
    backend: 'builtin:echo',
    route: { auth: { basic: { users_file: users } } },
  });
  const url = sluice.httpUrl();
  const wrong = await curl(...kUpgrade, '--user', 'anna:wrong', url);
  assert.match(wrong.stdout, /^HTTP\/1\.1 401 /);
  assert.match(wrong.stdout, /^WWW-Authenticate: Basic realm="sluice"/im);
  const right = await curl('--max-time', '1', ...kUpgrade, '--user', 'anna:secret', url);
  assert.match(right.stdout, /^HTTP\/1\.1 101 /);
  assert.ok(right.stdout.includes(kAccept));
  const page = await curl('--user', 'anna:secret', url);
  assert.match(page.stdout, /^HTTP\/1\.1 426 /, 'no upgrade, no session');
});
