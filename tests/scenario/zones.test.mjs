// Link-local IPv6 addresses and their zones: sluice is a host of its own, which has a link to this one. Needs
// network namespaces, so root.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';

import { echo, greeter } from './lib/backends.mjs';
import { makeAuthority, makeCertificate } from './lib/certificates.mjs';
import { defer } from './lib/cleanup.mjs';
import { startDns } from './lib/dns.mjs';
import { interfaceNumber, ip, kCannotMakeNeighbours, makeNeighbour } from './lib/hosts.mjs';
import { startRedisServer } from './lib/redis.mjs';
import { kBinary, makeConfig, portOf, run, start, startWithArgs, tempDir } from './lib/sluice.mjs';
import { within } from './lib/wait.mjs';
import { openWs } from './lib/ws_client.mjs';
import { echoWs } from './lib/ws_server.mjs';

const kNeedsNeighbours = { skip: kCannotMakeNeighbours };

// Of a range for documentation (RFC 5737).
const kHere = '198.51.100.5';
const kThere = '198.51.100.6';

const kNoInterface =
  "this machine has no network interface 'sluice-none'; check the zone after the % of the address " +
  "('ip link' lists the interfaces)";

const connectTo = (host, port) => ({ createConnection: () => net.connect({ host, port }) });

async function echoes(t, host, port) {
  const client = await openWs(t, 'ws://localhost/', connectTo(host, port));
  client.send('hello');
  assert.equal((await client.receive(5)).toString(), 'hello');
  return client;
}

/** Starts sluice on the neighbour. By default its listener has an IPv4 address. */
function startThere(t, { name }, config) {
  const listener = `${kThere}:0`;
  return start(
    t,
    { workers: 2, listeners: [listener], admin: { address: listener }, ...config },
    { launcher: ['ip', 'netns', 'exec', name] },
  );
}

test('a listener, the admin listener and a server at link-local addresses', kNeedsNeighbours, async (t) => {
  const neighbour = makeNeighbour(t, kHere, kThere);
  const backend = await echo(t, { host: `fe80::1%${neighbour.zone}` });
  const listener = '[fe80::2%inside]:0';
  const server = `[fe80::1%inside]:${backend.port}`;
  const sluice = await startThere(t, neighbour, {
    listeners: [listener],
    admin: { address: listener },
    backend: server,
  });
  const client = await echoes(t, `fe80::2%${neighbour.zone}`, sluice.port);
  await client.close(1000);
  const [line] = await sluice.sessions(1);
  assert.equal(line.server, server);
  assert.match(line.client, /^\[fe80::1%inside\]:\d+$/);
  assert.match(sluice.address(), /^\[fe80::2%inside\]:\d+$/);

  const args = ['netns', 'exec', neighbour.name, kBinary, 'healthcheck', '--admin', sluice.adminAddress];
  const check = spawnSync('ip', args, { encoding: 'utf8' });
  assert.equal(check.status, 0, check.stderr);
});

test('the short form takes a zone', kNeedsNeighbours, async (t) => {
  const neighbour = makeNeighbour(t, kHere, kThere);
  const backend = await echo(t, { host: `fe80::1%${neighbour.zone}` });
  const args = ['[fe80::2%inside]:0', `[fe80::1%${neighbour.number}]:${backend.port}`];
  const sluice = await startWithArgs(t, args, { launcher: ['ip', 'netns', 'exec', neighbour.name] });
  await echoes(t, `fe80::2%${neighbour.zone}`, sluice.port);
});

test('reload and hand-over keep a listener whose zone is written as a number', kNeedsNeighbours, async (t) => {
  const neighbour = makeNeighbour(t, kHere, kThere);
  const backend = await echo(t, { host: `fe80::1%${neighbour.zone}` });
  const server = `[fe80::1%inside]:${backend.port}`;
  const file = path.join(tempDir(t), 'sluice.yaml');
  const write = (zone) =>
    writeFileSync(
      file,
      JSON.stringify(makeConfig({ listeners: [`[fe80::2%${zone}]:0`], admin: undefined, backend: server })),
    );
  write('inside');
  const sluice = await startWithArgs(t, ['--config', file], {
    launcher: ['ip', 'netns', 'exec', neighbour.name],
    expectStop: false,
  });
  const there = `fe80::2%${neighbour.zone}`;
  write(neighbour.number);
  sluice.reload();
  await sluice.event('config_reloaded');
  assert.equal(sluice.eventsOf('listening').length, 1, sluice.details());
  await echoes(t, there, sluice.port);

  write('inside');
  sluice.signal('SIGUSR2');
  const { pid } = await sluice.event('handed_over', {}, { mayExit: true });
  defer(t, () => spawnSync('kill', ['-9', `${pid}`]));
  await echoes(t, there, sluice.port);
  const ports = new Set(sluice.eventsOf('listening').map(({ address }) => portOf(address)));
  assert.deepEqual([...ports], [sluice.port], sluice.details());
  assert.deepEqual(sluice.eventsOf('socket_not_used'), []);
});

test('socket activation: the scope of a socket is that of the zone', kNeedsNeighbours, async (t) => {
  const { zone } = makeNeighbour(t, kHere, kThere);
  const host = `fe80::1%${zone}`;
  const backend = await echo(t);
  const dir = tempDir(t);
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, host, resolve));
  defer(t, () => server.close());
  const { port } = server.address();
  const file = path.join(dir, 'sluice.yaml');
  const listeners = [`[fe80::1%${interfaceNumber(zone)}]:${port}`];
  writeFileSync(file, JSON.stringify(makeConfig({ listeners, backend: backend.address })));
  const launcher = path.join(dir, 'launch');
  writeFileSync(launcher, '#!/bin/sh\nexport LISTEN_PID=$$ LISTEN_FDS=1\nexec "$@"\n');
  chmodSync(launcher, 0o755);
  const child = spawn(launcher, [kBinary, '--config', file], {
    stdio: ['ignore', 'pipe', 'inherit', server._handle],
  });
  defer(t, () => child.kill('SIGKILL'));
  let log = '';
  const ready = new Promise((resolve) =>
    child.stdout.setEncoding('utf8').on('data', (text) => (log += text).includes('"ready"') && resolve()),
  );
  await within('it to be ready', ready, { details: () => log });
  server.close();
  await echoes(t, host, port);
  assert.doesNotMatch(log, /socket_not_used/);
  assert.ok(log.includes(`"address":"[${host}]:${port}"`), log);
});

test('the zone of a WebSocket server is neither in the Host header nor in its certificate', kNeedsNeighbours, async (t) => {
  const neighbour = makeNeighbour(t, kHere, kThere);
  const authority = makeAuthority(tempDir(t));
  const certificate = makeCertificate(authority, 'server', ['fe80::1']);
  const host = `fe80::1%${neighbour.zone}`;
  const plain = await echoWs(t, { host });
  const secure = await echoWs(t, { host, certificate });
  const sluice = await startThere(t, neighbour, {
    backends: {
      plain: { servers: [`ws://[fe80::1%inside]:${plain.port}/`] },
      secure: { servers: [`wss://[fe80::1%inside]:${secure.port}/`], tls: { ca: authority.cert } },
    },
    routes: ['plain', 'secure'].map((name) => ({ name, match: { path: `/${name}` }, backend: name })),
  });
  for (const [name, service] of [['plain', plain], ['secure', secure]]) {
    const client = await openWs(t, `ws://${sluice.address()}/${name}`);
    client.send('hello');
    assert.equal((await client.receive(5)).toString(), 'hello');
    const { request } = await service.peer(0);
    assert.equal(request.headers.host, `[fe80::1]:${service.port}`);
  }
  assert.equal((await secure.peer(0)).request.socket.servername, false);
});

test('Redis and DNS at link-local addresses', kNeedsNeighbours, async (t) => {
  const neighbour = makeNeighbour(t, kHere, kThere);
  const host = `fe80::1%${neighbour.zone}`;
  const red = await greeter(t, 'red', { host: kHere });
  const dns = await startDns(t, { 'red.test': { A: [kHere] } }, { host });
  const dir = tempDir(t);
  const password = 'a password of redis';
  writeFileSync(path.join(dir, 'password'), password);
  const redis = await startRedisServer(t, { password });
  redis.cli('CONFIG', 'SET', 'bind', `127.0.0.1 ${host}`);
  redis.set('t-red', `red.test:${red.port}`);
  const store = { server: `[fe80::1%inside]:${redis.port}`, password_file: path.join(dir, 'password') };
  const sluice = await startThere(t, neighbour, {
    dns: { servers: [`[fe80::1%inside]:${dns.port}`] },
    routes: [{ name: 'main', match: { path: '/' }, backend: { from: 'token' }, auth: { token: { redis: store } } }],
  });
  const client = await openWs(t, `ws://${sluice.address()}/?token=t-red`);
  assert.equal((await client.receive(3)).toString(), 'red');
});

test('a server whose interface is not there yet is reached when it is', kNeedsNeighbours, async (t) => {
  const neighbour = makeNeighbour(t, kHere, kThere);
  const backend = await echo(t, { host: `fe80::1%${neighbour.zone}` });
  const server = `[fe80::1%sluice-none]:${backend.port}`;
  const sluice = await startThere(t, neighbour, { backend: server });
  const port = portOf(sluice.address());
  const refused = await openWs(t, 'ws://localhost/', connectTo(kThere, port));
  assert.deepEqual(await refused.waitForClose(), { code: 1014, reason: 'backend_unreachable' });
  assert.equal((await sluice.event('dial_failed')).detail, `${server}: ${kNoInterface}`);

  const there = (...args) => ip('-n', neighbour.name, ...args);
  there('link', 'set', 'inside', 'down');
  there('link', 'set', 'inside', 'name', 'sluice-none');
  there('link', 'set', 'sluice-none', 'up');
  there('addr', 'add', 'fe80::2/64', 'dev', 'sluice-none', 'nodad');
  await echoes(t, kThere, port);
});

test('a listener or a DNS server whose interface does not exist is an error at the start', async (t) => {
  const file = path.join(tempDir(t), 'sluice.yaml');
  for (const [config, detail] of [
    [{ listeners: ['[fe80::1%sluice-none]:0'] }, 'cannot listen on [fe80::1%sluice-none]:0'],
    [{ dns: { servers: ['fe80::1%sluice-none'] } }, 'cannot use the DNS server [fe80::1%sluice-none]:53'],
  ]) {
    writeFileSync(file, JSON.stringify(makeConfig({ backend: 'builtin:echo', ...config })));
    const { code, stdout } = await run(['--config', file]);
    assert.equal(code, 1);
    assert.equal(JSON.parse(stdout.trim().split('\n').at(-1)).detail, `${detail}: ${kNoInterface}`);
  }
});

test('check names the place of a link-local address without a zone; explain shows zones', async (t) => {
  const file = path.join(tempDir(t), 'sluice.yaml');
  const write = (server) =>
    writeFileSync(file, `listeners: ["127.0.0.1:0"]\nroutes:\n  - {name: a, match: {path: /}, backend: "${server}"}\n`);
  write('[fe80::1]:5900');
  const { code, stdout, stderr } = await run(['check', file]);
  assert.equal(code, 1);
  assert.match(
    stdout + stderr,
    /sluice\.yaml:3:\d+: .*backend: '\[fe80::1\]:5900' has a link-local address without a zone; expected an interface after a %, as in \[fe80::1%eth0\]/,
  );
  write('[fe80::1%eth0]:5900');
  assert.equal((await run(['check', file])).code, 0);
  assert.match((await run(['explain', file, 'ws://localhost/'])).stdout, /\[fe80::1%eth0\]:5900/);
});

test('a server that a request or a token names has no zone', async (t) => {
  const tokens = path.join(tempDir(t), 'tokens');
  writeFileSync(tokens, 'a: [fe80::1%lo]:1\n');
  const auth = { token: { file: tokens } };
  const file = path.join(tempDir(t), 'sluice.yaml');
  writeFileSync(
    file,
    JSON.stringify(makeConfig({ routes: [{ name: 'a', match: { path: '/' }, backend: { from: 'token' }, auth }] })),
  );
  const { code, stdout, stderr } = await run(['check', file]);
  assert.equal(code, 1);
  assert.match(stdout + stderr, /tokens:1: the token has no server; expected 'token: host:port'/);
});
