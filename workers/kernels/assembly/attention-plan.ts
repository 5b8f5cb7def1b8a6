// What the caller lays into memory for one layer's attention; all fields have 4 bytes (see
// `attention-plan.ts` beside `wasm-kernels.ts`, which writes them in this order).

@unmanaged
export class Plan {
  heads: i32;
  kvHeads: i32;
  headDim: i32;
  capacity: i32;
  window: i32;
  scale: f32;
  softcap: f32;
  cos: usize;
  sin: usize;
  /** Values that turn at a head's beginning; 0 for none. */
  turning: i32;
  interleaved: i32;
  q: usize;
  qStride: i32;
  k: usize;
  kStride: i32;
  v: usize;
  vStride: i32;
  into: usize;
  /** 0 for none. */
  bias: usize;
  biasRow: i32;
  biasHead: i32;
  biasQuery: i32;
  rows: usize;
  rowCount: i32;
  units: usize;
}

@unmanaged
export class Row {
  first: i32;
  count: i32;
  past: i32;
  key: usize;
  value: usize;
}

/** Queries of one row and heads that share a key: at most 8 vectors, heads times queries. */
@unmanaged
export class Unit {
  row: i32;
  head: i32;
  heads: i32;
  query: i32;
  queries: i32;
}

// @ts-ignore: decorator
@inline
export function rowAt(plan: Plan, index: i32): Row {
  return changetype<Row>(plan.rows + <usize>index * offsetof<Row>());
}

// @ts-ignore: decorator
@inline
export function unitAt(plan: Plan, index: i32): Unit {
  return changetype<Unit>(plan.units + <usize>index * offsetof<Unit>());
}
