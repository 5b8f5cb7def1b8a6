/**
 * DeBERTa (He et al., 2021) as of its second and third versions: BERT's layers, whose scores add
 * those of contents with distances and of distances with contents. The table of distances is one
 * for all layers.
 */
import { LIMITS, flag, positive, size, unsupported } from '../../checkpoint/config-reader';
import { shown } from '../../checkpoint/json-file';
import type { Json, JsonObject } from '../../checkpoint/json-file';
import { requireShape } from '../../checkpoint/tensor-source';
import { cpu8Widened } from '../arithmetic/cpu8-widened';
import { readActivation } from '../blocks/activation';
import type { Activation } from '../blocks/activation';
import { distanceBias, distanceRows } from '../blocks/disentangled';
import type { DistanceShape } from '../blocks/disentangled';
import { encoderEmbeddings } from '../blocks/encoder-embeddings';
import { encoderFrame, positionsFromZero } from '../blocks/encoder-frame';
import type { EncoderFrame } from '../blocks/encoder-frame';
import { encoderHead } from '../blocks/encoder-heads';
import type { EncoderHeads } from '../blocks/encoder-heads';
import { layerNorm, normAt } from '../blocks/layer-norm';
import { bertModules, postNormEncoder } from '../blocks/post-norm-encoder';
import type { LayerModules, Score } from '../blocks/post-norm-encoder';
import { project } from '../blocks/projection';
import { bytesOf } from '../elements';
import type { Value } from '../graph-builder';
import { readBert } from './bert';
import type { BertArchitecture } from './bert';
import type { BuildPlan, Family } from './family';

interface DebertaArchitecture extends BertArchitecture {
  readonly wordWidth: number;
  /** The sum of the embeddings has places, besides the scores. */
  readonly placed: boolean;
  readonly distances: Omit<DistanceShape, 'context'>;
  readonly distancesNormed: boolean;
  /** Contents score with distances, distances with contents. */
  readonly contentToPlace: boolean;
  readonly placeToContent: boolean;
  /** Distances are projected by the layer's own queries and keys. */
  readonly shared: boolean;
  readonly poolerActivation: Activation;
  /** The head for masked words as the library first had it, or as the authors trained it. */
  readonly legacy: boolean;
}

export const debertaV2: Family<DebertaArchitecture> = {
  modelTypes: ['deberta-v2'],
  prefix: 'deberta',
  read,
  build(model, plan) {
    const { hidden, vocab, positions, types, wordWidth, placed } = model;
    const { g } = plan.bench;
    const frame = encoderFrame(g, { types: types > 1 });
    const projection = { module: 'deberta.embeddings.embed_proj', out: hidden, bias: false };
    const tables = {
      module: 'deberta.embeddings',
      vocab,
      width: wordWidth,
      epsilon: model.normEpsilon,
      positions,
      types,
      projection: wordWidth === hidden ? null : ({ ...projection, before: 'norm' } as const),
    };
    const places = placed ? positionsFromZero(g, frame) : null;
    const { stream, words } = encoderEmbeddings(plan, frame, tables, places);
    const score = disentangled(model, plan, frame);
    const states = postNormEncoder(plan, stream, model, frame, layerModules, score);
    const tied = model.tied || !model.legacy;
    encoderHead(plan, { states, hidden, vocab, frame, words, wordWidth, tied }, heads(model));
  },
};

function read(config: JsonObject): DebertaArchitecture {
  refuseVariations(config);
  // The reference counts no types where the field is absent, and 0 is no size.
  const types = config['type_vocab_size'] ?? 0;
  const typed = { ...config, type_vocab_size: types === 0 ? 1 : types };
  const model = readBert(typed, 'deberta-v2');
  const terms = readTerms(config['pos_att_type']);
  return {
    ...model,
    types: types === 0 ? 0 : model.types,
    normEpsilon: positive(config, 'layer_norm_eps', 1e-7),
    wordWidth: size(config, 'embedding_size', LIMITS.size, model.hidden),
    placed: flag(config, 'position_biased_input', true),
    distances: readDistances(config, model.positions),
    distancesNormed: words(config['norm_rel_ebd']).includes('layer_norm'),
    contentToPlace: terms.includes('c2p'),
    placeToContent: terms.includes('p2c'),
    shared: flag(config, 'share_att_key', false),
    poolerActivation: readActivation(config, 'pooler_hidden_act', 'gelu'),
    legacy: flag(config, 'legacy', true),
  };
}

function refuseVariations(config: JsonObject): void {
  if (!flag(config, 'relative_attention', false)) unsupported('relative_attention', 'false');
  const kernel = config['conv_kernel_size'] ?? 0;
  if (kernel !== 0) unsupported('conv_kernel_size', kernel);
  for (const name of ['attention_head_size', 'pooler_hidden_size']) {
    const value = config[name] ?? null;
    const usual =
      name === 'pooler_hidden_size'
        ? config['hidden_size']
        : size(config, 'hidden_size', LIMITS.size) /
          size(config, 'num_attention_heads', LIMITS.size);
    if (value !== null && value !== usual) unsupported(name, value);
  }
}

/** A list, or words with bars between them. */
function words(value: Json | undefined): string[] {
  if (typeof value === 'string')
    return value
      .toLowerCase()
      .split('|')
      .map((word) => word.trim());
  return Array.isArray(value) ? (value as readonly Json[]).map(shown) : [];
}

function readTerms(value: Json | undefined): string[] {
  const terms = words(value);
  const unknown = terms.find((term) => term !== 'c2p' && term !== 'p2c');
  return unknown === undefined ? terms : unsupported('pos_att_type', unknown);
}

/** Minus one stands for none, and for as many as there are positions. */
function readDistances(config: JsonObject, positions: number): DebertaArchitecture['distances'] {
  const given = (key: string): number | null => {
    const value = config[key] ?? -1;
    return typeof value === 'number' && value < 1 ? null : size(config, key, LIMITS.context);
  };
  const farthest = given('max_relative_positions') ?? positions;
  const count = given('position_buckets');
  if (count === null) return { span: farthest, buckets: null };
  return { span: count, buckets: { count, farthest } };
}

function layerModules(layer: number): LayerModules {
  const module = `deberta.encoder.layer.${layer}`;
  return { ...bertModules(module), ...projections(module) };
}

function projections(module: string) {
  return {
    query: `${module}.attention.self.query_proj`,
    key: `${module}.attention.self.key_proj`,
    value: `${module}.attention.self.value_proj`,
  };
}

function disentangled(model: DebertaArchitecture, plan: BuildPlan, frame: EncoderFrame): Score {
  const { heads, headDim, context, distances, contentToPlace, placeToContent } = model;
  const scale = 1 / Math.sqrt(headDim * (1 + Number(contentToPlace) + Number(placeToContent)));
  if (!contentToPlace && !placeToContent) return () => ({ bias: frame.bias, scale });
  const { g } = plan.bench;
  const rows = distanceRows(g, frame, { ...distances, context });
  const table = distanceTable(model, plan);
  return (projected, layer) => {
    const sides = projectedDistances(model, plan, table, layer);
    const shape = { heads, headDim, scale, rows, ...sides };
    return { bias: distanceBias(g, projected, shape, frame, `${layer}.distance`), scale };
  };
}

/** `[2 · span, hidden]`. */
function distanceTable(
  { hidden, distances, distancesNormed, normEpsilon }: DebertaArchitecture,
  { bench }: BuildPlan,
): Value {
  const { g, tensors } = bench;
  const name = 'deberta.encoder.rel_embeddings.weight';
  const dims = [2 * distances.span, hidden];
  requireShape(tensors, name, dims);
  const table = g.weight({ name, element: 'float32', dims }, async (signal) =>
    bytesOf(await tensors.read(name, signal)),
  );
  if (!distancesNormed) return table;
  return layerNorm(bench, table, normAt('deberta.encoder.LayerNorm', hidden, normEpsilon));
}

/**
 * The table of distances as a layer's keys and queries. It depends on weights alone, so the runtime
 * computes it once, when it loads the graph, if the product is of a kind that it folds. It does not
 * fold integer products: with them two layers of the base size read 16 tokens in 33 ms, without in
 * 8 ms. The price is a second copy, in 8 bits, of shared projections.
 */
function projectedDistances(
  { hidden, heads, headDim, shared, contentToPlace, placeToContent }: DebertaArchitecture,
  { bench, arithmetic }: BuildPlan,
  table: Value,
  layer: number,
): { keys: Value | null; queries: Value | null } {
  const folded = arithmetic.id === 'fp32' ? arithmetic : cpu8Widened;
  const self = `deberta.encoder.layer.${layer}.attention.self`;
  const side = (module: string): Value => {
    const [tensor, bias] = [`${self}.${module}.weight`, `${self}.${module}.bias`];
    const pieces = [{ tensor, bias, out: heads * headDim }];
    const matrix = { name: `${layer}.distance.${module}`, in: hidden, sensitive: true, pieces };
    return project(bench, folded, table, matrix, null);
  };
  return {
    keys: contentToPlace ? side(shared ? 'key_proj' : 'pos_key_proj') : null,
    queries: placeToContent ? side(shared ? 'query_proj' : 'pos_query_proj') : null,
  };
}

function heads(model: DebertaArchitecture): EncoderHeads {
  return {
    maskedLm: model.legacy ? legacyWords(model) : trainedWords(model),
    sequence: {
      pooling: 'cls',
      transform: {
        module: 'pooler.dense',
        out: model.hidden,
        bias: true,
        activation: model.poolerActivation,
      },
      classifier: 'classifier',
    },
    token: { transform: null, classifier: 'classifier' },
    question: { transform: null, classifier: 'qa_outputs' },
  };
}

type MaskedLm = EncoderHeads['maskedLm'];

function legacyWords({ wordWidth, activation, normEpsilon, tied }: DebertaArchitecture): MaskedLm {
  const module = 'cls.predictions';
  const biases = [`${module}.bias`, `${module}.decoder.bias`];
  return {
    transform: {
      module: `${module}.transform.dense`,
      out: wordWidth,
      bias: true,
      activation,
      norm: normAt(`${module}.transform.LayerNorm`, wordWidth, normEpsilon),
    },
    decoder: `${module}.decoder.weight`,
    biases: tied ? biases : biases.reverse(),
  };
}

/** Always scored by the embedding table. */
function trainedWords({ hidden, activation, normEpsilon }: DebertaArchitecture): MaskedLm {
  const module = 'lm_predictions.lm_head';
  return {
    transform: {
      module: `${module}.dense`,
      out: hidden,
      bias: true,
      activation,
      norm: normAt(`${module}.LayerNorm`, hidden, normEpsilon),
    },
    decoder: 'deberta.embeddings.word_embeddings.weight',
    biases: [`${module}.bias`],
  };
}
