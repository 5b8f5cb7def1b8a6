/** Element types of a safetensors file and how each becomes float32. */
export const DTYPE_BYTES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;

export type Dtype = keyof typeof DTYPE_BYTES;

export function isDtype(name: string): name is Dtype {
  return Object.hasOwn(DTYPE_BYTES, name);
}

/**
 * Little-endian bytes of one tensor → its elements as float32, in memory of their own wherever
 * `bytes` is a view of something larger. Wide integers are rounded.
 */
export function decodeFloats(dtype: Dtype, bytes: Uint8Array): Float32Array {
  const { buffer, byteOffset, byteLength } = aligned(bytes, DTYPE_BYTES[dtype]);
  const count = byteLength / DTYPE_BYTES[dtype];
  switch (dtype) {
    case 'F32':
      return byteLength === buffer.byteLength
        ? new Float32Array(buffer, byteOffset, count)
        : new Float32Array(buffer, byteOffset, count).slice();
    case 'BF16':
      return decodeBfloat16(new Uint16Array(buffer, byteOffset, count));
    case 'F16':
      return decodeHalves(new Uint16Array(buffer, byteOffset, count));
    case 'F64':
      return new Float32Array(new Float64Array(buffer, byteOffset, count));
    case 'I64':
      return Float32Array.from(new BigInt64Array(buffer, byteOffset, count), Number);
    case 'I32':
      return new Float32Array(new Int32Array(buffer, byteOffset, count));
    case 'I16':
      return new Float32Array(new Int16Array(buffer, byteOffset, count));
    case 'I8':
      return new Float32Array(new Int8Array(buffer, byteOffset, count));
    case 'U8':
      return new Float32Array(bytes);
    case 'BOOL':
      return Float32Array.from(bytes, (byte) => (byte === 0 ? 0 : 1));
  }
}

/** Typed views want offsets that are multiples of the element size; a file's ranges are not. */
function aligned(bytes: Uint8Array, elementBytes: number): Uint8Array {
  return bytes.byteOffset % elementBytes === 0 ? bytes : new Uint8Array(bytes);
}

/** bfloat16 is the upper half of a float32. */
function decodeBfloat16(halves: Uint16Array): Float32Array {
  const floats = new Float32Array(halves.length);
  const bits = new Uint32Array(floats.buffer);
  for (let i = 0; i < halves.length; i += 1) bits[i] = (halves[i] as number) << 16;
  return floats;
}

let halves: Float32Array | undefined;

/** All 65,536 halves are computed once: looking up is many times faster than computing. */
function decodeHalves(stored: Uint16Array): Float32Array {
  const table = (halves ??= Float32Array.from({ length: 0x10000 }, (_, half) =>
    decodeFloat16(half),
  ));
  const floats = new Float32Array(stored.length);
  for (let i = 0; i < stored.length; i += 1) floats[i] = table[stored[i] as number] as number;
  return floats;
}

/** IEEE 754 half precision: 1 sign bit, 5 exponent bits, 10 fraction bits. */
export function decodeFloat16(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
