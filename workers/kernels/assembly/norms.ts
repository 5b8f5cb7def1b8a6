// Norms of rows of float32; sums in four lanes, in one order for a given width.
import { loadSome, splat, storeSome, sumOf } from './lanes';

/** `sum = x + skip`; `skip` or `sum` may be 0. Gives where the values to norm then are. */
function summed(x: usize, skip: usize, sum: usize, width: i32, into: usize): usize {
  if (!skip) {
    if (sum && sum != x) memory.copy(sum, x, <usize>width << 2);
    return x;
  }
  const to = sum ? sum : into;
  let i = 0;
  for (; i + 4 <= width; i += 4) {
    const at = <usize>i << 2;
    v128.store(to + at, f32x4.add(v128.load(x + at), v128.load(skip + at)));
  }
  for (; i < width; i++) {
    const at = <usize>i << 2;
    store<f32>(to + at, load<f32>(x + at) + load<f32>(skip + at));
  }
  return to;
}

/** `(x - mean) · factor · weight + bias`; `weight` or `bias` may be 0. */
function write(x: usize, width: i32, mean: f32, factor: f32, weight: usize, bias: usize, into: usize): void {
  let i = 0;
  for (; i + 4 <= width; i += 4) {
    const at = <usize>i << 2;
    let v = f32x4.mul(f32x4.sub(v128.load(x + at), splat(mean)), splat(factor));
    if (weight) v = f32x4.mul(v, v128.load(weight + at));
    if (bias) v = f32x4.add(v, v128.load(bias + at));
    v128.store(into + at, v);
  }
  const rest = width - i;
  if (rest == 0) return;
  const at = <usize>i << 2;
  let v = f32x4.mul(f32x4.sub(loadSome(x + at, rest), splat(mean)), splat(factor));
  if (weight) v = f32x4.mul(v, loadSome(weight + at, rest));
  if (bias) v = f32x4.add(v, loadSome(bias + at, rest));
  storeSome(into + at, v, rest);
}

function sumOfSquares(x: usize, width: i32, mean: f32): f32 {
  let a = splat(0), b = a;
  let i = 0;
  for (; i + 8 <= width; i += 8) {
    const v = f32x4.sub(v128.load(x + (<usize>i << 2)), splat(mean));
    const u = f32x4.sub(v128.load(x + (<usize>i << 2), 16), splat(mean));
    a = f32x4.add(a, f32x4.mul(v, v));
    b = f32x4.add(b, f32x4.mul(u, u));
  }
  let total = sumOf(f32x4.add(a, b));
  for (; i < width; i++) {
    const v = load<f32>(x + (<usize>i << 2)) - mean;
    total += v * v;
  }
  return total;
}

function meanOf(x: usize, width: i32): f32 {
  let a = splat(0), b = a;
  let i = 0;
  for (; i + 8 <= width; i += 8) {
    a = f32x4.add(a, v128.load(x + (<usize>i << 2)));
    b = f32x4.add(b, v128.load(x + (<usize>i << 2), 16));
  }
  let total = sumOf(f32x4.add(a, b));
  for (; i < width; i++) total += load<f32>(x + (<usize>i << 2));
  return total / <f32>width;
}

export function rmsNorm(
  x: usize, rows: i32, width: i32, weight: usize, epsilon: f32, into: usize, skip: usize, sum: usize,
): void {
  for (let r = 0; r < rows; r++) {
    const at = (<usize>r * width) << 2;
    const row = summed(x + at, skip ? skip + at : 0, sum ? sum + at : 0, width, into + at);
    const mean = sumOfSquares(row, width, 0) / <f32>width;
    write(row, width, 0, 1 / sqrt<f32>(mean + epsilon), weight, 0, into + at);
  }
}

export function layerNorm(
  x: usize, rows: i32, width: i32, weight: usize, bias: usize, epsilon: f32, into: usize, skip: usize, sum: usize,
): void {
  for (let r = 0; r < rows; r++) {
    const at = (<usize>r * width) << 2;
    const row = summed(x + at, skip ? skip + at : 0, sum ? sum + at : 0, width, into + at);
    const mean = meanOf(row, width);
    const variance = sumOfSquares(row, width, mean) / <f32>width;
    write(row, width, mean, 1 / sqrt<f32>(variance + epsilon), weight, bias, into + at);
  }
}
