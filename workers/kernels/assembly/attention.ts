// Attention over planes of keys and values `[kvHeads, capacity, headDim]`, a tile of query vectors at a
// time: scores of all its keys, softmax, sum of values. Whatever tile a query is in, its own numbers come
// from the same operations in the same order: lanes go by a key's place in its plane, and keys that it
// does not see weigh exactly 0. `headDim` is a multiple of 4.
import { exp4, maxOf, splat, sumOf, sums, tanh4 } from './lanes';
import { Plan, Row, rowAt, Unit, unitAt } from './attention-plan';
import { turn } from './rotation';

/** Keys whose values are added up before the next are read: they stay in the nearest cache. */
const KEYS_TOGETHER: i32 = 64;

/** Puts the new keys, turned, and values behind those that each row's planes hold. */
export function keep(at: usize): void {
  const plan = changetype<Plan>(at);
  for (let r = 0; r < plan.rowCount; r++) {
    const row = rowAt(plan, r);
    for (let t = 0; t < row.count; t++) keepToken(plan, row, t);
  }
}

function keepToken(plan: Plan, row: Row, t: i32): void {
  const bytes = <usize>plan.headDim << 2;
  const k = plan.k + ((<usize>(row.first + t) * plan.kStride) << 2);
  const v = plan.v + ((<usize>(row.first + t) * plan.vStride) << 2);
  for (let h = 0; h < plan.kvHeads; h++) {
    const place = (<usize>h * plan.capacity + row.past + t) * bytes;
    turn(plan, row.past + t, 1, k + <usize>h * bytes, row.key + place);
    memory.copy(row.value + place, v + <usize>h * bytes, bytes);
  }
}

/** Units `from` to `to`; `scratch` holds 8 queries, 8 sums and 8 rows of scores. */
export function attend(at: usize, from: i32, to: i32, scratch: usize): void {
  const plan = changetype<Plan>(at);
  for (let u = from; u < to; u++) {
    const unit = unitAt(plan, u);
    attendUnit(plan, unit, rowAt(plan, unit.row), scratch);
  }
}

/** The first key that a query sees. */
// @ts-ignore: decorator
@inline
function firstSeen(plan: Plan, position: i32): i32 {
  return plan.window > 0 ? max(0, position - plan.window + 1) : 0;
}

function attendUnit(plan: Plan, unit: Unit, row: Row, scratch: usize): void {
  const dim = plan.headDim;
  const vectors = unit.heads * unit.queries;
  const position = row.past + unit.query;
  const end = position + unit.queries;
  const base = firstSeen(plan, position) & ~3;
  const span = ((end + 3) & ~3) - base;
  const queries = scratch;
  const totals = queries + ((<usize>vectors * dim) << 2);
  const scores = totals + ((<usize>vectors * dim) << 2);
  const plane = <usize>(unit.head / (plan.heads / plan.kvHeads)) * plan.capacity + base;
  turnQueries(plan, unit, row, queries);
  scoreKeys(queries, vectors, dim, row.key + ((plane * dim) << 2), span, scores);
  // A sum of weights takes the place of a row's first query value: those are no longer needed.
  for (let i = 0; i < vectors; i++) {
    const sum = weigh(plan, unit, i, position, base, span, scores + ((<usize>i * span) << 2));
    store<f32>(queries + (<usize>i << 2), sum);
  }
  memory.fill(totals, 0, (<usize>vectors * dim) << 2);
  const value = row.value + ((plane * dim) << 2);
  for (let key = 0; key < end - base; key += KEYS_TOGETHER) {
    const count = min(KEYS_TOGETHER, end - base - key);
    const at = (<usize>key) << 2;
    addValues(value + at * dim, count, dim, scores + at, span, vectors, totals);
  }
  for (let i = 0; i < vectors; i++) {
    const token = <usize>(row.first + unit.query + i % unit.queries);
    const head = <usize>(unit.head + i / unit.queries);
    const into = plan.into + (((token * plan.heads + head) * dim) << 2);
    divide(totals + ((<usize>i * dim) << 2), load<f32>(queries + (<usize>i << 2)), dim, into);
  }
}

/** Heads one after the other, each with its queries in turn. */
function turnQueries(plan: Plan, unit: Unit, row: Row, into: usize): void {
  const bytes = <usize>plan.headDim << 2;
  for (let h = 0; h < unit.heads; h++) {
    for (let t = 0; t < unit.queries; t++) {
      const token = <usize>(row.first + unit.query + t) * plan.qStride;
      const from = plan.q + (token << 2) + <usize>(unit.head + h) * bytes;
      turn(plan, row.past + unit.query + t, plan.scale, from, into);
      into += bytes;
    }
  }
}

/** `[vectors, span]` products of queries and keys; reads up to three keys behind the last. */
function scoreKeys(queries: usize, vectors: i32, dim: i32, keys: usize, span: i32, scores: usize): void {
  const bytes = <usize>dim << 2;
  const pitch = <usize>span << 2;
  const pairs = vectors & ~1;
  for (let key = 0; key < span; key += 4) {
    const k = keys + <usize>key * bytes;
    const into = scores + (<usize>key << 2);
    for (let i = 0; i < pairs; i += 2) {
      scoreTwo(queries + <usize>i * bytes, k, bytes, into + <usize>i * pitch, pitch);
    }
  }
  if (pairs < vectors) {
    scoreLast(queries + <usize>pairs * bytes, bytes, keys, span, scores + <usize>pairs * pitch);
  }
}

/** A vector without a partner: eight keys at once keep as many sums going. */
function scoreLast(q: usize, bytes: usize, keys: usize, span: i32, scores: usize): void {
  let key = 0;
  for (; key + 8 <= span; key += 8) {
    scoreEight(q, keys + <usize>key * bytes, bytes, scores + (<usize>key << 2));
  }
  if (key < span) scoreOne(q, keys + <usize>key * bytes, bytes, scores + (<usize>key << 2));
}

// @ts-ignore: decorator
@inline
function multiplied(c: v128, a: v128, b: v128): v128 {
  return f32x4.add(c, f32x4.mul(a, b));
}

// @ts-ignore: decorator
@inline
function scoreOne(q: usize, k: usize, bytes: usize, into: usize): void {
  let c0 = splat(0), c1 = c0, c2 = c0, c3 = c0;
  for (let i: usize = 0; i < bytes; i += 16) {
    const p0 = k + i, p1 = p0 + bytes, p2 = p1 + bytes, p3 = p2 + bytes;
    const x = v128.load(q + i);
    c0 = multiplied(c0, x, v128.load(p0));
    c1 = multiplied(c1, x, v128.load(p1));
    c2 = multiplied(c2, x, v128.load(p2));
    c3 = multiplied(c3, x, v128.load(p3));
  }
  v128.store(into, sums(c0, c1, c2, c3));
}

// @ts-ignore: decorator
@inline
function scoreEight(q: usize, k: usize, bytes: usize, into: usize): void {
  let c0 = splat(0), c1 = c0, c2 = c0, c3 = c0;
  let d0 = c0, d1 = c0, d2 = c0, d3 = c0;
  for (let i: usize = 0; i < bytes; i += 16) {
    const p0 = k + i, p1 = p0 + bytes, p2 = p1 + bytes, p3 = p2 + bytes;
    const p4 = p3 + bytes, p5 = p4 + bytes, p6 = p5 + bytes, p7 = p6 + bytes;
    const x = v128.load(q + i);
    c0 = multiplied(c0, x, v128.load(p0));
    c1 = multiplied(c1, x, v128.load(p1));
    c2 = multiplied(c2, x, v128.load(p2));
    c3 = multiplied(c3, x, v128.load(p3));
    d0 = multiplied(d0, x, v128.load(p4));
    d1 = multiplied(d1, x, v128.load(p5));
    d2 = multiplied(d2, x, v128.load(p6));
    d3 = multiplied(d3, x, v128.load(p7));
  }
  v128.store(into, sums(c0, c1, c2, c3));
  v128.store(into, sums(d0, d1, d2, d3), 16);
}

// @ts-ignore: decorator
@inline
function scoreTwo(q: usize, k: usize, bytes: usize, into: usize, pitch: usize): void {
  let c0 = splat(0), c1 = c0, c2 = c0, c3 = c0;
  let d0 = c0, d1 = c0, d2 = c0, d3 = c0;
  for (let i: usize = 0; i < bytes; i += 16) {
    const p0 = k + i, p1 = p0 + bytes, p2 = p1 + bytes, p3 = p2 + bytes;
    const x = v128.load(q + i), y = v128.load(q + bytes + i);
    let w = v128.load(p0);
    c0 = multiplied(c0, x, w);
    d0 = multiplied(d0, y, w);
    w = v128.load(p1);
    c1 = multiplied(c1, x, w);
    d1 = multiplied(d1, y, w);
    w = v128.load(p2);
    c2 = multiplied(c2, x, w);
    d2 = multiplied(d2, y, w);
    w = v128.load(p3);
    c3 = multiplied(c3, x, w);
    d3 = multiplied(d3, y, w);
  }
  v128.store(into, sums(c0, c1, c2, c3));
  v128.store(into + pitch, sums(d0, d1, d2, d3));
}

/** One vector's scores become weights, not yet divided by their sum, which it gives. */
function weigh(plan: Plan, unit: Unit, index: i32, first: i32, base: i32, span: i32, scores: usize): f32 {
  const query = index % unit.queries;
  const position = first + query;
  const from = firstSeen(plan, position) - base;
  const to = position + 1 - base;
  if (plan.softcap > 0) cap(scores, span, plan.softcap);
  if (plan.bias) {
    const plane = unit.row * plan.biasRow + (unit.head + index / unit.queries) * plan.biasHead;
    const row = plane + (unit.query + query) * plan.biasQuery + base;
    shift(scores, plan.bias + (<usize>row << 2), from, to);
  }
  const none: f32 = -f32.MAX_VALUE * 2;
  for (let i = 0; i < from; i++) store<f32>(scores + (<usize>i << 2), none);
  for (let i = to; i < span; i++) store<f32>(scores + (<usize>i << 2), none);
  return softmax(scores, span);
}

function cap(scores: usize, span: i32, softcap: f32): void {
  const inverse = splat(1 / softcap);
  for (let i = 0; i < span; i += 4) {
    const at = scores + (<usize>i << 2);
    v128.store(at, f32x4.mul(tanh4(f32x4.mul(v128.load(at), inverse)), splat(softcap)));
  }
}

function shift(scores: usize, bias: usize, from: i32, to: i32): void {
  for (let i = from; i < to; i++) {
    const at = <usize>i << 2;
    store<f32>(scores + at, load<f32>(scores + at) + load<f32>(bias + at));
  }
}

function softmax(scores: usize, span: i32): f32 {
  const end = scores + (<usize>span << 2);
  let most = v128.load(scores);
  for (let p = scores + 16; p < end; p += 16) most = f32x4.pmax(most, v128.load(p));
  const largest = splat(maxOf(most));
  let total = splat(0);
  for (let p = scores; p < end; p += 16) {
    const weight = exp4(f32x4.sub(v128.load(p), largest));
    v128.store(p, weight);
    total = f32x4.add(total, weight);
  }
  return sumOf(total);
}

/** `totals[vector, dim] += Σ weight · value` over `count` keys, key after key. */
function addValues(
  values: usize, count: i32, dim: i32, weights: usize, span: i32, vectors: i32, totals: usize,
): void {
  const bytes = <usize>dim << 2;
  const pitch = <usize>span << 2;
  let i = 0;
  for (; i + 2 <= vectors; i += 2) {
    const w = weights + <usize>i * pitch, t = totals + <usize>i * bytes;
    let d: usize = 0;
    for (; d + 64 <= bytes; d += 64) addTwo(values + d, count, bytes, w, pitch, t + d);
    for (; d < bytes; d += 16) {
      addOne(values + d, count, bytes, w, t + d);
      addOne(values + d, count, bytes, w + pitch, t + bytes + d);
    }
  }
  if (i < vectors) {
    const w = weights + <usize>i * pitch, t = totals + <usize>i * bytes;
    let d: usize = 0;
    for (; d + 128 <= bytes; d += 128) addEight(values + d, count, bytes, w, t + d);
    for (; d < bytes; d += 16) addOne(values + d, count, bytes, w, t + d);
  }
}

/** Four values of one vector. */
function addOne(v: usize, count: i32, bytes: usize, w: usize, t: usize): void {
  let c = v128.load(t);
  for (let n = 0; n < count; n++, v += bytes, w += 4) c = multiplied(c, v128.load32_splat(w), v128.load(v));
  v128.store(t, c);
}

/** 32 values of one vector. */
function addEight(v: usize, count: i32, bytes: usize, w: usize, t: usize): void {
  let c0 = v128.load(t), c1 = v128.load(t, 16), c2 = v128.load(t, 32), c3 = v128.load(t, 48);
  let c4 = v128.load(t, 64), c5 = v128.load(t, 80), c6 = v128.load(t, 96), c7 = v128.load(t, 112);
  for (let n = 0; n < count; n++, v += bytes, w += 4) {
    const x = v128.load32_splat(w);
    c0 = multiplied(c0, x, v128.load(v));
    c1 = multiplied(c1, x, v128.load(v, 16));
    c2 = multiplied(c2, x, v128.load(v, 32));
    c3 = multiplied(c3, x, v128.load(v, 48));
    c4 = multiplied(c4, x, v128.load(v, 64));
    c5 = multiplied(c5, x, v128.load(v, 80));
    c6 = multiplied(c6, x, v128.load(v, 96));
    c7 = multiplied(c7, x, v128.load(v, 112));
  }
  v128.store(t, c0);
  v128.store(t, c1, 16);
  v128.store(t, c2, 32);
  v128.store(t, c3, 48);
  v128.store(t, c4, 64);
  v128.store(t, c5, 80);
  v128.store(t, c6, 96);
  v128.store(t, c7, 112);
}

/** Sixteen values of two vectors. */
function addTwo(v: usize, count: i32, bytes: usize, w: usize, pitch: usize, t: usize): void {
  const u = t + bytes;
  let c0 = v128.load(t), c1 = v128.load(t, 16), c2 = v128.load(t, 32), c3 = v128.load(t, 48);
  let d0 = v128.load(u), d1 = v128.load(u, 16), d2 = v128.load(u, 32), d3 = v128.load(u, 48);
  for (let n = 0; n < count; n++, v += bytes, w += 4) {
    const x = v128.load32_splat(w), y = v128.load32_splat(w + pitch);
    let k = v128.load(v);
    c0 = multiplied(c0, x, k);
    d0 = multiplied(d0, y, k);
    k = v128.load(v, 16);
    c1 = multiplied(c1, x, k);
    d1 = multiplied(d1, y, k);
    k = v128.load(v, 32);
    c2 = multiplied(c2, x, k);
    d2 = multiplied(d2, y, k);
    k = v128.load(v, 48);
    c3 = multiplied(c3, x, k);
    d3 = multiplied(d3, y, k);
  }
  v128.store(t, c0);
  v128.store(t, c1, 16);
  v128.store(t, c2, 32);
  v128.store(t, c3, 48);
  v128.store(u, d0);
  v128.store(u, d1, 16);
  v128.store(u, d2, 32);
  v128.store(u, d3, 48);
}

function divide(from: usize, by: f32, dim: i32, into: usize): void {
  const divisor = splat(by);
  for (let i: usize = 0; i < <usize>dim << 2; i += 16) {
    v128.store(into + i, f32x4.div(v128.load(from + i), divisor));
  }
}
