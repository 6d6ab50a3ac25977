// What sluice holds in memory, measured on the real program and printed as a table:
//   bulk   1 GiB each way through one session: the peak above the start, and that every byte is right
//   stall  a client that stops reading for 10 s while the backend pushes: growth, and that nothing is lost
//
//   node bench/memory.mjs [bulk|stall]...      SLUICE_BIN=build/release/sluice
//
// Memory is the resident set of /proc/PID/smaps_rollup: every page that the process has, private or shared
// (a share, Pss, would change when another program that uses the same libraries starts or ends). What the
// kernel keeps for sockets is not in it.
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const binary = path.resolve(process.env.SLUICE_BIN ?? path.join(root, 'build/release/sluice'));
const { WebSocket } = createRequire(path.join(root, 'tests/scenario/'))('ws');

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;

function resident(pid) {
  return Number(/^Rss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]) * KiB;
}

/** Samples the memory of `pid` until stopped; returns the highest figure seen. */
function watchPeak(pid) {
  let peak = resident(pid);
  const timer = setInterval(() => (peak = Math.max(peak, resident(pid))), 20);
  return () => {
    clearInterval(timer);
    return Math.max(peak, resident(pid));
  };
}

async function listen(onConnection) {
  const server = net.createServer({ allowHalfOpen: true }, onConnection);
  await new Promise((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 8192 }, resolve));
  return server;
}

async function startSluice(backendPort) {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'sluice-bench-'));
  const file = path.join(dir, 'sluice.yaml');
  writeFileSync(
    file,
    JSON.stringify({
      workers: 1,
      listeners: ['127.0.0.1:0'],
      routes: [{ name: 'bench', match: { path: '/**' }, backend: `127.0.0.1:${backendPort}` }],
    }),
  );
  const child = spawn(binary, ['--config', file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise((resolve, reject) => {
    let text = '';
    let found;
    child.on('exit', (code) => reject(new Error(`sluice ended with ${code}\n${text}`)));
    child.stdout.on('data', (data) => {
      if (found) return;
      text += data;
      if (!text.includes('"event":"ready"')) return;
      found = Number(/"event":"listening".*?"address":"127\.0\.0\.1:(\d+)"/.exec(text)[1]);
      resolve(found);
    });
  });
  const stop = () => {
    child.removeAllListeners('exit');
    child.kill('SIGKILL');
    rmSync(dir, { recursive: true });
  };
  return { port, pid: child.pid, stop };
}

const report = (name, text) => console.log(`${name.padEnd(6)} ${text}`);
const inMiB = (bytes) => `${(bytes / MiB).toFixed(2)} MiB`;

async function bulk() {
  const chunk = randomBytes(1 * MiB);
  const expected = createHash('sha256');
  for (let i = 0; i < GiB / MiB; ++i) expected.update(chunk);
  const want = expected.digest('hex');
  const received = createHash('sha256'); // What the backend got.
  let receivedBytes = 0;
  const backendDone = deferred();
  const backend = await listen((socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => {
      received.update(data);
      receivedBytes += data.length;
      if (receivedBytes === GiB) backendDone.resolve();
    });
    let sent = 0;
    const push = () => {
      while (sent < GiB) {
        sent += MiB;
        if (!socket.write(chunk)) return socket.once('drain', push);
      }
    };
    push();
  });
  const sluice = await startSluice(backend.address().port);
  await delay(300);
  const start = resident(sluice.pid);
  const stopWatching = watchPeak(sluice.pid);
  const client = new WebSocket(`ws://127.0.0.1:${sluice.port}/`, { perMessageDeflate: false });
  const got = createHash('sha256');
  let gotBytes = 0;
  const clientDone = deferred();
  client.on('message', (data) => {
    got.update(data);
    gotBytes += data.length;
    if (gotBytes === GiB) clientDone.resolve();
  });
  await new Promise((resolve, reject) => client.on('open', resolve).on('error', reject));
  const upload = (async () => {
    for (let i = 0; i < GiB / MiB; ++i) await new Promise((resolve) => client.send(chunk, resolve));
  })();
  await Promise.all([upload, clientDone.promise, backendDone.promise]);
  const peak = stopWatching();
  const ok = got.digest('hex') === want && received.digest('hex') === want;
  report('bulk', `1 GiB each way: ${inMiB(peak - start)} above the start (${inMiB(start)}), sha256 ${ok ? 'equal' : 'DIFFERENT'}`);
  if (!ok) process.exitCode = 1;
  client.terminate();
  sluice.stop();
  backend.close();
}

async function stall() {
  const kStall = 10_000;
  const kTotal = 256 * MiB;
  const chunk = randomBytes(1 * MiB);
  const expected = createHash('sha256');
  for (let i = 0; i < kTotal / MiB; ++i) expected.update(chunk);
  const backend = await listen((socket) => {
    socket.on('error', () => {});
    let sent = 0;
    const push = () => {
      while (sent < kTotal) {
        sent += MiB;
        if (!socket.write(chunk)) return socket.once('drain', push);
      }
      socket.end();
    };
    push();
  });
  const sluice = await startSluice(backend.address().port);
  // Pages of the program and its libraries that the first session of all loads are not its growth.
  const first = new WebSocket(`ws://127.0.0.1:${sluice.port}/`, { perMessageDeflate: false });
  await new Promise((resolve) => first.on('open', () => first.close()).on('close', resolve));
  await delay(300);
  const client = new WebSocket(`ws://127.0.0.1:${sluice.port}/`, { perMessageDeflate: false });
  const start = resident(sluice.pid);
  const stopWatching = watchPeak(sluice.pid);
  const got = createHash('sha256');
  let gotBytes = 0;
  client.on('message', (data) => {
    got.update(data);
    gotBytes += data.length;
  });
  await new Promise((resolve, reject) => client.on('open', resolve).on('error', reject));
  client.pause();
  const atPause = gotBytes;
  await delay(kStall);
  const growth = stopWatching() - start;
  client.resume();
  const closed = await new Promise((resolve) => client.on('close', (code) => resolve(code)));
  const ok = gotBytes === kTotal && got.digest('hex') === expected.digest('hex') && closed === 1000;
  report('stall', `client silent for ${kStall / 1000} s: ${inMiB(growth)} growth; then ${ok ? 'every byte arrived' : 'BYTES LOST'}` +
    ` (${inMiB(gotBytes - atPause)} of ${inMiB(kTotal)} after the pause, Close ${closed})`);
  if (!ok) process.exitCode = 1;
  sluice.stop();
  backend.close();
}

function deferred() {
  const d = {};
  d.promise = new Promise((resolve, reject) => Object.assign(d, { resolve, reject }));
  return d;
}

const all = { bulk, stall };
const chosen = process.argv.slice(2);
for (const name of chosen.length ? chosen : Object.keys(all)) {
  if (!all[name]) {
    console.error(`unknown measurement '${name}'; known: ${Object.keys(all).join(', ')}`);
    process.exit(2);
  }
  await all[name]();
}
process.exit();
