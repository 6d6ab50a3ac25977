// The lines of the log: their form, and what is never in them.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';

import { echo } from './lib/backends.mjs';
import { connectRaw, upgradeHead } from './lib/raw_client.mjs';
import { start } from './lib/sluice.mjs';
import { openWs } from './lib/ws_client.mjs';

test('query strings, credentials and payload are never in the log', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  const secrets = ['s3cret-query', 's3cret-cookie', 's3cret-auth', 's3cret-proto', 's3cret-payload', 's3cret-reason'];
  const headers = {
    Cookie: `id=${secrets[1]}`,
    Authorization: `Bearer ${secrets[2]}`,
    'Sec-WebSocket-Protocol': secrets[3],
  };
  const { 'Sec-WebSocket-Protocol': protocol, ...credentials } = headers;
  const client = await openWs(t, sluice.url(`/?token=${secrets[0]}`), {
    headers: credentials,
    protocols: [protocol],
  });
  client.send(secrets[4]);
  await client.receive(secrets[4].length);
  await client.close(4000, secrets[5]);
  // Refusals, too, of each kind that quotes what it refuses.
  const requests = [
    upgradeHead({ target: `/nowhere?token=${secrets[0]}`, headers }),
    upgradeHead({ target: `/?token=${secrets[0]}`, method: 'POST', headers }),
    upgradeHead({ target: `/?token=${secrets[0]}`, headers: { ...headers, Origin: 'https://evil.example.com' } }),
    upgradeHead({ target: `/?token=${secrets[0]}`, headers: { ...headers, 'Sec-WebSocket-Key': 'short' } }),
    upgradeHead({ target: `/?token=${secrets[0]}${'x'.repeat(9000)}`, headers }),
    `GET /?token=${secrets[0]} HTTP/1.1\r\nHost: a\r\nCookie: ${secrets[1]}\r\nbad header ${secrets[2]}\r\n\r\n`,
  ];
  for (const request of requests) {
    const raw = await connectRaw(t, sluice.port);
    raw.write(request);
    await raw.waitForClose();
  }
  await sluice.sessions(1);
  await sluice.waitFor('the refusals in the log', () => sluice.eventsOf('refused').length === requests.length);
  for (const secret of secrets) {
    assert.ok(!sluice.stdout.includes(secret), `${secret} is in the log:\n${sluice.stdout}`);
    assert.ok(!sluice.stderr.includes(secret), `${secret} is on stderr`);
  }
});

test('every line of the log has a time, a level and an event', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  await (await openWs(t, sluice.url())).close();
  await sluice.sessions(1);
  await sluice.stop();
  const seen = sluice.events.map((e) => e.event);
  for (const name of ['listening', 'admin_listening', 'ready', 'session', 'draining', 'stopped']) {
    assert.ok(seen.includes(name), `no "${name}" among ${seen.join(', ')}`);
  }
  for (const event of sluice.events) {
    assert.ok(!Number.isNaN(Date.parse(event.time)), `time: ${event.time}`);
    assert.match(event.level, /^(debug|info|warn|warning|error)$/);
    assert.match(event.event, /^[a-z_]+$/);
  }
  const listening = sluice.eventsOf('listening')[0];
  assert.equal(listening.listener, '127.0.0.1:0', 'the address as configured');
  assert.match(listening.address, /^127\.0\.0\.1:[1-9]\d*$/, 'and as it is');
});

test('a path with odd bytes cannot break a log line', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    routes: [{ name: 'all', match: { path: '/**' }, backend: backend.address }],
  });
  for (const target of ['/%22%5c%7f', '/%ff%fe', '/a%22,%22level%22:%22', '/%e6%b5%81']) {
    const raw = await connectRaw(t, sluice.port);
    raw.write(upgradeHead({ target }));
    await raw.readHead();
    raw.end();
    await raw.waitForClose();
  }
  await sluice.stop();
  assert.deepEqual(sluice.eventsOf('unparsable'), []);
});
