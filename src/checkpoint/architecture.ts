/** `config.json` of a checkpoint → the numbers its family's graph is built from. */
import { refuse } from '../domain/failure';
import { isObject } from './json-file';
import type { Json, JsonObject } from './json-file';

export interface LlamaArchitecture {
  readonly family: 'llama';
  readonly vocab: number;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly ffn: number;
  /** Longest sequence it can run, in tokens. */
  readonly context: number;
  readonly normEpsilon: number;
  readonly ropeTheta: number;
  /** The output head is the embedding table. */
  readonly tied: boolean;
  readonly bos: number | null;
  readonly eos: readonly number[];
}

export type Architecture = LlamaArchitecture;

/** Sizes beyond these are damage or malice, not models for a browser. */
const LIMITS = { vocab: 2_000_000, size: 1_000_000, layers: 1_000, context: 4_000_000 };

/** The rotary tables and the cache of a longer sequence have no room in a browser. */
const CONTEXT_CAP = 32_768;

export function readArchitecture(config: JsonObject): Architecture {
  const family = config['model_type'];
  if (family === 'llama') return readLlama(config);
  return unsupported('architecture', typeof family === 'string' ? family : 'model_type');
}

function readLlama(config: JsonObject): LlamaArchitecture {
  refuseVariations(config);
  const hidden = size(config, 'hidden_size', LIMITS.size);
  const heads = size(config, 'num_attention_heads', LIMITS.size);
  const architecture: LlamaArchitecture = {
    family: 'llama',
    vocab: size(config, 'vocab_size', LIMITS.vocab),
    hidden,
    layers: size(config, 'num_hidden_layers', LIMITS.layers),
    heads,
    kvHeads: size(config, 'num_key_value_heads', LIMITS.size, heads),
    headDim: size(config, 'head_dim', LIMITS.size, hidden / heads),
    ffn: size(config, 'intermediate_size', LIMITS.size),
    context: Math.min(size(config, 'max_position_embeddings', LIMITS.context), CONTEXT_CAP),
    normEpsilon: positive(config['rms_norm_eps'] ?? 1e-6, 'rms_norm_eps'),
    ropeTheta: positive(
      ropeParameters(config)['rope_theta'] ?? config['rope_theta'] ?? 10_000,
      'rope_theta',
    ),
    tied: config['tie_word_embeddings'] === true,
    bos: tokenIds(config['bos_token_id'])[0] ?? null,
    eos: tokenIds(config['eos_token_id']),
  };
  if (heads % architecture.kvHeads !== 0) damaged('num_key_value_heads');
  // The runtime's attention turns positions in groups of sixteen.
  if (architecture.headDim % 16 !== 0) unsupported('head_dim', String(architecture.headDim));
  return architecture;
}

function refuseVariations(config: JsonObject): void {
  const activation = config['hidden_act'] ?? 'silu';
  if (activation !== 'silu') unsupported('hidden_act', String(activation));
  for (const flag of ['attention_bias', 'mlp_bias']) {
    if (config[flag] === true) unsupported(flag, 'true');
  }
  const rope = ropeParameters(config);
  const kind = rope['rope_type'] ?? rope['type'] ?? 'default';
  if (kind !== 'default') unsupported('rope', String(kind));
  const quantization = config['quantization_config'];
  if (isObject(quantization)) {
    unsupported('quantization', String(quantization['quant_method'] ?? 'quantization_config'));
  }
}

/** Newer files gather the rotary settings under `rope_parameters`, older under `rope_scaling`. */
function ropeParameters(config: JsonObject): JsonObject {
  const parameters = config['rope_parameters'] ?? config['rope_scaling'] ?? {};
  return isObject(parameters) ? parameters : {};
}

function size(config: JsonObject, key: string, limit: number, fallback?: number): number {
  const value = config[key] ?? fallback;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > limit) {
    return damaged(key);
  }
  return value;
}

function positive(value: Json, key: string): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : damaged(key);
}

function tokenIds(value: Json | undefined): number[] {
  const list: readonly Json[] = Array.isArray(value) ? (value as readonly Json[]) : [value ?? null];
  return list.filter((id): id is number => Number.isSafeInteger(id));
}

function unsupported(what: string, detail: string): never {
  return refuse({ code: 'checkpoint-unsupported', what, detail });
}

function damaged(key: string): never {
  return refuse({ code: 'checkpoint-damaged', file: 'config.json', detail: key });
}
