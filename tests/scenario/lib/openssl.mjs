// The real `openssl s_client` and `s_server`.
import { spawn } from 'node:child_process';

import { defer } from './cleanup.mjs';
import { waitFor, within } from './wait.mjs';

/** Runs `openssl ARGS...`; what it prints is collected in `output`, `send` writes to it. */
export function startOpenssl(t, args) {
  const child = spawn('openssl', args, { stdio: ['pipe', 'pipe', 'pipe'] });
  defer(t, () => child.kill('SIGKILL'));
  const client = { child, output: Buffer.alloc(0), errors: '' };
  child.stdout.on('data', (chunk) => (client.output = Buffer.concat([client.output, chunk])));
  child.stderr.setEncoding('utf8').on('data', (text) => (client.errors += text));
  child.stdin.on('error', () => {}); // It has ended: the test sees that by its output.
  client.ended = new Promise((resolve) => child.on('close', resolve));
  client.details = () => `openssl printed:\n${client.output.toString('latin1')}\n${client.errors}`;
  client.send = (data) => child.stdin.write(data);
  client.waitFor = (what, condition) => waitFor(what, condition, { details: client.details });
  return client;
}

/** Runs `openssl s_client` without anything to send, to its end; returns what it said. */
export async function probe(t, port, ...args) {
  const client = startOpenssl(t, ['s_client', '-connect', `127.0.0.1:${port}`, ...args]);
  client.child.stdin.end();
  await within('openssl s_client to end', client.ended, { details: client.details });
  return client.output.toString('latin1') + client.errors;
}

/**
 * `openssl s_server` on a port of its own, whose certificate is `certificate` ({cert, key}); what clients send
 * comes out of `output`. Returns what startOpenssl does, and its `address`.
 */
export async function startServer(t, certificate, ...args) {
  const files = ['-cert', certificate.cert, '-cert_chain', certificate.cert, '-key', certificate.key];
  const server = startOpenssl(t, ['s_server', '-accept', '127.0.0.1:0', ...files, ...args]);
  await server.waitFor('s_server to listen', () => /ACCEPT \S+/.test(server.output));
  server.address = /ACCEPT (\S+)/.exec(server.output)[1];
  return server;
}
