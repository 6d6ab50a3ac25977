// Servers that requests name: what is allowed is reached, and nothing else, whatever a name resolves to.
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { test } from 'node:test';
import WebSocket from 'ws';

import { echo, listen } from './lib/backends.mjs';
import { startDns } from './lib/dns.mjs';
import { kPassword, startPostgres } from './lib/postgres.mjs';
import { portOf, start } from './lib/sluice.mjs';
import { openWs, refusedWs } from './lib/ws_client.mjs';

const route = (name, path, backend, more = {}) => ({ name, match: { path }, backend, ...more });

test('a server in the path is reached if it is allowed', async (t) => {
  const service = await echo(t);
  const dns = await startDns(t, { 'db1.internal.test': { A: ['127.0.0.1'] } });
  const sluice = await start(t, {
    dns: { servers: [dns.address] },
    routes: [
      route('pg', '/pg/{server}', {
        server: `{server}.internal.test:${service.port}`,
        allow: [`127.0.0.1:${service.port}`, '*.internal.test'],
      }),
    ],
  });
  const client = await openWs(t, sluice.url('/pg/db1'));
  client.send('hello');
  assert.equal((await client.receive(5)).toString(), 'hello');
  await client.close(1000);
  const [line] = await sluice.sessions();
  assert.equal(line.server, `db1.internal.test:${service.port}`);
  const labels = { backend: 'route:pg', server: `{server}.internal.test:${service.port}` };
  await sluice.metric('sluice_backend_dials_total', labels, 1);
});

test('a label of the host names the server', async (t) => {
  const service = await echo(t);
  const sluice = await start(t, {
    routes: [
      {
        name: 'all',
        match: { host: '{server}.gateway.test', path: '/**' },
        backend: { server: `{server}:${service.port}`, allow: ['127.0.0.0/8', 'localhost'] },
      },
    ],
  });
  const client = await openWs(t, sluice.url(), { headers: { Host: 'localhost.gateway.test' } });
  await client.close(1000);
  const [line] = await sluice.sessions();
  assert.equal(line.server, `localhost:${service.port}`);
});

/** Each must be refused with 403, and nobody may have been connected to. */
const kAttacks = {
  'a loopback address': '127.0.0.1',
  'a loopback address in IPv6': '[::ffff:127.0.0.1]',
  'a number that is a loopback address': '2130706433',
  'a name for loopback': 'localhost',
  'a name that resolves to loopback': 'rebind.test',
  'a name that resolves to the address of clouds': 'metadata.test',
  'a name that resolves to a private address': 'private.test',
  'the address of clouds': '169.254.169.254',
  'a Unix socket': 'unix:/run/docker.sock',
  'user information before the host': 'allowed.test@127.0.0.1',
  'a path behind the host': '127.0.0.1/',
};

test('what is not listed is not reached', async (t) => {
  const secret = await listen(t);
  const dns = await startDns(t, {
    'rebind.test': { A: ['127.0.0.1'] },
    'metadata.test': { A: ['169.254.169.254'] },
    'private.test': { A: ['10.0.0.1'] },
    'both.test': { A: ['10.0.0.1', '127.0.0.1'] },
  });
  const sluice = await start(t, {
    dns: { servers: [dns.address] },
    routes: [
      // As open as it gets, and still nothing that is not public.
      route('any', '/any', { server: '{query.address}', allow: ['*', '0.0.0.0/0', '::/0'] }),
      route('one', '/one', { server: '{query.address}', allow: ['192.0.2.7', 'allowed.test'] }),
    ],
  });
  for (const [what, host] of Object.entries(kAttacks)) {
    for (const where of ['any', 'one']) {
      await t.test(`${what}, on ${where}`, async (t) => {
        const address = encodeURIComponent(`${host}:${secret.port}`);
        const response = await refusedWs(t, sluice.url(`/${where}?address=${address}`));
        assert.equal(response.status, 403);
        assert.match(response.body, /target_not_allowed/);
      });
    }
  }
  await t.test('a hexadecimal loopback address is a name like any', async (t) => {
    const client = await openWs(t, sluice.url(`/any?address=0x7f000001:${secret.port}`));
    assert.equal((await client.waitForClose()).reason, 'backend_unresolved');
  });
  await t.test('no address, and two', async (t) => {
    const good = encodeURIComponent('allowed.test:80');
    for (const query of ['', '?address=', `?address=${good}&address=${good}`, '?Address=a:1']) {
      assert.equal((await refusedWs(t, sluice.url(`/one${query}`))).status, 403);
    }
  });
  assert.equal(secret.peers.length, 0, 'nobody was connected to');
  await sluice.event('refused', { reason: 'target_not_allowed', code: 403 });
});

test('of several addresses those that are allowed are tried', async (t) => {
  const service = await echo(t);
  const dns = await startDns(t, { 'both.test': { A: ['10.255.255.1', '127.0.0.1'] } });
  const sluice = await start(t, {
    dns: { servers: [dns.address] },
    routes: [
      route('any', '/**', { server: `both.test:{query.port}`, allow: [`127.0.0.1:${service.port}`, `both.test:${service.port}`] }),
    ],
  });
  const client = await openWs(t, sluice.url(`/?port=${service.port}`));
  await client.close(1000);
  assert.equal((await refusedWs(t, sluice.url(`/?port=${service.port - 1}`))).status, 403);
});

test('a range alone lets no request have a name resolved; `resolve: any` does', async (t) => {
  const service = await echo(t);
  const dns = await startDns(t, { 'db.test': { A: ['127.0.0.1'] } });
  const allow = [`127.0.0.1:${service.port}`];
  const sluice = await start(t, {
    dns: { servers: [dns.address], cache: 'off' },
    routes: [
      route('listed', '/listed', { server: '{query.address}', allow }),
      route('any', '/any', { server: '{query.address}', allow, resolve: 'any' }),
      route('named', '/named', { server: '{query.address}', allow: [...allow, '*.test'] }),
    ],
  });
  for (const name of ['db.test', 'secret.exfiltrated.evil.test', 'localhost']) {
    const refused = await refusedWs(t, sluice.url(`/listed?address=${name}:${service.port}`));
    assert.equal(refused.status, 403);
    assert.match(refused.body, /target_not_allowed/);
  }
  assert.deepEqual(dns.queries, [], 'no name is looked up');
  for (const where of ['any', 'named']) {
    const client = await openWs(t, sluice.url(`/${where}?address=db.test:${service.port}`));
    await client.close(1000);
  }
  const client = await openWs(t, sluice.url(`/listed?address=127.0.0.1:${service.port}`));
  await client.close(1000);
  await refusedWs(t, sluice.url(`/named?address=db.other:${service.port}`));
});

test("Neon's driver reaches a PostgreSQL that it names in the query", async (t) => {
  globalThis.crypto ??= webcrypto; // Node 18.
  const { Client, neonConfig } = await import('@neondatabase/serverless');
  const address = await startPostgres(t);
  const sluice = await start(t, {
    routes: [route('neon', '/v2', { server: '{query.address}', allow: [address] })],
  });
  neonConfig.webSocketConstructor = WebSocket;
  neonConfig.wsProxy = (host, port) => `127.0.0.1:${sluice.port}/v2?address=${host}:${port}`;
  neonConfig.useSecureWebSocket = false;
  neonConfig.pipelineTLS = false;
  for (const pipelineConnect of ['password', false]) {
    neonConfig.pipelineConnect = pipelineConnect;
    const client = new Client({
      host: '127.0.0.1',
      port: portOf(address),
      user: 'postgres',
      password: kPassword,
      database: 'postgres',
    });
    await client.connect();
    const { rows } = await client.query('select $1::int + 1 as sum, repeat($2, 1000000) as long', [41, 'x']);
    assert.equal(rows[0].sum, 42);
    assert.equal(rows[0].long.length, 1_000_000);
    const text = 'y'.repeat(5_000_000);
    const back = await client.query('select $1::text as text', [text]);
    assert.ok(back.rows[0].text === text, '5 MB in one message come back');
    await client.end();
  }
  const lines = await sluice.sessions(2);
  assert.ok(lines.every(({ server }) => server === address));
});
