// A certificate that no client checks, made once when it is first asked for.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { kTempDir } from './processes.mjs';

let made;

/** Paths: `cert`, `key`, and both in one file, `pem`. */
export function certificate() {
  if (made) return made;
  const [cert, key, pem] = ['cert.pem', 'key.pem', 'both.pem'].map((name) => path.join(kTempDir, name));
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...kind, '-subj', '/CN=127.0.0.1', '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  });
  writeFileSync(pem, readFileSync(cert) + readFileSync(key));
  made = { cert, key, pem };
  return made;
}
