// What a day of operation does to a gateway, all at once, under 500 sessions that echo all the time: reloads, a
// server that dies and comes back, a certificate that is swapped, and a new process that takes over. No session
// is lost that should live, no connection is refused, and no byte is wrong.
import assert from 'node:assert/strict';
import { copyFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import WebSocket from 'ws';

import { echo } from './lib/backends.mjs';
import { makeAuthority, makeCertificate } from './lib/certificates.mjs';
import { defer } from './lib/cleanup.mjs';
import { makeConfig, sanitizer, startWithArgs, tempDir } from './lib/sluice.mjs';
import { waitFor, within } from './lib/wait.mjs';

const kSessions = sanitizer ? 100 : 500;
const kReloads = 20;
/** Sessions on the server that dies: they have to end, and no others. */
const kMortal = kSessions / 10;

/** A session that sends numbered messages, each when the last has come back, and checks what comes. */
class Echoer {
  constructor(url, options, name) {
    this.name = name;
    this.echoes = 0;
    this.next = 0;
    this.fault = undefined;
    this.closed = undefined;
    this.socket = new WebSocket(url, options);
    this.opened = new Promise((resolve) => this.socket.once('open', resolve));
    this.socket.on('error', (error) => (this.fault ??= `${error}`));
    this.socket.on('close', (code, reason) => (this.closed = { code, reason: `${reason}` }));
    this.waiting = Buffer.alloc(0);
    this.socket.on('message', (data) => this.#take(data));
  }

  #message() {
    const text = `${this.name}:${this.next}:`;
    return Buffer.from(text.padEnd(text.length + ((this.next * 37) % 900), 'x'));
  }

  send() {
    this.socket.send(this.#message());
  }

  /** TCP may have cut it. */
  #take(data) {
    const expected = this.#message();
    this.waiting = Buffer.concat([this.waiting, data]);
    if (!expected.subarray(0, this.waiting.length).equals(this.waiting)) this.fault ??= `wrong bytes at ${this.next}`;
    if (this.waiting.length < expected.length) return;
    this.waiting = Buffer.alloc(0);
    ++this.next;
    ++this.echoes;
    if (this.pause) return void (this.paused = true);
    // Constant traffic, and yet a machine with few cores serves the others, too.
    setTimeout(() => this.socket.readyState === WebSocket.OPEN && this.send(), 20 + (this.next % 7) * 20);
  }
}

test(`${kSessions} sessions live through reloads, a dying server, a new certificate and a new process`, async (t) => {
  const dir = tempDir(t);
  const authority = makeAuthority(dir);
  const first = makeCertificate(authority, 'first', ['localhost']);
  const second = makeCertificate(authority, 'second', ['localhost']);
  const current = { cert: path.join(dir, 'current.crt'), key: path.join(dir, 'current.key') };
  const install = (certificate) => {
    for (const kind of ['cert', 'key']) {
      copyFileSync(certificate[kind], `${current[kind]}.new`);
      renameSync(`${current[kind]}.new`, current[kind]);
    }
  };
  install(first);

  const [steady, other] = [await echo(t, { keep: false }), await echo(t, { keep: false })];
  let mortal = await echo(t, { keep: false });
  const file = path.join(dir, 'sluice.yaml');
  const config = makeConfig({
    listeners: [{ address: '127.0.0.1:0' }, { address: '127.0.0.1:0', tls: { certificates: [current] } }],
    backends: {
      pool: { servers: [steady.address, other.address], balance: 'least_sessions' },
      mortal: { servers: [mortal.address, steady.address], balance: 'round_robin', eject: { after: 1, for: '1s' } },
    },
    routes: [
      { name: 'pool', match: { path: '/pool' }, backend: 'pool' },
      { name: 'mortal', match: { path: '/mortal' }, backend: 'mortal' },
    ],
  });
  const write = (next) => writeFileSync(file, JSON.stringify(next));
  write(config);
  const sluice = await startWithArgs(t, ['--config', file], { expectStop: false });
  const pids = [sluice.pid];
  defer(t, () => {
    for (const pid of pids.slice(1)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
  });
  const [plain, secure] = [0, 1].map((i) => sluice.address(i));
  const trust = { ca: authority.pem, servername: 'localhost', perMessageDeflate: false };
  const urlOf = (i, route) => (i % 4 === 0 ? `wss://${secure}/${route}` : `ws://${plain}/${route}`);

  const echoers = [];
  const open = (i, route = 'pool') => {
    const echoer = new Echoer(urlOf(i, route), trust, `${route}-${i}`);
    defer(t, () => echoer.socket.terminate());
    return echoer;
  };
  const start = async (echoer) => {
    await within(`${echoer.name} to open`, echoer.opened, { details: () => `${echoer.fault}` });
    echoer.send();
    return echoer;
  };
  for (let i = 0; i < kSessions; i += 50) {
    const batch = Array.from({ length: Math.min(50, kSessions - i) }, (_, j) => open(i + j));
    echoers.push(...(await Promise.all(batch.map(start))));
  }
  const doomed = await Promise.all(Array.from({ length: kMortal }, (_, i) => start(open(1 + 4 * i, 'mortal'))));

  // Newcomers all the time, each of whom must be let in and answered.
  const newcomers = { count: 0, faults: [], stop: false, mayDie: false, died: 0 };
  defer(t, () => (newcomers.stop = true));
  const knocking = (async () => {
    while (!newcomers.stop) {
      const route = newcomers.count % 3 === 0 ? 'mortal' : 'pool';
      const mayDie = route === 'mortal' && newcomers.mayDie;
      const echoer = open(newcomers.count, route);
      await Promise.race([echoer.opened, new Promise((resolve) => echoer.socket.once('close', resolve))]);
      if (echoer.socket.readyState === WebSocket.OPEN) {
        echoer.send();
        await waitFor('an echo', () => echoer.echoes > 0 || echoer.closed || echoer.fault);
      }
      // Who came to the dying server in its last moment had a session, and loses it like the others.
      if (echoer.echoes === 0 && (mayDie || (route === 'mortal' && newcomers.mayDie)) && !echoer.fault) {
        await waitFor('its end', () => echoer.closed);
        if ([1000, 1011].includes(echoer.closed.code)) ++newcomers.died;
        else newcomers.faults.push(`${echoer.name}: ${JSON.stringify(echoer.closed)}`);
      } else if (echoer.echoes === 0) newcomers.faults.push(`${echoer.name}: ${JSON.stringify(echoer.closed)} ${echoer.fault}`);
      echoer.socket.close(1000);
      ++newcomers.count;
    }
  })();

  const progress = async (what) => {
    const before = echoers.map((echoer) => echoer.echoes);
    await waitFor(`every session to go on after ${what}`, () =>
      echoers.every((echoer, i) => echoer.echoes > before[i] || echoer.fault || echoer.closed),
    );
    const faulty = echoers.filter((echoer) => echoer.fault || echoer.closed);
    assert.deepEqual(faulty.map((e) => [e.name, e.fault, e.closed]), [], `after ${what}`);
  };
  await progress('the start');

  for (let i = 1; i <= kReloads; ++i) {
    write({ ...config, routes: [...config.routes, { name: `extra-${i}`, match: { path: `/extra/${i}` }, backend: 'pool' }] });
    sluice.reload();
    await sluice.waitFor(`reload ${i}`, () => sluice.eventsOf('config_reloaded').length >= i);
  }
  await progress(`${kReloads} reloads`);

  install(second);
  sluice.reload();
  await sluice.event('certificates_reloaded');
  await progress('a new certificate');

  // The server dies with its sessions, and only those; who comes meanwhile gets the other one.
  const { address } = mortal;
  const ofMortal = mortal.peers.length;
  assert.ok(ofMortal >= kMortal / 2 - 1, `${ofMortal} sessions`);
  newcomers.mayDie = true;
  await mortal.kill();
  await sluice.event('server_ejected', { server: address });
  newcomers.mayDie = false;
  await progress('the death of a server');
  mortal = await echo(t, { keep: false, port: Number(address.split(':')[1]) });
  await waitFor('the server that has returned to be used', () => mortal.peers.length > 0);
  await progress('the return of a server');

  sluice.child.kill('SIGUSR2');
  pids.push((await sluice.event('handed_over')).pid);
  await progress('a hand-over');
  const alive = doomed.filter((echoer) => !echoer.closed);
  assert.ok(alive.length >= kMortal / 2 - 1, 'those on the other server live');
  for (const echoer of doomed.filter((one) => one.closed)) {
    assert.ok([1000, 1011].includes(echoer.closed.code), JSON.stringify(echoer.closed));
  }

  newcomers.stop = true;
  await knocking;
  assert.deepEqual(newcomers.faults, []);
  assert.ok(newcomers.died <= 3, `${newcomers.died} newcomers died with the server`);
  for (const echoer of [...echoers, ...alive]) echoer.pause = true;
  await waitFor('the last echoes', () => [...echoers, ...alive].every((echoer) => echoer.paused));
  assert.deepEqual([...echoers, ...alive].filter((e) => e.fault || e.closed).map((e) => e.name), []);
  const total = echoers.reduce((sum, echoer) => sum + echoer.echoes, 0);
  t.diagnostic(`${total} echoes in ${echoers.length} sessions, ${newcomers.count} newcomers, none lost`);

  for (const echoer of [...echoers, ...alive]) echoer.socket.close(1000);
  process.kill(pids[1], 'SIGTERM');
  const status = await within('both processes to end', sluice.exited, { details: () => sluice.stderr });
  assert.equal(status.code, 0);
  assert.equal(sluice.eventsOf('stopped').length, 2);
  sluice.assertNoSanitizerReport();
});
