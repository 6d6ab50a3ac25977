// Certificates, made by the `openssl` command for the test that wants them.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
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
    '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign');
  return { dir, cert, key, pem: readFileSync(cert) };
}

/** A self-signed certificate for localhost at these paths. */
export function makeSelfSigned(cert, key) {
  openssl('req', '-x509', ...kKey, '-days', '30', '-subj', '/CN=localhost', '-out', cert, '-keyout', key);
}

/**
 * A certificate for `hosts` (names and IP addresses; without any, for its common name alone) that `authority` signs. Returns {cert, key}, as they
 * stand in a configuration; `cert` is a chain. It expires after `days`, or at the Date `expires`.
 */
export function makeCertificate(authority, name, hosts, { days = 2, expires } = {}) {
  const file = (extension) => path.join(authority.dir, `${name}.${extension}`);
  const names = hosts.map((host) => (/^[\d.]+$|:/.test(host) ? `IP:${host}` : `DNS:${host}`));
  writeFileSync(file('ext'), names.length > 0 ? `subjectAltName=${names.join(',')}\n` : 'basicConstraints=CA:FALSE\n');
  openssl('req', ...kKey, '-subj', `/CN=${name}`, '-out', file('csr'), '-keyout', file('key'));
  if (expires) {
    const from = new Date(Date.now() - 3_600_000);
    ca(authority, '-in', file('csr'), '-out', file('pem'), '-extfile', file('ext'), '-startdate', asn1Time(from),
      '-enddate', asn1Time(expires), '-notext');
  } else {
    openssl('x509', '-req', '-in', file('csr'), '-CA', authority.cert, '-CAkey', authority.key, '-CAcreateserial',
      '-days', String(days), '-extfile', file('ext'), '-out', file('pem'));
  }
  writeFileSync(file('pem'), Buffer.concat([readFileSync(file('pem')), authority.pem]));
  return { cert: file('pem'), key: file('key') };
}

/** An authority whose certificate `authority` signs; it expires at the Date `expires`. */
export function makeIntermediate(authority, name, { expires }) {
  const file = (extension) => path.join(authority.dir, `${name}.${extension}`);
  writeFileSync(file('ext'), 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n');
  openssl('req', ...kKey, '-subj', `/CN=${name}`, '-out', file('csr'), '-keyout', file('key'));
  ca(authority, '-in', file('csr'), '-out', file('pem'), '-extfile', file('ext'),
    '-enddate', asn1Time(expires), '-notext');
  return { dir: authority.dir, cert: file('pem'), key: file('key'), pem: readFileSync(file('pem')) };
}

/** Runs `openssl ca`, which sets exact times and revokes certificates; `openssl x509` does neither. */
function ca(authority, ...args) {
  const file = (extension) => authority.cert.replace(/pem$/, extension);
  if (!existsSync(file('index'))) {
    writeFileSync(file('index'), '');
    writeFileSync(file('cnf'), [
      '[ca]', 'default_ca = own', '[own]', `database = ${file('index')}`, `new_certs_dir = ${authority.dir}`,
      'default_md = sha256', 'rand_serial = yes', 'policy = names', '[names]', 'commonName = supplied', '',
    ].join('\n'));
  }
  openssl('ca', '-batch', '-config', file('cnf'), '-cert', authority.cert, '-keyfile', authority.key, ...args);
}

/** YYYYMMDDHHMMSSZ; `openssl ca` knows no fractions of a second. */
const asn1Time = (date) => `${date.toISOString().replace(/[-:T]|\..*/g, '')}Z`;

/**
 * Writes a CRL of `authority` with the certificates `revoked` to `crl`, in the place of the last one. It is
 * valid from an hour ago until the Date `expires`. Returns the path.
 */
export function makeCrl(authority, { revoked = [], expires = new Date(Date.now() + 86_400_000), crl } = {}) {
  const out = crl ?? authority.cert.replace(/pem$/, 'crl');
  for (const { cert } of revoked) ca(authority, '-revoke', cert);
  const from = new Date(Date.now() - 3_600_000);
  ca(authority, '-gencrl', '-crl_lastupdate', asn1Time(from), '-crl_nextupdate', asn1Time(expires), '-out', `${out}.new`);
  renameSync(`${out}.new`, out);
  return out;
}
