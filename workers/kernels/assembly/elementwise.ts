// Activations and sums, value by value.
import { erfc4, exp4, loadSome, multiplyAdd, sigmoid4, splat, storeSome, tanh4 } from './lanes';

/** 0 silu, 1 gelu, 2 gelu-tanh, 3 relu, 4 tanh, 5 sigmoid; within 1e-6 of each, relatively. */
// @ts-ignore: decorator
@inline
function activation(kind: i32, x: v128): v128 {
  switch (kind) {
    case 0:
      return f32x4.div(x, f32x4.add(splat(1), exp4(f32x4.neg(x))));
    case 1:
      return gelu(x);
    case 2:
      return geluTanh(x);
    case 3:
      return f32x4.max(x, splat(0));
    case 4:
      return tanh4(x);
    default:
      return sigmoid4(x);
  }
}

/** x Φ(x): below 0 the tail itself is taken, where 1 + erf would cancel. */
// @ts-ignore: decorator
@inline
function gelu(x: v128): v128 {
  const tail = f32x4.mul(splat(0.5), erfc4(f32x4.mul(f32x4.abs(x), splat(0.70710678))));
  const share = v128.bitselect(tail, f32x4.sub(splat(1), tail), f32x4.lt(x, splat(0)));
  return f32x4.mul(x, share);
}

/** x σ(2 √(2/π) (x + 0.044715 x³)), which is x (1 + tanh …) / 2. */
// @ts-ignore: decorator
@inline
function geluTanh(x: v128): v128 {
  const cube = f32x4.mul(f32x4.mul(x, x), x);
  const u = f32x4.mul(splat(1.59576912), multiplyAdd(splat(0.044715), cube, x));
  return f32x4.div(x, f32x4.add(splat(1), exp4(f32x4.neg(u))));
}

export function activate(kind: i32, x: usize, count: i32, into: usize): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const at = <usize>i << 2;
    v128.store(into + at, activation(kind, v128.load(x + at)));
  }
  const at = <usize>i << 2;
  if (i < count) storeSome(into + at, activation(kind, loadSome(x + at, count - i)), count - i);
}

/** One row: `activation(gate) · up`. */
// @ts-ignore: decorator
@inline
function gatedRow(kind: i32, gate: usize, up: usize, width: i32, into: usize): void {
  let i = 0;
  for (; i + 4 <= width; i += 4) {
    const at = <usize>i << 2;
    v128.store(into + at, f32x4.mul(activation(kind, v128.load(gate + at)), v128.load(up + at)));
  }
  const rest = width - i;
  if (rest == 0) return;
  const at = <usize>i << 2;
  const v = f32x4.mul(activation(kind, loadSome(gate + at, rest)), loadSome(up + at, rest));
  storeSome(into + at, v, rest);
}

export function gated(
  kind: i32, x: usize, rows: i32, stride: i32, gate: i32, up: i32, width: i32, into: usize,
): void {
  for (let r = 0; r < rows; r++) {
    const row = x + ((<usize>r * stride) << 2);
    const to = into + ((<usize>r * width) << 2);
    gatedRow(kind, row + (<usize>gate << 2), row + (<usize>up << 2), width, to);
  }
}

export function add(a: usize, b: usize, count: i32, into: usize): void {
  const end = <usize>count << 2;
  let i: usize = 0;
  for (; i + 16 <= end; i += 16) v128.store(into + i, f32x4.add(v128.load(a + i), v128.load(b + i)));
  for (; i < end; i += 4) store<f32>(into + i, load<f32>(a + i) + load<f32>(b + i));
}

export function multiply(a: usize, b: usize, count: i32, into: usize): void {
  const end = <usize>count << 2;
  let i: usize = 0;
  for (; i + 16 <= end; i += 16) v128.store(into + i, f32x4.mul(v128.load(a + i), v128.load(b + i)));
  for (; i < end; i += 4) store<f32>(into + i, load<f32>(a + i) * load<f32>(b + i));
}

export function scaled(a: usize, factor: f32, addend: f32, count: i32, into: usize): void {
  const end = <usize>count << 2;
  let i: usize = 0;
  for (; i + 16 <= end; i += 16) {
    v128.store(into + i, multiplyAdd(v128.load(a + i), splat(factor), splat(addend)));
  }
  for (; i < end; i += 4) store<f32>(into + i, load<f32>(a + i) * factor + addend);
}
