// The best of a row, and its normaliser.
import { exp4, maxOf, splat, sumOf } from './lanes';

/** Values whose exponentials are summed in float32 before they join the sum in float64. */
const STRETCH: i32 = 512;

/** Whether entry `a` of the heap is worse than `b`: smaller, or as large and later. */
// @ts-ignore: decorator
@inline
function isWorse(values: usize, ids: usize, a: i32, b: i32): bool {
  const x = load<f32>(values + (<usize>a << 2));
  const y = load<f32>(values + (<usize>b << 2));
  if (x != y) return x < y;
  return load<i32>(ids + (<usize>a << 2)) > load<i32>(ids + (<usize>b << 2));
}

// @ts-ignore: decorator
@inline
function put(values: usize, ids: usize, at: i32, value: f32, id: i32): void {
  store<f32>(values + (<usize>at << 2), value);
  store<i32>(ids + (<usize>at << 2), id);
}

function swap(values: usize, ids: usize, a: i32, b: i32): void {
  const value = load<f32>(values + (<usize>a << 2));
  const id = load<i32>(ids + (<usize>a << 2));
  put(values, ids, a, load<f32>(values + (<usize>b << 2)), load<i32>(ids + (<usize>b << 2)));
  put(values, ids, b, value, id);
}

/** The worst comes to the top. */
function sink(values: usize, ids: usize, at: i32, count: i32): void {
  while (true) {
    let worst = at;
    const left = 2 * at + 1;
    if (left < count && isWorse(values, ids, left, worst)) worst = left;
    if (left + 1 < count && isWorse(values, ids, left + 1, worst)) worst = left + 1;
    if (worst == at) return;
    swap(values, ids, at, worst);
    at = worst;
  }
}

/** NaN ranks with -Infinity. */
// @ts-ignore: decorator
@inline
function ranked(value: f32): f32 {
  return value == value ? value : -f32.MAX_VALUE * 2;
}

/**
 * The `count` (≤ width) largest values of a row and where they are, best first. A heap of the best so far
 * stands while the row is scanned; only what beats its worst is looked at singly.
 */
export function topK(x: usize, width: i32, count: i32, values: usize, ids: usize): void {
  for (let i = 0; i < count; i++) put(values, ids, i, ranked(load<f32>(x + (<usize>i << 2))), i);
  for (let i = (count >> 1) - 1; i >= 0; i--) sink(values, ids, i, count);
  let i = count;
  for (; i < width && (i & 15); i++) offer(x, i, count, values, ids);
  for (; i + 16 <= width; i += 16) {
    const at = x + (<usize>i << 2);
    const worst = v128.load32_splat(values);
    const most = f32x4.pmax(
      f32x4.pmax(v128.load(at), v128.load(at, 16)),
      f32x4.pmax(v128.load(at, 32), v128.load(at, 48)),
    );
    if (!v128.any_true(v128.not(f32x4.le(most, worst)))) continue;
    for (let j = 0; j < 16; j++) offer(x, i + j, count, values, ids);
  }
  for (; i < width; i++) offer(x, i, count, values, ids);
  for (let last = count - 1; last > 0; last--) {
    swap(values, ids, 0, last);
    sink(values, ids, 0, last);
  }
}

/** Later entries that are only as good as the worst stay out: ties go to the lower index. */
// @ts-ignore: decorator
@inline
function offer(x: usize, i: i32, count: i32, values: usize, ids: usize): void {
  const value = load<f32>(x + (<usize>i << 2));
  if (!(value > load<f32>(values))) return;
  put(values, ids, 0, value, i);
  sink(values, ids, 0, count);
}

/**
 * log Σ e^x of a row: the sum stands relative to the largest so far, and is scaled anew when a larger comes.
 * Exact to about 1e-6 absolutely.
 */
export function logSumExp(x: usize, width: i32): f32 {
  let largest: f32 = -f32.MAX_VALUE * 2;
  let total: f64 = 0;
  for (let first = 0; first < width; first += STRETCH) {
    const at = x + (<usize>first << 2);
    const count = min(STRETCH, width - first);
    const most = largestOf(at, count);
    if (most > largest) {
      total *= <f64>exponential(largest - most);
      largest = most;
    } else if (most != most) return most;
    if (largest == -f32.MAX_VALUE * 2) continue;
    total += <f64>exponentials(at, count, largest);
  }
  return <f32>(<f64>largest + Math.log(total));
}

function exponential(x: f32): f32 {
  return f32x4.extract_lane(exp4(splat(x)), 0);
}

function largestOf(x: usize, count: i32): f32 {
  let most = splat(-f32.MAX_VALUE * 2);
  let i = 0;
  for (; i + 4 <= count; i += 4) most = f32x4.pmax(most, v128.load(x + (<usize>i << 2)));
  let value = maxOf(most);
  for (; i < count; i++) value = max<f32>(value, load<f32>(x + (<usize>i << 2)));
  return value;
}

function exponentials(x: usize, count: i32, largest: f32): f32 {
  let a = splat(0), b = a;
  const end = x + (<usize>count << 2);
  for (; x + 32 <= end; x += 32) {
    a = f32x4.add(a, exp4(f32x4.sub(v128.load(x), splat(largest))));
    b = f32x4.add(b, exp4(f32x4.sub(v128.load(x, 16), splat(largest))));
  }
  let total = sumOf(f32x4.add(a, b));
  for (; x < end; x += 4) total += exponential(load<f32>(x) - largest);
  return total;
}
