// A DNS server over UDP that knows the names a test gives it (RFC 1035, RFC 3596).
import dgram from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';

import { defer } from './cleanup.mjs';

const kTypeA = 1;
const kTypeAaaa = 28;
const kNxDomain = 3;

function readName(message, offset) {
  const labels = [];
  while (message[offset] !== 0) {
    labels.push(message.subarray(offset + 1, offset + 1 + message[offset]).toString('latin1'));
    offset += message[offset] + 1;
  }
  return { name: labels.join('.').toLowerCase(), end: offset + 1 };
}

function addressBytes(address) {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number));
  const [head, tail] = address.split('::');
  const words = (part) => (part ? part.split(':').map((w) => parseInt(w, 16)) : []);
  const before = words(head);
  const after = tail === undefined ? [] : words(tail);
  const all = [...before, ...Array(8 - before.length - after.length).fill(0), ...after];
  return Buffer.from(all.flatMap((w) => [w >> 8, w & 0xff]));
}

/**
 * Serves `records`: {name: {A: [...], AAAA: [...]}}. An unknown name is NXDOMAIN, a name in `silent` gets no
 * answer at all. Returns {address, queries: [{name, type}]}.
 */
export async function startDns(t, records, { silent = [] } = {}) {
  const socket = dgram.createSocket('udp4');
  const queries = [];
  socket.on('message', (message, from) => {
    const { name, end } = readName(message, 12);
    const type = message.readUInt16BE(end);
    queries.push({ name, type: type === kTypeA ? 'A' : type === kTypeAaaa ? 'AAAA' : String(type) });
    if (silent.includes(name)) return;
    const known = records[name];
    const addresses = (type === kTypeA ? known?.A : type === kTypeAaaa ? known?.AAAA : undefined) ?? [];
    const header = Buffer.alloc(12);
    message.copy(header, 0, 0, 2);
    // QR, the query's RD, RA, and the answer's code.
    header.writeUInt16BE(0x8080 | (message.readUInt16BE(2) & 0x0100) | (known ? 0 : kNxDomain), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(addresses.length, 6);
    const answers = addresses.map((address) => {
      const data = addressBytes(address);
      const answer = Buffer.alloc(12);
      answer.writeUInt16BE(0xc00c, 0); // The name of the question.
      answer.writeUInt16BE(type, 2);
      answer.writeUInt16BE(1, 4); // Class IN.
      answer.writeUInt32BE(1, 6); // Seconds to live.
      answer.writeUInt16BE(data.length, 10);
      return Buffer.concat([answer, data]);
    });
    const question = message.subarray(12, end + 4);
    socket.send(Buffer.concat([header, question, ...answers]), from.port, from.address);
  });
  socket.bind({ address: '127.0.0.1', port: 0 });
  await once(socket, 'listening');
  defer(t, () => new Promise((resolve) => socket.close(resolve)));
  return { address: `127.0.0.1:${socket.address().port}`, queries };
}
