/** Steps that stand for several nodes: products, tables, gates and attention. */
import type { Frame } from './frame.ts';
import type { AttentionRow, AttentionShape, Float32Matrix, Pointer } from './kernels.ts';
import type { Link, Matrix, Run } from './link.ts';
import type { Attention, Gated, LookUp, Product } from './operations.ts';
import type { StateTensor } from './tensors.ts';
import { sizeOf, type Floats } from './values.ts';

const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT;

export function layProduct({ x, matrix, bias, port, output }: Product, link: Link): Run {
  const [from, into] = [link.slot(x), link.slot(output)];
  const ports = port === null ? null : { a: link.slot(port.a), b: link.slot(port.b) };
  return (frame) => {
    const { at, dims } = frame.floats(from);
    const rows = sizeOf(dims) / matrix.in;
    const result = frame.make(into, [...dims.slice(0, -1), matrix.out]);
    const added = bias === null ? 0 : link.placed.values(bias);
    multiply(frame, link.placed.matrix(matrix), at, rows, added, result);
    if (ports !== null) adapt(frame, ports, at, rows, result);
  };
}

function multiply(
  { kernels }: Frame,
  weights: Matrix,
  at: Pointer,
  rows: number,
  bias: Pointer,
  into: Pointer,
): void {
  if (rows === 0) return;
  if (weights.kind === 'int8') kernels.int8Product(at, rows, weights.matrix, bias, into);
  else kernels.float32Product(at, rows, weights.matrix, bias, into);
}

/** Adds `(x · A) · B`; an adapter that does not reach this product costs nothing. */
function adapt(
  frame: Frame,
  ports: { readonly a: number; readonly b: number },
  at: Pointer,
  rows: number,
  into: Pointer,
): void {
  const a = frame.ports.get(ports.a)?.matrix as Float32Matrix | null;
  const b = frame.ports.get(ports.b)?.matrix as Float32Matrix | null;
  if (a === null || b === null) return;
  const { kernels } = frame;
  const low = frame.scratch(0, rows * a.out);
  const update = frame.scratch(1, rows * b.out);
  kernels.float32Product(at, rows, a, 0, low);
  kernels.float32Product(low, rows, b, 0, update);
  kernels.add(into, update, rows * b.out, into);
}

export function layLookUp({ matrix, ids, output }: LookUp, link: Link): Run {
  const [from, into] = [link.slot(ids), link.slot(output)];
  return (frame) => {
    const { numbers } = frame.whole(from);
    const result = frame.make(into, [numbers.length, matrix.in]);
    const weights = link.placed.matrix(matrix);
    if (weights.kind === 'int8') frame.kernels.int8Rows(weights.matrix, [...numbers], result);
    else frame.kernels.float32Rows(weights.matrix, [...numbers], result);
  };
}

export function layGated({ activation, x, output }: Gated, link: Link): Run {
  const [from, into] = [link.slot(x), link.slot(output)];
  return (frame) => {
    const { at, dims } = frame.floats(from);
    const stride = dims.at(-1) ?? 0;
    const width = stride / 2;
    const rows = sizeOf(dims) / stride;
    const result = frame.make(into, dims.with(-1, width));
    frame.kernels.gated(activation, at, rows, stride, 0, width, width, result);
  };
}

/** States grow by doubling, and by this much at least. */
const SPARE_TOKENS = 64;

export function layAttention(attention: Attention, link: Link): Run {
  const { q, k, v, past, present, lastPosition, total, output } = attention;
  const slots = {
    q: link.slot(q),
    k: k === null ? null : link.slot(k),
    v: v === null ? null : link.slot(v),
    past: { key: link.slot(past.key), value: link.slot(past.value) },
    present: { key: link.slot(present.key), value: link.slot(present.value) },
    last: link.slot(lastPosition),
    total: link.slot(total),
    into: link.slot(output),
  };
  return (frame) => {
    const reach = frame.whole(slots.total).numbers[0] ?? 0;
    const { key, value } = grown(frame, slots.past, reach);
    frame.states.set(slots.present.key, key);
    frame.states.set(slots.present.value, value);
    const shape = shapeOf(attention, link, frame.floats(slots.q), key, slots.k !== null);
    const last = frame.whole(slots.last).numbers;
    const tokens = tokensOf(frame.floats(slots.q), shape, slots.k !== null);
    const sequence = tokens / Math.max(1, last.length);
    const width = shape.heads * shape.headDim;
    const into = frame.make(slots.into, [last.length, sequence, width]);
    const rows = Array.from(last, (end, row) => rowAt(end + 1, row, sequence, shape, key, value));
    if (rows.some(({ count }) => count < sequence)) {
      frame.kernels.floats(into, tokens * width).fill(0);
    }
    const from = projections(frame, slots, shape);
    const bias = attention.bias && {
      at: link.placed.values(attention.bias.table),
      rowStride: 0,
      headStride: attention.bias.context,
      stride: 0,
    };
    frame.kernels.attention(from.q, from.k, from.v, rows, shape, into, bias ?? undefined);
  };
}

/** Keys and values with room up to `reach`: where they are, if nobody wrote behind them. */
function grown(
  frame: Frame,
  past: { readonly key: number; readonly value: number },
  reach: number,
): { readonly key: StateTensor; readonly value: StateTensor } {
  const [key, value] = [frame.states.get(past.key), frame.states.get(past.value)];
  if (key === undefined || value === undefined) throw new RangeError('a state is missing');
  if (key.canReach(reach) && value.canReach(reach) && key.capacity === value.capacity) {
    return { key: key.reaching(reach), value: value.reaching(reach) };
  }
  const held = Math.max(key.dims[2] ?? 0, reach);
  const capacity = Math.max(2 * (key.dims[2] ?? 0), held + SPARE_TOKENS);
  return { key: key.copy(reach, capacity), value: value.copy(reach, capacity) };
}

/** Tokens of all rows, padding included. */
function tokensOf({ dims }: Floats, { heads, kvHeads, headDim }: AttentionShape, apart: boolean) {
  return sizeOf(dims) / ((apart ? heads : heads + 2 * kvHeads) * headDim);
}

function shapeOf(
  { heads, kvHeads, scale, softcap, window, rotation }: Attention,
  { placed }: Link,
  q: Floats,
  key: StateTensor,
  apart: boolean,
): AttentionShape {
  const headDim = key.dims[3] ?? 0;
  const width = q.dims.at(-1) ?? 0;
  const turning = rotation && {
    cos: placed.values(rotation.cos),
    sin: placed.values(rotation.sin),
    width: 2 * rotation.pairs,
    interleaved: rotation.interleaved,
  };
  return {
    heads: heads ?? (apart ? width / headDim : width / headDim - 2 * kvHeads),
    kvHeads,
    headDim,
    scale,
    softcap,
    window,
    capacity: key.capacity,
    rotation: turning,
  };
}

/** A row ends at its last real token; in a first prompt shorter rows are padded on the right. */
function rowAt(
  length: number,
  row: number,
  sequence: number,
  { kvHeads, capacity, headDim }: AttentionShape,
  key: StateTensor,
  value: StateTensor,
): AttentionRow {
  const plane = row * kvHeads * capacity * headDim * FLOAT_BYTES;
  return {
    first: row * sequence,
    count: Math.min(sequence, length),
    past: Math.max(0, length - sequence),
    key: key.at + plane,
    value: value.at + plane,
  };
}

function projections(
  frame: Frame,
  slots: { readonly q: number; readonly k: number | null; readonly v: number | null },
  { heads, kvHeads, headDim }: AttentionShape,
) {
  const q = frame.floats(slots.q).at;
  const [own, shared] = [heads * headDim, kvHeads * headDim];
  if (slots.k !== null && slots.v !== null) {
    const [k, v] = [frame.floats(slots.k).at, frame.floats(slots.v).at];
    return {
      q: { at: q, stride: own },
      k: { at: k, stride: shared },
      v: { at: v, stride: shared },
    };
  }
  const stride = own + 2 * shared;
  return {
    q: { at: q, stride },
    k: { at: q + own * FLOAT_BYTES, stride },
    v: { at: q + (own + shared) * FLOAT_BYTES, stride },
  };
}
