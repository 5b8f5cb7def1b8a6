/** Weights in fewer bits. Matrices come row-major as `[out, in]`, the way checkpoints hold them. */

const INT8_MAX = 127;
const INT8_ZERO = 128;
const INT4_ZERO = 8;

/** How a quantised matrix lies in memory: as checkpoints hold it, or transposed. */
export type Layout = 'out-in' | 'in-out';

/**
 * 8 bits, symmetric, one scale per output: `w ≈ q · scale[out]`, |error| ≤ scale / 2. `at` is the
 * first output of the target to write; the target has as many outputs as scales.
 */
export function quantiseInt8(
  weights: Float32Array,
  inSize: number,
  layout: Layout,
  target: { values: Int8Array; scales: Float32Array },
  at: number,
): void {
  const { values, scales } = target;
  const outSize = weights.length / inSize;
  const [outStride, inStride] = layout === 'out-in' ? [inSize, 1] : [1, scales.length];
  for (let out = 0; out < outSize; out += 1) {
    const row = weights.subarray(out * inSize, (out + 1) * inSize);
    const scale = absoluteMaximum(row) / INT8_MAX || 1;
    scales[at + out] = scale;
    for (let i = 0; i < inSize; i += 1) {
      values[(at + out) * outStride + i * inStride] = Math.round((row[i] as number) / scale);
    }
  }
}

/** Inputs that share a scale in block-wise quantisation. */
export const BLOCK = 32;

/** Width of a block-wise value. */
export type BlockBits = 4 | 8;

export function blocksOf(inSize: number): number {
  return Math.ceil(inSize / BLOCK);
}

/** Bytes of one block of values. */
export function blockBytes(bits: BlockBits): number {
  return (BLOCK * bits) / 8;
}

/**
 * 4 or 8 bits in blocks of 32 inputs with one scale each: `w ≈ (q − zero) · scale`, where zero is
 * the middle of q's range. Two 4-bit values share a byte, the earlier in its lower half; the last
 * block of a row is padded. `at` is the first output of the target to write.
 */
export function quantiseBlocks(
  weights: Float32Array,
  inSize: number,
  bits: BlockBits,
  target: { values: Uint8Array; scales: Float32Array },
  at: number,
): void {
  const outSize = weights.length / inSize;
  const blocks = blocksOf(inSize);
  const bytes = blockBytes(bits);
  const pack = bits === 4 ? packInt4 : packInt8;
  for (let out = 0; out < outSize; out += 1) {
    for (let block = 0; block < blocks; block += 1) {
      const start = out * inSize + block * BLOCK;
      const end = Math.min(start + BLOCK, (out + 1) * inSize);
      const index = (at + out) * blocks + block;
      target.scales[index] = pack(
        weights.subarray(start, end),
        target.values.subarray(index * bytes, (index + 1) * bytes),
      );
    }
  }
}

function packInt8(block: Float32Array, target: Uint8Array): number {
  const scale = absoluteMaximum(block) / INT8_MAX || 1;
  for (let i = 0; i < target.length; i += 1) {
    target[i] = Math.round((block[i] ?? 0) / scale) + INT8_ZERO;
  }
  return scale;
}

/** Packs one block with the scale of least squared error among a few candidates; returns it. */
function packInt4(block: Float32Array, target: Uint8Array): number {
  const scale = bestInt4Scale(block);
  for (let pair = 0; pair < target.length; pair += 1) {
    const low = toInt4(block[2 * pair] ?? 0, scale) + INT4_ZERO;
    const high = toInt4(block[2 * pair + 1] ?? 0, scale) + INT4_ZERO;
    target[pair] = low | (high << 4);
  }
  return scale;
}

/**
 * Sixteen levels reach from −8 to 7, so the extreme value may be given the longer side (a negative
 * scale turns it round) or be clipped a little in favour of the rest.
 */
function bestInt4Scale(block: Float32Array): number {
  const extreme = signedExtreme(block);
  if (extreme === 0) return 1;
  let best = { scale: 1, error: Infinity };
  for (const level of INT4_CANDIDATE_LEVELS) {
    const scale = extreme / level;
    const error = int4Error(block, scale);
    if (error < best.error) best = { scale, error };
  }
  return best.scale;
}

const INT4_CANDIDATE_LEVELS = [-8, -8.5, -9, -7.6, -7, 7, 7.5];

function int4Error(block: Float32Array, scale: number): number {
  let error = 0;
  for (const weight of block) error += (weight - toInt4(weight, scale) * scale) ** 2;
  return error;
}

function toInt4(weight: number, scale: number): number {
  return Math.max(-8, Math.min(7, Math.round(weight / scale)));
}

function signedExtreme(block: Float32Array): number {
  let extreme = 0;
  for (const weight of block) if (Math.abs(weight) > Math.abs(extreme)) extreme = weight;
  return extreme;
}

function absoluteMaximum(row: Float32Array): number {
  return Math.abs(signedExtreme(row));
}
