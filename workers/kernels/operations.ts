/** What a graph's nodes mean, once those that belong together are seen as one. */
import type { Activation } from './kernels.ts';
import type { GraphNode } from './graph-file.ts';

/** Weights of a product or a table, by the names of the constants. */
export interface MatrixRef {
  /** Name of the values; a matrix is laid out once for all who use it. */
  readonly values: string;
  /** float32 `[out]`; null where the values are float32 themselves. */
  readonly scales: string | null;
  readonly in: number;
  readonly out: number;
  readonly stored: 'out-in' | 'in-out';
}

/** `[rows, in]` → `[rows, out]`, a bias and an adapter's low-rank product included. */
export interface Product {
  readonly type: 'product';
  readonly x: string;
  readonly matrix: MatrixRef;
  /** float32 `[out]`. */
  readonly bias: string | null;
  /** Inputs of the graph. */
  readonly port: { readonly a: string; readonly b: string } | null;
  readonly output: string;
}

/** Rows of a table. */
export interface LookUp {
  readonly type: 'look-up';
  readonly matrix: MatrixRef;
  readonly ids: string;
  readonly output: string;
}

/** `[rows, 2 · width]` → `activation(first half) · second half`. */
export interface Gated {
  readonly type: 'gated';
  readonly activation: Activation;
  readonly x: string;
  readonly output: string;
}

export interface Attention {
  readonly type: 'attention';
  /** `[batch, sequence, heads · headDim]`, with keys and values behind where those are null. */
  readonly q: string;
  readonly k: string | null;
  readonly v: string | null;
  readonly past: { readonly key: string; readonly value: string };
  readonly present: { readonly key: string; readonly value: string };
  /** Whole numbers: each row's tokens less one, and those of the longest. */
  readonly lastPosition: string;
  readonly total: string;
  readonly kvHeads: number;
  /** Null where all heads are the queries'. */
  readonly heads: number | null;
  readonly scale: number;
  readonly softcap: number;
  readonly window: number;
  readonly rotation: Tables | null;
  /** float32 `[heads, context]`, by head and key. */
  readonly bias: { readonly table: string; readonly context: number } | null;
  readonly output: string;
}

/** float32 `[positions, pairs]` each. */
export interface Tables {
  readonly cos: string;
  readonly sin: string;
  readonly pairs: number;
  readonly interleaved: boolean;
}

export interface Plain {
  readonly type: 'plain';
  readonly node: GraphNode;
}

export type Operation = Product | LookUp | Gated | Attention | Plain;

/** Names of the values that an operation needs before it. */
export function readsOf(operation: Operation): readonly string[] {
  switch (operation.type) {
    case 'product': {
      const { x, bias, port } = operation;
      return [x, bias, port?.a, port?.b].filter(isName);
    }
    case 'look-up':
      return [operation.ids];
    case 'gated':
      return [operation.x];
    case 'attention': {
      const { q, k, v, past, lastPosition, total, rotation, bias } = operation;
      const tables = [rotation?.cos, rotation?.sin, bias?.table];
      return [q, k, v, past.key, past.value, lastPosition, total, ...tables].filter(isName);
    }
    case 'plain':
      return operation.node.inputs.filter(isName);
  }
}

/** Names of the values that it makes. */
export function writesOf(operation: Operation): readonly string[] {
  switch (operation.type) {
    case 'attention':
      return [operation.output, operation.present.key, operation.present.value];
    case 'plain':
      return operation.node.outputs.filter(isName);
    default:
      return [operation.output];
  }
}

function isName(name: string | null | undefined): name is string {
  return typeof name === 'string' && name !== '';
}
