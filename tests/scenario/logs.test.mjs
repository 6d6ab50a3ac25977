// The log: what a refusal says, what it must not say, one id for each connection, and docs/logs.md. That every
// line of every scenario agrees with the page is checked in lib/sluice.mjs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { deadAddress, echo } from './lib/backends.mjs';
import { file } from './lib/files.mjs';
import { contradictions, readLogPage } from './lib/logs.mjs';
import { httpGet } from './lib/metrics.mjs';
import { kProjectRoot, start } from './lib/sluice.mjs';
import { openWs, refusedWs } from './lib/ws_client.mjs';

const kPrivate = { mode: 0o600 };
const kId = /^[0-9a-f]{16}$/;

const route = (name, match, backend, more = {}) => ({ name, match, backend, ...more });

const basic = (user, password) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

function usersFile(t) {
  return file(t, 'users', `anna:${execFileSync('openssl', ['passwd', '-6', 'right'], { encoding: 'utf8' })}`, kPrivate);
}

test('a refusal says which host, path, origin and listener it is about, and nothing of the query', async (t) => {
  const server = await echo(t);
  const sluice = await start(t, { routes: [route('vnc', { path: '/vnc' }, server.address)] });
  const headers = { Host: 'lab.example.com:8080' };
  assert.equal((await refusedWs(t, sluice.url('/vnx?token=hidden'), { headers })).status, 404);
  const missed = await sluice.event('refused', { reason: 'no_route', code: 404 });
  assert.equal(missed.host, 'lab.example.com:8080');
  assert.equal(missed.path, '/vnx');
  assert.equal(missed.listener, '127.0.0.1:0');
  assert.match(missed.connection, kId);
  assert.ok(!('origin' in missed), 'there was none');

  const origin = 'https://evil.example.com';
  const answer = await refusedWs(t, sluice.url('/vnc?token=hidden'), { headers, origin });
  assert.equal(answer.status, 403);
  assert.doesNotMatch(answer.body, /'origins'/, 'what to change is for the operator');
  const refused = await sluice.event('refused', { reason: 'origin_not_allowed', code: 403 });
  const { host, path: where, listener, connection } = refused;
  assert.deepEqual({ host, where, listener, origin: refused.origin },
    { host: 'lab.example.com:8080', where: '/vnc', listener: '127.0.0.1:0', origin });
  assert.equal(refused.detail,
    "pages of this origin may not connect here; to allow it, add it to 'origins' of the route");
  assert.notEqual(connection, missed.connection);
  assert.doesNotMatch(sluice.stdout, /hidden/);
});

test('what clients choose is bounded and escaped', async (t) => {
  const server = await echo(t);
  const sluice = await start(t, {
    routes: [route('vnc', { path: '/vnc' }, server.address, { auth: { basic: { users_file: usersFile(t) } } })],
  });
  const long = 'a'.repeat(3000);
  const csi = '\u009b31m';
  await refusedWs(t, sluice.url(`/${encodeURIComponent(csi)}${long}`), {
    headers: { Host: `${long}.example.com` }, origin: `https://${long}.example.com`,
  });
  const line = await sluice.event('refused', { reason: 'no_route' });
  for (const field of ['host', 'path', 'origin']) {
    assert.match(line[field], /aaa\.\.\.$/);
    assert.ok(Buffer.from(line[field]).length <= 256 + 3, `${field} has ${line[field].length} characters`);
  }
  assert.ok(line.path.startsWith(`/${csi}a`), 'it can be read back');
  await refusedWs(t, sluice.url('/vnc'), { headers: { Authorization: basic(`ü\n${csi}${long}`, 'wrong') } });
  const { user } = await sluice.event('refused', { reason: 'unauthorized' });
  assert.ok(user.startsWith(`ü\n${csi}a`) && user.endsWith('...') && Buffer.from(user).length <= 259, user);
  assert.match(sluice.stdout, /^[\x20-\x7e\n]*$/, 'the log itself is plain ASCII');
});

test('a target that is not allowed is in the log', async (t) => {
  const sluice = await start(t, {
    routes: [
      route('neon', { path: '/v2' }, { server: '{query.address}', allow: ['*.db.internal:5432'] }),
      route('resolved', { path: '/to/{name}' }, { server: '{name}:80', allow: ['10.0.0.0/8:80'] }),
    ],
  });
  await refusedWs(t, sluice.url('/v2?address=169.254.169.254:80&password=hidden'));
  await sluice.event('refused', { reason: 'target_not_allowed', target: '169.254.169.254:80', route: 'neon' });
  await sluice.waitFor('the log of another such refusal', async () => {
    await refusedWs(t, sluice.url('/to/localhost'));
    return sluice.eventsOf('refused', { target: 'localhost:80', route: 'resolved' })[0];
  });
  assert.doesNotMatch(sluice.stdout, /hidden/);
});

test('unauthorized says which user was tried, and never a password or a token', async (t) => {
  const server = await echo(t);
  const sluice = await start(t, {
    auth_failures: 'off',
    routes: [
      route('one', { path: '/one' }, server.address, { auth: { basic: { users_file: usersFile(t) } } }),
    ],
  });
  await refusedWs(t, sluice.url('/one'), { headers: { Authorization: basic('berta', 'hidden-password') } });
  const line = await sluice.event('refused', { reason: 'unauthorized', user: 'berta' });
  assert.equal(line.path, '/one');
  await sluice.waitFor('the log of a user without a password', async () => {
    await refusedWs(t, sluice.url('/one'), { headers: { Authorization: basic('hidden-token', '') } });
    return sluice.eventsOf('refused', { reason: 'unauthorized' }).find((l) => !('user' in l));
  });
  assert.doesNotMatch(sluice.stdout, /hidden/);
});

test('where a token may be, the log is silent', async (t) => {
  const tokens = file(t, 'tokens', 'known: 127.0.0.1:1\n', kPrivate);
  const token = (from) => ({ auth: { token: { file: tokens, from } } });
  const sluice = await start(t, {
    auth_failures: 'off',
    log: { session_opened: true },
    routes: [
      route('path', { path: '/p/**' }, { from: 'token' }, token('path')),
      route('host', { host: '*.gw.example.com', path: '/h' }, { from: 'token' }, token('host')),
      route('query', { path: '/q' }, { server: '{query.to}:1', allow: ['db.example.com:1'] }, {
        auth: [{ token: { file: tokens, from: 'query:to' } }],
      }),
    ],
  });
  const refuse = (where, options) => refusedWs(t, sluice.url(where), options);
  assert.equal((await refuse('/p/hidden')).status, 401);
  assert.equal((await refuse('/h', {
    headers: { Host: 'hidden.gw.example.com' }, origin: 'http://hidden.gw.example.com',
  })).status, 401);
  assert.equal((await refuse('/q?to=hidden')).status, 401);
  assert.equal((await refuse('/q?to=known')).status, 403);
  assert.equal((await refuse('/x/hidden', { headers: { Host: 'hidden.other.example.com' } })).status, 404);
  await sluice.event('refused', { reason: 'no_route' });
  const { code } = await (await openWs(t, sluice.url('/p/known'))).waitForClose();
  assert.equal(code, 1014);
  await sluice.sessions();
  assert.ok(sluice.eventsOf('refused').length >= 3, sluice.stdout);
  assert.doesNotMatch(sluice.stdout, /hidden|\/p\/known|known:1/);
});

test('all lines of a connection have its id, from the first to the last', async (t) => {
  const server = await echo(t);
  const dead = await deadAddress(t);
  const sluice = await start(t, {
    log: { session_opened: true },
    backends: { lab: { servers: [{ address: dead }, { address: server.address, tier: 2 }] } },
    routes: [route('vnc', { path: '/vnc' }, 'lab')],
  });
  const origin = `http://127.0.0.1:${sluice.port}`;
  const client = await openWs(t, sluice.url('/vnc?token=hidden'), { origin });
  const opened = await sluice.event('session_opened');
  assert.match(opened.connection, kId);
  const { route: name, host, path: where, server: to } = opened;
  assert.deepEqual({ name, host, where, to, origin: opened.origin },
    { name: 'vnc', host: `127.0.0.1:${sluice.port}`, where: '/vnc', to: server.address, origin });
  const failed = await sluice.event('dial_failed', { connection: opened.connection });
  assert.equal(failed.client, opened.client);
  await client.close(1000);
  const [line] = await sluice.sessions();
  assert.equal(line.connection, opened.connection);
  assert.equal(line.client, opened.client);
  assert.doesNotMatch(sluice.stdout, /hidden/);
});

test('without log.session_opened there is no such line', async (t) => {
  const server = await echo(t);
  const sluice = await start(t, { backend: server.address });
  await (await openWs(t, sluice.url())).close(1000);
  await sluice.sessions();
  assert.deepEqual(sluice.eventsOf('session_opened'), []);
});

test('issued tickets and refused requests of the admin listener are logged', async (t) => {
  const server = await echo(t);
  const token = 'hidden-admin-token';
  const sluice = await start(t, {
    admin: { address: '127.0.0.1:0', token_file: file(t, 'token', `${token}\n`, kPrivate) },
    routes: [route('vnc', { path: '/vnc' }, server.address, { auth: { ticket: true } })],
  });
  const ask = (where, { authorization = `Bearer ${token}`, body = '', method = 'POST' } = {}) =>
    fetch(sluice.adminUrl(where), { method, body: body || undefined, headers: { Authorization: authorization } });
  const terms = { route: 'vnc', user: 'anna', address: '192.0.2.1', origin: 'https://a.example.com' };
  const answer = await ask('/tickets', { body: JSON.stringify(terms) });
  assert.equal(answer.status, 200);
  const { ticket } = await answer.json();
  const issued = await sluice.event('ticket_issued', { ...terms, server: '' });
  assert.match(issued.client, /^127\.0\.0\.1:\d+$/);

  const refusals = [
    ['/tickets', { authorization: 'Bearer hidden-guess' }, 401, /token/],
    ['/tickets', { body: '{"route": "other"}' }, 404, /route/],
    ['/reload', { method: 'PUT' }, 405, /POST/],
    [`/${'long'.repeat(200)}?token=hidden`, { method: 'DELETE' }, 405, /GET/],
  ];
  for (const [where, options, code, detail] of refusals) {
    const line = await sluice.waitFor(`the log of the refusal ${code} of ${where}`, async () => {
      assert.equal((await ask(where, options)).status, code);
      const method = options.method ?? 'POST';
      return sluice.eventsOf('admin_refused', { code, method }).find((l) => where.startsWith(l.path.slice(0, 100)));
    });
    assert.match(line.detail, detail);
    assert.match(line.client, /^127\.0\.0\.1:\d+$/);
    assert.ok(line.path.length <= 259, line.path);
  }
  assert.equal((await httpGet(sluice.adminUrl('/metrics'))).status, 200);
  assert.doesNotMatch(sluice.stdout, /hidden/);
  assert.ok(!sluice.stdout.includes(ticket), 'a ticket is a secret');
});

// ---- docs/logs.md ----

/** Every call that writes a line: [{place, event, keys}]; keys are those that stand in the call itself. */
function callsInSources() {
  const sources = ['src', 'include'].flatMap((top) =>
    readdirSync(path.join(kProjectRoot, top), { recursive: true })
      .filter((name) => /\.(cc|h)$/.test(name)).map((name) => path.join(top, name)));
  return sources.flatMap((name) => {
    const text = readFileSync(path.join(kProjectRoot, name), 'utf8');
    return [...text.matchAll(/(?:LogLevel::k\w+|\.level),\s*"(\w+)"([^;]*);/g)].map(([, event, rest]) => ({
      place: name, event, keys: [...rest.matchAll(/[{(]"(\w+)",/g)].map((m) => m[1]),
    }));
  });
}

test('docs/logs.md has every event of the sources with its fields, and no other', () => {
  const { events, fields } = readLogPage();
  const calls = callsInSources();
  assert.ok(calls.length > 30, `only ${calls.length} calls were found`);
  const faults = [];
  for (const { place, event, keys } of calls) {
    const row = events.get(event);
    if (!row) {
      faults.push(`docs/logs.md: add a row for the event '${event}' (${place}) to the table in "Events"`);
      continue;
    }
    for (const key of keys.filter((k) => ![...row.has, ...row.may].includes(k))) {
      faults.push(`docs/logs.md: add the field '${key}' (${place}) to the row of '${event}' in "Events"`);
    }
  }
  const known = new Set(calls.map(({ event }) => event));
  for (const event of events.keys()) {
    if (!known.has(event)) faults.push(`docs/logs.md: no source logs the event '${event}'; remove its row`);
  }
  const used = new Set([...events.values()].flatMap(({ has, may }) => [...has, ...may]));
  for (const field of used) {
    if (!fields.has(field)) faults.push(`docs/logs.md: add a row for the field '${field}' to the table in "Fields"`);
  }
  for (const field of [...fields.keys()].filter((f) => !['time', 'level', 'event'].includes(f))) {
    if (!used.has(field)) faults.push(`docs/logs.md: no event has the field '${field}'; remove its row from "Fields"`);
  }
  assert.deepEqual(faults, []);
});

test('a line that docs/logs.md does not describe is found', () => {
  const line = { time: 't', level: 'info', event: 'ready', workers: 2 };
  assert.deepEqual(contradictions(line), []);
  assert.match(contradictions({ ...line, event: 'other' })[0], /add a row for the event 'other'/);
  assert.match(contradictions({ ...line, level: 'error' })[0], /level 'error'/);
  assert.match(contradictions({ ...line, path: '/' })[0], /add the field 'path' to the row of 'ready'/);
  assert.match(contradictions({ ...line, other: 1 })[1], /add a row for the field 'other'/);
  assert.match(contradictions({ ...line, workers: '2' })[0], /'workers' is 'integer'/);
  assert.match(contradictions({ time: 't', level: 'info', event: 'ready' })[0], /does not always have 'workers'/);
});
