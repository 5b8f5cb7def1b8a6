/**
 * Settings of the rotary position embedding as configurations spell them, and the angles that they
 * mean. Stretched variants serve texts longer than those a model was trained on.
 */
import { damaged, flag, positive, size, unsupported, LIMITS } from '../../checkpoint/config-reader';
import type { Json, JsonObject } from '../../checkpoint/json-file';
import { rotaryFrequencies } from './rotary';

export interface Rope {
  readonly theta: number;
  /** How many dimensions of a head turn. */
  readonly dimensions: number;
  readonly scaling: RopeScaling;
}

export type RopeScaling =
  | { readonly type: 'default' }
  | { readonly type: 'linear'; readonly factor: number }
  | Llama3Scaling
  | YarnScaling
  | LongScaling;

/** Long waves are stretched, short ones kept, those between mixed (Llama 3.1, 2024). */
interface Llama3Scaling {
  readonly type: 'llama3';
  readonly factor: number;
  readonly lowFactor: number;
  readonly highFactor: number;
  readonly trained: number;
}

/** YaRN (Peng et al., 2023). */
interface YarnScaling {
  readonly type: 'yarn';
  readonly factor: number;
  readonly betaFast: number;
  readonly betaSlow: number;
  readonly truncate: boolean;
  readonly trained: number;
  readonly attention: number;
}

/** LongRoPE (Ding et al., 2024): a factor of its own for each pair of dimensions. */
interface LongScaling {
  readonly type: 'longrope';
  readonly factors: readonly number[];
  readonly attention: number;
}

export interface ReadRope {
  readonly rope: Rope;
  /** The longest text for which a token turns the same in every run; null where all do. */
  readonly limit: number | null;
}

/**
 * Reads `parameters`, whose missing fields are looked for in the configuration around them. Two
 * variants turn all tokens anew once a text outgrows the length of training: what a cache holds is
 * then wrong, so with them a text ends there, and up to there this is exactly the reference.
 */
export function readRope(parameters: JsonObject, config: JsonObject, headDim: number): ReadRope {
  const all = { ...config, ...given(parameters) };
  const type = parameters['rope_type'] ?? parameters['type'] ?? 'default';
  const theta = positive(all, 'rope_theta', 10_000);
  const share = positive(all, 'partial_rotary_factor', 1);
  const dimensions = Math.trunc(headDim * share);
  if (dimensions < 1 || 2 * pairsOf(dimensions) > headDim) damaged('partial_rotary_factor');
  const context = size(config, 'max_position_embeddings', LIMITS.context);
  const trained = trainedLength(parameters, config, context);
  const rope = (scaling: RopeScaling): Rope => ({ theta, dimensions, scaling });
  switch (type) {
    case 'default':
      return { rope: rope({ type }), limit: null };
    case 'linear':
      return { rope: rope({ type, factor: positive(all, 'factor') }), limit: null };
    case 'dynamic':
      return { rope: rope({ type: 'default' }), limit: context };
    case 'llama3':
      return { rope: rope(readLlama3(all, trained)), limit: null };
    case 'yarn':
      return { rope: rope(readYarn(all, context, trained)), limit: null };
    case 'longrope':
      return { rope: rope(readLong(all, context, trained, dimensions)), limit: trained };
    default:
      return unsupported('rope', type);
  }
}

/** Frequencies by pair of dimensions, in float32 as the reference has them. */
export function ropeFrequencies({ theta, dimensions, scaling }: Rope): Float32Array {
  const plain = rotaryFrequencies(theta, dimensions);
  switch (scaling.type) {
    case 'default':
      return plain;
    case 'linear':
      return plain.map((frequency) => frequency / scaling.factor);
    case 'llama3':
      return plain.map((frequency) => llama3(frequency, scaling));
    case 'yarn':
      return yarn(plain, theta, dimensions, scaling);
    case 'longrope':
      return plain.map((frequency, i) => frequency / (scaling.factors[i] as number));
  }
}

/** The factor of cosines and sines. */
export function ropeAttention({ scaling }: Rope): number {
  return 'attention' in scaling ? scaling.attention : 1;
}

function pairsOf(dimensions: number): number {
  return Math.ceil(dimensions / 2);
}

/** Without the fields that are null, which would hide those around them. */
function given(parameters: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== null));
}

/** Beside the rotary settings in some files, within them in others. */
function trainedLength(parameters: JsonObject, config: JsonObject, context: number): number {
  const key = 'original_max_position_embeddings';
  return size({ [key]: config[key] ?? parameters[key] ?? context }, key, LIMITS.context);
}

function readLlama3(all: JsonObject, trained: number): Llama3Scaling {
  return {
    type: 'llama3',
    factor: positive(all, 'factor'),
    lowFactor: positive(all, 'low_freq_factor'),
    highFactor: positive(all, 'high_freq_factor'),
    trained,
  };
}

function llama3(frequency: number, scaling: Llama3Scaling): number {
  const { factor, lowFactor, highFactor, trained } = scaling;
  const wave = (2 * Math.PI) / frequency;
  if (wave < trained / highFactor) return frequency;
  if (wave > trained / lowFactor) return frequency / factor;
  const smooth = (trained / wave - lowFactor) / (highFactor - lowFactor);
  return ((1 - smooth) * frequency) / factor + smooth * frequency;
}

function readYarn(all: JsonObject, context: number, trained: number): YarnScaling {
  const factor = positive(all, 'factor', context / trained);
  return {
    type: 'yarn',
    factor,
    betaFast: positive(all, 'beta_fast', 32),
    betaSlow: positive(all, 'beta_slow', 1),
    truncate: flag(all, 'truncate', true),
    trained,
    attention: positive(all, 'attention_factor', yarnAttention(all, factor)),
  };
}

function yarnAttention(all: JsonObject, factor: number): number {
  const tempered = (weight: number): number =>
    factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1;
  const [mscale, overall] = [all['mscale'], all['mscale_all_dim']];
  if (!mscale || !overall) return tempered(1);
  return tempered(positive(all, 'mscale')) / tempered(positive(all, 'mscale_all_dim'));
}

/** Pairs that turn often within the length of training are kept, those that hardly do stretched. */
function yarn(
  plain: Float32Array,
  theta: number,
  dimensions: number,
  { factor, betaFast, betaSlow, truncate, trained }: YarnScaling,
): Float32Array {
  const pairThatTurns = (times: number): number =>
    (dimensions * Math.log(trained / (times * 2 * Math.PI))) / (2 * Math.log(theta));
  const [first, last] = [pairThatTurns(betaFast), pairThatTurns(betaSlow)];
  const low = Math.max(truncate ? Math.floor(first) : first, 0);
  const high = Math.min(truncate ? Math.ceil(last) : last, dimensions - 1);
  const width = high === low ? 0.001 : high - low;
  return plain.map((frequency, i) => {
    const stretched = Math.min(Math.max((i - low) / width, 0), 1);
    return (frequency / factor) * stretched + frequency * (1 - stretched);
  });
}

/** The short factors alone: the long ones are for texts past the length of training. */
function readLong(
  all: JsonObject,
  context: number,
  trained: number,
  dimensions: number,
): LongScaling {
  const factors = numbers(all['short_factor'], 'short_factor');
  if (factors.length !== pairsOf(dimensions)) damaged('short_factor');
  const factor = positive(all, 'factor', context / trained);
  const tempered = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(trained));
  return { type: 'longrope', factors, attention: positive(all, 'attention_factor', tempered) };
}

function numbers(value: Json | undefined, key: string): number[] {
  if (!Array.isArray(value)) return damaged(key);
  return (value as readonly Json[]).map((item) => positive({ [key]: item }, key));
}
