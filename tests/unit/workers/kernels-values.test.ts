import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Activation, Kernels } from '../../../workers/kernels/kernels';
import { createKernels } from '../../../workers/kernels/wasm-kernels';
import { distance, noise, put, room, take } from './kernels-reference';

let kernels: Kernels;
beforeAll(async () => {
  kernels = await createKernels({ initialBytes: 1 << 20, threads: 1 });
});

/** Values over many magnitudes, of both signs. */
const SPREAD = noise(1003, 21).map((v, i) => v * 10 ** ((i % 9) - 5));

function rms(x: ArrayLike<number>, epsilon: number): number {
  return 1 / Math.sqrt(mean(Array.from(x, (v) => v * v)) + epsilon);
}

function mean(x: readonly number[]): number {
  return x.reduce((sum, v) => sum + v, 0) / x.length;
}

function chunks(x: ArrayLike<number>, width: number): number[][] {
  return Array.from({ length: x.length / width }, (_, r) =>
    Array.from(x).slice(r * width, (r + 1) * width),
  );
}

describe('norms', () => {
  it.each([1, 3, 4, 8, 30, 384, 1029])('of rows of %i', (width) => {
    const [x, skip] = [noise(3 * width, 1), noise(3 * width, 2)];
    const [w, b] = [noise(width, 3), noise(width, 4)];
    const [xAt, skipAt, wAt, bAt] = [x, skip, w, b].map((v) =>
      put(kernels, v),
    ) as never as number[];
    const [into, sum] = [room(kernels, 3 * width), room(kernels, 3 * width)];
    const added = chunks(
      x.map((v, i) => v + (skip[i] ?? 0)),
      width,
    );

    kernels.rmsNorm(xAt ?? 0, 3, width, wAt ?? 0, 1e-6, into, skipAt, sum);
    const right = added.flatMap((row) => row.map((v, i) => v * rms(row, 1e-6) * (w[i] ?? 0)));
    expect(distance(take(kernels, into, 3 * width), right)).toBeLessThan(1e-6);
    expect([...take(kernels, sum, 3 * width)]).toEqual(added.flat());

    kernels.layerNorm(xAt ?? 0, 3, width, wAt ?? 0, bAt ?? 0, 1e-5, into);
    const centred = chunks(x, width).flatMap((row) => {
      const from = row.map((v) => v - mean(row));
      return from.map((v, i) => v * rms(from, 1e-5) * (w[i] ?? 0) + (b[i] ?? 0));
    });
    expect(distance(take(kernels, into, 3 * width), centred)).toBeLessThan(2e-6);
  });

  it('may write over what it reads, and needs no weight', () => {
    const [x, skip] = [noise(2 * 37, 1), noise(2 * 37, 2)];
    const [xAt, skipAt] = [put(kernels, x), put(kernels, skip)];
    kernels.rmsNorm(xAt, 2, 37, 0, 1e-6, skipAt, skipAt, xAt);
    const sum = x.map((v, i) => v + (skip[i] ?? 0));
    const right = chunks(sum, 37).flatMap((row) => row.map((v) => v * rms(row, 1e-6)));
    expect(take(kernels, xAt, 2 * 37)).toEqual(sum);
    expect(distance(take(kernels, skipAt, 2 * 37), right)).toBeLessThan(1e-6);
  });
});

/** erf by its series, which converges wherever float64 can hold its terms. */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 120; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const ACTIVATIONS: Readonly<Record<Activation, (x: number) => number>> = {
  silu: (x) => x / (1 + Math.exp(-x)),
  gelu: (x) => (Math.abs(x) > 6 ? Math.max(x, 0) : 0.5 * x * (1 + erf(x / Math.SQRT2))),
  'gelu-tanh': (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  relu: (x) => Math.max(x, 0),
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
};

describe('activations', () => {
  it.each(Object.entries(ACTIVATIONS))('%s', (name, right) => {
    const kind = name as Activation;
    const into = room(kernels, SPREAD.length);
    kernels.activate(kind, put(kernels, SPREAD), SPREAD.length, into);
    take(kernels, into, SPREAD.length).forEach((got, i) => {
      const wanted = right(SPREAD[i] ?? 0);
      expect(Math.abs(got - wanted)).toBeLessThanOrEqual(2e-6 * Math.abs(wanted) + 3e-7);
    });
  });

  it('opens gates anywhere in a row', () => {
    const [rows, stride, width] = [3, 29, 11];
    const x = noise(rows * stride, 12);
    const into = room(kernels, rows * width);
    kernels.gated('silu', put(kernels, x), rows, stride, 14, 2, width, into);
    const right = Array.from({ length: rows * width }, (_, n) => {
      const at = Math.floor(n / width) * stride + (n % width);
      return ACTIVATIONS.silu(x[at + 14] ?? 0) * (x[at + 2] ?? 0);
    });
    expect(distance(take(kernels, into, rows * width), right)).toBeLessThan(1e-6);
  });

  it.each([1, 4, 7, 1003])('adds, multiplies and scales %i values', (count) => {
    const [a, b] = [noise(count, 1), noise(count, 2)];
    const [aAt, bAt, into] = [put(kernels, a), put(kernels, b), room(kernels, count)];
    kernels.add(aAt, bAt, count, into);
    expect(take(kernels, into, count)).toEqual(a.map((v, i) => v + (b[i] ?? 0)));
    kernels.multiply(aAt, bAt, count, into);
    expect(take(kernels, into, count)).toEqual(a.map((v, i) => v * (b[i] ?? 0)));
    kernels.scaled(aAt, 2, 0.5, count, into);
    expect(take(kernels, into, count)).toEqual(a.map((v) => v * 2 + 0.5));
  });
});

/** Best first, ties to the lower index; NaN last. */
function best(row: readonly number[], count: number): number[] {
  const ids = row.map((_, i) => i);
  const rank = (i: number) => (Number.isNaN(row[i]) ? -Infinity : (row[i] ?? 0));
  return ids.sort((a, b) => rank(b) - rank(a) || a - b).slice(0, count);
}

describe('ranking', () => {
  it('finds the largest of each row, ties to the lower index', () => {
    const few = fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 1, maxLength: 90 });
    fc.assert(
      fc.property(few, fc.integer({ min: 1, max: 100 }), (row, count) => {
        const at = put(kernels, Float32Array.from([...row, ...row]));
        const { values, ids } = kernels.topK(at, 2, row.length, count);
        kernels.free(at);
        const right = best(row, count);
        expect([...ids]).toEqual([...right, ...right]);
        expect([...values]).toEqual([...ids].map((id) => row[id]));
      }),
    );
  });

  it('looks through a large vocabulary', () => {
    const row = noise(50_021, 5);
    row[17] = Number.NaN;
    row[40_000] = Number.NaN;
    const { ids } = kernels.topK(put(kernels, row), 1, row.length, 64);
    expect([...ids]).toEqual(best([...row], 64));
  });

  it.each([1, 3, 64, 511, 513, 20_003])('sums the exponentials of %i values', (width) => {
    const x = noise(2 * width, 3).map((v) => v * 30 + 100);
    const got = kernels.logSumExp(put(kernels, x), 2, width);
    chunks(x, width).forEach((row, r) => {
      const most = Math.max(...row);
      const right = most + Math.log(row.reduce((sum, v) => sum + Math.exp(v - most), 0));
      expect(Math.abs((got[r] ?? 0) - right)).toBeLessThan(1e-5);
    });
  });

  it('leaves out what is forbidden', () => {
    const x = Float32Array.from([-Infinity, 1, -Infinity, 1, -Infinity]);
    const got = kernels.logSumExp(put(kernels, x), 1, 5);
    expect(got[0]).toBeCloseTo(1 + Math.log(2), 5);
    const none = kernels.logSumExp(put(kernels, x.fill(-Infinity)), 1, 5);
    expect(none[0]).toBe(-Infinity);
  });
});
