// What is measured: sluice, the two limits, and the peers, each as somebody would run it, with its access
// log off where it can be turned off, and as many threads or processes as workers are asked for.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { certificate } from './certificate.mjs';
import { freePort, kTempDir, startProcess, untilListening } from './processes.mjs';

export const kRoot = fileURLToPath(new URL('../../', import.meta.url));
const kSluice = path.resolve(process.env.SLUICE_BIN ?? path.join(kRoot, 'build/bench/sluice'));
export const kLoadDir = path.resolve(process.env.SLUICE_LOAD_DIR ?? path.join(kRoot, 'build/bench/bench'));
const kBridge = path.join(kRoot, 'bench/peers/bridge.mjs');
const kScenario = path.join(kRoot, 'tests/scenario/'); // Its npm packages are the bridge's.
const kNginxModule = '/usr/lib/nginx/modules/ngx_stream_module.so';
const kDescriptors = 20_000;

const installed = (program) => spawnSync('which', [program]).status === 0;
const output = (command, ...args) => spawnSync(command, args, { encoding: 'utf8' }).stdout.trim();
const debianVersion = (name) => output('dpkg-query', '-W', '-f', '${Version}', name);

function writeConfig(name, text) {
  const file = path.join(kTempDir, name);
  writeFileSync(file, text);
  return file;
}

function sluiceConfig({ port, backend, workers, tls }) {
  const { cert, key } = tls ? certificate() : {};
  return writeConfig(
    `sluice-${port}.yaml`,
    JSON.stringify({
      workers,
      listeners: [{ address: `127.0.0.1:${port}`, ...(tls && { tls: { certificates: [{ cert, key }] } }) }],
      routes: [{ name: 'bench', match: { path: '/**' }, backend: `127.0.0.1:${backend}` }],
    }),
  );
}

// Each connection takes two descriptors, and by splicing some more, of at most 20,000 for the process.
function haproxyConfig({ port, backend, workers, tls, splice }) {
  return writeConfig(
    `haproxy-${port}.cfg`,
    `global
  nbthread ${workers}
  maxconn ${splice ? 6000 : 9500}
  ${tls ? 'ssl-default-bind-options ssl-min-ver TLSv1.2' : ''}
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  ${splice ? 'option splice-request\n  option splice-response' : 'no option splice-auto'}
frontend bench
  bind 127.0.0.1:${port} backlog 4096 shards by-thread ${tls ? `ssl crt ${certificate().pem}` : ''}
  default_backend bench
backend bench
  server one 127.0.0.1:${backend}
`,
  );
}

function nginxConfig({ port, backend, workers, tls }) {
  const { cert, key } = tls ? certificate() : {};
  const ssl = `ssl_certificate ${cert};\n    ssl_certificate_key ${key};\n    ssl_protocols TLSv1.2 TLSv1.3;`;
  return writeConfig(
    `nginx-${port}.conf`,
    `load_module ${kNginxModule};
daemon off;
user root;
pid nginx-${port}.pid;
worker_processes ${workers};
worker_rlimit_nofile ${kDescriptors};
error_log stderr error;
events { worker_connections ${kDescriptors}; }
stream {
  access_log off;
  server {
    listen 127.0.0.1:${port} backlog=4096 ${workers > 1 ? 'reuseport' : ''} ${tls ? 'ssl' : ''};
    ${tls ? ssl : ''}
    proxy_timeout 1h;
    proxy_pass 127.0.0.1:${backend};
  }
}
`,
  );
}

function v2rayConfig({ port, backend }) {
  const settings = { address: '127.0.0.1', port: backend, network: 'tcp' };
  const inbound = { listen: '127.0.0.1', port, protocol: 'dokodemo-door', settings };
  return writeConfig(
    `v2ray-${port}.json`,
    JSON.stringify({
      log: { access: 'none', error: 'none', loglevel: 'none' },
      inbounds: [{ ...inbound, streamSettings: { network: 'ws', wsSettings: { path: '/' } } }],
      outbounds: [{ protocol: 'freedom' }],
    }),
  );
}

/**
 * name        as in --contenders and in the tables
 * ours        its failure is the benchmark's failure
 * websocket   the clients speak WebSocket to it; to the others the same work is plain TCP
 * tls, two    it also takes part over TLS; it also takes part with 2 workers
 * command     ({port, backend, workers, tls}) => [program, argument, …]
 * maxSessions of the idle work, where a session is a whole process
 */
export const kContenders = [
  {
    name: 'sluice',
    ours: true,
    websocket: true,
    tls: true,
    two: true,
    available: () => existsSync(kSluice),
    version: () => output(kSluice, '--version').split('\n')[0],
    command: (options) => [kSluice, '--config', sluiceConfig(options)],
  },
  ...['copy', 'splice'].map((name) => ({
    name,
    ours: true,
    available: () => existsSync(path.join(kLoadDir, `${name}_proxy`)),
    version: () => 'of this benchmark',
    command: ({ port, backend }) => [path.join(kLoadDir, `${name}_proxy`), String(port), String(backend)],
  })),
  ...[false, true].map((splice) => ({
    name: splice ? 'haproxy-splice' : 'haproxy',
    tls: !splice,
    two: !splice,
    available: () => installed('haproxy'),
    version: () => debianVersion('haproxy'),
    command: (options) => ['haproxy', '-db', '-f', haproxyConfig({ ...options, splice })],
  })),
  {
    name: 'nginx',
    tls: true,
    two: true,
    available: () => installed('nginx') && existsSync(kNginxModule),
    version: () => debianVersion('nginx'),
    command: (options) => {
      mkdirSync(path.join(kTempDir, 'logs'), { recursive: true });
      return ['nginx', '-p', kTempDir, '-e', 'stderr', '-c', nginxConfig(options)];
    },
  },
  {
    name: 'websockify',
    websocket: true,
    subprotocol: 'binary',
    maxSessions: 100,
    available: () => installed('websockify'),
    version: () => `${debianVersion('websockify')}, numpy ${debianVersion('python3-numpy')}`,
    command: ({ port, backend }) => ['websockify', '--heartbeat=20', `127.0.0.1:${port}`, `127.0.0.1:${backend}`],
  },
  {
    name: 'node',
    websocket: true,
    two: true,
    available: () => existsSync(path.join(kScenario, 'node_modules/ws')),
    version: () => `${process.version}, ws ${createRequire(kScenario)('ws/package.json').version}`,
    command: ({ port, backend, workers }) => [process.execPath, kBridge, ...[port, backend, workers].map(String)],
  },
  {
    name: 'v2ray',
    websocket: true,
    two: true,
    available: () => installed('v2ray'),
    version: () => debianVersion('v2ray'),
    command: (options) => ['v2ray', '-config', v2rayConfig(options)],
    env: ({ workers }) => ({ GOMAXPROCS: String(workers) }),
  },
];

/** Whether this build of sluice has listeners with TLS. */
export function sluiceHasTls() {
  const file = sluiceConfig({ port: 0, backend: 1, workers: 1, tls: true });
  return spawnSync(kSluice, ['check', file], { stdio: 'ignore' }).status === 0;
}

export function pickContenders(names) {
  const unknown = names?.find((name) => !kContenders.some((one) => one.name === name));
  if (unknown) throw new Error(`no contender '${unknown}'; there are ${kContenders.map((one) => one.name).join(', ')}`);
  return kContenders.filter((one) => !names || names.includes(one.name));
}

/** A contender that runs: {pid, url, stop()}. */
export async function startContender(contender, { backend, workers, tls, core }) {
  const port = await freePort();
  const options = { port, backend, workers, tls };
  const program = startProcess(contender.name, contender.command(options), { core, env: contender.env?.(options) });
  try {
    await untilListening(program, port);
  } catch (error) {
    await program.stop();
    throw error;
  }
  const scheme = contender.websocket ? (tls ? 'wss' : 'ws') : tls ? 'tls+tcp' : 'tcp';
  const url = `${scheme}://127.0.0.1:${port}${contender.websocket ? '/' : ''}`;
  return { pid: program.pid, url, program, stop: () => program.stop() };
}

