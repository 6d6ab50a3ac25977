// Gateways that speak TLS to clients.
import { makeAuthority, makeCertificate } from './certificates.mjs';
import { start, tempDir } from './sluice.mjs';

/** A CA, and a certificate that it signed for localhost and 127.0.0.1. */
export function makeTls(t) {
  const authority = makeAuthority(tempDir(t));
  const certificates = [makeCertificate(authority, 'main', ['localhost', '127.0.0.1'])];
  return { authority, ca: authority.pem, certificates };
}

/** Sluice with TLS on its one listener. `authority` is the CA that signed for localhost and 127.0.0.1. */
export async function startTls(t, config, { min_version } = {}) {
  const { authority, ca, certificates } = makeTls(t);
  const sluice = await start(t, {
    workers: 1,
    listeners: [{ address: '127.0.0.1:0', tls: { certificates, min_version } }],
    ...config,
  });
  return { sluice, authority, ca };
}
