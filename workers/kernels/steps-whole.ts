/** Shapes, places and masks, in JavaScript: a few whole numbers each. */
import { numberOf, type GraphNode } from './graph-file.ts';
import type { Frame } from './frame.ts';
import type { Link, Run } from './link.ts';
import {
  around,
  axisOf,
  broadcastDims,
  placesIn,
  reshaped,
  sizeOf,
  squeezed,
  unsqueezed,
  type Whole,
} from './values.ts';

type Lay = (node: GraphNode, link: Link) => Run;

/** Operators whose first input is of whole numbers, and `Shape`, whose output is. */
export const WHOLE: Readonly<Record<string, Lay>> = {
  Shape: (node, link) => {
    const [x, into] = ends(node, link);
    const [start, end] = [numberOf(node, 'start', 0), numberOf(node, 'end', Infinity)];
    return (frame) => {
      const { dims } = frame.get(x);
      const sizes = dims.slice(axisOf(start, dims.length), end);
      frame.putWhole(into, [sizes.length], sizes);
    };
  },
  Reshape: shaping((value, wanted) => reshaped(value.dims, wanted)),
  Unsqueeze: shaping((value, axes) => unsqueezed(value.dims, axes)),
  Squeeze: shaping((value, axes) => squeezed(value.dims, axes)),
  Identity: shaping((value) => value.dims),
  Cast: shaping((value) => value.dims),
  Add: pairwise((a, b) => a + b),
  Sub: pairwise((a, b) => a - b),
  Mul: pairwise((a, b) => a * b),
  Max: pairwise(Math.max),
  Concat: (node, link) => {
    const parts = node.inputs.map((name) => link.slot(name));
    const into = link.slot(node.outputs[0] ?? '');
    return (frame) => {
      const numbers = parts.flatMap((part) => [...frame.whole(part).numbers]);
      frame.putWhole(into, [numbers.length], numbers);
    };
  },
  ReduceSum: (node, link) => {
    const [x, into] = ends(node, link);
    const axes = link.slot(node.inputs[1] ?? '');
    const keeps = numberOf(node, 'keepdims', 1) === 1;
    return (frame) => {
      const { dims, numbers } = frame.whole(x);
      const axis = axisOf(frame.whole(axes).numbers[0] ?? -1, dims.length);
      const kept = keeps ? dims.with(axis, 1) : dims.toSpliced(axis, 1);
      frame.putWhole(into, kept, summed(numbers, around(dims, axis)));
    };
  },
  Range: (node, link) => {
    const [start = 0, end = 0, step = 0] = node.inputs.map((name) => link.slot(name));
    const into = link.slot(node.outputs[0] ?? '');
    const first = (frame: Frame, slot: number) => frame.whole(slot).numbers[0] ?? 0;
    return (frame) => {
      const [from, by] = [first(frame, start), first(frame, step)];
      const length = Math.max(0, Math.ceil((first(frame, end) - from) / by));
      const numbers = Array.from({ length }, (_, at) => from + at * by);
      frame.putWhole(into, [length], numbers);
    };
  },
};

function ends({ inputs, outputs }: GraphNode, link: Link): [number, number] {
  return [link.slot(inputs[0] ?? ''), link.slot(outputs[0] ?? '')];
}

function shaping(shape: (value: Whole, wanted: readonly number[]) => readonly number[]): Lay {
  return (node, link) => {
    const [x, into] = ends(node, link);
    const wanted = node.inputs[1] === undefined ? null : link.slot(node.inputs[1]);
    return (frame) => {
      const value = frame.whole(x);
      const sizes = wanted === null ? [] : [...frame.whole(wanted).numbers];
      frame.putWhole(into, shape(value, sizes), value.numbers);
    };
  };
}

function pairwise(combine: (a: number, b: number) => number): Lay {
  return (node, link) => {
    const [left, into] = ends(node, link);
    const right = link.slot(node.inputs[1] ?? '');
    return (frame) => {
      const [a, b] = [frame.whole(left), frame.whole(right)];
      const dims = broadcastDims(a.dims, b.dims);
      const [ofA, ofB] = [placesIn(a.dims, dims), placesIn(b.dims, dims)];
      const numbers = Array.from({ length: sizeOf(dims) }, (_, at) => {
        return combine(a.numbers[ofA[at] ?? 0] ?? 0, b.numbers[ofB[at] ?? 0] ?? 0);
      });
      frame.putWhole(into, dims, numbers);
    };
  };
}

function summed(
  numbers: Whole['numbers'],
  { outer, length, inner }: ReturnType<typeof around>,
): number[] {
  return Array.from({ length: outer * inner }, (_, place) => {
    const from = Math.floor(place / inner) * length * inner + (place % inner);
    let sum = 0;
    for (let at = 0; at < length; at += 1) sum += numbers[from + at * inner] as number;
    return sum;
  });
}
