/**
 * The decoder that Llama made common, with what its successors changed: blocks of attention with
 * rotary positions and grouped heads, then a gated feed-forward layer, each behind a norm.
 */
import type { Architecture } from '../architecture';
import type { Matrix, PlacedTable } from '../arithmetic/arithmetic';
import type { Activation } from '../blocks/activation';
import { attention, separate } from '../blocks/attention';
import type { QueryKeyValue } from '../blocks/attention';
import { decoderFrame } from '../blocks/frame';
import type { Frame } from '../blocks/frame';
import { nextTokenHead } from '../blocks/head';
import { gated } from '../blocks/mlp';
import { addNorm, headNorm, rmsNorm } from '../blocks/norm';
import type { NormWeights } from '../blocks/norm';
import { project } from '../blocks/projection';
import { ropeAttention, ropeFrequencies } from '../blocks/rope';
import type { Rope } from '../blocks/rope';
import { rotaryTables } from '../blocks/rotary';
import type { RotaryTables } from '../blocks/rotary';
import { scaled, softcapped } from '../blocks/scale';
import type { GraphBuilder, Value } from '../graph-builder';
import type { BuildPlan } from './family';

export interface GatedDecoder extends Architecture {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly ffn: number;
  readonly activation: Activation;
  /** `offset` is added to stored norm weights; `around` has a norm after each part as well. */
  readonly norms: {
    readonly epsilon: number;
    readonly offset: 0 | 1;
    readonly place: 'before' | 'around';
    /** Of the queries and keys of each head. */
    readonly heads: boolean;
  };
  /** Whether q, k, v are one tensor in the file, and gate and up another. */
  readonly packed: boolean;
  readonly biases: { readonly qkv: boolean; readonly o: boolean; readonly mlp: boolean };
  readonly scales: {
    readonly embedding: number;
    readonly attention: number;
    /** Of what each part adds to the stream. */
    readonly residual: number;
    readonly logits: number;
  };
  /** Scores become `cap · tanh(score / cap)`. */
  readonly softcaps: { readonly attention: number | null; readonly logits: number | null };
  /** By the name that layers know them by. */
  readonly ropes: Readonly<Record<string, Rope>>;
  readonly blocks: readonly BlockKind[];
  /** The output head is the embedding table. */
  readonly tied: boolean;
}

export interface BlockKind {
  /** Null for a layer that is told no positions. */
  readonly rope: string | null;
  /** How many tokens one sees, itself included; null for all before it. */
  readonly window: number | null;
}

/** What the layers of one graph share. */
interface Layers {
  readonly model: GatedDecoder;
  readonly plan: BuildPlan;
  /** Before the names of the layers' tensors. */
  readonly base: string;
  readonly frame: Frame;
  readonly rotary: ReadonlyMap<string, RotaryTables>;
}

/** @param base what stands before the names of the decoder's tensors, such as `model` */
export function buildGated(model: GatedDecoder, plan: BuildPlan, base = 'model'): void {
  const { bench, arithmetic, logits, topK } = plan;
  const { hidden, vocab, scales } = model;
  const { g } = bench;
  const frame = decoderFrame(g, model);
  const layers: Layers = { model, plan, base, frame, rotary: layTables(g, frame, model) };
  const table = (name: string, tensor: string) =>
    arithmetic.table(bench, { name, tensor, tokens: vocab, width: hidden });

  const embedding = table('embedding', `${base}.embed_tokens.weight`);
  let stream = scaled(g, embedding.lookUp(frame.tokens), scales.embedding, 'embedding.scaled');
  let normed = rmsNorm(bench, stream, inputNorm(layers, 0));
  for (let layer = 0; layer < model.layers; layer += 1) {
    const [between, after] = partNorms(layers, layer);
    const mixed = settled(layers, attend(layers, normed, layer), between.after, `${layer}.mixed`);
    ({ normed, stream } = addNorm(bench, stream, mixed, between.next));
    const update = settled(layers, feedForward(layers, normed, layer), after.after, `${layer}.fed`);
    ({ normed, stream } = addNorm(bench, stream, update, after.next));
  }

  const head = model.tied ? embedding : table('head', 'lm_head.weight');
  const states = scaled(g, normed, scales.logits, 'states.scaled');
  nextTokenHead(g, states, capped(g, head, model), frame, { hidden, vocab, topK, logits });
}

function layTables(
  g: GraphBuilder,
  frame: Frame,
  { ropes, context, headDim, blocks, softcaps }: GatedDecoder,
): ReadonlyMap<string, RotaryTables> {
  const used = Object.entries(ropes).filter(([name]) => blocks.some(({ rope }) => rope === name));
  const tables = used.map(([name, rope]) => {
    const turns = { frequencies: ropeFrequencies(rope), attentionFactor: ropeAttention(rope) };
    const isCapped = softcaps.attention !== null;
    const table = { name: `rotary.${name}`, context, headDim, isCapped, ...turns };
    return [name, rotaryTables(g, frame, table)] as const;
  });
  return new Map(tables);
}

function capped(g: GraphBuilder, head: PlacedTable, { softcaps }: GatedDecoder): PlacedTable {
  const { logits } = softcaps;
  if (logits === null) return head;
  return { ...head, score: (x) => softcapped(g, head.score(x), logits, 'logits.capped') };
}

/** What a part adds to the stream, once it is normed and scaled. */
function settled(
  { model, plan: { bench } }: Layers,
  update: Value,
  after: NormWeights | null,
  name: string,
): Value {
  const normed = after === null ? update : rmsNorm(bench, update, after);
  return scaled(bench.g, normed, model.scales.residual, name);
}

function attend(layers: Layers, x: Value, layer: number): Value {
  const { model, plan, frame, rotary } = layers;
  const { hidden, heads, kvHeads, headDim, biases, scales, softcaps } = model;
  const { bench, arithmetic, ports } = plan;
  const [q, kv] = [heads * headDim, kvHeads * headDim];
  const qkv = matrix(layers, `${layer}.qkv`, hidden, biases.qkv, {
    module: `${layer}.self_attn`,
    parts: model.packed ? { qkv_proj: q + 2 * kv } : { q_proj: q, k_proj: kv, v_proj: kv },
  });
  const o = matrix(layers, `${layer}.o`, q, biases.o, {
    module: `${layer}.self_attn`,
    parts: { o_proj: hidden },
  });
  const { rope = null, window = null } = model.blocks[layer] ?? {};
  const projected = project(bench, arithmetic, x, qkv, ports);
  const given = model.norms.heads ? headsNormed(layers, projected, layer) : projected;
  const kind = {
    ...{ layer, heads, kvHeads, headDim, window },
    rotary: rope === null ? null : (rotary.get(rope) ?? null),
    scale: scales.attention,
    softcap: softcaps.attention,
  };
  return project(bench, arithmetic, attention(bench.g, given, kind, frame), o, ports);
}

function headsNormed(layers: Layers, packed: Value, layer: number): QueryKeyValue {
  const { model, plan } = layers;
  const { q, k, v } = separate(plan.bench.g, packed, model, layer);
  const weights = (part: string): NormWeights => ({
    ...norm(layers, `layers.${layer}.self_attn.${part}.weight`),
    width: model.headDim,
  });
  return {
    q: headNorm(plan.bench, q, model.heads, weights('q_norm')),
    k: headNorm(plan.bench, k, model.kvHeads, weights('k_norm')),
    v,
  };
}

function feedForward(layers: Layers, x: Value, layer: number): Value {
  const { hidden, ffn, biases, activation, packed } = layers.model;
  const { bench, arithmetic, ports } = layers.plan;
  const module = `${layer}.mlp`;
  const wide = matrix(layers, `${layer}.gate_up`, hidden, biases.mlp, {
    module,
    parts: packed ? { gate_up_proj: 2 * ffn } : { gate_proj: ffn, up_proj: ffn },
  });
  // The gate softens what the projections into it get wrong.
  const gateUp = { ...wide, sensitive: false };
  const down = matrix(layers, `${layer}.down`, ffn, biases.mlp, {
    module,
    parts: { down_proj: hidden },
  });
  const open = gated(bench.g, project(bench, arithmetic, x, gateUp, ports), activation, module);
  return project(bench, arithmetic, open, down, ports);
}

/** Projections of one module that share their input, with the size of each one's output. */
function matrix(
  { base }: Layers,
  name: string,
  inSize: number,
  isBiased: boolean,
  { module, parts }: { module: string; parts: Readonly<Record<string, number>> },
): Matrix {
  const pieces = Object.entries(parts).map(([part, out]) => {
    const stem = `${base}.layers.${module}.${part}`;
    return { tensor: `${stem}.weight`, out, bias: isBiased ? `${stem}.bias` : undefined };
  });
  return { name, in: inSize, sensitive: true, pieces };
}

interface PartNorms {
  /** Of what the part gives, before it is added to the stream. */
  readonly after: NormWeights | null;
  /** Of the stream with it, before the next part. */
  readonly next: NormWeights;
}

/** Around a layer's two parts: attention, then the feed-forward layer. */
function partNorms(layers: Layers, layer: number): [PartNorms, PartNorms] {
  const named = (name: string): NormWeights => norm(layers, `layers.${layer}.${name}.weight`);
  const next = inputNorm(layers, layer + 1);
  if (layers.model.norms.place === 'before') {
    return [
      { after: null, next: named('post_attention_layernorm') },
      { after: null, next },
    ];
  }
  return [
    { after: named('post_attention_layernorm'), next: named('pre_feedforward_layernorm') },
    { after: named('post_feedforward_layernorm'), next },
  ];
}

/** The norm before a layer; after the last one, the model's own. */
function inputNorm(layers: Layers, layer: number): NormWeights {
  const isInside = layer < layers.model.layers;
  return norm(layers, isInside ? `layers.${layer}.input_layernorm.weight` : 'norm.weight');
}

function norm({ model, base }: Layers, name: string): NormWeights {
  const { epsilon, offset } = model.norms;
  return { tensor: `${base}.${name}`, width: model.hidden, epsilon, offset };
}
