// A backend whose host vanishes: no FIN, no reset, just silence. Needs network namespaces, so root.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import test from 'node:test';

import { defer } from './lib/cleanup.mjs';
import { encodeFrame } from './lib/frames.mjs';
import { openRaw } from './lib/raw_client.mjs';
import { start } from './lib/sluice.mjs';
import { within } from './lib/wait.mjs';

const kHostAddress = '198.51.100.1'; // Of the range for documentation (RFC 5737), which is nobody's.
const kGuestAddress = '198.51.100.2';
const kEchoServer = `
  const server = require('net').createServer((socket) => socket.on('error', () => {}).pipe(socket));
  server.listen(0, '${kGuestAddress}', () => console.log(server.address().port));`;

let hosts = 0;

function ip(...args) {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  assert.equal(status, 0, `ip ${args.join(' ')}: ${stderr}`);
}

/** A host of the test's own; returns its name. */
function makeHost(t) {
  // A namespace that was removed may linger for a moment, and its link with it.
  const name = `sluice-${process.pid}-${++hosts}`;
  const outside = `sl${process.pid}-${hosts}`;
  ip('netns', 'add', name);
  defer(t, () => ip('netns', 'del', name));
  ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', 'inside', 'netns', name);
  defer(t, () => ip('link', 'del', outside));
  ip('addr', 'add', `${kHostAddress}/30`, 'dev', outside);
  ip('link', 'set', outside, 'up');
  ip('-n', name, 'addr', 'add', `${kGuestAddress}/30`, 'dev', 'inside');
  ip('-n', name, 'link', 'set', 'inside', 'up');
  return name;
}

async function startEcho(t, host) {
  const child = spawn('ip', ['netns', 'exec', host, process.execPath, '-e', kEchoServer]);
  defer(t, () => child.kill('SIGKILL'));
  const [port] = await within('the echo server in the namespace', once(child.stdout, 'data'));
  return `${kGuestAddress}:${Number(port)}`;
}

const kProbe = `sluice-${process.pid}`;
const mayMakeHosts =
  spawnSync('ip', ['netns', 'add', kProbe]).status === 0 &&
  spawnSync('ip', ['netns', 'del', kProbe]).status === 0;

for (const [what, sendsInto] of [
  ['with bytes under way', true],
  ['while nothing is under way', false],
]) {
  test(`a backend's host vanishes ${what}: 1011 backend_reset`, { skip: !mayMakeHosts && 'needs root and iproute2' }, async (t) => {
    const host = makeHost(t);
    const sluice = await start(t, {
      backend: await startEcho(t, host),
      defaults: { keepalive: { backend_timeout: '1s' } },
    });
    const client = await openRaw(t, sluice);
    client.write(encodeFrame({ payload: Buffer.from('there?') }));
    assert.equal((await client.readPayload(6)).toString(), 'there?');

    ip('-n', host, 'addr', 'flush', 'dev', 'inside');
    if (sendsInto) client.write(encodeFrame({ payload: Buffer.from('anybody?') }));
    const close = await client.readClose();
    assert.deepEqual([close.code, close.reason], [1011, 'backend_reset'], sluice.details());
  });
}
