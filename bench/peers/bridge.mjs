// The bridge that one writes with `ws` and `net`: a pipe each way, so that a slow end holds up the other.
//   node bridge.mjs PORT BACKEND_PORT [WORKERS]
import cluster from 'node:cluster';
import { createRequire } from 'node:module';
import net from 'node:net';

const { WebSocketServer, createWebSocketStream } = createRequire(
  new URL('../../tests/scenario/', import.meta.url),
)('ws');
const [port, backendPort, workers = 1] = process.argv.slice(2).map(Number);
const kPingInterval = 20_000;

function serve() {
  const server = new WebSocketServer({ host: '127.0.0.1', port, backlog: 4096, perMessageDeflate: false });
  server.on('connection', (client) => {
    const backend = net.connect({ port: backendPort, host: '127.0.0.1', noDelay: true });
    const stream = createWebSocketStream(client);
    stream.pipe(backend).pipe(stream);
    stream.on('error', () => backend.destroy());
    backend.on('error', () => client.terminate());
  });
  setInterval(() => server.clients.forEach((client) => client.ping()), kPingInterval);
}

if (workers > 1 && cluster.isPrimary) {
  for (let i = 0; i < workers; ++i) cluster.fork();
} else {
  serve();
}
