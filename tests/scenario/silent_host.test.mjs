// A backend's host vanishes: no FIN, no reset, just silence. Needs network namespaces, so root.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'node:test';

import { defer } from './lib/cleanup.mjs';
import { encodeFrame } from './lib/frames.mjs';
import { ip, kCannotMakeHosts, makeHost } from './lib/hosts.mjs';
import { openRaw } from './lib/raw_client.mjs';
import { start } from './lib/sluice.mjs';
import { within } from './lib/wait.mjs';

// Of a range for documentation (RFC 5737).
const kHostAddress = '198.51.100.1';
const kGuestAddress = '198.51.100.2';
const kEchoServer = `
  const server = require('net').createServer((socket) => socket.on('error', () => {}).pipe(socket));
  server.listen(0, '${kGuestAddress}', () => console.log(server.address().port));`;

async function startEcho(t, host) {
  const child = spawn('ip', ['netns', 'exec', host, process.execPath, '-e', kEchoServer]);
  defer(t, () => child.kill('SIGKILL'));
  const [port] = await within('the echo server in the namespace', once(child.stdout, 'data'));
  return `${kGuestAddress}:${Number(port)}`;
}

for (const [what, sendsInto] of [
  ['with bytes under way', true],
  ['while nothing is under way', false],
]) {
  test(`a backend's host vanishes ${what}: 1011 backend_reset`, { skip: kCannotMakeHosts }, async (t) => {
    const host = makeHost(t, kHostAddress, kGuestAddress);
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
