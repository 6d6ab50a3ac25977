// Sends messages through a route whose backend echoes bytes, and holds what comes back to what went.
import assert from 'node:assert/strict';

import { assertSameBytes, KiB, MiB, pattern, utf8Text } from './bytes.mjs';
import { waitFor } from './wait.mjs';

/** `length_prefixed` with which messages and their types survive an echo of bytes. */
export const kSurviving = { length_prefixed: { size: 'u32', type_byte: true } };

export const kMessageSizes = [
  0, 1, 125, 126, 1023, 1024, 65535, 65536, 64 * KiB + 1, 300_000, MiB, 3 * MiB,
];

/** Text and binary messages of all `sizes`, some easy to compress and some not. */
export function messagesOf(sizes) {
  return sizes.flatMap((size) => [pattern(size, size + 1), utf8Text(size), 'x'.repeat(size)]);
}

/** Sends `messages` and waits for all of them; each must come back as it was, and of its type. */
export async function assertEchoed(client, messages) {
  client.clear();
  for (const message of messages) client.send(message);
  await waitForMessages(client, messages.length);
  for (const [i, sent] of messages.entries()) {
    const { data, isBinary } = client.messages[i];
    assert.equal(isBinary, typeof sent !== 'string', `the type of message ${i}`);
    assertSameBytes(data, Buffer.from(sent), `message ${i}`);
  }
  assert.equal(client.messages.length, messages.length);
}

/** Waits until `count` messages have come, and returns them. */
export async function waitForMessages(client, count) {
  await waitFor(
    `${count} messages`,
    () => {
      if (client.messages.length >= count) return true;
      if (client.closeEvent) throw new Error('the connection closed too early');
      return false;
    },
    { details: () => client.details() },
  );
  return client.messages;
}
