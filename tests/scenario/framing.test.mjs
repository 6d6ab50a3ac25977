// Message-minded clients in front of services that speak a stream of bytes.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { echo, listen } from './lib/backends.mjs';
import { KiB, pattern } from './lib/bytes.mjs';
import { assertEchoed, kMessageSizes, kSurviving, messagesOf, waitForMessages } from './lib/framed.mjs';
import { start } from './lib/sluice.mjs';
import { openWs } from './lib/ws_client.mjs';

test('messages and their types survive a service that echoes bytes', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address, route: { framing: kSurviving } });
  const client = await openWs(t, sluice.url());
  await assertEchoed(client, messagesOf(kMessageSizes));
  await client.close();
});

test('fragments come back as one message', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address, route: { framing: kSurviving } });
  const client = await openWs(t, sluice.url());
  client.send('Gr', { fin: false });
  client.send('', { fin: false });
  client.send('ün', { fin: true });
  client.send(Buffer.alloc(0), { fin: false });
  client.send(Buffer.from('b'), { fin: true });
  const messages = await waitForMessages(client, 2);
  assert.deepEqual(
    messages.map(({ data, isBinary }) => [data.toString(), isBinary]),
    [
      ['Grün', false],
      ['b', true],
    ],
  );
  await client.close();
});

for (const size of ['u8', 'u16', 'u32']) {
  for (const order of ['big', 'little']) {
    test(`length_prefixed ${size} ${order}, with the header counted`, async (t) => {
      const backend = await echo(t);
      const framing = {
        length_prefixed: { size, order, type_byte: true, includes_header: true },
      };
      const sluice = await start(t, { backend: backend.address, route: { framing } });
      const client = await openWs(t, sluice.url());
      const longest = { u8: 255 - 2, u16: 65535 - 3, u32: 100_000 }[size];
      await assertEchoed(client, messagesOf([0, 1, 125, longest]));
      const service = await backend.peer();
      assert.equal(
        service.received().readUIntBE(order === 'big' ? Number(size.slice(1)) / 8 - 1 : 0, 1),
        Number(size.slice(1)) / 8 + 1,
        'the length of an empty message is that of its header',
      );
      await client.close();
    });
  }
}

test('5000 messages sent without waiting', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address, route: { framing: kSurviving } });
  const client = await openWs(t, sluice.url());
  await assertEchoed(
    client,
    Array.from({ length: 5000 }, (_, i) => pattern((i * 37) % 700, i + 1)),
  );
  await client.close();
});

/** Answers each line with `you said LINE`, ends of lines being LF. */
function lineService(t) {
  return listen(t, ({ socket }) => {
    let rest = '';
    socket.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\r\n');
      rest = lines.pop();
      for (const line of lines) socket.write(`you said ${line}\n`);
    });
  });
}

test('a service of lines', async (t) => {
  const backend = await lineService(t);
  const sluice = await start(t, { backend: backend.address, route: { framing: 'lines' } });
  const client = await openWs(t, sluice.url());
  client.send('NICK sluice');
  client.send(Buffer.from('JOIN #a\r\n'));
  client.send('');
  const messages = await waitForMessages(client, 3);
  assert.deepEqual(
    messages.map(({ data, isBinary }) => [data.toString(), isBinary]),
    [
      ['you said NICK sluice', false],
      ['you said JOIN #a', false],
      ['you said ', false],
    ],
  );
  await client.close();
});

for (const [protocol, isBinary] of [
  ['text.ircv3.net', false],
  ['binary.ircv3.net', true],
]) {
  test(`${protocol} chooses the type of the messages`, async (t) => {
    const backend = await lineService(t);
    const framing = { lines: { type: isBinary ? 'text' : 'binary' } };
    const sluice = await start(t, { backend: backend.address, route: { framing } });
    const client = await openWs(t, sluice.url(), { protocols: [protocol] });
    assert.equal(client.socket.protocol, protocol);
    client.send('PING');
    const [message] = await waitForMessages(client, 1);
    assert.equal(message.isBinary, isBinary);
    await client.close();
  });
}

test('a stream of text is cut between characters alone', async (t) => {
  const text = 'Grüße, 世界 🌐\n'.repeat(20_000);
  const backend = await listen(t, ({ socket }) => socket.end(text));
  const sluice = await start(t, {
    backend: backend.address,
    route: { framing: { stream: { type: 'text' } } },
  });
  const client = await openWs(t, sluice.url()); // `ws` closes with 1007 where a message is no text.
  assert.deepEqual(await client.waitForClose(), { code: 1000, reason: 'backend_closed' });
  assert.ok(client.messages.every(({ isBinary }) => !isBinary));
  assert.equal(client.received().toString(), text);
});

test('no command hides behind a line end', async (t) => {
  const backend = await listen(t);
  const sluice = await start(t, { backend: backend.address, route: { framing: 'lines' } });
  const client = await openWs(t, sluice.url());
  client.send('PRIVMSG #a :hello');
  client.send('PRIVMSG #a :hello\r\nQUIT');
  assert.deepEqual(await client.waitForClose(), { code: 1008, reason: 'line_end_in_message' });
  const service = await backend.peer();
  await service.waitForFin();
  assert.equal(service.received().toString(), 'PRIVMSG #a :hello\r\n');
  const [line] = await sluice.sessions();
  assert.equal(line.reason, 'line_end_in_message');
  assert.equal(line.fault, 'client');
});

test('a message over limits.message ends the session with 1009', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, {
    backend: backend.address,
    route: { framing: kSurviving, limits: { message: '64KiB' } },
  });
  const client = await openWs(t, sluice.url());
  await assertEchoed(client, [pattern(64 * KiB)]);
  client.send(pattern(64 * KiB + 1));
  assert.deepEqual(await client.waitForClose(), { code: 1009, reason: 'message_too_big' });
  await sluice.metric('sluice_sessions_closed_total', { reason: 'message_too_big', code: '1009' }, 1);
});

/** What the backend sends, and what comes of it. */
const kBackendFaults = [
  ['an unknown type', kSurviving, [0, 0, 0, 0, 7], 1011, 'backend_framing'],
  ['a message cut short', kSurviving, [0, 0, 0, 9, 1, 0x61], 1011, 'backend_framing'],
  ['too long a message', kSurviving, [0xff, 0, 0, 0, 1], 1009, 'backend_message_too_big'],
  ['text that is not UTF-8', 'lines', [0xff, 0x0a], 1007, 'backend_invalid_utf8'],
  ['a stream that is no text', { stream: { type: 'text' } }, [0x61, 0xff], 1007, 'backend_invalid_utf8'],
];
for (const [what, framing, bytes, code, reason] of kBackendFaults) {
  test(`${what} from the backend`, async (t) => {
    const backend = await listen(t, ({ socket }) => socket.end(Buffer.from(bytes)));
    const sluice = await start(t, { backend: backend.address, route: { framing } });
    const client = await openWs(t, sluice.url());
    assert.deepEqual(await client.waitForClose(), { code, reason });
    const [line] = await sluice.sessions();
    assert.equal(line.reason, reason);
    assert.equal(line.fault, 'backend');
    await sluice.metric('sluice_sessions_closed_total', { reason, code: String(code) }, 1);
  });
}
