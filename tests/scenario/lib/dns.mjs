// A DNS server over UDP that knows the names a test gives it (RFC 1035, RFC 2782, RFC 3596).
import dgram from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';

import { defer } from './cleanup.mjs';

const kTypes = { A: 1, AAAA: 28, SRV: 33 };
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

function nameBytes(name) {
  const labels = name.split('.').filter(Boolean);
  return Buffer.concat([...labels.map((l) => Buffer.from([l.length, ...Buffer.from(l)])), Buffer.from([0])]);
}

function recordBytes(type, value) {
  if (type !== 'SRV') return addressBytes(value);
  const { priority = 1, weight = 1, port, target } = value;
  return Buffer.concat([Buffer.from([priority, weight, port].flatMap((n) => [n >> 8, n & 0xff])), nameBytes(target)]);
}

/**
 * Serves `records`: {name: {A: [...], AAAA: [...], SRV: [{priority, weight, port, target}], ttl: seconds}},
 * which may be changed at any time. An unknown name is NXDOMAIN. Names in `silent` and types in `silentTypes` get no
 * answer at all. Returns {address, port, queries: [{name, type}]}.
 */
export async function startDns(t, records, { silent = [], silentTypes = [], host = '127.0.0.1' } = {}) {
  const socket = dgram.createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  const queries = [];
  socket.on('message', (message, from) => {
    const { name, end } = readName(message, 12);
    const number = message.readUInt16BE(end);
    const type = Object.keys(kTypes).find((key) => kTypes[key] === number) ?? String(number);
    queries.push({ name, type });
    if (silent.includes(name) || silentTypes.includes(type)) return;
    const known = records[name];
    const values = (type in kTypes ? known?.[type] : undefined) ?? [];
    const header = Buffer.alloc(12);
    message.copy(header, 0, 0, 2);
    // QR, the query's RD, RA, and the answer's code.
    header.writeUInt16BE(0x8080 | (message.readUInt16BE(2) & 0x0100) | (known ? 0 : kNxDomain), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(values.length, 6);
    const answers = values.map((value) => {
      const data = recordBytes(type, value);
      const answer = Buffer.alloc(12);
      answer.writeUInt16BE(0xc00c, 0); // The name of the question.
      answer.writeUInt16BE(number, 2);
      answer.writeUInt16BE(1, 4); // Class IN.
      answer.writeUInt32BE(known.ttl ?? 1, 6);
      answer.writeUInt16BE(data.length, 10);
      return Buffer.concat([answer, data]);
    });
    const question = message.subarray(12, end + 4);
    socket.send(Buffer.concat([header, question, ...answers]), from.port, from.address);
  });
  socket.bind({ address: host, port: 0 });
  await once(socket, 'listening');
  defer(t, () => new Promise((resolve) => socket.close(resolve)));
  const { port } = socket.address();
  return { address: `${isIPv6(host) ? `[${host}]` : host}:${port}`, port, queries };
}
