// Certificates, made by the `openssl` command for the test that wants them.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

function openssl(...args) {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

const kKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** A certificate authority of the test's own in `dir`: {cert, key} are paths, `pem` the certificate. */
export function makeAuthority(dir, name = 'ca', subject = 'sluice test CA') {
  const cert = path.join(dir, `${name}.pem`);
  const key = path.join(dir, `${name}.key`);
  openssl('req', '-x509', ...kKey, '-days', '2', '-subj', `/CN=${subject}`, '-out', cert, '-keyout', key,
    '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign');
  return { dir, cert, key, pem: readFileSync(cert) };
}

/** A self-signed certificate for localhost at these paths. */
export function makeSelfSigned(cert, key) {
  openssl('req', '-x509', ...kKey, '-days', '30', '-subj', '/CN=localhost', '-out', cert, '-keyout', key);
}

/**
 * A certificate for `hosts` (names and IP addresses) that `authority` signs. Returns {cert, key}, as they
 * stand in a configuration; `cert` is a chain. It expires after `days`.
 */
export function makeCertificate(authority, name, hosts, { days = 2 } = {}) {
  const file = (extension) => path.join(authority.dir, `${name}.${extension}`);
  const names = hosts.map((host) => (/^[\d.]+$|:/.test(host) ? `IP:${host}` : `DNS:${host}`));
  writeFileSync(file('ext'), `subjectAltName=${names.join(',')}\n`);
  openssl('req', ...kKey, '-subj', `/CN=${name}`, '-out', file('csr'), '-keyout', file('key'));
  openssl('x509', '-req', '-in', file('csr'), '-CA', authority.cert, '-CAkey', authority.key, '-CAcreateserial',
    '-days', String(days), '-extfile', file('ext'), '-out', file('pem'));
  writeFileSync(file('pem'), Buffer.concat([readFileSync(file('pem')), authority.pem]));
  return { cert: file('pem'), key: file('key') };
}
