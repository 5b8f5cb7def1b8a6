/**
 * Falcon (Almazrouei et al., 2023): queries that share few keys and values or none, positions that
 * turn or that cost attention its distance, and halves of a block side by side or one by one.
 */
import {
  CONTEXT_CAP,
  LIMITS,
  damaged,
  flag,
  ownNames,
  positive,
  ropeParameters,
  size,
  tokenId,
  tokenIds,
  unsupported,
} from '../../checkpoint/config-reader';
import type { JsonObject } from '../../checkpoint/json-file';
import { keyValueStates } from '../architecture';
import { readActivation } from '../blocks/activation';
import { alibi } from '../blocks/alibi';
import { attention, cachedHeadDim } from '../blocks/attention';
import type { AttentionLayer } from '../blocks/attention';
import { decoderFrame } from '../blocks/frame';
import type { Frame } from '../blocks/frame';
import { apartByGroup } from '../blocks/interleaved';
import { normAt } from '../blocks/layer-norm';
import { project } from '../blocks/projection';
import { readRope } from '../blocks/rope';
import type { Rope } from '../blocks/rope';
import type { Value } from '../graph-builder';
import type { BuildPlan, Family } from './family';
import { feedForward, scoreNext, throughBlocks } from './layer-norm-decoder';
import type { Blocks, LayerNormArchitecture } from './layer-norm-decoder';
import { bare, biased, matrix, soleRotary } from './pieces';

interface FalconArchitecture extends LayerNormArchitecture {
  readonly kvHeads: number;
  /** Null where distance costs instead. */
  readonly rope: Rope | null;
  readonly biases: boolean;
  /** One by one; side by side after one norm; or side by side with a norm each. */
  readonly halves: 'sequential' | 'one-norm' | 'two-norms';
}

/** How a layer learns where its tokens are. */
type Places = Pick<AttentionLayer, 'rotary' | 'bias'>;

export const falcon: Family<FalconArchitecture> = {
  modelTypes: ['falcon'],
  prefix: 'transformer',
  read,
  build(model, plan) {
    const { bench, arithmetic } = plan;
    const { hidden, vocab, layers } = model;
    const frame = decoderFrame(bench.g, model);
    const places = layPlaces(model, plan, frame);
    const piece = model.biases ? biased : bare;

    const tensor = 'transformer.word_embeddings.weight';
    const embedding = arithmetic.table(bench, {
      name: 'embedding',
      tensor,
      tokens: vocab,
      width: hidden,
    });
    const states = throughBlocks(plan, embedding.lookUp(frame.tokens), {
      layers,
      ...norms(model),
      residual: model.halves === 'sequential' ? 'sequential' : 'parallel',
      attend: (x, layer) => attend(model, plan, x, layer, frame, places),
      feedForward: (x, layer) =>
        feedForward(plan, x, layer, model, {
          up: piece(`transformer.h.${layer}.mlp.dense_h_to_4h`, model.ffn),
          down: piece(`transformer.h.${layer}.mlp.dense_4h_to_h`, hidden),
        }),
    });
    scoreNext(plan, states, embedding, 'lm_head.weight', model, frame);
  },
};

function read(given: JsonObject): FalconArchitecture {
  const named = ownNames(given, { n_embed: 'hidden_size' });
  const config = { max_position_embeddings: 2048, ...named };
  const hidden = size(config, 'hidden_size', LIMITS.size);
  const heads = size(config, 'num_attention_heads', LIMITS.size);
  const layers = size(config, 'num_hidden_layers', LIMITS.layers);
  const headDim = size({ head_dim: hidden / heads }, 'head_dim', LIMITS.size);
  const kvHeads = readKvHeads(config, heads);
  const turning = flag(config, 'alibi', false)
    ? { rope: null, limit: null }
    : readRope(ropeParameters(config), config, headDim);
  const context = size(config, 'max_position_embeddings', LIMITS.context);
  return {
    family: 'falcon',
    kind: 'decoder',
    vocab: size(config, 'vocab_size', LIMITS.vocab),
    hidden,
    layers,
    heads,
    kvHeads,
    headDim,
    ffn: size(config, 'ffn_hidden_size', LIMITS.size, 4 * hidden),
    activation: readActivation(config, 'activation', 'gelu'),
    context: Math.min(context, turning.limit ?? Infinity, CONTEXT_CAP),
    normEpsilon: positive(config, 'layer_norm_epsilon', 1e-5),
    rope: turning.rope,
    biases: flag(config, 'bias', false),
    halves: readHalves(config),
    tied: flag(config, 'tie_word_embeddings', true),
    bos: tokenId(config, 'bos_token_id'),
    eos: tokenIds(config, 'eos_token_id'),
    pad: tokenId(config, 'pad_token_id'),
    decoderStart: null,
    states: keyValueStates({ layers, kvHeads, headDim: cachedHeadDim(headDim) }),
  };
}

/** Only the newer architecture says a number; the older has one for all heads, or one for each. */
function readKvHeads(config: JsonObject, heads: number): number {
  const isNewer = flag(config, 'new_decoder_architecture', false);
  if (!isNewer) return flag(config, 'multi_query', true) ? 1 : heads;
  const kvHeads = size(config, 'num_kv_heads', LIMITS.size, heads);
  return heads % kvHeads === 0 ? kvHeads : damaged('num_kv_heads');
}

function readHalves(config: JsonObject): FalconArchitecture['halves'] {
  const isNewer = flag(config, 'new_decoder_architecture', false);
  const isParallel = flag(config, 'parallel_attn', true);
  if (isNewer && !isParallel) return unsupported('parallel_attn', 'false');
  const norms = size(config, 'num_ln_in_parallel_attn', 2, isNewer ? 2 : 1);
  if (!isParallel) return 'sequential';
  if (!isNewer && norms === 2) return unsupported('num_ln_in_parallel_attn', '2');
  return norms === 2 ? 'two-norms' : 'one-norm';
}

function norms(model: FalconArchitecture): Pick<Blocks, 'inputNorm' | 'middleNorm'> {
  const { hidden, layers, normEpsilon, halves } = model;
  const norm = (module: string) => normAt(`transformer.${module}`, hidden, normEpsilon);
  const first = halves === 'two-norms' ? 'ln_attn' : 'input_layernorm';
  const second = {
    sequential: 'post_attention_layernorm',
    'one-norm': null,
    'two-norms': 'ln_mlp',
  };
  const middle = second[halves];
  return {
    inputNorm: (layer) => norm(layer < layers ? `h.${layer}.${first}` : 'ln_f'),
    middleNorm: (layer) => (middle === null ? null : norm(`h.${layer}.${middle}`)),
  };
}

function layPlaces(model: FalconArchitecture, { bench }: BuildPlan, frame: Frame): Places {
  const { rope, context, headDim, heads } = model;
  if (rope !== null) return { rotary: soleRotary(bench.g, frame, { context, headDim, rope }) };
  // Scaled like the scores, and in bfloat16 whatever the model's own precision: so it was trained.
  const cost = (slope: number, position: number) =>
    bfloat16(bfloat16(slope) * bfloat16(position)) / Math.sqrt(headDim);
  return { rotary: null, bias: alibi(bench.g, frame, { heads, context, cost }) };
}

/** The nearest number of eight significant bits, the even one of two. */
function bfloat16(value: number): number {
  if (value === 0) return 0;
  const unit = 2 ** (Math.floor(Math.log2(value)) - 7);
  const units = value / unit;
  const below = Math.floor(units);
  const rest = units - below;
  const isUp = rest > 0.5 || (rest === 0.5 && below % 2 === 1);
  return (isUp ? below + 1 : below) * unit;
}

function attend(
  { hidden, heads, kvHeads, headDim, biases }: FalconArchitecture,
  { bench, arithmetic, ports }: BuildPlan,
  x: Value,
  layer: number,
  frame: Frame,
  places: Places,
): Value {
  const piece = biases ? biased : bare;
  const shape = { heads, kvHeads, headDim };
  const module = `transformer.h.${layer}.self_attention`;
  const width = (heads + 2 * kvHeads) * headDim;
  const qkv = matrix(layer, 'qkv', hidden, piece(`${module}.query_key_value`, width));
  const o = matrix(layer, 'o', hidden, piece(`${module}.dense`, hidden));
  const mixed = project(bench, arithmetic, x, qkv, ports);
  const given = apartByGroup(bench.g, mixed, shape, `${layer}.qkv`);
  const attended = attention(bench.g, given, { ...shape, ...places, layer }, frame);
  return project(bench, arithmetic, attended, o, ports);
}
