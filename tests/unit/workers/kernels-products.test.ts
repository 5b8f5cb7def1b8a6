import { beforeAll, describe, expect, it } from 'vitest';
import type { Int8Matrix, Kernels } from '../../../workers/kernels/kernels';
import { createKernels } from '../../../workers/kernels/wasm-kernels';
import { distance, noise, noise8, product, put, room, take } from './kernels-reference';

let kernels: Kernels;
beforeAll(async () => {
  kernels = await createKernels({ initialBytes: 1 << 20, threads: 1 });
});

function matrixOf(width: number, out: number, scales = noise(out, 9)) {
  const values = noise8(width * out, 7);
  const matrix = kernels.int8Matrix(values, scales, { in: width, out, stored: 'out-in' });
  const wide = Float32Array.from(values, (v, n) => v * (scales[Math.floor(n / width)] ?? 0));
  return { values, scales, matrix, wide };
}

function multiplied(x: Float32Array, rows: number, matrix: Int8Matrix, bias?: Float32Array) {
  const into = room(kernels, rows * matrix.out);
  const biasAt = bias ? put(kernels, bias) : 0;
  kernels.int8Product(put(kernels, x), rows, matrix, biasAt, into);
  return take(kernels, into, rows * matrix.out);
}

const SHAPES = [
  [1, 1, 1],
  [1, 16, 4],
  [2, 15, 5],
  [3, 17, 7],
  [4, 100, 33],
  [5, 8, 6],
  [7, 384, 64],
  [1, 2049, 9],
  [3, 4100, 10],
  [70, 40, 12],
] as const;

describe('products with 8-bit weights', () => {
  it.each(SHAPES)('%i rows, in %i, out %i', (rows, width, out) => {
    const { matrix, wide } = matrixOf(width, out);
    const [x, bias] = [noise(rows * width, 3), noise(out, 5)];
    const right = product(x, wide, [rows, width, out], bias);
    expect(distance(multiplied(x, rows, matrix, bias), right)).toBeLessThan(2e-5);
    const bare = product(x, wide, [rows, width, out]);
    expect(distance(multiplied(x, rows, matrix), bare)).toBeLessThan(2e-5);
  });

  it('takes weights that lie the other way', () => {
    const [width, out] = [70, 131];
    const { values, scales, matrix } = matrixOf(width, out);
    const turned = new Int8Array(width * out);
    values.forEach((v, n) => (turned[(n % width) * out + Math.floor(n / width)] = v));
    const other = kernels.int8Matrix(turned, scales, { in: width, out, stored: 'in-out' });
    const x = noise(2 * width, 4);
    expect(multiplied(x, 2, other)).toEqual(multiplied(x, 2, matrix));
  });

  it('holds the largest sums there can be', () => {
    const [width, out] = [6000, 4];
    const values = new Int8Array(width * out).fill(-128);
    const scales = new Float32Array(out).fill(1);
    const matrix = kernels.int8Matrix(values, scales, { in: width, out, stored: 'out-in' });
    const x = new Float32Array(width).fill(-1);
    expect(distance(multiplied(x, 1, matrix), new Array(out).fill(128 * width))).toBeLessThan(1e-6);
  });

  it('gives a row the same bits whoever is beside it', () => {
    const [width, out] = [2100, 37];
    const { matrix } = matrixOf(width, out);
    const x = noise(64 * width, 11);
    const alone = Array.from({ length: 64 }, (_, r) =>
      multiplied(x.slice(r * width, (r + 1) * width), 1, matrix),
    );
    for (const rows of [1, 2, 3, 4, 5, 6, 7, 8, 64]) {
      const together = multiplied(x.slice(0, rows * width), rows, matrix);
      for (let r = 0; r < rows; r++) {
        expect(together.slice(r * out, (r + 1) * out)).toEqual(alone[r]);
      }
    }
  });

  it('gives zeros for a row of zeros, and NaN for one that holds what is no number', () => {
    const { matrix } = matrixOf(24, 6);
    const x = new Float32Array(4 * 24).fill(0);
    x.fill(1, 24, 48);
    x[50] = Number.NaN;
    x[75] = Number.POSITIVE_INFINITY;
    const got = multiplied(x, 4, matrix);
    expect([...got.slice(0, 6)].every((v) => v === 0)).toBe(true);
    expect([...got.slice(6, 12)].every(Number.isFinite)).toBe(true);
    expect([...got.slice(12)].every(Number.isNaN)).toBe(true);
  });

  it('writes nothing behind its outputs', () => {
    const { matrix } = matrixOf(20, 5);
    const into = room(kernels, 16);
    kernels.int8Product(put(kernels, noise(40)), 2, matrix, 0, into);
    expect([...take(kernels, into, 16).slice(10)].every(Number.isNaN)).toBe(true);
  });
});

describe('products with float32 weights', () => {
  it.each(SHAPES)('%i rows, in %i, out %i', (rows, width, out) => {
    const [x, w, bias] = [noise(rows * width, 3), noise(width * out, 8), noise(out, 5)];
    const matrix = kernels.float32Matrix(w, { in: width, out, stored: 'out-in' });
    const into = room(kernels, rows * out);
    kernels.float32Product(put(kernels, x), rows, matrix, put(kernels, bias), into);
    const right = product(x, w, [rows, width, out], bias);
    expect(distance(take(kernels, into, rows * out), right)).toBeLessThan(2e-6);
  });

  it('gives a row the same bits whoever is beside it', () => {
    const [width, out] = [131, 18];
    const matrix = kernels.float32Matrix(noise(width * out, 2), {
      in: width,
      out,
      stored: 'in-out',
    });
    const x = noise(5 * width, 6);
    const run = (some: Float32Array, rows: number) => {
      const into = room(kernels, rows * out);
      kernels.float32Product(put(kernels, some), rows, matrix, 0, into);
      return take(kernels, into, rows * out);
    };
    const together = run(x, 5);
    for (let r = 0; r < 5; r++) {
      const alone = run(x.slice(r * width, (r + 1) * width), 1);
      expect(together.slice(r * out, (r + 1) * out)).toEqual(alone);
    }
  });
});

describe('rows of a table', () => {
  it.each([4, 30, 35])('of %i values', (width) => {
    const { matrix, wide } = matrixOf(width, 9);
    const table = kernels.float32Matrix(wide, { in: width, out: 9, stored: 'out-in' });
    const ids = [3, 0, 8, 3];
    const right = ids.flatMap((id) => [...wide.slice(id * width, (id + 1) * width)]);
    const into = room(kernels, right.length);
    kernels.int8Rows(matrix, ids, into);
    expect(distance(take(kernels, into, right.length), right)).toBeLessThan(1e-7);
    kernels.float32Rows(table, ids, into);
    expect([...take(kernels, into, right.length)]).toEqual(right);
  });

  it('has no rows but its own', () => {
    const { matrix } = matrixOf(8, 9);
    const into = room(kernels, 8);
    expect(() => kernels.int8Rows(matrix, [9], into)).toThrow(RangeError);
    expect(() => kernels.int8Rows(matrix, [-1], into)).toThrow(RangeError);
  });
});
