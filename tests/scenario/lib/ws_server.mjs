// The npm package `ws` as the service behind sluice.
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { readFileSync } from 'node:fs';
import { WebSocketServer } from 'ws';

import { defer } from './cleanup.mjs';
import { start } from './sluice.mjs';
import { waitFor } from './wait.mjs';

/**
 * A WebSocket service that calls `serve(socket, request)` for each connection; over TLS with `certificate`,
 * {cert, key}. `options` are those of WebSocketServer.
 */
export async function serveWs(t, serve = () => {}, { certificate, host = '127.0.0.1', ...options } = {}) {
  const server = certificate
    ? https.createServer({ cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) })
    : http.createServer();
  const wss = new WebSocketServer({ server, ...options });
  const peers = [];
  wss.on('connection', (socket, request) => {
    const peer = { socket, request, messages: [], pings: 0, pongs: 0, close: undefined };
    peers.push(peer);
    socket.on('message', (data, isBinary) => peer.messages.push({ data, isBinary }));
    socket.on('ping', () => ++peer.pings);
    socket.on('pong', () => ++peer.pongs);
    socket.on('error', () => {});
    socket.on('close', (code, reason) => (peer.close = { code, reason: reason.toString() }));
    serve(socket, request);
  });
  server.listen({ host, port: 0 });
  await once(server, 'listening');
  defer(t, () => {
    for (const { socket } of peers) socket.terminate();
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address();
  return {
    peers,
    server: wss,
    port,
    url: (where = '/') => `${certificate ? 'wss' : 'ws'}://127.0.0.1:${port}${where}`,
    /** The connection number `i`; waits for it. */
    peer: (i = 0) => waitFor(`WebSocket ${i} at the service`, () => peers[i]),
  };
}

/** Sends back each message as it came. */
export function echoWs(t, options) {
  return serveWs(t, (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })), options);
}

/** Sluice in front of the one WebSocket at `url`. */
export function startBefore(t, url, { backend = {}, ...route } = {}) {
  return start(t, {
    workers: 1,
    backends: { chat: { servers: [url], ...backend } },
    routes: [{ name: 'main', match: { path: '/' }, backend: 'chat', ...route }],
  });
}
