/** Steps that compute, number by number or row by row. */
import type { Frame } from './frame.ts';
import { numberOf } from './graph-file.ts';
import type { Activation } from './kernels.ts';
import type { Link } from './link.ts';
import { activationOf } from './match-products.ts';
import { slotOf, type Lay } from './steps-moves.ts';
import { broadcastDims, placesIn, sizeOf, type Floats } from './values.ts';

export const NUMBERS: Readonly<Record<string, Lay>> = {
  Add: pairwise('add'),
  Mul: pairwise('multiply'),
  Sub: pairwise('subtract'),
  QuickGelu: (node, link) => {
    const activation = activationOf(node);
    if (activation !== null) return activated(activation)(node, link);
    const [x, into] = [slotOf(link, node.inputs), slotOf(link, node.outputs)];
    return (frame) => sigmoidGate(frame, x, into, numberOf(node, 'alpha', 1.702));
  },
  Gelu: activated('gelu'),
  FastGelu: activated('gelu-tanh'),
  Relu: activated('relu'),
  Tanh: activated('tanh'),
  Sigmoid: activated('sigmoid'),
  SimplifiedLayerNormalization: normed('rms'),
  SkipSimplifiedLayerNormalization: normed('rms'),
  LayerNormalization: normed('layer'),
  SkipLayerNormalization: normed('layer'),
  TopK: (node, link) => {
    const [x, count] = [slotOf(link, node.inputs), slotOf(link, node.inputs, 1)];
    const [values, ids] = [slotOf(link, node.outputs), slotOf(link, node.outputs, 1)];
    return (frame) => {
      const { at, dims } = frame.floats(x);
      const [rows = 1, width = 1] = dims;
      const wanted = frame.whole(count).numbers[0] ?? 1;
      const best = frame.kernels.topK(at, rows, width, wanted);
      frame.answer(values, [rows, wanted], best.values.slice());
      frame.answer(ids, [rows, wanted], BigInt64Array.from(best.ids, BigInt));
    };
  },
  ReduceLogSumExp: (node, link) => {
    const [x, into] = [slotOf(link, node.inputs), slotOf(link, node.outputs)];
    return (frame) => {
      const { at, dims } = frame.floats(x);
      const [rows = 1, width = 1] = dims;
      frame.answer(into, [rows], frame.kernels.logSumExp(at, rows, width).slice());
    };
  },
};

function activated(activation: Activation): Lay {
  return (node, link) => {
    const [x, into] = [slotOf(link, node.inputs), slotOf(link, node.outputs)];
    return (frame) => {
      const { at, dims } = frame.floats(x);
      frame.kernels.activate(activation, at, sizeOf(dims), frame.make(into, dims));
    };
  };
}

/** `x · sigmoid(alpha · x)`. */
function sigmoidGate(frame: Frame, x: number, into: number, alpha: number): void {
  const { at, dims } = frame.floats(x);
  const count = sizeOf(dims);
  const result = frame.make(into, dims);
  frame.kernels.scaled(at, alpha, 0, count, result);
  frame.kernels.activate('sigmoid', result, count, result);
  frame.kernels.multiply(result, at, count, result);
}

type Pairing = 'add' | 'multiply' | 'subtract';

function pairwise(pairing: Pairing): Lay {
  return (node, link) => {
    const [left, right] = [slotOf(link, node.inputs), slotOf(link, node.inputs, 1)];
    const into = slotOf(link, node.outputs);
    return (frame) => pair(frame, pairing, left, right, into);
  };
}

function pair(frame: Frame, pairing: Pairing, left: number, right: number, into: number): void {
  const [a, b] = [frame.floats(left), frame.floats(right)];
  const count = sizeOf(a.dims);
  const { kernels } = frame;
  if (pairing !== 'subtract' && sizeOf(b.dims) === 1) {
    const [value = 0] = frame.view(b);
    const [factor, addend] = pairing === 'multiply' ? [value, 0] : [1, value];
    kernels.scaled(a.at, factor, addend, count, frame.make(into, a.dims));
  } else if (pairing !== 'subtract' && isSame(a.dims, b.dims)) {
    kernels[pairing](a.at, b.at, count, frame.make(into, a.dims));
  } else if (isSame(a.dims.slice(a.dims.length - b.dims.length), b.dims)) {
    perRow(frame, pairing, a, b, into);
  } else {
    spread(frame, pairing, a, b, into);
  }
}

/** The same values for every row, such as a weight of each channel. */
function perRow(frame: Frame, pairing: Pairing, a: Floats, b: Floats, into: number): void {
  frame.make(into, a.dims);
  const result = frame.view(frame.floats(into));
  const [left, right] = [frame.view(a), frame.view(b)];
  const combine = COMBINE[pairing];
  for (let row = 0; row < left.length; row += right.length) {
    for (let at = 0; at < right.length; at += 1) {
      result[row + at] = combine(left[row + at] as number, right[at] as number);
    }
  }
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** Shapes that broadcast, which few graphs have. */
function spread(frame: Frame, pairing: Pairing, a: Floats, b: Floats, into: number): void {
  const dims = broadcastDims(a.dims, b.dims);
  frame.make(into, dims);
  const result = frame.view(frame.floats(into));
  const [left, right] = [frame.view(a), frame.view(b)];
  const [ofA, ofB] = [placesIn(a.dims, dims), placesIn(b.dims, dims)];
  const combine = COMBINE[pairing];
  for (let at = 0; at < result.length; at += 1) {
    const [x, y] = [left[ofA[at] as number] as number, right[ofB[at] as number] as number];
    result[at] = combine(x, y);
  }
}

const COMBINE: Readonly<Record<Pairing, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  multiply: (a, b) => a * b,
  subtract: (a, b) => a - b,
};

/** Over the last axis; with a second tensor to be added before, whose sum may be wanted too. */
function normed(kind: 'rms' | 'layer'): Lay {
  return (node, link) => {
    const isSkipping = node.type.startsWith('Skip');
    const [x, into] = [slotOf(link, node.inputs), slotOf(link, node.outputs)];
    const skip = isSkipping ? slotOf(link, node.inputs, 1) : null;
    const sum = (node.outputs[3] ?? '') === '' ? null : slotOf(link, node.outputs, 3);
    const [weight = '', bias = ''] = node.inputs.slice(isSkipping ? 2 : 1);
    const norm = normOf(kind, weight, bias, numberOf(node, 'epsilon', 1e-5), link);
    return (frame) => {
      const { at, dims } = frame.floats(x);
      const width = dims.at(-1) ?? 1;
      const result = frame.make(into, dims);
      const skipped = skip === null ? 0 : frame.floats(skip).at;
      const summed = sum === null ? 0 : frame.make(sum, dims);
      norm(frame, { at, rows: sizeOf(dims) / width, width, skipped, summed, result });
    };
  };
}

interface Normed {
  readonly at: number;
  readonly rows: number;
  readonly width: number;
  readonly skipped: number;
  readonly summed: number;
  readonly result: number;
}

function normOf(
  kind: 'rms' | 'layer',
  weightName: string,
  biasName: string,
  epsilon: number,
  { placed }: Link,
): (frame: Frame, of: Normed) => void {
  return ({ kernels }, { at, rows, width, skipped, summed, result }) => {
    const weight = placed.values(weightName);
    if (kind === 'rms') {
      kernels.rmsNorm(at, rows, width, weight, epsilon, result, skipped, summed);
      return;
    }
    const bias = biasName === '' ? 0 : placed.values(biasName);
    kernels.layerNorm(at, rows, width, weight, bias, epsilon, result, skipped, summed);
  };
}
