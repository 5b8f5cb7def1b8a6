/** Products, tables and gates among a graph's nodes. */
import { numberOf, type GraphIndex, type GraphNode } from './graph-file.ts';
import type { Activation } from './kernels.ts';
import type { Gated, LookUp, MatrixRef, Product } from './operations.ts';

/** The product that ends at this node: bare, with a bias, or with an adapter over it. */
export function matchProduct(index: GraphIndex, node: GraphNode): Product | null {
  switch (node.type) {
    case 'Gemm':
      return node.inputs.length === 2 ? bareProduct(index, node) : adapted(index, node);
    case 'Mul':
      return rowWise(index, node);
    case 'Add':
      return biased(index, node);
    default:
      return null;
  }
}

/** Weights `[out, in]` in float32, or in 8 bits that nodes widen. */
function bareProduct(index: GraphIndex, node: GraphNode): Product | null {
  const [x = '', weight = ''] = node.inputs;
  const matrix = widened(index, weight) ?? floatMatrix(index, weight);
  const isTurned = numberOf(node, 'transB', 0) === 1 && node.attributes.size === 1;
  if (matrix === null || !isTurned) return null;
  return product(x, matrix, node);
}

function product(x: string, matrix: MatrixRef, { outputs: [output = ''] }: GraphNode): Product {
  return { type: 'product', x, matrix, bias: null, port: null, output };
}

function widened(index: GraphIndex, name: string): MatrixRef | null {
  const wide = index.maker(name, 'Mul');
  const values = index.through(wide?.inputs[0], 'Cast');
  const scales = index.through(wide?.inputs[1], 'Unsqueeze');
  return values === null || scales === null ? null : int8Matrix(index, values, scales, 'out-in');
}

function int8Matrix(
  index: GraphIndex,
  values: string,
  scales: string,
  stored: MatrixRef['stored'],
): MatrixRef | null {
  const constant = index.constant(values);
  const [first = 0, second = 0] = constant?.dims ?? [];
  if (constant?.element !== 'int8' || index.constant(scales) === null) return null;
  return stored === 'out-in'
    ? { values, scales, stored, out: first, in: second }
    : { values, scales, stored, out: second, in: first };
}

function floatMatrix(index: GraphIndex, values: string): MatrixRef | null {
  const constant = index.constant(values);
  const [out = 0, inner = 0] = constant?.dims ?? [];
  if (constant?.element !== 'float32' || constant.dims.length !== 2) return null;
  return { values, scales: null, stored: 'out-in', out, in: inner };
}

/** Integer products: activations rounded by each row's largest value; weights `[in, out]`. */
function rowWise(index: GraphIndex, node: GraphNode): Product | null {
  const sums = index.maker(node.inputs[0], 'MatMulIntegerToFloat');
  const bytes = index.maker(sums?.inputs[0], 'QuantizeLinear');
  const shares = index.maker(bytes?.inputs[0], 'Div');
  const [, values = '', , scales = ''] = sums?.inputs ?? [];
  const [x = '', unit] = shares?.inputs ?? [];
  if (unit === undefined || unit !== node.inputs[1]) return null;
  const matrix = int8Matrix(index, values, scales, 'in-out');
  return matrix && product(x, matrix, node);
}

function biased(index: GraphIndex, node: GraphNode): Product | null {
  const [y = '', bias = ''] = node.inputs;
  const base = productAt(index, y);
  const { dims } = index.constant(bias) ?? {};
  const fits = dims?.length === 1 && dims[0] === base?.matrix.out && base?.bias === null;
  return base && fits && base.port === null ? { ...base, bias, output: outputOf(node) } : null;
}

/** `(x · A) · B + y`, where `y` is a product of the same `x`. */
function adapted(index: GraphIndex, node: GraphNode): Product | null {
  const [low, b = '', y = ''] = node.inputs;
  const base = productAt(index, y);
  const [x, a = ''] = index.maker(low, 'MatMul')?.inputs ?? [];
  const isPort = index.isInput(a) && index.isInput(b);
  const isPlain = isPort && node.attributes.size === 0;
  if (base === null || !isPlain || x !== base.x || base.port !== null) return null;
  return { ...base, port: { a, b }, output: outputOf(node) };
}

function productAt(index: GraphIndex, name: string): Product | null {
  for (const type of ['Gemm', 'Mul', 'Add']) {
    const node = index.maker(name, type);
    if (node !== null) return matchProduct(index, node);
  }
  return null;
}

function outputOf({ outputs: [output = ''] }: GraphNode): string {
  return output;
}

/** Rows of a table in float32, or in 8 bits with a scale for each. */
export function matchLookUp(index: GraphIndex, node: GraphNode): LookUp | null {
  if (node.type === 'Gather') {
    const [values = '', ids = ''] = node.inputs;
    const matrix = numberOf(node, 'axis', 0) === 0 ? floatMatrix(index, values) : null;
    return matrix && { type: 'look-up', matrix, ids, output: outputOf(node) };
  }
  if (node.type !== 'Mul') return null;
  const rows = index.through(node.inputs[0], 'Cast');
  const ofScales = index.maker(index.through(node.inputs[1], 'Unsqueeze'), 'Gather');
  const [scales = '', ids = ''] = ofScales?.inputs ?? [];
  const columns = index.through(rows, 'Transpose');
  const gather = index.maker(columns ?? rows, 'Gather');
  if (gather === null || gather.inputs[1] !== ids) return null;
  const stored = columns === null ? 'out-in' : 'in-out';
  const matrix = int8Matrix(index, gather.inputs[0] ?? '', scales, stored);
  return matrix && { type: 'look-up', matrix, ids, output: outputOf(node) };
}

/** The activations that the kernels have, by the node that asks for them. */
export function activationOf(node: GraphNode): Activation | null {
  switch (node.type) {
    case 'QuickGelu':
      return numberOf(node, 'alpha', 1.702) === 1 ? 'silu' : null;
    case 'Gelu':
      return 'gelu';
    case 'FastGelu':
      return node.inputs.length === 1 ? 'gelu-tanh' : null;
    case 'Relu':
      return 'relu';
    case 'Tanh':
      return 'tanh';
    case 'Sigmoid':
      return 'sigmoid';
    default:
      return null;
  }
}

const ACTIVATIONS = ['QuickGelu', 'Gelu', 'FastGelu', 'Relu', 'Tanh', 'Sigmoid'];

/** A gate beside its value, taken apart, opened and multiplied. */
export function matchGated(index: GraphIndex, node: GraphNode): Gated | null {
  if (node.type !== 'Mul') return null;
  const [open, up] = node.inputs;
  const opener = ACTIVATIONS.map((type) => index.maker(open, type)).find((maker) => maker !== null);
  const split = index.maker(up, 'Split');
  const activation = opener === undefined ? null : activationOf(opener);
  if (activation === null || split === null || numberOf(split, 'num_outputs', 0) !== 2) return null;
  const [gate, value] = split.outputs;
  if (opener?.inputs[0] !== gate || value !== up) return null;
  return { type: 'gated', activation, x: split.inputs[0] ?? '', output: outputOf(node) };
}
