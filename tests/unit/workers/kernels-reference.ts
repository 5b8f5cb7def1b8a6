import type { Kernels, Pointer } from '../../../workers/kernels/kernels';

/** Reproducible values in [-1, 1). */
export function noise(count: number, seed = 1): Float32Array {
  let state = seed >>> 0 || 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

export function noise8(count: number, seed = 1): Int8Array {
  return Int8Array.from(noise(count, seed), (value) => Math.floor(value * 128));
}

export function put(kernels: Kernels, values: Float32Array): Pointer {
  const at = kernels.allocate(values.length * 4);
  kernels.floats(at, values.length).set(values);
  return at;
}

/** Room filled with NaN: what a kernel does not write is seen. */
export function room(kernels: Kernels, count: number): Pointer {
  return put(kernels, new Float32Array(count).fill(Number.NaN));
}

export function take(kernels: Kernels, at: Pointer, count: number): Float32Array {
  return kernels.floats(at, count).slice();
}

/** The largest distance over the largest magnitude of what is right. */
export function distance(got: ArrayLike<number>, right: ArrayLike<number>): number {
  let far = 0;
  let most = 0;
  for (let i = 0; i < right.length; i++) {
    const gap = Math.abs((got[i] ?? Number.NaN) - (right[i] ?? Number.NaN));
    far = gap <= far ? far : gap;
    most = Math.max(most, Math.abs(right[i] ?? 0));
  }
  return far / (most || 1);
}

/** `[rows, in] · [out, in]ᵀ + bias`, in float64. */
export function product(
  x: Float32Array,
  w: ArrayLike<number>,
  [rows, width, out]: readonly [number, number, number],
  bias?: Float32Array,
): number[] {
  return Array.from({ length: rows * out }, (_, n) => {
    const [r, o] = [Math.floor(n / out), n % out];
    let sum = bias?.[o] ?? 0;
    for (let i = 0; i < width; i++) sum += (x[r * width + i] ?? 0) * (w[o * width + i] ?? 0);
    return sum;
  });
}
