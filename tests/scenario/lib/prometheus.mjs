// A real Prometheus that scrapes one sluice.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { defer } from './cleanup.mjs';
import { httpGet } from './metrics.mjs';
import { tempDir } from './sluice.mjs';
import { waitFor } from './wait.mjs';

/**
 * Starts Prometheus, which scrapes `target` (host:port) five times a second. Returns {query}, which evaluates
 * PromQL now: a list of {metric: labels, value: number}.
 */
export async function startPrometheus(t, target) {
  const dir = tempDir(t);
  const config = path.join(dir, 'prometheus.yml');
  const job = { job_name: 'sluice', scrape_interval: '200ms', scrape_timeout: '200ms', static_configs: [{ targets: [target] }] };
  writeFileSync(config, JSON.stringify({ scrape_configs: [job] }));
  const child = spawn(
    'prometheus',
    [`--config.file=${config}`, `--storage.tsdb.path=${path.join(dir, 'data')}`, '--web.listen-address=127.0.0.1:0'],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const exited = new Promise((resolve) => {
    child.on('error', resolve);
    child.on('close', resolve);
  });
  defer(t, () => {
    child.kill('SIGKILL');
    return exited;
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (log += text));
  const [, address] = await waitFor(
    'Prometheus to listen',
    () => /msg="Listening on" address=(\S+)/.exec(log),
    { details: () => log },
  );
  const query = async (text) => {
    const { status, body } = await httpGet(`http://${address}/api/v1/query?query=${encodeURIComponent(text)}`);
    if (status !== 200) throw new Error(`Prometheus answers ${status} to ${text}: ${body}`);
    const { data } = JSON.parse(body);
    return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  };
  await waitFor('Prometheus to scrape sluice', async () => (await query('up == 1')).length > 0, { details: () => log });
  return { query };
}
