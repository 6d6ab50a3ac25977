// Which host names requests may use: what stands against DNS rebinding, where a page's Host equals its Origin.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { echo } from './lib/backends.mjs';
import { makeAuthority, makeCertificate } from './lib/certificates.mjs';
import { connectRaw, connectTls, upgradeHead } from './lib/raw_client.mjs';
import { httpGet } from './lib/metrics.mjs';
import { makeConfig, portOf, run, start, startWithArgs, tempDir } from './lib/sluice.mjs';

const kEvil = 'evil.example';

/** The response to an upgrade for `host` by a page of the same origin, as a rebound page sends it. */
async function upgradeAs(client, host, { scheme = 'http', ...options } = {}) {
  client.write(upgradeHead({ host, headers: { Origin: `${scheme}://${host}` }, ...options }));
  return client.readHead();
}

async function statusFor(t, sluice, host, options) {
  return (await upgradeAs(await connectRaw(t, sluice.port), host, options)).status;
}

/** The configuration of a test; the default of `hosts` is what is tested. */
function config(more) {
  return { hosts: undefined, backend: 'builtin:echo', ...more };
}

test('on a loopback address, a name that is not configured is refused, however it is asked', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    hosts: undefined,
    routes: [
      { name: 'main', match: { path: '/' }, backend: backend.address },
      { name: 'named', match: { path: '/named', host: '*.lab.example.com' }, backend: backend.address },
      { name: 'page', match: { path: '/page' }, static: 'builtin:console' },
    ],
  });
  for (const host of ['localhost', `localhost:${sluice.port}`, 'a.localhost', '127.0.0.1', '[::1]:80', '10.0.0.1']) {
    assert.equal(await statusFor(t, sluice, host), 101, host);
  }
  assert.equal(await statusFor(t, sluice, 'a.lab.example.com', { target: '/named' }), 101, 'the host of a route');

  const client = await connectRaw(t, sluice.port);
  client.write(upgradeHead({ host: `${kEvil}:8080`, headers: { Origin: `http://${kEvil}:8080` } }));
  const { line, body } = await client.readResponse();
  assert.equal(line, 'HTTP/1.1 421 Misdirected Request');
  assert.match(body, /^host_not_allowed: .*'hosts'/);
  const logged = await sluice.event('refused', { reason: 'host_not_allowed', code: 421 });
  assert.match(logged.host, /evil\.example/);
  assert.equal(logged.detail,
    "this listener does not serve the host name; if it is yours, add it to 'hosts' (or --host)");

  for (const target of ['/', '/page', '/nowhere', '/named']) {
    assert.equal(await statusFor(t, sluice, kEvil, { target }), 421, target);
  }
  assert.equal(await statusFor(t, sluice, 'localhost', { target: `http://${kEvil}/` }), 421, 'in absolute form');
  const page = await httpGet(sluice.httpUrl('/page'), { headers: { Host: kEvil } });
  assert.equal(page.status, 421);
  const head = await httpGet(sluice.httpUrl('/page'), { method: 'HEAD', headers: { Host: kEvil } });
  assert.equal(head.body, '');
  const refused = await sluice.metrics();
  assert.equal(refused.sum('sluice_requests_refused_total', { reason: 'host_not_allowed', code: 421 }), 8);
});

test('hosts of the file, and of a listener in its place', async (t) => {
  const sluice = await start(
    t,
    config({
      hosts: ['vnc.example.com', '*.lab.example.com'],
      listeners: [{ address: '127.0.0.1:0' }, { address: '0.0.0.0:0', hosts: ['other.example.com'] }],
    }),
  );
  const status = async (listener, host) =>
    (await upgradeAs(await connectRaw(t, portOf(sluice.address(listener))), host)).status;
  for (const [host, first, second] of [
    ['vnc.example.com', 101, 421],
    ['VNC.example.com:8080', 101, 421],
    ['a.b.lab.example.com', 101, 421],
    ['lab.example.com', 421, 421],
    ['other.example.com', 421, 101],
    ['127.0.0.1', 101, 101],
    ['localhost', 101, 101],
    [kEvil, 421, 421],
  ]) {
    assert.equal(await status(0, host), first, `${host} on the first`);
    assert.equal(await status(1, host), second, `${host} on the second`);
  }
});

test('any other listener accepts any name, and sluice warns of it; a star is an answer', async (t) => {
  const listeners = [{ address: '0.0.0.0:0' }];
  const sluice = await start(t, config({ listeners }));
  assert.equal(await statusFor(t, sluice, kEvil), 101);
  const warning = await sluice.event('open_to_any_host', { routes: 'main' });
  assert.equal(warning.level, 'warn');
  assert.match(warning.detail, /by DNS rebinding; set 'hosts', or 'host', 'origins' or 'auth' of the route$/);

  const told = await start(t, config({ listeners, hosts: ['*'] }));
  assert.equal(await statusFor(t, told, kEvil), 101);
  assert.deepEqual(told.eventsOf('open_to_any_host'), []);

  const file = path.join(tempDir(t), 'sluice.yaml');
  const check = async (more) => {
    writeFileSync(file, JSON.stringify(makeConfig(config({ listeners, ...more }))));
    const text = await run(['check', file]);
    assert.equal(text.code, 0, text.stderr);
    const strict = await run(['check', '--strict', '--format', 'json', file]);
    const warnings = JSON.parse(strict.stdout);
    assert.equal(strict.code, warnings.length === 0 ? 0 : 1);
    for (const { line, column, message } of warnings) {
      assert.ok(text.stderr.startsWith(`${file}:${line}:${column}: warning: ${message}`), text.stderr);
    }
    return warnings;
  };
  const [open, ...others] = await check({});
  assert.deepEqual(others, []);
  assert.deepEqual({ line: open.line, severity: open.severity }, { line: 1, severity: 'warning' });
  assert.equal(readFileSync(file, 'utf8').slice(open.column - 1, open.column + 14), '{"name":"main",');
  assert.match(open.message, /^route 'main' is open to any host name: a web page can reach it by DNS rebinding; set 'hosts'/);
  for (const more of [
    { hosts: ['a.example.com'] },
    { listeners: [{ address: '127.0.0.1:0' }] },
    { route: { match: { host: 'a.example.com' } } },
    { route: { origins: ['https://a.example.com'] } },
  ]) {
    assert.deepEqual(await check(more), [], JSON.stringify(more));
  }
});

test('the names in the certificates of a listener count', async (t) => {
  const authority = makeAuthority(tempDir(t));
  const certificates = [makeCertificate(authority, 'main', ['vnc.example.com', '*.lab.example.com'])];
  const sluice = await start(t, config({ listeners: [{ address: '127.0.0.1:0', tls: { certificates } }] }));
  const status = async (host) => {
    const client = await connectTls(t, sluice.port, { ca: authority.pem, servername: 'vnc.example.com' });
    return (await upgradeAs(client, host, { scheme: 'https' })).status;
  };
  assert.equal(await status('vnc.example.com'), 101);
  assert.equal(await status('a.lab.example.com'), 101);
  assert.equal(await status('localhost'), 101);
  assert.equal(await status('example.com'), 421);
  assert.equal(await status(kEvil), 421);
});

test('a page from http: is not of the origin of a TLS listener', async (t) => {
  const authority = makeAuthority(tempDir(t));
  const certificates = [makeCertificate(authority, 'main', ['localhost'])];
  const from = '127.0.0.1/32';
  const ask = async (listeners, scheme, { more = {}, headers = {} } = {}) => {
    const sluice = await start(t, config({ listeners, ...more }));
    const client = listeners[0].tls
      ? await connectTls(t, sluice.port, { ca: authority.pem, servername: 'localhost' })
      : await connectRaw(t, sluice.port);
    client.write(upgradeHead({ headers: { Origin: `${scheme}://localhost`, ...headers } }));
    return (await client.readHead()).status;
  };
  const tls = [{ address: '127.0.0.1:0', tls: { certificates } }];
  const plain = [{ address: '127.0.0.1:0' }];
  assert.equal(await ask(tls, 'https'), 101);
  assert.equal(await ask(tls, 'http'), 403);
  assert.equal(await ask(tls, 'http', { more: { route: { origins: ['http://localhost'] } } }), 101);
  // A proxy in front may end TLS; only one that is trusted is believed.
  const more = { trusted_proxies: [from] };
  const says = (proto) => ({ 'X-Forwarded-For': '192.0.2.1', 'X-Forwarded-Proto': proto });
  assert.equal(await ask(plain, 'https'), 101);
  assert.equal(await ask(plain, 'http'), 101);
  assert.equal(await ask(plain, 'http', { headers: says('https') }), 101);
  assert.equal(await ask(plain, 'http', { more, headers: says('https') }), 403);
  assert.equal(await ask(plain, 'https', { more, headers: says('https') }), 101);
  assert.equal(await ask(plain, 'http', { more, headers: says('http') }), 101);
  assert.equal(await ask(tls, 'http', { more, headers: says('http') }), 101, "the proxy's own TLS");
  const forwarded = { more: { trusted_proxies: { from: [from], header: 'forwarded' } } };
  const node = (proto) => ({ headers: { Forwarded: `for=192.0.2.1;proto=${proto}` } });
  assert.equal(await ask(plain, 'http', { ...forwarded, ...node('https') }), 403);
  assert.equal(await ask(plain, 'http', { ...forwarded, ...node('http') }), 101);
});

test('the short form: by IP address and localhost, and by names of --host', async (t) => {
  const sluice = await startWithArgs(t, ['127.0.0.1:0', 'builtin:echo']);
  assert.equal(await statusFor(t, sluice, `localhost:${sluice.port}`), 101);
  assert.equal(await statusFor(t, sluice, `127.0.0.1:${sluice.port}`), 101);
  assert.equal(await statusFor(t, sluice, kEvil), 421);
  const named = await startWithArgs(t, ['127.0.0.1:0', 'builtin:echo', '--host', 'a.example.com']);
  assert.equal(await statusFor(t, named, 'a.example.com'), 101);
  assert.equal(await statusFor(t, named, kEvil), 421);
  const open = await startWithArgs(t, ['0.0.0.0:0', 'builtin:echo']);
  assert.match((await open.event('open_to_any_host')).detail, /; give --host or --origin$/);
});

test('the admin listener answers IP addresses, localhost and its configured names', async (t) => {
  const sluice = await start(t, config({ admin: { address: '127.0.0.1:0', hosts: ['sluice'] } }));
  const port = portOf(sluice.adminAddress);
  for (const target of ['/metrics', '/healthz', '/status', '/status.html', '/nowhere']) {
    const status = async (host) => (await httpGet(sluice.adminUrl(target), { headers: { Host: host } })).status;
    const expected = target === '/nowhere' ? 404 : 200;
    for (const host of [`127.0.0.1:${port}`, '10.0.0.5:9090', '[::1]', `localhost:${port}`, 'sluice:9090']) {
      assert.equal(await status(host), expected, `${target} ${host}`);
    }
    for (const host of [kEvil, `${kEvil}:${port}`, 'sluice.evil.example']) {
      assert.equal(await status(host), 421, `${target} ${host}`);
    }
  }
  const logged = await sluice.event('admin_refused', { reason: 'host_not_allowed' });
  assert.equal(logged.host, kEvil);
  const probe = await connectRaw(t, port);
  probe.write('GET /healthz HTTP/1.0\r\n\r\n');
  assert.equal((await probe.readResponse()).status, 200, 'a health check of HTTP/1.0 names no host');
});

test('explain says that the host is refused', async (t) => {
  const authority = makeAuthority(tempDir(t));
  const certificates = [makeCertificate(authority, 'main', ['vnc.example.com'])];
  const file = path.join(tempDir(t), 'sluice.yaml');
  const listeners = [{ address: '127.0.0.1:8080' }, { address: '127.0.0.1:8443', tls: { certificates } }];
  writeFileSync(file, JSON.stringify(makeConfig(config({ listeners }))));
  const refused = await run(['explain', file, `ws://${kEvil}/`]);
  assert.equal(refused.code, 1);
  assert.match(refused.stdout, /^route: none\nanswer: 421 host_not_allowed: the host evil\.example is not in 'hosts'/);
  assert.match((await run(['explain', file, 'ws://localhost/'])).stdout, /^route: main\n/);
  assert.match((await run(['explain', file, 'wss://vnc.example.com/'])).stdout, /^route: main\n/);
  assert.equal((await run(['explain', file, 'ws://vnc.example.com/'])).code, 1);
});

test('origins of extensions, of any port and of files', async (t) => {
  const origins = ['http://localhost:*', 'moz-extension://*', 'chrome-extension://abcdefghijklmnop', 'file://'];
  const sluice = await start(t, config({ route: { origins } }));
  const status = async (origin) => {
    const client = await connectRaw(t, sluice.port);
    client.write(upgradeHead({ headers: { Origin: origin } }));
    return (await client.readHead()).status;
  };
  for (const origin of [
    'http://localhost',
    'http://localhost:5173',
    'moz-extension://0f5c1d2e-8a53-4d43-9d0c-7b0d1c2e3f40',
    'chrome-extension://abcdefghijklmnop',
    'file://',
  ]) {
    assert.equal(await status(origin), 101, origin);
  }
  for (const origin of ['https://localhost', 'http://127.0.0.1:5173', 'chrome-extension://other', 'null', kEvil]) {
    assert.equal(await status(origin), 403, origin);
  }
  const file = path.join(tempDir(t), 'sluice.yaml');
  writeFileSync(file, JSON.stringify(makeConfig(config({ route: { origins: ['wss://a.example.com'] } }))));
  const { code, stderr } = await run(['check', file]);
  assert.equal(code, 1);
  assert.match(stderr, /an origin is that of a page, not of a WebSocket: expected 'https:\/\/a\.example\.com'/);
});
