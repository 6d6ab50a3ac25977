// Authentication through the real program: client certificates, and what the methods have in common.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { basic, kSecret, letsIn, refuses, sha512Crypt } from './lib/auth.mjs';
import { echo } from './lib/backends.mjs';
import { makeAuthority, makeCertificate } from './lib/certificates.mjs';
import { file } from './lib/files.mjs';
import { connectTls, upgradeHead } from './lib/raw_client.mjs';
import { start, tempDir } from './lib/sluice.mjs';

test('a client certificate, by its names; without one another method will do', async (t) => {
  const backend = await echo(t);
  const authority = makeAuthority(tempDir(t));
  const users = file(t, 'users', `anna:${sha512Crypt('one')}\n`);
  const sluice = await start(t, {
    workers: 1,
    listeners: [{
      address: '127.0.0.1:0',
      tls: {
        certificates: [makeCertificate(authority, 'main', ['localhost', '127.0.0.1'])],
        client_ca: authority.cert,
        client_certificate: 'optional',
      },
    }],
    backend: backend.address,
    auth_failures: 'off',
    route: { auth: { client_certificate: { names: ['dns:*.staff.test', 'cn:eva'] }, basic: { users_file: users } } },
  });
  const connect = async (certificate, headers = {}) => {
    const own = certificate ? { cert: [authority.pem], ...certificate } : {};
    const client = await connectTls(t, sluice.port, { ca: authority.pem, servername: 'localhost', ...own });
    client.write(upgradeHead({ headers }));
    const { status } = await client.readHead();
    client.socket.destroy();
    return status;
  };
  const make = async (name, host) => {
    const { readFileSync } = await import('node:fs');
    const { cert, key } = makeCertificate(authority, name, host ? [host] : []);
    return { cert: readFileSync(cert), key: readFileSync(key) };
  };
  assert.equal(await connect(await make('bert', 'bert.staff.test')), 101);
  assert.equal(await connect(await make('carl', 'carl.guests.test')), 401);
  assert.equal(await connect(await make('dora', 'a.dora.staff.test')), 401);
  // A common name is no host, and does not count beside alternative names.
  assert.equal(await connect(await make('fritz.staff.test', 'fritz.guests.test')), 401);
  assert.equal(await connect(await make('fritz.staff.test')), 401);
  assert.equal(await connect(await make('eva', 'eva.guests.test')), 401);
  assert.equal(await connect(await make('eva')), 101);
  await sluice.event('session', { user: 'bert.staff.test' });
  assert.equal(await connect(undefined), 401);
  assert.equal(await connect(undefined, basic('anna', 'one').headers), 101);
  await sluice.event('refused', { detail: 'client_certificate: the certificate is for none of \'names\'' });
});

test('a route says for itself that it is open; its default does not hold then', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    workers: 1,
    defaults: { auth: { jwt: { algorithms: ['HS256'], key_file: file(t, 'secret', kSecret) } } },
    routes: [
      { name: 'open', match: { path: '/open' }, backend: backend.address, auth: 'none' },
      { name: 'closed', match: { path: '/closed' }, backend: backend.address },
    ],
  });
  await letsIn(t, sluice, '/open');
  await refuses(t, sluice, '/closed');
});
