// Every PromQL query of the pages returns a result from a real Prometheus that scrapes a real sluice. A query
// about something that goes wrong needs a scene here in which it goes wrong.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { deadAddress, echo } from './lib/backends.mjs';
import { makeAuthority, makeCertificate } from './lib/certificates.mjs';
import { examples, kPages, readPage } from './lib/pages.mjs';
import { startPrometheus } from './lib/prometheus.mjs';
import { kProjectRoot, start, tempDir } from './lib/sluice.mjs';
import { waitFor } from './lib/wait.mjs';
import { openWs } from './lib/ws_client.mjs';

/** Waits until Prometheus has scraped all that sluice has counted so far of these. */
async function scraped(sluice, prometheus, names) {
  const metrics = await sluice.metrics();
  for (const name of names) {
    const expected = metrics.sum(name);
    await waitFor(`Prometheus to have ${name} at ${expected}`, async () => {
      const [sum] = await prometheus.query(`sum(${name})`);
      return sum?.value >= expected;
    });
  }
}

const kCounters = [
  'sluice_backend_dials_total', 'sluice_backend_queue_wait_seconds_total', 'sluice_backend_queue_ended_total',
  'sluice_sessions_closed_total', 'sluice_ping_rtt_seconds_count', 'sluice_payload_bytes_total',
];

test('every PromQL query of the pages returns a result', async (t) => {
  const queries = examples('promql');
  assert.ok(queries.length >= 8, `only ${queries.length} queries were found`);
  const server = await echo(t);
  const dead = await deadAddress(t);
  const { cert, key } = makeCertificate(makeAuthority(tempDir(t)), 'gateway', ['localhost']);
  const good = readFileSync(cert);
  const route = (name, backend, more = {}) => ({ name, match: { path: `/${name}` }, backend, ...more });
  const sluice = await start(t, {
    workers: 1,
    listeners: [{ address: '127.0.0.1:0' }, { address: '127.0.0.1:0', tls: { certificates: [{ cert, key }] } }],
    backends: {
      pool: { servers: [{ address: server.address, max_sessions: 1 }], queue: { size: 10, timeout: '1m' } },
      gone: { servers: [dead], eject: { after: 1, for: '1h', at_most: '1h' } },
    },
    routes: [
      route('echo', server.address, { keepalive: { ping_interval: '1s', pong_timeout: '10s' } }),
      route('queued', 'pool'),
      route('dead', 'gone'),
    ],
  });
  const prometheus = await startPrometheus(t, sluice.adminAddress);

  const pinged = await openWs(t, sluice.url('/echo'));
  const play = async (round) => {
    pinged.send('hello');
    await pinged.receive(5);
    const first = await openWs(t, sluice.url('/queued'));
    const waiting = openWs(t, sluice.url('/queued'));
    await sluice.metric('sluice_backend_queue_requests', { backend: 'pool' }, 1);
    await first.close(1000);
    await (await waiting).close(1000);
    assert.equal((await (await openWs(t, sluice.url('/dead'))).waitForClose()).code, 1014);
    await sluice.waitFor('pings', async () => (await sluice.metrics()).sum('sluice_ping_rtt_seconds_count') >= round);
    await scraped(sluice, prometheus, kCounters);
  };
  await play(1);
  await play(2);
  writeFileSync(cert, 'no certificate');
  sluice.reload();
  await sluice.metric('sluice_certificate_reloads_total', { result: 'failed' }, 1);
  await scraped(sluice, prometheus, ['sluice_certificate_reloads_total']);
  writeFileSync(cert, good);

  const empty = [];
  for (const { place, text } of queries) {
    const result = await prometheus.query(text);
    // What has not happened on one of the routes may be NaN there.
    if (!result.some(({ value }) => Number.isFinite(value))) {
      empty.push(`${place}:\n${text}returns ${JSON.stringify(result)}`);
    }
  }
  assert.deepEqual(empty, []);
});

test('no query of the pages hides from that test', () => {
  const others = readdirSync(path.join(kProjectRoot, 'deploy')).map((file) => `deploy/${file}`);
  for (const page of new Set([...kPages, ...others])) {
    const rest = readPage(page).replace(/^```promql\n.*?^```$/gms, '');
    assert.doesNotMatch(rest, /\b(rate|increase|histogram_quantile)\(|sluice_\w+(\{[^}]*\})? [-+*/<>=] /,
      `${page} has a query that is in no fence with 'promql'`);
  }
});
