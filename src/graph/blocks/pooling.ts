/** From the vectors of a text's tokens to the text's own. */
import type { GraphBuilder, Value } from '../graph-builder';
import type { Pooling } from '../head';
import type { EncoderFrame } from './encoder-frame';
import { hide } from './encoder-frame';

type Pool = (g: GraphBuilder, states: Value, frame: EncoderFrame) => Value;

/** The same smallest divisors as in PyTorch and sentence-transformers. */
const LEAST_COUNT = 1e-9;
const LEAST_LENGTH = 1e-12;

const POOLS: Readonly<Record<Pooling, Pool>> = {
  cls: (g, states) =>
    g.node('Gather', 'pool.first', [states, g.int64([0], [])], {
      attributes: { axis: { int: 1 } },
    }),
  mean: meanOfReal,
  max: (g, states, { mask }) => {
    const pads = g.node('Sub', 'pool.max.pads', [g.int64([1]), mask]);
    const column = g.node('Unsqueeze', 'pool.max.column', [pads, g.int64([2])]);
    const real = g.node('Add', 'pool.max.real', [states, hide(g, 'pool.max.hidden', column)]);
    return reduce(g, 'ReduceMax', 'pool.max', real);
  },
  last: (g, states, { mask }) => {
    const counts = g.node('ReduceSum', 'pool.last.counts', [mask, g.int64([1])]);
    const index = g.node('Sub', 'pool.last.index', [counts, g.int64([1])]);
    return g.node('GatherND', 'pool.last', [states, index], {
      attributes: { batch_dims: { int: 1 } },
    });
  },
};

/** Hidden states `[batch · sequence, hidden]` → `[batch, hidden]`. */
export function pool(g: GraphBuilder, rows: Value, frame: EncoderFrame, pooling: Pooling): Value {
  const name = `pool.${pooling}.batch`;
  const states = g.node('Reshape', name, [rows, frame.batchShape]);
  return POOLS[pooling](g, states, frame);
}

/** Several poolings end to end: `[batch, hidden · poolings]`. */
export function poolAll(
  g: GraphBuilder,
  rows: Value,
  frame: EncoderFrame,
  poolings: readonly Pooling[],
): Value {
  const pooled = poolings.map((pooling) => pool(g, rows, frame, pooling));
  return g.node('Concat', 'pool.all', pooled, { attributes: { axis: { int: -1 } } });
}

/** Each row divided by its length. */
export function unitLength(g: GraphBuilder, x: Value): Value {
  const length = g.node('ReduceL2', 'unit.length', [x, g.int64([-1])]);
  const divisor = g.node('Max', 'unit.divisor', [length, g.float32([LEAST_LENGTH])]);
  return g.node('Div', 'unit', [x, divisor]);
}

function meanOfReal(g: GraphBuilder, states: Value, { mask }: EncoderFrame): Value {
  const ones = g.node('Cast', 'pool.mean.ones', [mask], { attributes: { to: { int: 1 } } });
  const column = g.node('Unsqueeze', 'pool.mean.column', [ones, g.int64([2])]);
  const real = g.node('Mul', 'pool.mean.real', [states, column]);
  const count = reduce(g, 'ReduceSum', 'pool.mean.count', column);
  const divisor = g.node('Max', 'pool.mean.divisor', [count, g.float32([LEAST_COUNT])]);
  return g.node('Div', 'pool.mean', [reduce(g, 'ReduceSum', 'pool.mean.sum', real), divisor]);
}

function reduce(g: GraphBuilder, type: string, name: string, x: Value): Value {
  return g.node(type, name, [x, g.int64([1])], { attributes: { keepdims: { int: 0 } } });
}
