// HAProxy and nginx, in front of sluice or behind it, and the PROXY headers that they exchange.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';

import { defer } from './cleanup.mjs';
import { tempDir } from './sluice.mjs';

/**
 * Starts `command(configFile)` with a listening socket as its descriptor 3, so that its port is a free one
 * from the start; `config` is made for that port. Returns {port, address}.
 */
async function startOn(t, name, config, command, env = {}) {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const file = path.join(tempDir(t), `${name}.conf`);
  writeFileSync(file, config(port, path.dirname(file)));
  const [program, ...args] = command(file);
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe', server._handle.fd],
    env: { ...process.env, ...env },
  });
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (output += text));
  child.on('error', (error) => (output += error.message));
  child.on('exit', (code) => code && console.error(`${name} ended with ${code}: ${output}`));
  const gone = new Promise((resolve) => child.once('close', resolve));
  defer(t, () => (child.kill('SIGTERM') ? gone : undefined));
  // The socket listens already and is the child's alone now: who connects waits in its queue.
  await new Promise((resolve) => server.close(resolve));
  return { port, address: `127.0.0.1:${port}` };
}

/** HAProxy with the sections `config`, in which `bind fd@3` is its port. */
export function startHaproxy(t, config) {
  const text = `global
  maxconn 100
defaults
  timeout connect 5s
  timeout client 60s
  timeout server 60s
${config}
`;
  return startOn(t, 'haproxy', () => text, (file) => ['haproxy', '-db', '-f', file]);
}

/** nginx with one server; `listenOptions` stand behind the address, `server` are its directives. */
export function startNginx(t, server, listenOptions = '') {
  const config = (port, dir) => `daemon off;
worker_processes 1;
pid ${dir}/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  server {
    listen 127.0.0.1:${port} ${listenOptions};
${server}
  }
}
`;
  // An inherited socket is known by its address.
  return startOn(t, 'nginx', config, (file) => ['nginx', '-e', 'stderr', '-c', file], { NGINX: '3;' });
}

/**
 * A load balancer that puts `header` in front of each connection to `port`, and sends what the client writes
 * first together with it, the first `cut` bytes of all that alone. Returns its port.
 */
export async function prefixer(t, port, header, cut) {
  const sockets = [];
  const server = net.createServer({ noDelay: true }, (client) => {
    const onward = net.connect({ port, host: '127.0.0.1', noDelay: true });
    sockets.push(client, onward);
    for (const socket of [client, onward]) socket.on('error', () => {});
    client.once('data', (first) => {
      const all = Buffer.concat([header, first]);
      onward.write(all.subarray(0, cut), () => {
        onward.write(all.subarray(cut));
        client.pipe(onward);
      });
    });
    onward.pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  defer(t, () => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return server.address().port;
}

const kSignature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

/** A header of version 2 about a TCP connection over IPv4, with what follows its addresses. */
export function proxyV2({
  source = '192.0.2.1',
  sourcePort = 56324,
  destination = '198.51.100.7',
  destinationPort = 443,
  command = 0x21,
  family = 0x11,
  tlvs = Buffer.alloc(0),
} = {}) {
  const ip = (text) => Buffer.from(text.split('.').map(Number));
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(sourcePort, 0);
  ports.writeUInt16BE(destinationPort, 2);
  const rest = Buffer.concat([ip(source), ip(destination), ports, tlvs]);
  const fixed = Buffer.from([command, family, rest.length >> 8, rest.length & 0xff]);
  return Buffer.concat([kSignature, fixed, rest]);
}

function parseTlvs(buffer) {
  const tlvs = {};
  for (let at = 0; at < buffer.length; ) {
    const size = buffer.readUInt16BE(at + 1);
    tlvs[buffer[at]] = buffer.subarray(at + 3, at + 3 + size);
    at += 3 + size;
  }
  return tlvs;
}

/** What a header of version 2 over IPv4 says: {source, destination, tlvs: {number: Buffer}, ssl, size}. */
export function parseProxyV2(buffer) {
  if (!buffer.subarray(0, 12).equals(kSignature)) throw new Error('no PROXY v2 signature');
  const size = 16 + buffer.readUInt16BE(14);
  if (buffer.length < size) throw new Error('the PROXY header is not complete');
  if (buffer[12] !== 0x21 || buffer[13] !== 0x11) throw new Error('not about TCP over IPv4');
  const ip = (at) => [...buffer.subarray(at, at + 4)].join('.');
  const tlvs = parseTlvs(buffer.subarray(28, size));
  const ssl = tlvs[0x20] && {
    client: tlvs[0x20][0],
    verify: tlvs[0x20].readUInt32BE(1),
    tlvs: parseTlvs(tlvs[0x20].subarray(5)),
  };
  return {
    source: `${ip(16)}:${buffer.readUInt16BE(24)}`,
    destination: `${ip(20)}:${buffer.readUInt16BE(26)}`,
    tlvs,
    ssl,
    size,
  };
}

// The whole of 127.0.0.0/8 is this machine, so that each part has an address of its own: the proxies
// connect from 127.0.0.2, clients from 127.0.0.3.
export const kProxy = '127.0.0.2';
export const kClient = '127.0.0.3';

/** The header of a client of 192.0.2.1. */
export const kV1 = 'PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n';

/** A listener that takes PROXY headers from the addresses `from`. */
export function listener(mode, from = ['127.0.0.1'], more = {}) {
  return { address: '127.0.0.1:0', proxy_protocol: mode, proxy_protocol_from: from, ...more };
}

/** The address of the client in the last of `count` log lines of sessions. */
export async function loggedClient(sluice, count = 1) {
  return (await sluice.sessions(count)).at(-1).client;
}
