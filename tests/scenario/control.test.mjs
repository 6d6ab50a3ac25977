// What an operator sees when all workers are asked: an answer of all of them, or one in bounded time that names
// the workers that are missing from it.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { echo } from './lib/backends.mjs';
import { pattern } from './lib/bytes.mjs';
import { connectRaw } from './lib/raw_client.mjs';
import { makeConfig, portOf, start, startWithArgs, tempDir } from './lib/sluice.mjs';
import { holdLastWorker, mayHoldThreads } from './lib/threads.mjs';
import { within } from './lib/wait.mjs';
import { openWs, refusedWs } from './lib/ws_client.mjs';

const kToken = 'a token of the admin, for this test';
const kSkip = { skip: !mayHoldThreads && 'may not stop threads (ptrace)' };

async function getStatus(sluice) {
  const answer = await fetch(sluice.adminUrl('/status'));
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'application/json');
  return answer.json();
}

/** sluice with two workers and an admin with a token, and a function that reloads it with `next`. */
async function startReloadable(t) {
  const backend = await echo(t);
  const dir = tempDir(t);
  const tokenFile = path.join(dir, 'token');
  writeFileSync(tokenFile, kToken, { mode: 0o600 });
  const config = makeConfig({
    admin: { address: '127.0.0.1:0', token_file: tokenFile },
    routes: [{ name: 'old', match: { path: '/old' }, backend: backend.address }],
  });
  const file = path.join(dir, 'sluice.yaml');
  writeFileSync(file, JSON.stringify(config));
  const sluice = await startWithArgs(t, ['--config', file]);
  const reload = async (name) => {
    const route = { name, match: { path: `/${name}` }, backend: backend.address };
    writeFileSync(file, JSON.stringify({ ...config, routes: [route] }));
    const answer = await fetch(sluice.adminUrl('/reload'), {
      method: 'POST',
      headers: { Authorization: `Bearer ${kToken}` },
    });
    return { status: answer.status, body: await answer.json() };
  };
  return { sluice, reload };
}

test('/status counts the sessions of all workers while they relay', async (t) => {
  const backend = await echo(t);
  const sluice = await start(t, { backend: backend.address });
  const clients = await Promise.all(Array.from({ length: 12 }, () => openWs(t, sluice.url())));
  const data = pattern(3_000_000);
  for (const client of clients) client.send(data);
  for (let i = 0; i < 10; ++i) {
    const status = await getStatus(sluice);
    assert.deepEqual(status.routes, [{ name: 'main', sessions: 12 }]);
    assert.equal(status.silent_workers, undefined);
  }
  for (const client of clients) await client.receive(data.length);
  for (const client of clients) await client.close();
  await sluice.sessions(12);
  assert.deepEqual((await getStatus(sluice)).routes, [{ name: 'main', sessions: 0 }]);
});

test('a reload is answered when every worker has the new configuration', async (t) => {
  const { sluice, reload } = await startReloadable(t);
  const old = await openWs(t, sluice.url('/old'));
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    assert.deepEqual(await reload(name), { status: 200, body: { result: 'reloaded', warnings: 0 } });
    // Connections go to both workers in turn.
    const refused = await Promise.all(Array.from({ length: 4 }, () => refusedWs(t, sluice.url('/old'))));
    assert.deepEqual(refused.map(({ status }) => status), [404, 404, 404, 404]);
    await (await openWs(t, sluice.url(`/${name}`))).close();
  }
  // The route that is gone is shown after the routes of the file, as long as it has sessions.
  await sluice.sessions(5);
  assert.deepEqual((await getStatus(sluice)).routes, [{ name: 'e', sessions: 0 }, { name: 'old', sessions: 1 }]);
  await old.close();
});

test('a worker that is stuck is named, and keeps no answer back', kSkip, async (t) => {
  const { sluice, reload } = await startReloadable(t);
  const release = await holdLastWorker(t, sluice);
  const began = performance.now();
  const [status, reloaded] = await Promise.all([getStatus(sluice), reload('new')]);
  const took = performance.now() - began;
  assert.deepEqual(status.silent_workers, [1]);
  assert.equal(status.routes.length, 1);
  assert.deepEqual(reloaded, { status: 202, body: { result: 'reloaded', warnings: 0, silent_workers: [1] } });
  assert.ok(took > 4000 && took < 15_000, `it took ${took} ms`);
  assert.equal((await sluice.event('worker_silent')).worker, 1);

  // What it was asked to do, it does when it continues.
  await release();
  assert.equal((await getStatus(sluice)).silent_workers, undefined);
  for (let i = 0; i < 4; ++i) assert.equal((await refusedWs(t, sluice.url('/old'))).status, 404);
});

test('a client that leaves before the answer, or stays silent after it, holds nothing', kSkip, async (t) => {
  const { sluice } = await startReloadable(t);
  const release = await holdLastWorker(t, sluice);
  for (const leave of ['end', 'reset']) {
    const client = await connectRaw(t, portOf(sluice.adminAddress));
    client.write('GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n');
    client[leave]();
  }
  assert.deepEqual((await getStatus(sluice)).silent_workers, [1]);
  await release();
  assert.equal((await getStatus(sluice)).silent_workers, undefined);
});

test('SIGTERM ends the process in bounded time though a worker is stuck', kSkip, async (t) => {
  const backend = await echo(t);
  const sluice = await start(
    t,
    { backend: backend.address, defaults: { timeouts: { drain: '1s' } } },
    { expectStop: false },
  );
  await holdLastWorker(t, sluice);
  sluice.signal('SIGTERM');
  const status = await within('the exit', sluice.exited, { details: () => sluice.details() });
  assert.equal(status.code, 1, sluice.details());
  assert.equal(sluice.eventsOf('worker_silent', { worker: 1 }).length, 1);
  assert.equal(sluice.eventsOf('stopped').length, 0);
});
