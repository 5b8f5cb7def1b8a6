import { beforeAll, describe, expect, it } from 'vitest';
import type { AttentionRow, AttentionShape, Kernels } from '../../../workers/kernels/kernels';
import { createKernels } from '../../../workers/kernels/wasm-kernels';
import { distance, noise, put, room, take } from './kernels-reference';

let kernels: Kernels;
beforeAll(async () => {
  kernels = await createKernels({ initialBytes: 1 << 20, threads: 1 });
});

interface Case {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly tokens: number;
  readonly softcap?: number;
  readonly window?: number;
  readonly width?: number;
  readonly interleaved?: boolean;
  readonly bias?: boolean;
}

const CASES: readonly Case[] = [
  { heads: 1, kvHeads: 1, headDim: 8, tokens: 5 },
  { heads: 6, kvHeads: 2, headDim: 64, tokens: 70, width: 64 },
  { heads: 4, kvHeads: 4, headDim: 12, tokens: 9, width: 8 },
  { heads: 9, kvHeads: 3, headDim: 20, tokens: 33, width: 20, interleaved: true },
  { heads: 16, kvHeads: 1, headDim: 32, tokens: 18, width: 16, interleaved: true },
  { heads: 4, kvHeads: 1, headDim: 256, tokens: 21, width: 256, window: 7, softcap: 3 },
  { heads: 3, kvHeads: 3, headDim: 40, tokens: 30, width: 40, window: 1 },
  { heads: 5, kvHeads: 5, headDim: 16, tokens: 23, bias: true },
];

const CAPACITY = 75;

function tensors({ heads, kvHeads, headDim, tokens, width = 0 }: Case) {
  const angles = noise(CAPACITY * width, 5).map((v) => v * 3);
  return {
    q: noise(tokens * heads * headDim, 1).map((v) => v * 4),
    k: noise(tokens * kvHeads * headDim, 2),
    v: noise(tokens * kvHeads * headDim, 3),
    cos: angles.slice(0, (CAPACITY * width) / 2).map(Math.cos),
    sin: angles.slice(0, (CAPACITY * width) / 2).map(Math.sin),
    bias: noise(heads * tokens * CAPACITY, 6),
  };
}

function scaleOf({ headDim }: Case): number {
  return 1 / Math.sqrt(headDim);
}

/** A head's values at a position, turned; float64. */
function turned(
  head: readonly number[],
  at: number,
  test: Case,
  cos: Float32Array,
  sin: Float32Array,
) {
  const { width = 0, interleaved = false } = test;
  const half = width / 2;
  const to = [...head];
  for (let i = 0; i < half; i++) {
    const [one, two] = interleaved ? [2 * i, 2 * i + 1] : [i, i + half];
    const [c, s] = [cos[at * half + i] ?? 0, sin[at * half + i] ?? 0];
    const [a, b] = [head[one] ?? 0, head[two] ?? 0];
    to[one] = a * c - b * s;
    to[two] = b * c + a * s;
  }
  return to;
}

/** One token's one head; float64, no shortcuts. */
function attended(test: Case, data: ReturnType<typeof tensors>, t: number, h: number): number[] {
  const { heads, kvHeads, headDim, softcap = 0, window = 0 } = test;
  const kv = Math.floor(h / (heads / kvHeads));
  const of = (x: Float32Array, token: number, head: number, count: number) => [
    ...x.slice((token * count + head) * headDim, (token * count + head + 1) * headDim),
  ];
  const q = turned(of(data.q, t, h, heads), t, test, data.cos, data.sin);
  const first = window > 0 ? Math.max(0, t - window + 1) : 0;
  const keys = Array.from({ length: t + 1 - first }, (_, n) => first + n);
  const scores = keys.map((key) => {
    const k = turned(of(data.k, key, kv, kvHeads), key, test, data.cos, data.sin);
    const score = scaleOf(test) * k.reduce((sum, v, i) => sum + v * (q[i] ?? 0), 0);
    const capped = softcap > 0 ? softcap * Math.tanh(score / softcap) : score;
    const place = (h * test.tokens + t) * CAPACITY + key;
    return capped + (test.bias ? (data.bias[place] ?? 0) : 0);
  });
  const most = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - most));
  const total = weights.reduce((sum, v) => sum + v, 0);
  const values = keys.map((key) => of(data.v, key, kv, kvHeads));
  return Array.from({ length: headDim }, (_, i) =>
    values.reduce((sum, v, n) => sum + ((weights[n] ?? 0) / total) * (v[i] ?? 0), 0),
  );
}

function reference(test: Case): number[] {
  const data = tensors(test);
  return Array.from({ length: test.tokens * test.heads }, (_, n) =>
    attended(test, data, Math.floor(n / test.heads), n % test.heads),
  ).flat();
}

function planes(test: Case) {
  const size = test.kvHeads * CAPACITY * test.headDim;
  return { key: room(kernels, size), value: room(kernels, size) };
}

function shapeOf(test: Case, data: ReturnType<typeof tensors>): AttentionShape {
  const { heads, kvHeads, headDim, width = 0, interleaved = false } = test;
  const [cos, sin] = [put(kernels, data.cos), put(kernels, data.sin)];
  return {
    ...{ heads, kvHeads, headDim, capacity: CAPACITY, scale: scaleOf(test) },
    ...{ softcap: test.softcap ?? 0, window: test.window ?? 0 },
    rotation: width === 0 ? null : { cos, sin, width, interleaved },
  };
}

/** The same tokens, so many at a time, as the row that is `beside` others. */
function inChunks(test: Case, size: number, beside = 0): Float32Array {
  const data = tensors(test);
  const shape = shapeOf(test, data);
  const width = { q: test.heads * test.headDim, kv: test.kvHeads * test.headDim };
  const rows = Array.from({ length: beside + 1 }, () => planes(test));
  const all = new Float32Array(test.tokens * width.q);
  for (let past = 0; past < test.tokens; past += size) {
    const count = Math.min(size, test.tokens - past);
    const packed = pack(data, width, past, count, beside + 1);
    const into = room(kernels, (beside + 1) * count * width.q);
    const strided = (from: number) => ({ at: packed + from * 4, stride: width.q + 2 * width.kv });
    const work = rows.map((row, r): AttentionRow => ({ ...row, first: r * count, count, past }));
    const bias = { rowStride: 0, headStride: test.tokens * CAPACITY, stride: CAPACITY };
    const at = put(kernels, data.bias) + past * CAPACITY * 4;
    const parts = [strided(0), strided(width.q), strided(width.q + width.kv)] as const;
    kernels.attention(...parts, work, shape, into, ...(test.bias ? [{ at, ...bias }] : []));
    const last = into + beside * count * width.q * 4;
    all.set(take(kernels, last, count * width.q), past * width.q);
  }
  return all;
}

/** Projections side by side, `[rows · count, q + k + v]`. */
function pack(
  data: ReturnType<typeof tensors>,
  width: { q: number; kv: number },
  past: number,
  count: number,
  rows: number,
): number {
  const tokens = Array.from({ length: rows * count }, (_, n) => past + (n % count));
  const packed = tokens.flatMap((t) => [
    ...data.q.slice(t * width.q, (t + 1) * width.q),
    ...data.k.slice(t * width.kv, (t + 1) * width.kv),
    ...data.v.slice(t * width.kv, (t + 1) * width.kv),
  ]);
  return put(kernels, Float32Array.from(packed));
}

describe.each(CASES)('attention of $heads/$kvHeads × $headDim, $tokens tokens', (test) => {
  it('is that of the reference', () => {
    expect(distance(inChunks(test, test.tokens), reference(test))).toBeLessThan(3e-6);
  });

  it('gives the same bits however its tokens are cut, and whoever is beside it', () => {
    const whole = inChunks(test, test.tokens);
    for (const size of [1, 3, 64]) expect(inChunks(test, size)).toEqual(whole);
    expect(inChunks(test, 3, 2)).toEqual(whole);
  });
});

it('attends no heads that it cannot share out', () => {
  const shape = shapeOf({ heads: 3, kvHeads: 2, headDim: 8, tokens: 1 }, tensors(CASES[0] as Case));
  const at = { at: room(kernels, 100), stride: 24 };
  expect(() => kernels.attention(at, at, at, [], shape, at.at)).toThrow(RangeError);
});
