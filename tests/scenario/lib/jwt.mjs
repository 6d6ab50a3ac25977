// JSON Web Tokens made by hand with node's crypto, wrong ones included: that is the point.
import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';

const kHashes = { 256: 'sha256', 384: 'sha384', 512: 'sha512' };
const kCurves = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };

export function encode(value) {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return Buffer.from(text).toString('base64url');
}

/** A key pair for `algorithm`: {privateKey, pem, jwk}, the latter two public. */
export function makeKeys(algorithm) {
  const { privateKey } = algorithm.startsWith('RS')
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : algorithm.startsWith('ES')
      ? generateKeyPairSync('ec', { namedCurve: kCurves[algorithm] })
      : generateKeyPairSync('ed25519');
  const publicKey = createPublicKey(privateKey);
  return {
    privateKey,
    pem: publicKey.export({ type: 'spki', format: 'pem' }),
    jwk: publicKey.export({ format: 'jwk' }),
  };
}

export function signature(algorithm, text, key) {
  const hash = kHashes[algorithm.slice(2)];
  if (algorithm.startsWith('HS')) return createHmac(hash, key).update(text).digest('base64url');
  if (algorithm === 'EdDSA') return sign(null, Buffer.from(text), key).toString('base64url');
  return sign(hash, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
}

/** A token; `claims` may be the text of JSON, to say what JSON.stringify would not. */
export function makeJwt(algorithm, claims, key, header = {}) {
  const text = `${encode({ alg: algorithm, typ: 'JWT', ...header })}.${encode(claims)}`;
  return `${text}.${signature(algorithm, text, key)}`;
}

export function secondsFromNow(seconds) {
  return Math.floor(Date.now() / 1000) + seconds;
}
