/** Steps that only move values: other shapes, parts, rows in another order. */
import type { Frame } from './frame.ts';
import { numberOf, type GraphNode } from './graph-file.ts';
import type { Link, Run } from './link.ts';
import { around, axisOf, reshaped, sizeOf, squeezed, unsqueezed, type Floats } from './values.ts';

export type Lay = (node: GraphNode, link: Link) => Run;

export function slotOf(link: Link, names: readonly string[], at = 0): number {
  return link.slot(names[at] ?? '');
}

/** The whole numbers of an input that may not be given. */
function wholeAt(node: GraphNode, link: Link, at: number): (frame: Frame) => number[] {
  const name = node.inputs[at] ?? '';
  if (name === '') return () => [];
  const slot = link.slot(name);
  return (frame) => [...frame.whole(slot).numbers];
}

/** Those that lie where their input does. */
export const VIEWS: Readonly<Record<string, Lay>> = {
  Reshape: viewed(reshaped),
  Unsqueeze: viewed(unsqueezed),
  Squeeze: viewed(squeezed),
  Identity: viewed((dims) => dims),
};

function viewed(
  shape: (dims: readonly number[], wanted: readonly number[]) => readonly number[],
): Lay {
  return (node, link) => {
    const [x, into] = [slotOf(link, node.inputs), slotOf(link, node.outputs)];
    const wanted = wholeAt(node, link, 1);
    return (frame) => {
      const { dims, at } = frame.floats(x);
      frame.put(into, { kind: 'floats', dims: shape(dims, wanted(frame)), at });
    };
  };
}

export const MOVES: Readonly<Record<string, Lay>> = {
  Split: (node, link) => {
    const x = slotOf(link, node.inputs);
    const into = node.outputs.map((name) => link.slot(name));
    const given = wholeAt(node, link, 1);
    const axis = numberOf(node, 'axis', 0);
    return (frame) => split(frame, x, into, axis, given(frame));
  },
  Concat: (node, link) => {
    const parts = node.inputs.map((name) => link.slot(name));
    const into = slotOf(link, node.outputs);
    const axis = numberOf(node, 'axis', 0);
    return (frame) => concat(frame, parts, into, axis);
  },
  Slice: (node, link) => {
    const [x, into] = [slotOf(link, node.inputs), slotOf(link, node.outputs)];
    const [starts, ends, axes] = [1, 2, 3].map((at) => wholeAt(node, link, at));
    return (frame) => {
      const [start = 0] = starts?.(frame) ?? [];
      const [end = 0] = ends?.(frame) ?? [];
      const [axis = 0] = axes?.(frame) ?? [];
      slice(frame, x, into, start, end, axis);
    };
  },
  Transpose: (node, link) => {
    const [x, into] = [slotOf(link, node.inputs), slotOf(link, node.outputs)];
    const order = node.attributes.get('perm');
    return (frame) => transpose(frame, x, into, Array.isArray(order) ? order : null);
  },
  Pad: (node, link) => {
    const [x, into] = [slotOf(link, node.inputs), slotOf(link, node.outputs)];
    const pads = wholeAt(node, link, 1);
    return (frame) => pad(frame, x, into, pads(frame));
  },
  GatherND: (node, link) => {
    const [x, places] = [slotOf(link, node.inputs), slotOf(link, node.inputs, 1)];
    const into = slotOf(link, node.outputs);
    return (frame) => pick(frame, x, places, into);
  },
};

function split(
  frame: Frame,
  x: number,
  into: readonly number[],
  givenAxis: number,
  given: readonly number[],
): void {
  const source = frame.floats(x);
  const axis = axisOf(givenAxis, source.dims.length);
  const { outer, length, inner } = around(source.dims, axis);
  const sizes = given.length > 0 ? given : into.map(() => length / into.length);
  let from = 0;
  for (const [index, size] of sizes.entries()) {
    const slot = into[index] as number;
    frame.make(slot, source.dims.with(axis, size));
    copyBlocks(frame, source, frame.floats(slot), {
      count: outer,
      size: size * inner,
      from: { first: from * inner, step: length * inner },
      to: { first: 0, step: size * inner },
    });
    from += size;
  }
}

interface Blocks {
  readonly count: number;
  /** Values of each. */
  readonly size: number;
  readonly from: { readonly first: number; readonly step: number };
  readonly to: { readonly first: number; readonly step: number };
}

/** Runs of values that lie together, each from its place to its place. */
function copyBlocks(frame: Frame, source: Floats, target: Floats, blocks: Blocks): void {
  const [values, result] = [frame.view(source), frame.view(target)];
  const { count, size, from, to } = blocks;
  for (let block = 0; block < count; block += 1) {
    const start = from.first + block * from.step;
    result.set(values.subarray(start, start + size), to.first + block * to.step);
  }
}

function concat(frame: Frame, parts: readonly number[], into: number, givenAxis: number): void {
  const values = parts.map((part) => frame.floats(part));
  const { dims } = values[0] as Floats;
  const axis = axisOf(givenAxis, dims.length);
  const length = values.reduce((sum, part) => sum + (part.dims[axis] ?? 0), 0);
  frame.make(into, dims.with(axis, length));
  const { outer, inner } = around(dims, axis);
  let to = 0;
  for (const part of values) {
    const size = (part.dims[axis] ?? 0) * inner;
    copyBlocks(frame, part, frame.floats(into), {
      count: outer,
      size,
      from: { first: 0, step: size },
      to: { first: to, step: length * inner },
    });
    to += size;
  }
}

function slice(
  frame: Frame,
  x: number,
  into: number,
  start: number,
  end: number,
  givenAxis: number,
): void {
  const source = frame.floats(x);
  const axis = axisOf(givenAxis, source.dims.length);
  const { outer, length, inner } = around(source.dims, axis);
  const bound = (place: number) =>
    Math.max(0, Math.min(length, place < 0 ? place + length : place));
  const size = Math.max(0, bound(end) - bound(start));
  frame.make(into, source.dims.with(axis, size));
  copyBlocks(frame, source, frame.floats(into), {
    count: outer,
    size: size * inner,
    from: { first: bound(start) * inner, step: length * inner },
    to: { first: 0, step: size * inner },
  });
}

function transpose(frame: Frame, x: number, into: number, given: readonly number[] | null): void {
  const source = frame.floats(x);
  const { dims } = source;
  const order = given ?? dims.map((_, axis) => dims.length - 1 - axis);
  const sizes = order.map((axis) => dims[axis] as number);
  frame.make(into, sizes);
  const steps = order.map((axis) => sizeOf(dims.slice(axis + 1)));
  const [values, result] = [frame.view(source), frame.view(frame.floats(into))];
  const places = new Array<number>(sizes.length).fill(0);
  let from = 0;
  for (let to = 0; to < result.length; to += 1) {
    result[to] = values[from] as number;
    for (let axis = sizes.length - 1; axis >= 0; axis -= 1) {
      from += steps[axis] as number;
      places[axis] = (places[axis] as number) + 1;
      if ((places[axis] as number) < (sizes[axis] as number)) break;
      from -= (steps[axis] as number) * (sizes[axis] as number);
      places[axis] = 0;
    }
  }
}

/** Zeros behind the last axis. */
function pad(frame: Frame, x: number, into: number, pads: readonly number[]): void {
  const source = frame.floats(x);
  const width = source.dims.at(-1) ?? 0;
  const wide = width + (pads.at(-1) ?? 0);
  frame.make(into, source.dims.with(-1, wide));
  const target = frame.floats(into);
  frame.view(target).fill(0);
  copyBlocks(frame, source, target, {
    count: sizeOf(source.dims) / width,
    size: width,
    from: { first: 0, step: width },
    to: { first: 0, step: wide },
  });
}

/** `[batch, sequence, width]`, of each row the places `[batch, …, 1]` → `[batch, …, width]`. */
function pick(frame: Frame, x: number, places: number, into: number): void {
  const source = frame.floats(x);
  const { dims, numbers } = frame.whole(places);
  const [batch = 1, sequence = 1, width = 1] = source.dims;
  frame.make(into, [...dims.slice(0, -1), width]);
  const [values, result] = [frame.view(source), frame.view(frame.floats(into))];
  const each = numbers.length / batch;
  for (let at = 0; at < numbers.length; at += 1) {
    const place = Math.floor(at / each) * sequence + (numbers[at] as number);
    result.set(values.subarray(place * width, (place + 1) * width), at * width);
  }
}
