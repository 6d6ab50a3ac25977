// Makes the files that a configuration names, so that it can be checked and started.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { makeAuthority, makeCrl, makeSelfSigned } from './certificates.mjs';
import { makeKeys } from './jwt.mjs';

const kSecret = 'a secret of the test, long enough for each';

const kTextFiles = {
  users_file: () =>
    `anna:${execFileSync('openssl', ['passwd', '-6', 'password'], { encoding: 'utf8' }).trim()}\n`,
  key_file: (algorithm) => (algorithm.startsWith('HS') ? kSecret : makeKeys(algorithm).pem),
  jwks_file: (algorithm) =>
    JSON.stringify({ keys: [{ kid: 'test', alg: algorithm, ...makeKeys(algorithm).jwk }] }),
  token_file: () => `${kSecret}\n`,
  password_file: () => `${kSecret}\n`,
  file: () => 'screen1: 127.0.0.1:5900\n',
};

/** The values of a key in YAML without comments, in block and in flow style: [{value, before}]. */
function valuesOf(text, key) {
  return [...text.matchAll(new RegExp(`(?<=^|[\\s{,])${key}: "?([^\\s,}"]+)`, 'gm'))]
    .map(({ 1: value, index }) => ({ value, before: text.slice(0, index) }));
}

/** Makes every file that the configuration names: certificates, authorities, users, keys and tokens. */
export function makeNamedFiles(configFile) {
  const text = readFileSync(configFile, 'utf8').replace(/(^|\s)#.*$/gm, '');
  const place = (name) => {
    const file = path.resolve(path.dirname(configFile), name);
    mkdirSync(path.dirname(file), { recursive: true });
    return file;
  };
  const keys = valuesOf(text, 'key');
  valuesOf(text, 'cert').forEach(({ value }, i) => makeSelfSigned(place(value), place(keys[i].value)));
  const authorities = [...valuesOf(text, 'client_ca'), ...valuesOf(text, 'ca')].map(({ value }) => {
    const file = place(value);
    return makeAuthority(path.dirname(file), path.basename(file, '.pem'));
  });
  for (const { value } of valuesOf(text, 'client_crl')) makeCrl(authorities[0], { crl: place(value) });
  for (const [key, content] of Object.entries(kTextFiles)) {
    for (const { value, before } of valuesOf(text, key)) {
      const [, algorithm] = /.*algorithms: \[(\w+)/s.exec(before) ?? [];
      writeFileSync(place(value), content(algorithm), { mode: 0o600 });
    }
  }
  for (const { value } of valuesOf(text, 'directory')) {
    mkdirSync(place(value), { recursive: true });
    writeFileSync(path.join(place(value), 'screens'), kTextFiles.file());
  }
}
