// Arithmetic on four float32 at once. Coefficients: weighted least squares towards the smallest
// relative error over the named interval. Nothing here depends on neighbouring lanes.

const LOG2_E: f32 = 1.44269504;
// ln 2 in two parts: the first has so few bits that a product with a whole number is exact.
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.12194440e-4;
/** 1.5 · 2^23: added to a value below 2^22, it leaves the nearest whole number in the lowest bits. */
export const TO_WHOLE: f32 = 12582912;
const EXP_MIN: f32 = -87.3365;
const EXP_MAX: f32 = 88.37;

// @ts-ignore: decorator
@inline
export function splat(value: f32): v128 {
  return f32x4.splat(value);
}

// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  return f32x4.add(f32x4.mul(a, b), c);
}

/**
 * e^x within 2e-7 of it, relatively; 0 below -87.33 (so that -Infinity gives an exact 0), the value
 * at 88.37 above that; NaN stays NaN.
 */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const inside = f32x4.pmin(x, splat(EXP_MAX));
  const shifted = multiplyAdd(inside, splat(LOG2_E), splat(TO_WHOLE));
  const n = f32x4.sub(shifted, splat(TO_WHOLE));
  let r = f32x4.sub(inside, f32x4.mul(n, splat(LN2_HIGH)));
  r = f32x4.sub(r, f32x4.mul(n, splat(LN2_LOW)));
  // e^r = 1 + r + r² P(r) for |r| ≤ ln 2 / 2
  let p = multiplyAdd(splat(0.00138145), r, splat(0.00836878));
  p = multiplyAdd(p, r, splat(0.04166839));
  p = multiplyAdd(p, r, splat(0.1666652));
  p = multiplyAdd(p, r, splat(0.49999993));
  p = multiplyAdd(p, f32x4.mul(r, r), f32x4.add(r, splat(1)));
  const power = i32x4.add(i32x4.shl(shifted, 23), i32x4.splat(0x3f800000));
  return v128.andnot(f32x4.mul(p, power), f32x4.lt(x, splat(EXP_MIN)));
}

/** 1 / (1 + e^-x). */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  return f32x4.div(splat(1), f32x4.add(splat(1), exp4(f32x4.neg(x))));
}

/** tanh x within 3e-7 of it, relatively. */
export function tanh4(x: v128): v128 {
  const far = f32x4.sub(
    splat(1),
    f32x4.div(splat(2), f32x4.add(splat(1), exp4(f32x4.add(x, x)))),
  );
  // x + x³ P(x²) for |x| ≤ 0.632, where the other would cancel
  const s = f32x4.mul(x, x);
  let p = multiplyAdd(splat(-0.00566078), s, splat(0.020602));
  p = multiplyAdd(p, s, splat(-0.05372923));
  p = multiplyAdd(p, s, splat(0.13331329));
  p = multiplyAdd(p, s, splat(-0.33333278));
  const near = multiplyAdd(f32x4.mul(p, s), x, x);
  return v128.bitselect(near, far, f32x4.lt(f32x4.abs(x), splat(0.625)));
}

/** erfc z for z ≥ 0, within 1e-6 of it, relatively, as far as e^(-z²) is not 0: t P(t) e^(-z²), t = 1 / (1 + z / 2). */
export function erfc4(z: v128): v128 {
  const t = f32x4.div(splat(1), multiplyAdd(splat(0.5), z, splat(1)));
  let p = multiplyAdd(splat(0.09238552), t, splat(-0.3707719));
  p = multiplyAdd(p, t, splat(0.40771798));
  p = multiplyAdd(p, t, splat(0.02579678));
  p = multiplyAdd(p, t, splat(0.28557015));
  p = multiplyAdd(p, t, splat(0.27693397));
  p = multiplyAdd(p, t, splat(0.28236768));
  return f32x4.mul(f32x4.mul(p, t), exp4(f32x4.neg(f32x4.mul(z, z))));
}

/** The sums of four vectors' lanes, as one vector: ((0 + 2) + (1 + 3)) of each. */
// @ts-ignore: decorator
@inline
export function sums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(
    v128.shuffle<f32>(ab, cd, 0, 1, 4, 5),
    v128.shuffle<f32>(ab, cd, 2, 3, 6, 7),
  );
}

/** The same for one vector. */
// @ts-ignore: decorator
@inline
export function sumOf(a: v128): f32 {
  return (
    f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 2) +
    (f32x4.extract_lane(a, 1) + f32x4.extract_lane(a, 3))
  );
}

// @ts-ignore: decorator
@inline
export function maxOf(a: v128): f32 {
  return max<f32>(
    max<f32>(f32x4.extract_lane(a, 0), f32x4.extract_lane(a, 1)),
    max<f32>(f32x4.extract_lane(a, 2), f32x4.extract_lane(a, 3)),
  );
}

/** The first `count` (0 to 3) values at a place, zeros behind them. */
export function loadSome(at: usize, count: i32): v128 {
  let v = splat(0);
  if (count > 0) v = f32x4.replace_lane(v, 0, load<f32>(at));
  if (count > 1) v = f32x4.replace_lane(v, 1, load<f32>(at, 4));
  if (count > 2) v = f32x4.replace_lane(v, 2, load<f32>(at, 8));
  return v;
}

/** Stores the first `count` (0 to 3) lanes. */
export function storeSome(at: usize, v: v128, count: i32): void {
  if (count > 0) store<f32>(at, f32x4.extract_lane(v, 0));
  if (count > 1) store<f32>(at, f32x4.extract_lane(v, 1), 4);
  if (count > 2) store<f32>(at, f32x4.extract_lane(v, 2), 8);
}
