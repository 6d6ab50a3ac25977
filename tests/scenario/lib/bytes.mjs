// Test data, and comparisons of it that say where two byte strings part.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

export const KiB = 1024;
export const MiB = 1024 * 1024;

/** `size` bytes that look random and are the same for the same `seed` (xorshift32). */
export function pattern(size, seed = 1) {
  const words = new Uint32Array(Math.ceil(size / 4));
  let x = (Math.imul(seed, 2654435761) ^ 0x9e3779b9) >>> 0 || 1;
  for (let i = 0; i < words.length; ++i) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    words[i] = x;
  }
  return Buffer.from(words.buffer, 0, size);
}

/** `size` bytes of valid UTF-8 that use one to four bytes a character. */
export function utf8Text(size) {
  const unit = 'sluice 流 \u00e9 \u{1f30a} ';
  const text = unit.repeat(Math.ceil(size / Buffer.byteLength(unit)));
  let cut = Buffer.from(text).subarray(0, size);
  while (cut.length > 0 && !Buffer.from(cut.toString()).equals(cut)) cut = cut.subarray(0, -1);
  return Buffer.concat([cut, Buffer.alloc(size - cut.length, '.')]).toString();
}

export function sha256(data) {
  return createHash('sha256').update(data).digest('hex');
}

/** Fails with the place of the first difference, not with two dumps of five megabytes. */
export function assertSameBytes(actual, expected, what) {
  if (Buffer.compare(actual, expected) === 0) return;
  const common = Math.min(actual.length, expected.length);
  let i = 0;
  while (i < common && actual[i] === expected[i]) ++i;
  const around = (b) => b.subarray(Math.max(0, i - 8), i + 8).toString('hex') || '(nothing)';
  assert.fail(
    `${what}: ${actual.length} bytes instead of ${expected.length}, the first difference at ` +
      `offset ${i}: there stands ${around(actual)}, expected ${around(expected)}`,
  );
}
