// Half-close between a client and a service that both know it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { closeFrame } from './lib/frames.mjs';
import { openRaw } from './lib/raw_client.mjs';
import { waitFor } from './lib/wait.mjs';
import { serveWs, startBefore } from './lib/ws_server.mjs';

const kHalfClose = 'x-sluice-half-close';
const kHalfCloseFrame = Buffer.from([0x8b, 0]);

/** A session between a client and a service that both know half-close; the service has ended its direction. */
async function openHalfClosed(t, route = {}) {
  const service = await serveWs(t, (socket) => {
    socket.send('all');
    socket._socket.write(kHalfCloseFrame);
  });
  service.server.on('headers', (headers) => headers.push(`Sec-WebSocket-Extensions: ${kHalfClose}`));
  const sluice = await startBefore(t, service.url(), route);
  const client = await openRaw(t, sluice, { headers: { 'Sec-WebSocket-Extensions': kHalfClose } });
  assert.equal((await client.nextFrame()).payload.toString(), 'all');
  assert.equal((await client.nextFrame()).opcode, 0xb);
  client.sendFrame({ payload: Buffer.from('late') });
  const peer = await service.peer();
  await waitFor('the message at the service', () => peer.messages.length === 1);
  return { sluice, client, peer };
}

for (const [code, reason, relayed] of [
  [1000, 'done', [1000, 'backend_closed']],
  [1011, 'broken', [1011, 'backend_reset']],
  [4001, 'my own', [4001, 'my own']],
]) {
  test(`a service that closes with ${code} after its half-close ends the session at once`, async (t) => {
    const { sluice, client, peer } = await openHalfClosed(t);
    peer.socket.close(code, reason);
    const close = await client.readClose();
    assert.deepEqual([close.code, close.reason], relayed);
    client.sendFrame({ payload: Buffer.from('too late') });
    client.write(closeFrame(code)).end();
    const [line] = await sluice.sessions();
    assert.equal(line.reason, code === 1011 ? 'backend_reset' : 'backend_closed');
    assert.equal(line.bytes_to_backend, 4, 'only what the service could take is counted');
  });
}

test('a service that vanishes after its half-close ends the session at once', async (t) => {
  const { sluice, client, peer } = await openHalfClosed(t);
  peer.socket.terminate();
  const close = await client.readClose();
  assert.deepEqual([close.code, close.reason], [1011, 'backend_reset']);
  client.write(closeFrame(1011)).end();
  const [line] = await sluice.sessions();
  assert.equal(line.detail, 'the server ended the connection without a Close frame');
});
