/** Attention among a graph's nodes, with what is done around it to queries, keys and scores. */
import { numberOf, type GraphIndex, type GraphNode } from './graph-file.ts';
import type { Attention, Tables } from './operations.ts';

/** Values that another value stands for, by their names. */
export type Same = Map<string, string>;

/** The attention that ends at this node: the runtime's own, or that with a bound on scores. */
export function matchAttention(index: GraphIndex, node: GraphNode, same: Same): Attention | null {
  if (node.type === 'GroupQueryAttention') return runtimeAttention(index, node, same);
  return node.type === 'Transpose' ? cappedAttention(index, node, same) : null;
}

function runtimeAttention(index: GraphIndex, node: GraphNode, same: Same): Attention | null {
  const [q = '', k = '', v = '', key = '', value = '', lastPosition = '', total = ''] = node.inputs;
  const [, , , , , , , cos = '', sin = '', positions = '', biasName = ''] = node.inputs;
  const [output = '', presentKey = '', presentValue = ''] = node.outputs;
  const isPlain = node.inputs.slice(11).every((name) => name === '') && positions === '';
  const bias = biasName === '' ? null : matchBias(index, biasName);
  const asks = unusual(node) || !isPlain || (biasName !== '' && bias === null);
  if (asks || !index.isInput(key) || !index.isInput(value)) return null;
  const before = k === '' ? null : turnedBefore(index, q, same);
  if (before !== null) turnedBefore(index, k, same);
  const inside = numberOf(node, 'do_rotary', 0) === 1 ? tablesOf(index, cos, sin) : null;
  const isInterleaved = numberOf(node, 'rotary_interleaved', 0) === 1;
  return {
    type: 'attention',
    q,
    k: k === '' ? null : k,
    v: v === '' ? null : v,
    past: { key, value },
    present: { key: presentKey, value: presentValue },
    lastPosition,
    total,
    heads: numberOf(node, 'num_heads', 0),
    kvHeads: numberOf(node, 'kv_num_heads', 0),
    scale: numberOf(node, 'scale', 0),
    softcap: numberOf(node, 'softcap', 0),
    window: Math.max(0, numberOf(node, 'local_window_size', 0)),
    rotation: before ?? (inside && { ...inside, interleaved: isInterleaved }),
    bias,
    output,
  };
}

const KNOWN = new Set([
  'num_heads',
  'kv_num_heads',
  'scale',
  'softcap',
  'local_window_size',
  'do_rotary',
  'rotary_interleaved',
]);

function unusual({ attributes }: GraphNode): boolean {
  return [...attributes.keys()].some((name) => !KNOWN.has(name)) || !attributes.has('scale');
}

function tablesOf(index: GraphIndex, cos: string, sin: string): Tables | null {
  const pairs = index.constant(cos)?.dims[1];
  if (pairs === undefined || index.constant(sin)?.dims[1] !== pairs) return null;
  return { cos, sin, pairs, interleaved: false };
}

/**
 * Queries or keys that nodes turn before attention: heads taken apart, their first dimensions
 * turned, perhaps padded, and laid in rows again. The kernels turn them where they are read (zeros
 * behind a head do not mind), so what was turned is what goes into the turn.
 */
function turnedBefore(index: GraphIndex, name: string, same: Same): Tables | null {
  const rows = index.through(index.through(name, 'Reshape'), 'Reshape');
  const turned = index.maker(index.through(rows, 'Pad') ?? rows, 'Concat');
  if (turned === null) return null;
  const tables = rotationOf(index, turned);
  const left = index.through(index.through(turned.inputs[0], 'Sub'), 'Mul');
  const heads = index.through(left, 'Split');
  if (tables === null || heads === null) return null;
  same.set(turned.outputs[0] ?? '', heads);
  return tables;
}

/** `[left · cos − right · sin, right · cos + left · sin, rest]`. */
function rotationOf(index: GraphIndex, turned: GraphNode): Tables | null {
  const [left, right] = turned.inputs;
  const difference = index.maker(left, 'Sub')?.inputs.map((term) => index.maker(term, 'Mul'));
  const sum = index.maker(right, 'Add')?.inputs.map((term) => index.maker(term, 'Mul'));
  const [leftCos, rightSin] = difference ?? [];
  const [rightCos, leftSin] = sum ?? [];
  const cos = tableOf(index, leftCos?.inputs[1]);
  const sin = tableOf(index, rightSin?.inputs[1]);
  const isWhole =
    leftCos?.inputs[0] === leftSin?.inputs[0] && rightCos?.inputs[0] === rightSin?.inputs[0];
  if (cos === null || sin === null || !isWhole) return null;
  return tablesOf(index, cos, sin);
}

/** The table whose rows, one for each token's place, are at hand here. */
function tableOf(index: GraphIndex, rows: string | undefined): string | null {
  const gather = index.maker(index.through(rows, 'Unsqueeze') ?? '', 'Gather');
  const [table = '', positions = ''] = gather?.inputs ?? [];
  return positions === 'positions' && index.constant(table) !== null ? table : null;
}

/** A cost by head and key, the same for every query: rows of a table, as far as the keys go. */
function matchBias(index: GraphIndex, name: string): Attention['bias'] {
  const slice = index.maker(index.through(index.through(name, 'Expand'), 'Unsqueeze'), 'Slice');
  const [table = '', start, , axis] = slice?.inputs ?? [];
  const [, context] = index.constant(table)?.dims ?? [];
  const isWhole = index.whole(start)?.[0] === 0 && index.whole(axis)?.[0] === 1;
  return context === undefined || !isWhole ? null : { table, context };
}

/**
 * Attention in plain nodes, for a bound on scores. The runtime's attention stands there too, asked
 * by the keys themselves, and only keeps the cache.
 */
function cappedAttention(index: GraphIndex, node: GraphNode, same: Same): Attention | null {
  const [output = ''] = node.outputs;
  const mixed = index.maker(index.through(node.inputs[0], 'Reshape') ?? '', 'MatMul');
  const weights = index.through(mixed?.inputs[0], 'Reshape');
  const seen = index.maker(index.through(weights ?? '', 'Softmax') ?? '', 'Add');
  const keeper = index.maker(mixed?.inputs[1], 'GroupQueryAttention');
  const kept = keeper && runtimeAttention(index, keeper, same);
  const bent = index.through(seen?.inputs[0], 'Reshape');
  const scores = bent === null ? null : matchBent(index, bent);
  const window = matchSight(index, seen?.inputs[1]);
  if (!kept || kept.k === null || scores === null || window === null) return null;
  turnedBefore(index, scores.q, same);
  return { ...kept, ...scores, heads: null, window, output };
}

interface Bent {
  readonly q: string;
  readonly scale: number;
  readonly softcap: number;
}

/** `cap · tanh(scale · q kᵀ / cap)`; a factor of one has no node. */
function matchBent(index: GraphIndex, name: string): Bent | null {
  const outer = factorOf(index, name);
  const low = index.through(outer.x, 'Tanh');
  if (low === null) return null;
  const divided = outer.factor === 1 ? { x: low, factor: 1 } : factorOf(index, low);
  const sized = factorOf(index, divided.x);
  const products = index.maker(sized.x, 'MatMul');
  const grouped = index.through(products?.inputs[0], 'Reshape');
  const split = index.through(grouped, 'Transpose');
  const q = index.through(split, 'Reshape');
  return q === null ? null : { q, scale: sized.factor, softcap: outer.factor };
}

function factorOf(index: GraphIndex, name: string): { x: string; factor: number } {
  const [x = '', by] = index.maker(name, 'Mul')?.inputs ?? [];
  const factor = index.scalar(by);
  return factor === null ? { x: name, factor: 1 } : { x, factor };
}

/** How many tokens one sees, 0 for all before it; null where this is no such mask. */
function matchSight(index: GraphIndex, name: string | undefined): number | null {
  const where = index.maker(name, 'Where');
  if (index.maker(where?.inputs[0], 'LessOrEqual') !== null) return 0;
  const near = index.maker(where?.inputs[0], 'Greater');
  const causal = index.maker(where?.inputs[1], 'Where');
  const start = index.maker(near?.inputs[1], 'Sub');
  return causal === null ? null : (index.whole(start?.inputs[1])?.[0] ?? null);
}
