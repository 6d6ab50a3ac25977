// WebSocket frames made and read by hand (RFC 6455 section 5.2), wrong ones included: that is the point.

export const kOpcode = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
};

export const kMaskKey = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

export function mask(payload, key = kMaskKey) {
  const out = Buffer.allocUnsafe(payload.length);
  for (let i = 0; i < payload.length; ++i) out[i] = payload[i] ^ key[i & 3];
  return out;
}

/**
 * The bytes of one frame from a client. `lengthBytes` (0, 2 or 8) forces a length's form;
 * `announced` lies about it.
 */
export function encodeFrame({
  opcode = kOpcode.binary,
  payload = Buffer.alloc(0),
  fin = true,
  rsv = 0,
  masked = true,
  key = kMaskKey,
  lengthBytes,
  announced,
}) {
  const data = Buffer.from(payload);
  const length = announced ?? data.length;
  const form = lengthBytes ?? (length < 126 ? 0 : length < 65536 ? 2 : 8);
  const head = Buffer.alloc(2 + form);
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  head[1] = (masked ? 0x80 : 0) | (form === 0 ? length : form === 2 ? 126 : 127);
  if (form === 2) head.writeUInt16BE(length, 2);
  if (form === 8) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat(masked ? [head, key, mask(data, key)] : [head, data]);
}

/** A Close frame; without a code an empty one. */
export function closeFrame(code, reason = '', options = {}) {
  let payload = Buffer.alloc(0);
  if (code !== undefined) {
    payload = Buffer.alloc(2);
    payload.writeUInt16BE(code);
    payload = Buffer.concat([payload, Buffer.from(reason)]);
  }
  return encodeFrame({ opcode: kOpcode.close, payload, ...options });
}

/** Code and reason of a Close frame's payload; {} for an empty one. */
export function parseClose(payload) {
  if (payload.length === 0) return {};
  return { code: payload.readUInt16BE(0), reason: payload.subarray(2).toString() };
}

/** The first frame in `buffer`, with `size` as its length on the wire, or nothing while it is incomplete. */
export function decodeFrame(buffer) {
  if (buffer.length < 2) return undefined;
  let length = buffer[1] & 0x7f;
  let offset = 2;
  const form = length === 126 ? 2 : length === 127 ? 8 : 0;
  if (buffer.length < offset + form) return undefined;
  if (form === 2) length = buffer.readUInt16BE(offset);
  if (form === 8) length = Number(buffer.readBigUInt64BE(offset));
  offset += form;
  const masked = (buffer[1] & 0x80) !== 0;
  if (masked) offset += 4;
  if (buffer.length < offset + length) return undefined;
  return {
    fin: (buffer[0] & 0x80) !== 0,
    rsv: (buffer[0] >> 4) & 7,
    opcode: buffer[0] & 0xf,
    masked,
    lengthBytes: form,
    payload: buffer.subarray(offset, offset + length),
    size: offset + length,
  };
}
