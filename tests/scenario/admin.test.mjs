// What an operator and a container see: metrics, health, readiness.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

import { deadAddress, echo, listen } from './lib/backends.mjs';
import { pattern } from './lib/bytes.mjs';
import { httpGet } from './lib/metrics.mjs';
import { connectRaw, openRaw, upgradeHead } from './lib/raw_client.mjs';
import { portOf, run, start } from './lib/sluice.mjs';
import { within } from './lib/wait.mjs';
import { openWs, refusedWs } from './lib/ws_client.mjs';

test('/metrics after known traffic', async (t) => {
  const backend = await echo(t);
  const closing = await listen(t, ({ socket }) => socket.end('bye'));
  const dead = await deadAddress(t);
  const sluice = await start(t, {
    routes: [
      { name: 'main', match: { path: '/' }, backend: backend.address },
      { name: 'closing', match: { path: '/closing' }, backend: closing.address },
      { name: 'down', match: { path: '/down' }, backend: dead },
      { name: 'page', match: { path: '/page' }, static: 'builtin:console' },
    ],
  });
  const client = await openWs(t, sluice.url());
  client.send(pattern(1000));
  client.send('text');
  await client.receive(1004);
  const open = await openWs(t, sluice.url());
  await client.close(1000);
  await (await openWs(t, sluice.url('/closing'))).waitForClose();
  await (await openWs(t, sluice.url('/down'))).waitForClose();
  await refusedWs(t, sluice.url('/nowhere'));
  await refusedWs(t, sluice.url('/nowhere'));
  assert.equal((await httpGet(sluice.httpUrl('/page'))).status, 200);
  await sluice.sessions(3);
  // A connection is counted as over when its socket is closed, a moment after its last byte.
  await sluice.metric('sluice_connections_active', {}, 1);

  const metrics = await sluice.metrics();
  const expect = (name, labels, value) =>
    assert.equal(
      metrics.sum(name, labels),
      value,
      `${name}${JSON.stringify(labels)}; there is:\n${metrics.text.split('\n').filter((l) => l.includes(name)).join('\n')}`,
    );
  const main = { route: 'main' };
  const { listener } = sluice.eventsOf('listening')[0];
  expect('sluice_sessions_opened_total', main, 2);
  expect('sluice_sessions_active', main, 1);
  expect('sluice_sessions_closed_total', { ...main, reason: 'client_closed' }, 1);
  expect('sluice_sessions_closed_total', { route: 'closing', reason: 'backend_closed', code: 1000 }, 1);
  expect('sluice_sessions_closed_total', { route: 'down', reason: 'backend_refused', code: 1014 }, 1);
  expect('sluice_session_duration_seconds_count', main, 1);
  expect('sluice_payload_bytes_total', { ...main, direction: 'to_backend' }, 1004);
  expect('sluice_payload_bytes_total', { ...main, direction: 'to_client' }, 1004);
  expect('sluice_payload_bytes_total', { route: 'closing', direction: 'to_client' }, 3);
  expect('sluice_messages_total', { ...main, direction: 'to_backend' }, 2);
  expect('sluice_queued_bytes', main, 0);
  expect('sluice_connections_accepted_total', { listener }, 7);
  expect('sluice_connections_active', { listener }, 1);
  expect('sluice_accept_errors_total', { listener }, 0);
  expect('sluice_requests_refused_total', { listener, reason: 'no_route', code: 404 }, 2);
  expect('sluice_pages_served_total', { listener }, 1);
  expect('sluice_backend_dials_total', { server: backend.address, result: 'ok' }, 2);
  expect('sluice_backend_dials_total', { server: closing.address, result: 'ok' }, 1);
  expect('sluice_backend_dials_total', { server: dead, result: 'backend_refused' }, 1);
  expect('sluice_backend_dial_duration_seconds_count', { server: backend.address }, 2);
  expect('sluice_workers', {}, 2);
  expect('sluice_build_info', {}, 1);
  assert.match(metrics.find('sluice_build_info')[0].labels.version, /^\d+\.\d+\.\d+/);
  assert.ok(metrics.sum('process_resident_memory_bytes') > 1_000_000);
  for (const [name, type] of metrics.types) {
    if (type === 'counter') assert.match(name, /_total$/, `the counter ${name}`);
  }
  await open.close();
});

test('/metrics has the content type of the text format', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  const { status, headers } = await httpGet(sluice.adminUrl('/metrics'));
  assert.equal(status, 200);
  assert.match(headers['content-type'], /^text\/plain; version=0\.0\.4(;|$)/);
});

test('promtool check metrics finds nothing', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  const client = await openWs(t, sluice.url());
  client.send('hello');
  await client.receive(5);
  await client.close();
  await refusedWs(t, sluice.url('/nowhere'));
  await sluice.sessions(1);
  const { body } = await httpGet(sluice.adminUrl('/metrics'));

  const promtool = spawn('promtool', ['check', 'metrics']);
  let output = '';
  promtool.stdout.on('data', (text) => (output += text));
  promtool.stderr.on('data', (text) => (output += text));
  promtool.stdin.on('error', () => {});
  promtool.stdin.end(body);
  const absent = once(promtool, 'error').then(([error]) => {
    if (error.code !== 'ENOENT') throw error;
    return 'absent';
  });
  const outcome = await within('promtool', Promise.race([once(promtool, 'close'), absent]));
  if (outcome === 'absent') {
    t.skip('promtool is not installed');
    return;
  }
  assert.equal(output, '', 'promtool has something to say');
  assert.equal(outcome[0], 0);
});

test('/healthz, /readyz, and what is not there', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  for (const where of ['/healthz', '/readyz']) {
    const { status, body } = await httpGet(sluice.adminUrl(where));
    assert.equal(status, 200, `${where}: ${body}`);
    assert.ok(body.length > 0, `${where} says something`);
  }
  assert.equal((await httpGet(sluice.adminUrl('/nowhere'))).status, 404);
  const post = await httpGet(sluice.adminUrl('/healthz'), { method: 'POST' });
  assert.ok([405, 501].includes(post.status), `POST was answered with ${post.status}`);
});

test('the listener for clients does not serve what the admin listener serves', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  for (const where of ['/metrics', '/healthz', '/readyz']) {
    assert.equal((await httpGet(sluice.httpUrl(where))).status, 404);
  }
});

test('a scrape does not wait for busy sessions', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address, workers: 1 });
  const client = await openWs(t, sluice.url());
  const data = pattern(5_000_000);
  client.send(data);
  for (let i = 0; i < 20; ++i) assert.equal((await httpGet(sluice.adminUrl('/metrics'))).status, 200);
  await client.receive(data.length);
  await client.close();
});

test('values that a client controls are no labels', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    routes: [{ name: 'all', match: { path: '/**' }, backend: backend.address }],
  });
  const marks = ['in-path-a1', 'in-query-b2', 'in-host-c3', 'in-protocol-d4', 'in-agent-e5'];
  const client = await openRaw(t, sluice, {
    target: `/${marks[0]}?q=${marks[1]}`,
    host: `${marks[2]}.example.com`,
    headers: { 'Sec-WebSocket-Protocol': marks[3], 'User-Agent': marks[4] },
  });
  client.end();
  await sluice.sessions(1);
  const { text } = await sluice.metrics();
  for (const mark of marks) assert.ok(!text.includes(mark), `${mark} is in the metrics`);
});

test('sluice healthcheck: 0 when ready, 1 when nobody answers', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  const good = await run(['healthcheck', '--admin', sluice.adminAddress]);
  assert.equal(good.code, 0, `${good.stdout}${good.stderr}`);
  const bad = await run(['healthcheck', '--admin', await deadAddress(t)]);
  assert.equal(bad.code, 1, `${bad.stdout}${bad.stderr}`);
  assert.ok(bad.stderr.length > 0, 'it says why');
});

test('sluice healthcheck: still 0 while draining, or a container would be killed in mid-drain', async (t) => {
  const backend = await listen(t);
  const sluice = await start(t, {
    backend: backend.address,
    defaults: { timeouts: { drain: '60s', close: '60s' } },
  });
  const client = await openRaw(t, sluice);
  sluice.signal('SIGTERM');
  await client.readClose();
  await sluice.event('draining');
  const check = await run(['healthcheck', '--admin', sluice.adminAddress]);
  assert.equal(check.code, 0, `${check.stdout}${check.stderr}`);
  client.reset();
});

test('a POST that trickles is bounded as a whole', async (t) => {
  const sluice = await start(t, { backend: 'builtin:echo' });
  const client = await connectRaw(t, portOf(sluice.adminAddress));
  const started = performance.now();
  client.write('POST /reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000\r\n\r\n');
  const timer = setInterval(() => client.write('x'), 200);
  try {
    assert.equal((await client.readResponse()).status, 408);
  } finally {
    clearInterval(timer);
  }
  const took = performance.now() - started;
  assert.ok(took > 9000 && took < 13000, `it took ${took} ms`);
});

test('open connections keep no probe out of the admin listener', async (t) => {
  const sluice = await start(t, { backend: 'builtin:echo' });
  const port = portOf(sluice.adminAddress);
  const open = [];
  for (let i = 0; i < 120; ++i) {
    open.push(await connectRaw(t, port));
    open[i].write('GET /healthz HTTP/1.1\r\n');
  }
  assert.equal((await httpGet(sluice.adminUrl('/healthz'))).status, 200);
  for (const one of open.slice(0, 21)) await one.waitForClose();
  assert.ok(open.slice(21).every((one) => !one.over), 'a hundred may be open');
});

test('a request that is open costs a scrape nothing and is counted', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  const half = await connectRaw(t, sluice.port);
  half.write(upgradeHead().slice(0, 20));
  await sluice.metric('sluice_connections_active', {}, 1);
  assert.equal((await sluice.metrics()).sum('sluice_sessions_active'), 0);
  half.reset();
  await sluice.metric('sluice_connections_active', {}, 0);
});
