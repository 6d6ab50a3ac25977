// Tickets that the admin listener gives out.
import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';

import { assertSecret, letsIn, reaches, refuses, startServers } from './lib/auth.mjs';
import { echo } from './lib/backends.mjs';
import { file } from './lib/files.mjs';
import { start } from './lib/sluice.mjs';

const kAdminToken = 'the-admins-own-token-0123456789';

function askTicket(sluice, body, token = kAdminToken, method = 'POST') {
  return new Promise((resolve, reject) => {
    const request = http.request(sluice.adminUrl('/tickets'), {
      method, agent: false, headers: token ? { Authorization: `Bearer ${token}` } : {},
    }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode, body: text }));
    });
    request.on('error', reject);
    request.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
}

test('tickets: once, for their route, address and origin, and only from who has the admin token', async (t) => {
  const { red } = await startServers(t);
  const backend = await echo(t);
  const sluice = await start(t, {
    workers: 2,
    admin: { address: '127.0.0.1:0', token_file: file(t, 'token', `${kAdminToken}\n`) },
    auth_failures: 'off',
    routes: [
      { name: 'main', match: { path: '/' }, backend: backend.address, auth: { ticket: true }, origins: ['*'] },
      { name: 'other', match: { path: '/other' }, backend: backend.address, auth: { ticket: true } },
      { name: 'named', match: { path: '/named' }, backend: { from: 'token' }, auth: { ticket: { from: 'query:t' } } },
      { name: 'open', match: { path: '/open' }, backend: backend.address },
    ],
  });
  const ticket = async (terms) => {
    const answer = await askTicket(sluice, terms);
    assert.equal(answer.status, 200, answer.body);
    const { ticket: text, expires_in } = JSON.parse(answer.body);
    assert.equal(expires_in, 15);
    assert.match(text, /^[\w-]{43}$/);
    return text;
  };
  const first = await ticket({ route: 'main', user: 'anna' });
  await letsIn(t, sluice, `/?ticket=${first}`);
  await refuses(t, sluice, `/?ticket=${first}`);
  await refuses(t, sluice, '/?ticket=x');
  await refuses(t, sluice, '/');
  const elsewhere = await ticket({ route: 'other' });
  await refuses(t, sluice, `/?ticket=${elsewhere}`);
  await refuses(t, sluice, `/other?ticket=${elsewhere}`); // It was shown in the wrong place.
  await letsIn(t, sluice, `/?ticket=${await ticket({ route: 'main', address: '127.0.0.1' })}`);
  await refuses(t, sluice, `/?ticket=${await ticket({ route: 'main', address: '127.0.0.2' })}`);
  const origin = 'https://www.example.com';
  await letsIn(t, sluice, `/?ticket=${await ticket({ route: 'main', origin })}`, { origin });
  await refuses(t, sluice, `/?ticket=${await ticket({ route: 'main', origin })}`, { origin: 'https://evil.test' });
  await refuses(t, sluice, `/?ticket=${await ticket({ route: 'main', origin })}`);
  await reaches(t, sluice, 'red', `/named?t=${await ticket({ route: 'named', server: red.address })}`);
  await sluice.event('refused', { detail: 'ticket: the ticket is unknown, or was used before' });

  for (const token of ['', 'x', `${kAdminToken}x`]) {
    assert.equal((await askTicket(sluice, { route: 'main' }, token)).status, 401);
  }
  assert.equal((await askTicket(sluice, '')).status, 400);
  assert.equal((await askTicket(sluice, { route: 'main', rout: 'x' })).status, 400);
  assert.equal((await askTicket(sluice, { route: 'main', address: 'x' })).status, 400);
  assert.equal((await askTicket(sluice, { route: 'open' })).status, 404);
  assert.equal((await askTicket(sluice, { route: 'main' }, kAdminToken, 'GET')).status, 405);
  assertSecret(sluice, first, elsewhere, kAdminToken);
});
