/**
 * What BART and its kin share: the encoder–decoder of Vaswani et al. (2017) with biases everywhere.
 * They differ in where the norms stand, in how positions are told, and in how the scores leave.
 */
import { requireShape } from '../../checkpoint/tensor-source';
import type { Architecture } from '../architecture';
import type { Matrix, Piece, PlacedTable } from '../arithmetic/arithmetic';
import { activate } from '../blocks/activation';
import type { Activation } from '../blocks/activation';
import { sourceKeyValue } from '../blocks/cross-attention';
import { nextTokenHead } from '../blocks/head';
import { layerNorm, normAt } from '../blocks/layer-norm';
import { attendTo, selfAttention } from '../blocks/multi-head';
import type { Growing, MultiHead } from '../blocks/multi-head';
import { project } from '../blocks/projection';
import { causalTable, distanceBias } from '../blocks/relative-position';
import { encoderFrame, spread, targetFrame } from '../blocks/seq2seq-frame';
import type { TargetFrame, TokenGrid } from '../blocks/seq2seq-frame';
import { bytesOf } from '../elements';
import type { Value } from '../graph-builder';
import type { BuildPlan } from './family';

export interface BartArchitecture extends Architecture {
  readonly encoder: StackShape;
  readonly decoder: StackShape;
  /** Tokens of the source, where the two sides have vocabularies of their own. */
  readonly sourceVocab: number;
  readonly activation: Activation;
  /** What a token's row is multiplied by. */
  readonly embeddingScale: number;
  /** Whether one table serves both sides. */
  readonly isShared: boolean;
  /** Whether the head is the decoder's table. */
  readonly isTied: boolean;
  readonly positions: Positions;
  /** Whether a sublayer's norm stands before it, and one more after the last layer. */
  readonly isPreNormed: boolean;
  /** Whether the sum of token and position is normalised. */
  readonly isEmbeddingNormed: boolean;
  /** Whether `final_logits_bias` is added to the scores. */
  readonly hasLogitsBias: boolean;
}

export interface StackShape {
  readonly layers: number;
  readonly heads: number;
  readonly ffn: number;
}

export type Positions =
  /** A table of each side's own, whose first rows are unused. */
  | { readonly kind: 'learned'; readonly offset: number }
  /** Row of a position, computed. */
  | {
      readonly kind: 'computed';
      readonly row: (position: number, width: number) => Float32Array;
    };

const NORM_EPSILON = 1e-5;

/** One of the two stacks: its sizes, and what its tensors' names begin with. */
interface Stack {
  readonly model: BartArchitecture;
  readonly plan: BuildPlan;
  readonly side: 'encoder' | 'decoder';
  readonly shape: StackShape;
  readonly grid: TokenGrid;
}

export function buildBart(model: BartArchitecture, plan: BuildPlan): void {
  if (plan.role === 'encoder') encode(model, plan);
  else decode(model, plan);
}

function encode(model: BartArchitecture, plan: BuildPlan): void {
  const { g } = plan.bench;
  const frame = encoderFrame(g);
  const stack: Stack = { model, plan, side: 'encoder', shape: model.encoder, grid: frame };
  const bias = spread(g, 'attention.bias', frame.padding, frame);
  let stream = embed(stack, tokenTable(stack), frame.positions);
  for (let layer = 0; layer < model.encoder.layers; layer += 1) {
    stream = sublayer(stack, `${layer}.self_attn_layer_norm`, stream, (x) =>
      attendSelf(stack, x, layer, bias, null),
    );
    stream = sublayer(stack, `${layer}.final_layer_norm`, stream, (x) =>
      feedForward(stack, x, layer),
    );
  }
  const rows = finish(stack, stream);
  const states = g.node('Reshape', 'last_hidden_state', [rows, frame.batchShape]);
  g.output('last_hidden_state', states, 'float32', ['batch_size', 'sequence', model.hidden]);
}

function decode(model: BartArchitecture, plan: BuildPlan): void {
  const { g } = plan.bench;
  const { hidden, vocab, decoder } = model;
  const headDim = hidden / decoder.heads;
  const frame = targetFrame(g, { hidden, layers: decoder.layers, heads: decoder.heads, headDim });
  const stack: Stack = { model, plan, side: 'decoder', shape: decoder, grid: frame };
  const bias = distanceBias(g, causalTable(g), frame.positions, frame.seen);
  const table = tokenTable(stack);
  let stream = embed(stack, table, frame.positions);
  for (let layer = 0; layer < decoder.layers; layer += 1) {
    stream = sublayer(stack, `${layer}.self_attn_layer_norm`, stream, (x) =>
      attendSelf(stack, x, layer, bias, cacheOf(frame, layer)),
    );
    stream = sublayer(stack, `${layer}.encoder_attn_layer_norm`, stream, (x) =>
      attendSource(stack, x, layer, frame),
    );
    stream = sublayer(stack, `${layer}.final_layer_norm`, stream, (x) =>
      feedForward(stack, x, layer),
    );
  }
  const { topK, logits } = plan;
  const head = headOf(stack, table);
  nextTokenHead(g, finish(stack, stream), head, frame, { hidden, vocab, topK, logits });
}

/** `x + f(norm(x))` where the norm comes first, `norm(x + f(x))` where it comes last. */
function sublayer(
  { model, plan, side }: Stack,
  module: string,
  x: Value,
  compute: (x: Value) => Value,
): Value {
  const norm = normAt(`model.${side}.layers.${module}`, model.hidden, NORM_EPSILON);
  const { g } = plan.bench;
  const update = compute(model.isPreNormed ? layerNorm(plan.bench, x, norm) : x);
  const sum = g.node('Add', `${side}.${module}.sum`, [x, update]);
  return model.isPreNormed ? sum : layerNorm(plan.bench, sum, norm);
}

function finish({ model, plan, side }: Stack, x: Value): Value {
  if (!model.isPreNormed) return x;
  return layerNorm(plan.bench, x, normAt(`model.${side}.layer_norm`, model.hidden, NORM_EPSILON));
}

function tokenTable({ model, plan, side }: Stack): PlacedTable {
  const { bench, arithmetic } = plan;
  const own = `model.${side}.embed_tokens.weight`;
  const names = model.isShared ? ['model.shared.weight', own] : [own];
  const tensor = names.find((name) => bench.tensors.info(name) !== undefined) ?? own;
  const tokens = side === 'encoder' ? model.sourceVocab : model.vocab;
  return arithmetic.table(bench, { name: 'embedding', tensor, tokens, width: model.hidden });
}

function headOf({ model, plan }: Stack, embedded: PlacedTable): PlacedTable {
  const { bench, arithmetic } = plan;
  const { vocab: tokens, hidden: width, isTied, hasLogitsBias } = model;
  const tensor = 'lm_head.weight';
  const isOwn = !isTied && bench.tensors.info(tensor) !== undefined;
  const table = isOwn ? arithmetic.table(bench, { name: 'head', tensor, tokens, width }) : embedded;
  if (!hasLogitsBias || bench.tensors.info('final_logits_bias') === undefined) return table;
  const bias = logitsBias(plan, tokens);
  return { ...table, score: (x) => bench.g.node('Add', 'head.biased', [table.score(x), bias]) };
}

function logitsBias({ bench: { g, tensors } }: BuildPlan, vocab: number): Value {
  const name = 'final_logits_bias';
  requireShape(tensors, name, [1, vocab]);
  return g.weight({ name, element: 'float32', dims: [vocab] }, async (signal) =>
    bytesOf(await tensors.read(name, signal)),
  );
}

/** Token and position, `[batch · sequence, hidden]`. */
function embed(stack: Stack, table: PlacedTable, positions: Value): Value {
  const { model, plan, side, grid } = stack;
  const { g } = plan.bench;
  const rows = table.lookUp(grid.tokens);
  const scale = g.float32([model.embeddingScale]);
  const scaled =
    model.embeddingScale === 1 ? rows : g.node('Mul', 'embedding.scaled', [rows, scale]);
  const batched = g.node('Reshape', 'embedding.batch', [scaled, grid.batchShape]);
  const places = g.node('Gather', 'positions.rows', [positionTable(stack), positions]);
  const sum = g.node('Add', 'embedding.placed', [batched, places]);
  const flat = g.node('Reshape', 'embedding.sum', [sum, g.int64([-1, model.hidden])]);
  if (!model.isEmbeddingNormed) return flat;
  const norm = normAt(`model.${side}.layernorm_embedding`, model.hidden, NORM_EPSILON);
  return layerNorm(plan.bench, flat, norm);
}

/** float32 `[context, hidden]`. */
function positionTable({ model, plan, side }: Stack): Value {
  const { g, tensors } = plan.bench;
  const { positions, context, hidden } = model;
  const part = { name: 'positions.table', element: 'float32', dims: [context, hidden] } as const;
  if (positions.kind === 'computed') {
    return g.weight(part, () => {
      const table = new Float32Array(context * hidden);
      for (let at = 0; at < context; at += 1) table.set(positions.row(at, hidden), at * hidden);
      return Promise.resolve(bytesOf(table));
    });
  }
  const name = `model.${side}.embed_positions.weight`;
  requireShape(tensors, name, [context + positions.offset, hidden]);
  return g.weight(part, async (signal) => {
    const rows = await tensors.read(name, signal);
    return bytesOf(rows.subarray(positions.offset * hidden));
  });
}

function cacheOf({ past }: TargetFrame, layer: number): Growing | null {
  const own = past[layer]?.own;
  if (own === undefined) return null;
  const present = `present.${layer}.decoder`;
  return { past: own, key: `${present}.key`, value: `${present}.value` };
}

function attendSelf(
  stack: Stack,
  x: Value,
  layer: number,
  bias: Value,
  growing: Growing | null,
): Value {
  const { bench, arithmetic, ports } = stack.plan;
  const parts = ['q_proj', 'k_proj', 'v_proj'];
  const qkv = project(bench, arithmetic, x, matrix(stack, layer, 'self_attn', parts), ports);
  const shape = headsOf(stack, `${stack.side}.${layer}.self`);
  const attended = selfAttention(bench.g, qkv, shape, stack.grid.batchShape, bias, growing);
  const out = matrix(stack, layer, 'self_attn', ['out_proj']);
  return project(bench, arithmetic, attended, out, ports);
}

function attendSource(stack: Stack, x: Value, layer: number, frame: TargetFrame): Value {
  const { bench, arithmetic, ports } = stack.plan;
  const through = (value: Value, parts: string[]) =>
    project(bench, arithmetic, value, matrix(stack, layer, 'encoder_attn', parts), ports);
  const shape = headsOf(stack, `decoder.${layer}.cross`);
  const query = through(x, ['q_proj']);
  const fresh = through(frame.fresh, ['k_proj', 'v_proj']);
  const source = sourceKeyValue(bench.g, fresh, shape, frame, layer);
  const attended = attendTo(bench.g, query, source, shape, frame.batchShape, frame.sourceBias);
  return through(attended, ['out_proj']);
}

function headsOf({ model, shape }: Stack, name: string): MultiHead {
  const headDim = model.hidden / shape.heads;
  return { name, heads: shape.heads, headDim, scale: headDim ** -0.5 };
}

function feedForward(stack: Stack, x: Value, layer: number): Value {
  const { bench, arithmetic, ports } = stack.plan;
  const { model, shape, side } = stack;
  const name = `${side}.${layer}`;
  const into = linear(stack, `${layer}.fc1`, model.hidden, [
    piece(stack, `${layer}.fc1`, shape.ffn),
  ]);
  const back = linear(stack, `${layer}.fc2`, shape.ffn, [
    piece(stack, `${layer}.fc2`, model.hidden),
  ]);
  const wide = project(bench, arithmetic, x, into, ports);
  const open = activate(bench.g, wide, model.activation, `${name}.activated`);
  return project(bench, arithmetic, open, back, ports);
}

/** Projections of one attention, all as wide as the hidden state. */
function matrix(stack: Stack, layer: number, module: string, parts: readonly string[]): Matrix {
  const { hidden } = stack.model;
  const pieces = parts.map((part) => piece(stack, `${layer}.${module}.${part}`, hidden));
  return linear(stack, `${layer}.${module}.${parts.join('.')}`, hidden, pieces);
}

function linear({ side }: Stack, name: string, inSize: number, pieces: readonly Piece[]): Matrix {
  return { name: `${side}.${name}`, in: inSize, sensitive: true, pieces };
}

function piece({ side }: Stack, module: string, out: number): Piece {
  const start = `model.${side}.layers.${module}`;
  return { tensor: `${start}.weight`, out, bias: `${start}.bias` };
}
