// A new process takes over the listening sockets of the one that runs (SIGUSR2), or gets them from systemd:
// nobody is refused, and sessions end where they began.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';

import { echo } from './lib/backends.mjs';
import { defer } from './lib/cleanup.mjs';
import { httpGet } from './lib/metrics.mjs';
import { kBinary, makeConfig, run, start, startWithArgs, tempDir } from './lib/sluice.mjs';
import { within } from './lib/wait.mjs';
import { openWs } from './lib/ws_client.mjs';

/** Hands over, and returns the pid of the new process, which is ended after the test. */
async function handOver(t, sluice) {
  const before = sluice.eventsOf('handed_over').length;
  sluice.child.kill('SIGUSR2');
  const line = await sluice.waitFor('the hand-over', () => sluice.eventsOf('handed_over')[before], {
    mayExit: true,
  });
  defer(t, () => {
    try {
      process.kill(line.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  });
  return line.pid;
}

async function expectEcho(client, text) {
  client.clear();
  client.send(text);
  assert.equal((await client.receive(text.length)).toString(), text);
}

test('SIGUSR2: the old process sees its sessions to their end, the new one takes newcomers', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address }, { expectStop: false });
  const url = sluice.url();
  const admin = sluice.adminUrl('/metrics');
  const old = await openWs(t, url);
  await expectEcho(old, 'before');
  const silent = net.connect(sluice.port, '127.0.0.1');
  await new Promise((resolve) => silent.once('connect', resolve));
  const pid = await handOver(t, sluice);
  assert.notEqual(pid, sluice.pid);
  await expectEcho(old, 'after');
  const fresh = await openWs(t, url);
  await expectEcho(fresh, 'new');

  // The new one answers on the admin's port, and has one session.
  await sluice.waitFor('the new process to answer alone', async () => {
    const { body } = await httpGet(admin);
    return /sluice_sessions_active\{route="main"\} 1\n/.test(body) && /sluice_sessions_opened_total\{route="main"\} 1\n/.test(body);
  });
  // Who had connected before, and said nothing yet, is served by the old one.
  const answer = new Promise((resolve) => silent.once('data', (data) => resolve(data.toString())));
  silent.write(
    'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  assert.match(await within('an answer', answer), /^HTTP\/1\.1 101 /);
  silent.destroy();
  assert.equal(sluice.exitStatus, undefined);
  await old.close(1000);
  process.kill(pid, 'SIGTERM');
  assert.equal((await fresh.waitForClose()).code, 1012);
  const status = await within('both to end', sluice.exited, { details: () => sluice.details() });
  assert.equal(status.code, 0, sluice.details());
  assert.equal(sluice.eventsOf('stopped').length, 2);
});

test('the program at the same path is the one that takes over, with the file as it is now', async (t) => {
  const backend = await echo(t);
  const dir = tempDir(t);
  const program = path.join(dir, 'sluice');
  copyFileSync(kBinary, program);
  const file = path.join(dir, 'sluice.yaml');
  const config = makeConfig({ backend: backend.address, workers: 2 });
  writeFileSync(file, JSON.stringify(config));
  const sluice = await startWithArgs(t, ['--config', file], {
    expectStop: false,
    launcher: ['sh', '-c', 'shift; exec "$0" "$@"', program],
  });
  const url = sluice.url('/');
  // More workers, fewer workers: every socket is accepted on.
  for (const workers of [3, 1]) {
    copyFileSync(kBinary, path.join(dir, 'next'));
    renameSync(path.join(dir, 'next'), program);
    writeFileSync(file, JSON.stringify({ ...config, workers }));
    if (workers === 3) {
      await handOver(t, sluice);
    } else {
      const { pid } = sluice.eventsOf('handed_over')[0];
      process.kill(pid, 'SIGUSR2');
      const line = await sluice.waitFor('the second', () => sluice.eventsOf('handed_over')[1], { mayExit: true });
      defer(t, () => process.kill(line.pid, 'SIGKILL'));
    }
    for (let i = 0; i < 30; ++i) {
      const client = await openWs(t, url);
      await expectEcho(client, `workers ${workers}, session ${i}`);
      await client.close(1000);
    }
    assert.equal(sluice.eventsOf('ready').at(-1).workers, workers);
  }
  process.kill(sluice.eventsOf('handed_over')[1].pid, 'SIGTERM');
  await within('the last to end', sluice.exited, { details: () => sluice.details() });
  assert.equal(sluice.eventsOf('stopped').length, 3, sluice.details());
});

test('hand-overs one after the other, each from the last', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address }, { expectStop: false });
  let pid = sluice.pid;
  for (let i = 0; i < 20; ++i) {
    process.kill(pid, 'SIGUSR2');
    const line = await sluice.waitFor(`hand-over ${i}`, () => sluice.eventsOf('handed_over')[i], { mayExit: true });
    pid = line.pid;
    const last = pid;
    defer(t, () => {
      try {
        process.kill(last, 'SIGKILL');
      } catch {
        // It has ended.
      }
    });
  }
  await expectEcho(await openWs(t, sluice.url()), 'the twentieth');
  process.kill(pid, 'SIGTERM');
  await within('all to end', sluice.exited, { details: () => sluice.details() });
  assert.equal(sluice.eventsOf('stopped').length, 21, sluice.details());
  sluice.assertNoSanitizerReport();
});

test('a new process that does not come up changes nothing', async (t) => {
  const backend = await echo(t);
  const dir = tempDir(t);
  const file = path.join(dir, 'sluice.yaml');
  writeFileSync(file, JSON.stringify(makeConfig({ backend: backend.address })));
  const sluice = await startWithArgs(t, ['--config', file]);
  writeFileSync(file, 'listeners: nowhere\n');
  sluice.child.kill('SIGUSR2');
  await sluice.event('handover_failed');
  await expectEcho(await openWs(t, sluice.url()), 'as before');
  assert.equal((await httpGet(sluice.adminUrl('/readyz'))).status, 200);
});

test('SIGUSR2: the new process sets the mode of a Unix socket that it takes over', async (t) => {
  const dir = tempDir(t);
  const socket = path.join(dir, 'http.sock');
  const file = path.join(dir, 'sluice.yaml');
  const write = (mode) =>
    writeFileSync(
      file,
      JSON.stringify(
        makeConfig({
          listeners: [{ address: '127.0.0.1:0' }, { address: `unix:${socket}`, mode }],
          backend: 'builtin:echo',
        }),
      ),
    );
  write('0600');
  const sluice = await startWithArgs(t, ['--config', file], { expectStop: false });
  assert.equal(statSync(socket).mode & 0o777, 0o600);
  write('0666');
  await handOver(t, sluice);
  assert.equal(statSync(socket).mode & 0o777, 0o666);
});

test('SIGTERM to a process that has handed over tells its sessions', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address }, { expectStop: false });
  const client = await openWs(t, sluice.url());
  const pid = await handOver(t, sluice);
  sluice.child.kill('SIGTERM');
  assert.deepEqual(await client.waitForClose(), { code: 1012, reason: 'drain' });
  process.kill(pid, 'SIGTERM');
  const status = await within('both to end', sluice.exited, { details: () => sluice.details() });
  assert.equal(status.code, 0);
});

test('SIGTERM in the middle of a hand-over ends both', async (t) => {
  const backend = await echo(t);
  for (const delay of [0, 3, 10, 30]) {
    const sluice = await start(t, { backend: backend.address }, { expectStop: false });
    sluice.child.kill('SIGUSR2');
    await new Promise((resolve) => setTimeout(resolve, delay));
    sluice.child.kill('SIGTERM');
    // The log is open as long as either lives.
    const status = await within(`both to end, ${delay} ms`, Promise.race([
      sluice.exited,
      sluice.waitFor('a new process that has taken over', () => sluice.eventsOf('handed_over')[0], { mayExit: true })
        .then(({ pid }) => (process.kill(pid, 'SIGTERM'), sluice.exited), () => sluice.exited),
    ]), { details: () => sluice.details() });
    assert.equal(status.code, 0, sluice.details());
    sluice.assertNoSanitizerReport();
  }
});

test('why a new process did not come up is in the log', async (t) => {
  const backend = await echo(t);
  const taken = await echo(t);
  const dir = tempDir(t);
  const file = path.join(dir, 'sluice.yaml');
  const config = makeConfig({ backend: backend.address });
  writeFileSync(file, JSON.stringify(config));
  const sluice = await startWithArgs(t, ['--config', file]);
  writeFileSync(file, JSON.stringify({ ...config, listeners: [...config.listeners, { address: taken.address }] }));
  for (let i = 1; i <= 5; ++i) {
    sluice.child.kill('SIGUSR2');
    await sluice.waitFor(`failure ${i}`, () => sluice.eventsOf('handover_failed').length === i);
    await sluice.waitFor(`reason ${i}`, () => sluice.eventsOf('start_failed').length === i);
  }
  assert.match(sluice.eventsOf('start_failed')[0].detail, /Address already in use/);
});

test('socket activation and notification as systemd does them', async (t) => {
  const backend = await echo(t);
  const dir = tempDir(t);
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  const file = path.join(dir, 'sluice.yaml');
  const config = makeConfig({ backend: backend.address, listeners: [{ address: `127.0.0.1:${port}` }] });
  writeFileSync(file, JSON.stringify(config));
  const notify = path.join(dir, 'notify');
  // What systemd has listened on for it, and where it wants to be told.
  const receiver = spawn('python3', ['-c', `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
while True: print(s.recv(1000).decode(), flush=True)
`, notify], { stdio: ['ignore', 'pipe', 'inherit'] });
  defer(t, () => receiver.kill('SIGKILL'));
  let told = '';
  receiver.stdout.setEncoding('utf8').on('data', (text) => (told += text));
  await new Promise((resolve) => receiver.stdout.once('data', resolve));

  const launcher = path.join(dir, 'launch');
  writeFileSync(launcher, '#!/bin/sh\nexport LISTEN_PID=$$ LISTEN_FDS=1\nexec "$@"\n');
  chmodSync(launcher, 0o755);
  const child = spawn(launcher, [kBinary, '--config', file], {
    env: { ...process.env, NOTIFY_SOCKET: notify },
    stdio: ['ignore', 'pipe', 'inherit', server._handle],
  });
  defer(t, () => child.kill('SIGKILL'));
  let log = '';
  const ready = new Promise((resolve) =>
    child.stdout.setEncoding('utf8').on('data', (text) => (log += text).includes('"ready"') && resolve()),
  );
  await within('it to be ready', ready, { details: () => log });
  server.close();
  const exited = new Promise((resolve) => child.once('exit', resolve));
  for (let i = 0; i < 20; ++i) {
    const client = await openWs(t, `ws://127.0.0.1:${port}/`);
    await expectEcho(client, `session ${i}`);
    await client.close(1000);
  }
  assert.match(told, new RegExp(`READY=1\nMAINPID=${child.pid}\n`));
  child.kill('SIGTERM');
  assert.equal(await within('the exit', exited), 0);
  assert.match(told, /STOPPING=1/);
  rmSync(notify);
});

test('SLUICE_HANDOVER that is not from a running sluice is a clear error, and no crash', async (t) => {
  const cases = [
    ['{"told":"seven"}', /'told' is not the number of a descriptor/],
    ['{"told":999,"listeners":[]}', /'told' is not a Unix socket/],
    ['{"told":7,"listeners":[8]}', /a listener is not an object/],
    ['{"told":7,"listeners":[{"address":80}]}', /'address' of a listener is not a text/],
    ['{"told":7,"listeners":[],"admin":"9"}', /'admin' is not the number of a descriptor/],
    ['[[[', /expected a JSON object/],
  ];
  for (const [value, reason] of cases) {
    const { code, signal, stdout, stderr } = await run(['127.0.0.1:0', 'builtin:echo'], {
      env: { SLUICE_HANDOVER: value },
    });
    assert.deepEqual({ code, signal }, { code: 1, signal: null }, `${value}: ${stdout}${stderr}`);
    const [line] = stdout.trim().split('\n').map((text) => JSON.parse(text));
    assert.equal(line.event, 'start_failed');
    assert.match(line.detail, /SLUICE_HANDOVER in the environment is not from a running sluice: /);
    assert.match(line.detail, reason);
  }
});
