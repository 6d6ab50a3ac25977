// Who the client is behind HTTP proxies: X-Forwarded-For and Forwarded, with nginx as it is used.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { echo } from './lib/backends.mjs';
import { kClient, kProxy, kV1, listener, loggedClient, startNginx } from './lib/proxies.mjs';
import { kProjectRoot } from './lib/project.mjs';
import { connectRaw, upgradeHead } from './lib/raw_client.mjs';
import { start } from './lib/sluice.mjs';
import { openWs } from './lib/ws_client.mjs';

test('behind nginx, the client is the one that nginx was connected from, whatever it claims', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { trusted_proxies: [kProxy], backend: backend.address });
  const nginx = await startNginx(t, `
    location / {
      proxy_pass http://127.0.0.1:${sluice.port};
      proxy_bind ${kProxy};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }`);
  for (const headers of [
    {},
    { 'X-Forwarded-For': '203.0.113.9' },
    { 'X-Forwarded-For': `203.0.113.9, ${kProxy}` },
    { Forwarded: 'for=203.0.113.9' },
  ]) {
    const client = await openWs(t, `ws://${nginx.address}/`, { localAddress: kClient, headers });
    client.send(Buffer.from('hello'));
    await client.receive(5);
    await client.close();
  }
  for (const line of await sluice.sessions(4)) assert.equal(line.client, kClient);
});

test('the configuration of nginx in deploy/README.md: its client is logged, its page may connect', async (t) => {
  const backend = await echo(t);
  const text = readFileSync(path.join(kProjectRoot, 'deploy/README.md'), 'utf8');
  const [, location] = /```nginx\n([^`]+)```/.exec(text);
  const sluice = await start(t, {
    hosts: ['gw.example.com'],
    trusted_proxies: ['127.0.0.1'],
    routes: [{ name: 'desktop', match: { path: '/desktop' }, backend: backend.address }],
  });
  const server = location.replace('http://127.0.0.1:8080', `http://127.0.0.1:${sluice.port}`);
  const nginx = await startNginx(t, server);
  const host = 'gw.example.com:8443';
  const open = (headers) =>
    openWs(t, `ws://${nginx.address}/desktop`, { localAddress: kClient, headers: { Host: host, ...headers } });
  const client = await open({ Origin: `http://${host}` });
  client.send(Buffer.from('hello'));
  await client.receive(5);
  await client.close();
  const [line] = await sluice.sessions(1);
  assert.equal(line.client, kClient);
  await assert.rejects(open({ Origin: 'http://evil.example.com' }), /403/);
});

test('X-Forwarded-For counts from trusted proxies alone, and up to the first that is none', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { trusted_proxies: [kProxy, '10.0.0.0/8'], backend: backend.address });
  const rows = [
    ['127.0.0.1', { 'X-Forwarded-For': '203.0.113.9' }, /^127\.0\.0\.1:/],
    [kProxy, { 'X-Forwarded-For': '203.0.113.9' }, /^203\.0\.113\.9$/],
    [kProxy, { 'X-Forwarded-For': '203.0.113.9:1234' }, /^203\.0\.113\.9:1234$/],
    [kProxy, { 'X-Forwarded-For': '192.0.2.66, [2001:db8::1]:99, 10.1.1.1' }, /^\[2001:db8::1\]:99$/],
    [kProxy, { 'X-Forwarded-For': ['192.0.2.66', '203.0.113.9'] }, /^203\.0\.113\.9$/],
    [kProxy, { 'X-Forwarded-For': '203.0.113.9, unknown, 10.1.1.1' }, /^10\.1\.1\.1$/],
    [kProxy, { 'X-Forwarded-For': 'unknown' }, /^127\.0\.0\.2:/],
    [kProxy, {}, /^127\.0\.0\.2:/],
    [kProxy, { Forwarded: 'for=203.0.113.9' }, /^127\.0\.0\.2:/],
  ];
  for (const [i, [localAddress, headers, client]] of rows.entries()) {
    await (await openWs(t, sluice.url(), { localAddress, headers })).close();
    assert.match(await loggedClient(sluice, i + 1), client, JSON.stringify(headers));
  }
});

test('Forwarded, where that is what the proxies append to', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    trusted_proxies: { from: [kProxy], header: 'forwarded' },
    backend: backend.address,
  });
  const value = 'for=192.0.2.66;proto=https, For="[2001:db8::1]:99";by=_x, for=127.0.0.2';
  const client = await openWs(t, sluice.url(), {
    localAddress: kProxy,
    headers: { Forwarded: value, 'X-Forwarded-For': '203.0.113.9' },
  });
  await client.close();
  assert.equal(await loggedClient(sluice), '[2001:db8::1]:99');
});

test('a Forwarded that breaks its grammar hides nobody: it is refused', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    trusted_proxies: { from: ['127.0.0.1'], header: 'forwarded' },
    backend: backend.address,
  });
  const client = await connectRaw(t, sluice.port);
  client.write(upgradeHead({ headers: { Forwarded: 'for=", for=203.0.113.9' } }));
  const { status, body } = await client.readResponse();
  assert.equal(status, 400);
  assert.equal(body, 'bad_request: Forwarded breaks its grammar\n');
});

test('a load balancer and an HTTP proxy behind it: both are believed in their turn', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    listeners: [listener('required')],
    trusted_proxies: ['192.0.2.1'],
    backend: backend.address,
  });
  const client = await connectRaw(t, sluice.port);
  client.write(kV1).write(upgradeHead({ headers: { 'X-Forwarded-For': '203.0.113.9' } }));
  assert.equal((await client.readHead()).status, 101);
  client.reset();
  assert.equal(await loggedClient(sluice), '203.0.113.9');
});
