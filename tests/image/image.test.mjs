// The container image as scripts/image built it: what its configuration says, and that the program inside
// serves a client, answers its healthcheck and stops. scripts/image sets the environment:
//   SLUICE_BUILDAH    a program that runs buildah on the storage that has the image
//   SLUICE_IMAGE      the image's name
//   SLUICE_BASE       the name of the image that it was built on
//   SLUICE_COMMIT     the commit that it was built from, as --version prints it
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import tls from 'node:tls';
import { promisify } from 'node:util';

import { deadAddress, greeter } from '../scenario/lib/backends.mjs';
import { assertSameBytes, MiB, pattern } from '../scenario/lib/bytes.mjs';
import { makeAuthority, makeCertificate } from '../scenario/lib/certificates.mjs';
import { defer } from '../scenario/lib/cleanup.mjs';
import { waitFor, within } from '../scenario/lib/wait.mjs';
import { openWs } from '../scenario/lib/ws_client.mjs';

const kBuildah = process.env.SLUICE_BUILDAH;
const kImage = process.env.SLUICE_IMAGE;
const kBase = process.env.SLUICE_BASE;
const kUser = 65532;
// What sluice and its packages may add to the base image.
const kMostAdded = 40 * MiB;
const kConfigFile = '/etc/sluice/sluice.yaml';

/** Runs buildah to its end and returns its output; fails if it fails. */
async function buildah(...args) {
  const { stdout } = await promisify(execFile)(kBuildah, args, { timeout: 60_000 });
  return stdout.trim();
}

/** A container of an image, removed when the test is over. */
async function makeContainer(t, image = kImage) {
  const container = await buildah('from', '--pull-never', image);
  defer(t, () => buildah('rm', container));
  return container;
}

/** `program` in the container, as the image's user, to its end: {code, stdout, stderr}. */
async function runInside(container, ...program) {
  try {
    const args = ['run', container, '--', ...program];
    return { code: 0, ...(await promisify(execFile)(kBuildah, args, { timeout: 60_000 })) };
  } catch (error) {
    if (typeof error.code !== 'number') throw error;
    return error;
  }
}

/** The processes that descend from `pid`, as their numbers. */
function descendants(pid) {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
  );
  return children.flatMap((child) => [Number(child), ...descendants(child)]);
}

function isSluice(pid) {
  return readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sluice\n';
}

/** sluice as started by `command ...args`: follows its log, and knows the process itself. */
async function startSluice(t, command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  }
  let status;
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve((status = { code, signal })));
  });
  ended.catch(() => {});
  const details = () => `status: ${JSON.stringify(status ?? 'running')}\noutput:\n${output}`;
  const lines = () =>
    output
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line));
  const find = (event) =>
    waitFor(
      `the log line "${event}"`,
      () => status !== undefined || lines().find((line) => line.event === event),
      { details },
    );
  defer(t, () => {
    if (status !== undefined) return;
    for (const pid of [...descendants(child.pid).reverse(), child.pid]) process.kill(pid, 'SIGKILL');
  });
  const ready = await find('ready');
  assert.notEqual(ready, true, `sluice ended before it was ready\n${details()}`);
  const pid = [child.pid, ...descendants(child.pid)].find(isSluice);
  assert.ok(pid, `no process named sluice\n${details()}`);
  return {
    pid,
    address: (await find('listening')).address,
    adminAddress: (await find('admin_listening')).address,
    /** SIGTERM to the process itself, as an engine does, and the exit status that follows. */
    async stop() {
      process.kill(pid, 'SIGTERM');
      return within('sluice to end after SIGTERM', ended, { details });
    },
  };
}

/** What every running container must do: serve bytes both ways, not as root, and stop when it is told. */
async function exerciseSluice(t, start) {
  const greeting = 'hello from the backend\n';
  const backend = await greeter(t, greeting);
  const sluice = await start(['--admin', '127.0.0.1:0', '127.0.0.1:0', backend.address]);

  const uids = /^Uid:\s+(.*)$/m.exec(readFileSync(`/proc/${sluice.pid}/status`, 'utf8'))[1];
  assert.deepEqual(uids.split(/\s+/).map(Number), [kUser, kUser, kUser, kUser]);

  const client = await openWs(t, `ws://${sluice.address}/`);
  const payload = pattern(MiB);
  client.send(payload);
  const expected = Buffer.concat([Buffer.from(greeting), payload]);
  assertSameBytes(await client.receive(expected.length), expected, 'greeting and echo');
  await client.close(1000);
  return sluice;
}

test("the image's configuration", async () => {
  const { config } = JSON.parse(await buildah('inspect', '--type', 'image', kImage)).Docker;
  assert.equal(config.User, `${kUser}:${kUser}`);
  assert.deepEqual(config.Entrypoint, ['sluice']);
  assert.deepEqual(config.Cmd, ['--config', kConfigFile]);
  assert.deepEqual(Object.keys(config.ExposedPorts).sort(), ['8080/tcp', '9090/tcp']);
  assert.deepEqual(config.Healthcheck.Test, ['CMD', 'sluice', 'healthcheck', '--config', kConfigFile]);
  assert.equal(config.StopSignal, 'SIGTERM');
  // An address in the image's environment would take precedence over that of a mounted file.
  assert.ok(!config.Env.some((one) => one.startsWith('SLUICE_ADMIN=')), config.Env.join(' '));
});

test('the image holds sluice, its libraries and a valid configuration, and no compiler', async (t) => {
  const container = await makeContainer(t);
  const version = await runInside(container, 'sluice', '--version');
  assert.match(version.stdout, new RegExp(`^sluice \\d+\\.\\d+\\.\\d+\\ncommit ${process.env.SLUICE_COMMIT}\\n`));
  assert.equal((await runInside(container, 'id', '-u')).stdout.trim(), String(kUser));
  const check = await runInside(container, 'sluice', 'check', kConfigFile);
  assert.equal(check.code, 0, check.stderr);
  const compilers = await runInside(container, 'sh', '-c', 'command -v c++ gcc cmake node; true');
  assert.equal(compilers.stdout, '');
});

/** The bytes in the files of an image. */
async function sizeOf(t, image) {
  const root = await buildah('mount', await makeContainer(t, image));
  const { stdout } = await promisify(execFile)('du', ['--summarize', '--one-file-system', '--bytes', root]);
  return Number(stdout.split('\t')[0]);
}

test(`sluice and its packages add at most ${kMostAdded / MiB} MiB to the base image`, async (t) => {
  const added = (await sizeOf(t, kImage)) - (await sizeOf(t, kBase));
  t.diagnostic(`${(added / MiB).toFixed(1)} MiB`);
  assert.ok(added > 0 && added <= kMostAdded, `${(added / MiB).toFixed(1)} MiB`);
});

test("in a container a TLS backend is verified by the system's certificate authorities", async (t) => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'sluice-image-'));
  defer(t, () => rmSync(dir, { recursive: true, force: true }));
  const authority = makeAuthority(dir);
  const { cert, key } = makeCertificate(authority, 'server', ['127.0.0.1']);
  const server = tls.createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  defer(t, () => server.close());
  const config = {
    listeners: [{ address: '127.0.0.1:0' }],
    admin: { address: '127.0.0.1:0' },
    backends: { db: { servers: [`127.0.0.1:${server.address().port}`], tls: {} } },
    routes: [{ name: 'main', match: { path: '/' }, backend: 'db' }],
  };
  const file = path.join(dir, 'sluice.yaml');
  writeFileSync(file, JSON.stringify(config));
  const container = await makeContainer(t);
  await buildah('copy', container, file, kConfigFile);
  const startInside = () => startSluice(t, kBuildah, ['run', container, '--', 'sluice', '--config', kConfigFile]);

  // The image knows the public authorities, and this server is signed by none of them.
  const stranger = await startInside();
  const refused = await openWs(t, `ws://${stranger.address}/`);
  assert.deepEqual(await refused.waitForClose(), { code: 1014, reason: 'backend_tls' });
  assert.deepEqual(await stranger.stop(), { code: 0, signal: null });

  await buildah('copy', container, authority.cert, '/usr/local/share/ca-certificates/test.crt');
  await buildah('run', '--user', '0', container, '--', 'update-ca-certificates');
  const sluice = await startInside();
  const client = await openWs(t, `ws://${sluice.address}/`);
  client.send('over TLS');
  assert.equal((await client.receive(8)).toString(), 'over TLS');
  await client.close(1000);
  assert.deepEqual(await sluice.stop(), { code: 0, signal: null });
});

test('in a container sluice relays, answers its healthcheck and stops with status 0', async (t) => {
  const container = await makeContainer(t);
  const sluice = await exerciseSluice(t, (args) =>
    startSluice(t, kBuildah, ['run', container, '--', 'sluice', ...args]),
  );
  const healthcheck = (address) => runInside(container, 'sluice', 'healthcheck', '--admin', address);
  const healthy = await healthcheck(sluice.adminAddress);
  assert.equal(healthy.code, 0, healthy.stderr);
  const unhealthy = await healthcheck(await deadAddress(t));
  assert.equal(unhealthy.code, 1, unhealthy.stderr);
  assert.deepEqual(await sluice.stop(), { code: 0, signal: null });
});

test('sluice works with a read-only root', async (t) => {
  const container = await makeContainer(t);
  const root = await buildah('mount', container);
  // A mount namespace of its own: nothing is left to unmount when the process has ended.
  const script = `
    root=$1; shift
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -o remount,bind,ro "$root"
    if chroot "$root" touch /writable 2>/dev/null; then echo 'the root is not read-only'; exit 1; fi
    exec chroot --userspec=${kUser}:${kUser} "$root" sluice "$@"`;
  const sluice = await exerciseSluice(t, (args) =>
    startSluice(t, 'unshare', ['--mount', '--propagation', 'private', 'sh', '-euc', script, 'sh', root, ...args]),
  );
  assert.deepEqual(await sluice.stop(), { code: 0, signal: null });
});
