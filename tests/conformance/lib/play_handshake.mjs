// Plays one opening handshake: the request as it stands, and the answer with its fields.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

import { connectRaw, kKey } from '../../scenario/lib/raw_client.mjs';
import { ping, pong } from './cases.mjs';

const kGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export async function playHandshake(t, world, lane, { request, answer }) {
  const client = await connectRaw(t, world.sluice.port);
  client.write(Buffer.from(request, 'latin1'));
  if (answer.status === 101) await expectOpen(client, answer);
  else await expectRefusal(client, answer);
}

function expectFields(head, fields) {
  for (const [name, value] of Object.entries(fields)) {
    assert.deepEqual(head.headers.get(name), value === null ? undefined : [value], `the field ${name}`);
  }
}

async function expectOpen(client, { key = kKey, fields = {} }) {
  const head = await client.readHead();
  assert.equal(head.status, 101, `the answer was ${head.line}; ${client.details()}`);
  expectFields(head, {
    upgrade: 'websocket',
    connection: 'Upgrade',
    'sec-websocket-accept': createHash('sha1')
      .update(key + kGuid)
      .digest('base64'),
    'sec-websocket-extensions': null,
    'sec-websocket-protocol': null,
    ...fields,
  });
  client.sendFrame({ opcode: ping, payload: Buffer.from('hello') });
  const answer = await client.nextFrame();
  assert.equal(answer.opcode, pong);
  assert.equal(answer.payload.toString(), 'hello');
}

/**
 * An answer, whose text starts with the reason; null: it has no content. The end of the connection
 * follows, except after a plain request (`keepsAlive`).
 */
async function expectRefusal(client, { status, reason, keepsAlive = false, fields = {} }) {
  const response = await client.readResponse();
  const shown = `the answer was ${response.line}: ${response.body}`;
  assert.equal(response.status, status, shown);
  assert.ok(reason === null ? response.body === '' : response.body.startsWith(`${reason}: `), shown);
  const closes = /\bclose\b/.test((response.headers.get('connection') ?? []).join());
  assert.equal(closes, !keepsAlive, shown);
  expectFields(response, fields);
}
