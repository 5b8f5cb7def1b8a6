// Products of rows of activations with weights `[out, in]`. Four outputs at a time; two rows of
// activations share what was read of the weights. A row's sum is taken in one order whatever tile it is in.
import { loadSome, maxOf, multiplyAdd, splat, storeSome, sums, TO_WHOLE } from './lanes';

/** Values of `in` whose products a lane's int32 sum surely holds: 2048 / 4 · 32767 · 128 < 2^31. */
const BLOCK: i32 = 2048;
/** Rows that go over the same weights before the next weights are read. */
const ROWS_TOGETHER: i32 = 32;

/** From so many rows on, widening weights into memory costs less than doing it for each pair. */
const WORTH_WIDENING: i32 = 4;
/** Bytes of four rows of a block as 16 bits. */
const WIDENED: usize = 4 * 2048 * 2;

/** Bytes of a row of 16-bit activations: whole vectors of 16 values. */
// @ts-ignore: decorator
@inline
function padded(width: i32): i32 {
  return (width + 15) & ~15;
}

/**
 * Rows of float32 to rows of int16 with zeros up to a multiple of 16, and a scale for each: its largest
 * magnitude / 32767. A value is then at most half a scale from what it was: 1.6e-5 of the row's largest.
 * A row that holds an infinity or NaN gets a scale that makes its products NaN.
 */
export function roundRows(x: usize, rows: i32, width: i32, into: usize, scales: usize): void {
  for (let r = 0; r < rows; r++) {
    const row = x + ((<usize>r * width) << 2);
    store<f32>(scales + (<usize>r << 2), roundRow(row, width, into + ((<usize>r * padded(width)) << 1)));
  }
}

function roundRow(x: usize, width: i32, into: usize): f32 {
  const eights = width & ~7;
  const rest = width - eights;
  const end = x + (<usize>eights << 2);
  const tail = rest >= 4 ? v128.load(end) : loadSome(end, rest);
  const behind = rest > 4 ? loadSome(end + 16, rest - 4) : splat(0);
  let most = larger(f32x4.abs(tail), f32x4.abs(behind));
  for (let p = x; p < end; p += 32) {
    most = larger(most, f32x4.abs(v128.load(p)));
    most = larger(most, f32x4.abs(v128.load(p, 16)));
  }
  const largest = maxOf(most);
  const factor = splat(32767 / largest);
  for (let p = x; p < end; p += 32, into += 16) {
    v128.store(into, rounded(v128.load(p), v128.load(p, 16), factor));
  }
  if (rest > 0) {
    v128.store(into, rounded(tail, behind, factor));
    into += 16;
  }
  if (((width + 7) >> 3) & 1) v128.store(into, splat(0));
  // An infinity has no scale either.
  return largest - largest + largest / 32767;
}

/** Of magnitudes, whose bits are in their own order; a NaN is larger than all. */
// @ts-ignore: decorator
@inline
function larger(a: v128, b: v128): v128 {
  return i32x4.max_s(a, b);
}

// @ts-ignore: decorator
@inline
function rounded(a: v128, b: v128, factor: v128): v128 {
  return i16x8.narrow_i32x4_s(whole(f32x4.mul(a, factor)), whole(f32x4.mul(b, factor)));
}

/** The nearest whole numbers, even ones at halves. */
// @ts-ignore: decorator
@inline
function whole(x: v128): v128 {
  return i32x4.sub(f32x4.add(x, splat(TO_WHOLE)), splat(TO_WHOLE));
}

/**
 * Outputs `from` to `to` (multiples of 4) of `rows` rounded rows. Sums are exact whole numbers within each
 * lane of a block of 2048, then float32: exact to about 1e-6 of the sum of magnitudes.
 *
 * `scratch` has room for four rows of a block as 16 bits, and for the sums of 32 rows: 16,896 bytes.
 */
export function int8Product(
  a: usize, scales: usize, rows: i32, width: i32,
  w: usize, wScales: usize, bias: usize, into: usize, out: i32,
  scratch: usize, from: i32, to: i32,
): void {
  const bytes = <usize>width << 1;
  for (let first = 0; first < rows; first += ROWS_TOGETHER) {
    const count = min(rows - first, ROWS_TOGETHER);
    const some = a + <usize>first * bytes;
    for (let o = from; o < to; o += 4) {
      const totals = scratch + WIDENED;
      const weights = w + <usize>o * width;
      if (count < WORTH_WIDENING) fewRows(some, count, weights, width, totals);
      else manyRows(some, count, weights, width, totals, scratch);
      const outScales = v128.load(wScales + (<usize>o << 2));
      const added = bias ? biasOf(bias, o, out) : splat(0);
      for (let r = 0; r < count; r++) {
        const scale = f32x4.mul(outScales, v128.load32_splat(scales + (<usize>(first + r) << 2)));
        const total = v128.load(totals + (<usize>r << 4));
        put(multiplyAdd(total, scale, added), into, first + r, out, o);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function biasOf(bias: usize, o: i32, out: i32): v128 {
  const at = bias + (<usize>o << 2);
  return o + 4 <= out ? v128.load(at) : loadSome(at, out - o);
}

// @ts-ignore: decorator
@inline
function put(v: v128, into: usize, r: i32, out: i32, o: i32): void {
  const at = into + ((<usize>r * out + o) << 2);
  if (o + 4 <= out) v128.store(at, v);
  else storeSome(at, v, out - o);
}

// @ts-ignore: decorator
@inline
function dotAdd(c: v128, w: v128, x: v128): v128 {
  return i32x4.add(c, i32x4.dot_i16x8_s(w, x));
}

// @ts-ignore: decorator
@inline
function low(w: v128): v128 {
  return i16x8.extend_low_i8x16_s(w);
}

// @ts-ignore: decorator
@inline
function high(w: v128): v128 {
  return i16x8.extend_high_i8x16_s(w);
}

/** Lanes become float32 before they meet: four of them together need not fit an int32. */
// @ts-ignore: decorator
@inline
function wholeSums(a: v128, b: v128, c: v128, d: v128): v128 {
  return sums(
    f32x4.convert_i32x4_s(a), f32x4.convert_i32x4_s(b),
    f32x4.convert_i32x4_s(c), f32x4.convert_i32x4_s(d),
  );
}

/** Sums of up to three rows with four rows of weights, `[rows, 4]`. */
// @ts-ignore: decorator
@inline
function fewRows(a: usize, rows: i32, w: usize, width: i32, totals: usize): void {
  const bytes = <usize>width << 1;
  let r = 0;
  for (; r + 2 <= rows; r += 2) two(a + <usize>r * bytes, w, width, totals + (<usize>r << 4));
  if (r < rows) v128.store(totals + (<usize>r << 4), one(a + <usize>r * bytes, w, width));
}

/** The same for more: weights become 16 bits once for all of them. */
function manyRows(a: usize, rows: i32, w: usize, width: i32, totals: usize, widened: usize): void {
  const bytes = <usize>width << 1;
  memory.fill(totals, 0, <usize>rows << 4);
  for (let first = 0; first < width; first += BLOCK) {
    const count = min(width - first, BLOCK);
    widen(w + first, width, count, widened);
    const from = a + (<usize>first << 1);
    let r = 0;
    for (; r + 2 <= rows; r += 2) {
      twoWidened(from + <usize>r * bytes, bytes, widened, count, totals + (<usize>r << 4));
    }
    if (r < rows) oneWidened(from + <usize>r * bytes, widened, count, totals + (<usize>r << 4));
  }
}

/** Four rows of weights as 16 bits, eight values of each in turn. */
function widen(w: usize, pitch: usize, count: i32, into: usize): void {
  for (let o: usize = 0; o < 4; o++) {
    let to = into + (o << 4);
    for (let i: usize = 0; i < <usize>count; i += 16, to += 128) {
      const v = v128.load(w + o * pitch + i);
      v128.store(to, low(v));
      v128.store(to, high(v), 64);
    }
  }
}

// @ts-ignore: decorator
@inline
function oneWidened(a: usize, w: usize, count: i32, total: usize): void {
  let c0 = i32x4.splat(0), c1 = c0, c2 = c0, c3 = c0;
  const end = a + (<usize>count << 1);
  for (; a < end; a += 16, w += 64) {
    const x = v128.load(a);
    c0 = dotAdd(c0, v128.load(w), x);
    c1 = dotAdd(c1, v128.load(w, 16), x);
    c2 = dotAdd(c2, v128.load(w, 32), x);
    c3 = dotAdd(c3, v128.load(w, 48), x);
  }
  v128.store(total, f32x4.add(v128.load(total), wholeSums(c0, c1, c2, c3)));
}

// @ts-ignore: decorator
@inline
function twoWidened(a: usize, bytes: usize, w: usize, count: i32, total: usize): void {
  let c0 = i32x4.splat(0), c1 = c0, c2 = c0, c3 = c0;
  let d0 = c0, d1 = c0, d2 = c0, d3 = c0;
  const end = a + (<usize>count << 1);
  for (; a < end; a += 16, w += 64) {
    const x = v128.load(a), y = v128.load(a + bytes);
    let v = v128.load(w);
    c0 = dotAdd(c0, v, x);
    d0 = dotAdd(d0, v, y);
    v = v128.load(w, 16);
    c1 = dotAdd(c1, v, x);
    d1 = dotAdd(d1, v, y);
    v = v128.load(w, 32);
    c2 = dotAdd(c2, v, x);
    d2 = dotAdd(d2, v, y);
    v = v128.load(w, 48);
    c3 = dotAdd(c3, v, x);
    d3 = dotAdd(d3, v, y);
  }
  v128.store(total, f32x4.add(v128.load(total), wholeSums(c0, c1, c2, c3)));
  v128.store(total, f32x4.add(v128.load(total, 16), wholeSums(d0, d1, d2, d3)), 16);
}

// @ts-ignore: decorator
@inline
function one(a: usize, w: usize, width: i32): v128 {
  let total = splat(0);
  for (let first = 0; first < width; first += BLOCK) {
    let c0 = i32x4.splat(0), c1 = c0, c2 = c0, c3 = c0;
    const end = min(width, first + BLOCK);
    for (let i: usize = first; i < <usize>end; i += 16) {
      const p0 = w + i, p1 = p0 + width, p2 = p1 + width, p3 = p2 + width;
      const x0 = v128.load(a + (i << 1)), x1 = v128.load(a + (i << 1), 16);
      let v = v128.load(p0);
      c0 = dotAdd(dotAdd(c0, low(v), x0), high(v), x1);
      v = v128.load(p1);
      c1 = dotAdd(dotAdd(c1, low(v), x0), high(v), x1);
      v = v128.load(p2);
      c2 = dotAdd(dotAdd(c2, low(v), x0), high(v), x1);
      v = v128.load(p3);
      c3 = dotAdd(dotAdd(c3, low(v), x0), high(v), x1);
    }
    total = f32x4.add(total, wholeSums(c0, c1, c2, c3));
  }
  return total;
}

// @ts-ignore: decorator
@inline
function two(a: usize, w: usize, width: i32, totals: usize): void {
  const b = a + (<usize>width << 1);
  let totalA = splat(0), totalB = totalA;
  for (let first = 0; first < width; first += BLOCK) {
    let c0 = i32x4.splat(0), c1 = c0, c2 = c0, c3 = c0;
    let d0 = c0, d1 = c0, d2 = c0, d3 = c0;
    const end = min(width, first + BLOCK);
    for (let i: usize = first; i < <usize>end; i += 16) {
      const p0 = w + i, p1 = p0 + width, p2 = p1 + width, p3 = p2 + width;
      const x0 = v128.load(a + (i << 1)), x1 = v128.load(a + (i << 1), 16);
      const y0 = v128.load(b + (i << 1)), y1 = v128.load(b + (i << 1), 16);
      let v = v128.load(p0);
      let l = low(v), h = high(v);
      c0 = dotAdd(dotAdd(c0, l, x0), h, x1);
      d0 = dotAdd(dotAdd(d0, l, y0), h, y1);
      v = v128.load(p1);
      l = low(v);
      h = high(v);
      c1 = dotAdd(dotAdd(c1, l, x0), h, x1);
      d1 = dotAdd(dotAdd(d1, l, y0), h, y1);
      v = v128.load(p2);
      l = low(v);
      h = high(v);
      c2 = dotAdd(dotAdd(c2, l, x0), h, x1);
      d2 = dotAdd(dotAdd(d2, l, y0), h, y1);
      v = v128.load(p3);
      l = low(v);
      h = high(v);
      c3 = dotAdd(dotAdd(c3, l, x0), h, x1);
      d3 = dotAdd(dotAdd(d3, l, y0), h, y1);
    }
    totalA = f32x4.add(totalA, wholeSums(c0, c1, c2, c3));
    totalB = f32x4.add(totalB, wholeSums(d0, d1, d2, d3));
  }
  v128.store(totals, totalA);
  v128.store(totals, totalB, 16);
}

// What `twoFloat` gives; WebAssembly returns one vector.
let total0: v128 = f32x4.splat(0);
let total1: v128 = f32x4.splat(0);

/** Rows with zeros behind them up to a multiple of 4. */
export function padRows(x: usize, rows: i32, width: i32, into: usize): void {
  const pitch = <usize>((width + 3) & ~3) << 2;
  for (let r = 0; r < rows; r++) {
    const to = into + <usize>r * pitch;
    memory.fill(to + pitch - 16, 0, 16);
    memory.copy(to, x + ((<usize>r * width) << 2), <usize>width << 2);
  }
}

/** Outputs `from` to `to` (multiples of 4) of rows of a width that is a multiple of 4; float32 sums, four lanes. */
export function float32Product(
  x: usize, rows: i32, width: i32,
  w: usize, bias: usize, into: usize, out: i32,
  from: i32, to: i32,
): void {
  const pitch = <usize>width << 2;
  for (let first = 0; first < rows; first += ROWS_TOGETHER) {
    const end = min(rows, first + ROWS_TOGETHER);
    for (let o = from; o < to; o += 4) {
      const weights = w + <usize>o * pitch;
      const added = bias ? biasOf(bias, o, out) : splat(0);
      let r = first;
      for (; r + 2 <= end; r += 2) {
        twoFloat(x + <usize>r * pitch, weights, pitch);
        put(f32x4.add(total0, added), into, r, out, o);
        put(f32x4.add(total1, added), into, r + 1, out, o);
      }
      if (r < end) put(f32x4.add(oneFloat(x + <usize>r * pitch, weights, pitch), added), into, r, out, o);
    }
  }
}

// @ts-ignore: decorator
@inline
function floatAdd(c: v128, a: v128, b: v128): v128 {
  return f32x4.add(c, f32x4.mul(a, b));
}

// @ts-ignore: decorator
@inline
function oneFloat(x: usize, w: usize, pitch: usize): v128 {
  let c0 = splat(0), c1 = c0, c2 = c0, c3 = c0;
  for (let i: usize = 0; i < pitch; i += 16) {
    const p0 = w + i, p1 = p0 + pitch, p2 = p1 + pitch, p3 = p2 + pitch;
    const v = v128.load(x + i);
    c0 = floatAdd(c0, v, v128.load(p0));
    c1 = floatAdd(c1, v, v128.load(p1));
    c2 = floatAdd(c2, v, v128.load(p2));
    c3 = floatAdd(c3, v, v128.load(p3));
  }
  return sums(c0, c1, c2, c3);
}

// @ts-ignore: decorator
@inline
function twoFloat(x: usize, w: usize, pitch: usize): void {
  let c0 = splat(0), c1 = c0, c2 = c0, c3 = c0;
  let d0 = c0, d1 = c0, d2 = c0, d3 = c0;
  for (let i: usize = 0; i < pitch; i += 16) {
    const p0 = w + i, p1 = p0 + pitch, p2 = p1 + pitch, p3 = p2 + pitch;
    const v = v128.load(x + i), u = v128.load(x + pitch + i);
    let k = v128.load(p0);
    c0 = floatAdd(c0, v, k);
    d0 = floatAdd(d0, u, k);
    k = v128.load(p1);
    c1 = floatAdd(c1, v, k);
    d1 = floatAdd(d1, u, k);
    k = v128.load(p2);
    c2 = floatAdd(c2, v, k);
    d2 = floatAdd(d2, u, k);
    k = v128.load(p3);
    c3 = floatAdd(c3, v, k);
    d3 = floatAdd(d3, u, k);
  }
  total0 = sums(c0, c1, c2, c3);
  total1 = sums(d0, d1, d2, d3);
}

/** Rows of an 8-bit table, times their scales. */
export function int8Rows(w: usize, scales: usize, width: i32, ids: usize, count: i32, into: usize): void {
  for (let n = 0; n < count; n++) {
    const id = load<i32>(ids + (<usize>n << 2));
    const row = w + <usize>id * padded(width);
    const scale = load<f32>(scales + (<usize>id << 2));
    const to = into + ((<usize>n * width) << 2);
    let i = 0;
    for (; i + 4 <= width; i += 4) {
      const v = i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(v128.load32_zero(row + i)));
      v128.store(to + (<usize>i << 2), f32x4.mul(f32x4.convert_i32x4_s(v), splat(scale)));
    }
    for (; i < width; i++) store<f32>(to + (<usize>i << 2), <f32>load<i8>(row + i) * scale);
  }
}

export function float32Rows(w: usize, width: i32, ids: usize, count: i32, into: usize): void {
  const pitch = (width + 3) & ~3;
  for (let n = 0; n < count; n++) {
    const id = load<i32>(ids + (<usize>n << 2));
    memory.copy(into + ((<usize>n * width) << 2), w + ((<usize>id * pitch) << 2), <usize>width << 2);
  }
}
