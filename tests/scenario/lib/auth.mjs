// Gateways with `auth`, and clients that are let in or refused.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

import { echo, greeter } from './backends.mjs';
import { start } from './sluice.mjs';
import { openWs, refusedWs } from './ws_client.mjs';

export const kSecret = 'a secret of more than thirty-two bytes, for the tests alone';

export function bearer(token) {
  return { headers: { Authorization: `Bearer ${token}` } };
}

export function basic(user, password) {
  return { headers: { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` } };
}

export function sha512Crypt(password) {
  return execFileSync('openssl', ['passwd', '-6', password], { encoding: 'utf8' }).trim();
}

/** Sluice with one route to an echo service, guarded by `auth`. */
export async function startGuarded(t, auth, { route = {}, ...config } = {}) {
  const backend = await echo(t);
  return start(t, { workers: 1, backend: backend.address, route: { auth, ...route }, ...config });
}

export async function letsIn(t, sluice, where, options) {
  const client = await openWs(t, sluice.url(where), options);
  client.send(Buffer.from('hello'));
  assert.equal((await client.receive(5)).toString(), 'hello');
  return client;
}

export async function refuses(t, sluice, where, options, status = 401) {
  const answer = await refusedWs(t, sluice.url(where), options);
  assert.equal(answer.status, status, answer.body);
  return answer;
}

/** Two services that tell who they are. */
export async function startServers(t) {
  return { red: await greeter(t, 'red'), blue: await greeter(t, 'blue') };
}

export async function reaches(t, sluice, name, where, options) {
  const client = await openWs(t, sluice.url(where), options);
  assert.equal((await client.receive(name.length)).toString(), name);
  return client;
}

/** The log has none of `secrets`, whatever the line. */
export function assertSecret(sluice, ...secrets) {
  for (const secret of secrets) assert.ok(!sluice.stdout.includes(secret), `the log has ${secret}`);
}
