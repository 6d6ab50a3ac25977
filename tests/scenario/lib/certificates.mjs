// Certificates, made by the `openssl` command for the test that wants them.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
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

/** Makes the certificates that an example configuration names, beside it; they are for nobody. */
export function makeNamedCertificates(configFile) {
  const text = readFileSync(configFile, 'utf8');
  const files = (key) => [...text.matchAll(new RegExp(`^ *(?:- )?${key}: (\\S+)$`, 'gm'))].map((m) => m[1]);
  const keys = files('key');
  files('cert').forEach((cert, i) => {
    const at = (file) => path.resolve(path.dirname(configFile), file);
    mkdirSync(path.dirname(at(cert)), { recursive: true });
    openssl('req', '-x509', ...kKey, '-days', '2', '-subj', '/CN=localhost', '-out', at(cert),
      '-keyout', at(keys[i]));
  });
  for (const ca of [...files('client_ca'), ...files('ca')]) {
    const file = path.resolve(path.dirname(configFile), ca);
    makeAuthority(path.dirname(file), path.basename(file, '.pem'));
  }
}
