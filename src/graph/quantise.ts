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
  const { scales } = target;
  const outSize = weights.length / inSize;
  // As they are before float32 holds them: quotients are those of the exact scale.
  const exact = new Float64Array(outSize);
  for (let out = 0; out < outSize; out += 1) {
    const start = out * inSize;
    exact[out] = Math.abs(signedExtreme(weights, start, start + inSize)) / INT8_MAX || 1;
    scales[at + out] = exact[out] as number;
  }
  const strides = layout === 'out-in' ? ([inSize, 1] as const) : ([1, scales.length] as const);
  writeTiles(weights, inSize, exact, { values: target.values, strides, at });
}

const TILE_OUTS = 128;
const TILE_INS = 16;

/** Tile by tile: column after column, a transposed matrix would miss the cache at every value. */
function writeTiles(
  weights: Float32Array,
  inSize: number,
  scales: Float64Array,
  target: { values: Int8Array; strides: readonly [number, number]; at: number },
): void {
  const { at } = target;
  const [outStride, inStride] = target.strides;
  for (let outs = 0; outs < scales.length; outs += TILE_OUTS) {
    const outEnd = Math.min(outs + TILE_OUTS, scales.length);
    for (let ins = 0; ins < inSize; ins += TILE_INS) {
      const inEnd = Math.min(ins + TILE_INS, inSize);
      for (let out = outs; out < outEnd; out += 1) {
        const start = out * inSize;
        const first = (at + out) * outStride + ins * inStride;
        const step = { first, stride: inStride, scale: scales[out] as number };
        writeRun(weights, start + ins, start + inEnd, target.values, step);
      }
    }
  }
}

function writeRun(
  weights: Float32Array,
  start: number,
  end: number,
  values: Int8Array,
  { first, stride, scale }: { first: number; stride: number; scale: number },
): void {
  let at = first;
  for (let i = start; i < end; i += 1) {
    values[at] = nearest((weights[i] as number) / scale);
    at += stride;
  }
}

/** Quotients this near to the middle of two integers are left to `Math.round`. */
const DOUBT = 1e-9;

/**
 * `Math.round`, at a fifth of its time where weights are what they are: its branches follow the sign
 * and the fraction, which nobody can predict. A quotient that is no number or far too large has no
 * fraction here either, and goes the same way as one in doubt.
 */
function nearest(quotient: number): number {
  const shifted = quotient + 256.5;
  const whole = shifted | 0;
  const fraction = shifted - whole;
  return fraction > DOUBT && fraction < 1 - DOUBT ? whole - 256 : Math.round(quotient);
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
      target.scales[index] = pack(weights, start, end, target.values, index * bytes);
    }
  }
}

// Every weight of every model goes through what follows: plain loops over positions, since a view or
// an iterator for each block of 32 costs more than the arithmetic.

function packInt8(
  weights: Float32Array,
  start: number,
  end: number,
  values: Uint8Array,
  at: number,
): number {
  const scale = Math.abs(signedExtreme(weights, start, end)) / INT8_MAX || 1;
  for (let i = 0; i < BLOCK; i += 1) {
    const weight = start + i < end ? (weights[start + i] as number) : 0;
    values[at + i] = nearest(weight / scale) + INT8_ZERO;
  }
  return scale;
}

/** Packs one block with the scale of least squared error among a few candidates; returns it. */
function packInt4(
  weights: Float32Array,
  start: number,
  end: number,
  values: Uint8Array,
  at: number,
): number {
  const scale = bestInt4Scale(weights, start, end);
  for (let i = 0; i < BLOCK; i += 2) {
    const even = start + i < end ? (weights[start + i] as number) : 0;
    const odd = start + i + 1 < end ? (weights[start + i + 1] as number) : 0;
    const low = toInt4(even, scale) + INT4_ZERO;
    const high = toInt4(odd, scale) + INT4_ZERO;
    values[at + i / 2] = low | (high << 4);
  }
  return scale;
}

/**
 * Sixteen levels reach from −8 to 7, so the extreme value may be given the longer side (a negative
 * scale turns it round) or be clipped a little in favour of the rest.
 */
function bestInt4Scale(weights: Float32Array, start: number, end: number): number {
  const extreme = signedExtreme(weights, start, end);
  if (extreme === 0) return 1;
  let best = 1;
  let least = Infinity;
  for (let candidate = 0; candidate < INT4_CANDIDATE_LEVELS.length; candidate += 1) {
    const scale = extreme / (INT4_CANDIDATE_LEVELS[candidate] as number);
    const error = int4Error(weights, start, end, scale);
    if (error >= least) continue;
    best = scale;
    least = error;
  }
  return best;
}

const INT4_CANDIDATE_LEVELS = [-8, -8.5, -9, -7.6, -7, 7, 7.5];

function int4Error(weights: Float32Array, start: number, end: number, scale: number): number {
  const inverse = 1 / scale;
  let error = 0;
  for (let i = start; i < end; i += 1) {
    const weight = weights[i] as number;
    // Rounded and held between the ends; `Math` functions would take most of the time here.
    const shifted = weight * inverse + 8.5;
    const level = shifted < 0 ? -8 : shifted >= 16 ? 7 : (shifted | 0) - 8;
    const miss = weight - level * scale;
    error += miss * miss;
  }
  return error;
}

function toInt4(weight: number, scale: number): number {
  const level = nearest(weight / scale);
  if (level < -8) return -8;
  return level > 7 ? 7 : level;
}

function signedExtreme(weights: Float32Array, start: number, end: number): number {
  let extreme = 0;
  let reach = 0;
  for (let i = start; i < end; i += 1) {
    const size = Math.abs(weights[i] as number);
    if (size > reach) {
      reach = size;
      extreme = weights[i] as number;
    }
  }
  return extreme;
}
