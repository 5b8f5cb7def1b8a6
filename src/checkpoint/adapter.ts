/**
 * LoRA adapters as PEFT writes them: `adapter_config.json` and `adapter_model.safetensors`. Each
 * adapted module adds `scale · B · A · x` to its output.
 */
import { refuse } from '../domain/failure';
import type { FileSet } from './byte-source';
import { isObject, readJsonObject, requireFile } from './json-file';
import type { Json, JsonObject } from './json-file';
import { openSafetensors } from './safetensors';
import type { TensorSource } from './tensor-source';

/** One adapted linear layer. `A` is `[rank, in]`; `B` is `[out, rank]` with the scale folded in. */
export interface AdaptedModule {
  readonly rank: number;
  readonly in: number;
  readonly out: number;
  readonly A: Float32Array;
  readonly B: Float32Array;
  /** The base keeps this weight as `[in, out]`: GPT-2's layers and embedding tables. */
  readonly transposed?: boolean;
}

/** A whole tensor that takes the place of the base's, such as a trained head. */
export interface SavedTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface Adapter {
  /** By the module's name in the base checkpoint, such as `model.layers.0.self_attn.q_proj`. */
  readonly modules: ReadonlyMap<string, AdaptedModule>;
  /** By the tensor's name in the base checkpoint, such as `classifier.weight`. */
  readonly saved: ReadonlyMap<string, SavedTensor>;
}

const TENSOR_NAME = /^(?:base_model\.model\.)?(.+)\.lora_([AB])(?:\.default)?\.weight$/;
/** Initialisations that change the base weights too, so the file alone does not say the result. */
const BASE_CHANGING = /^(pissa|olora|corda|loftq)/;

/** Settings that, when given, make the update something else than `scale · B · A`. */
const OTHER_ARITHMETIC = [
  'lora_bias',
  'use_qalora',
  'use_bdlora',
  'layer_replication',
  'target_parameters',
  'trainable_token_indices',
  'alora_invocation_tokens',
  'arrow_config',
  'fan_in_fan_out',
] as const;

export async function readAdapter(files: FileSet, signal: AbortSignal): Promise<Adapter> {
  const config = await readJsonObject(requireFile(files, 'adapter_config.json'), signal);
  refuseVariations(config);
  const source = await openSafetensors(files, 'adapter_model', signal);
  const modules = new Map<string, AdaptedModule>();
  for (const name of adaptedNames(source)) {
    modules.set(name.module, await readModule(source, config, name, signal));
  }
  if (modules.size === 0) unsupported('no LoRA matrices');
  return { modules, saved: new Map() };
}

function refuseVariations(config: JsonObject): void {
  const kind = config['peft_type'] ?? 'LORA';
  if (kind !== 'LORA') unsupported(`peft_type ${String(kind)}`);
  if (config['use_dora'] === true) unsupported('DoRA');
  for (const trait of OTHER_ARITHMETIC) {
    const value = config[trait] ?? false;
    if (value !== false && !(Array.isArray(value) && value.length === 0)) unsupported(trait);
  }
  const bias = config['bias'] ?? 'none';
  if (bias !== 'none') unsupported(`bias ${String(bias)}`);
  const saved = config['modules_to_save'];
  if (Array.isArray(saved) && saved.length > 0) unsupported(`modules_to_save ${saved.join(', ')}`);
  const init = config['init_lora_weights'];
  if (typeof init === 'string' && BASE_CHANGING.test(init))
    unsupported(`init_lora_weights ${init}`);
}

interface ModuleTensors {
  readonly module: string;
  readonly a: string;
  readonly b: string;
}

/** Pairs the tensors of each module; a tensor that is not half of a LoRA pair is refused by name. */
function adaptedNames(source: TensorSource): ModuleTensors[] {
  const halves = new Map<string, { A?: string; B?: string }>();
  for (const name of source.names()) {
    const [, module, half] = TENSOR_NAME.exec(name) ?? [];
    if (module === undefined || (half !== 'A' && half !== 'B')) return unsupported(name);
    halves.set(module, { ...halves.get(module), [half]: name });
  }
  return [...halves].map(([module, { A, B }]) => {
    if (A === undefined || B === undefined) return unsupported(`half a pair: ${module}`);
    return { module, a: A, b: B };
  });
}

async function readModule(
  source: TensorSource,
  config: JsonObject,
  names: ModuleTensors,
  signal: AbortSignal,
): Promise<AdaptedModule> {
  const [rank, inSize, ...restA] = source.info(names.a)?.shape ?? [];
  const [out, rankB, ...restB] = source.info(names.b)?.shape ?? [];
  if (rank === undefined || inSize === undefined || out === undefined || rank !== rankB) {
    return damaged(`ranks of ${names.module}`);
  }
  if (restA.length > 0 || restB.length > 0 || rank === 0)
    return damaged(`shape of ${names.module}`);
  const scale = scaling(config, names.module, rank);
  const A = await source.read(names.a, signal);
  const B = (await source.read(names.b, signal)).map((value) => value * scale);
  return { rank, in: inSize, out, A, B };
}

/** `alpha / r`, or `alpha / √r` for rank-stabilised LoRA. */
function scaling(config: JsonObject, module: string, rank: number): number {
  const alpha = patternValue(config['alpha_pattern'], module) ?? config['lora_alpha'];
  const expected = patternValue(config['rank_pattern'], module) ?? config['r'];
  if (expected !== rank) return damaged(`rank of ${module}`);
  if (typeof alpha !== 'number' || !Number.isFinite(alpha)) return damaged('lora_alpha');
  return config['use_rslora'] === true ? alpha / Math.sqrt(rank) : alpha / rank;
}

/**
 * PEFT matches the keys of a pattern as regular expressions against the end of a module's name.
 * Names (with a leading `^` or escaped dots) are what people write; a real expression is refused,
 * because one from a stranger can take for ever to match.
 */
function patternValue(pattern: Json | undefined, module: string): number | undefined {
  if (!isObject(pattern)) return undefined;
  for (const [key, value] of Object.entries(pattern)) {
    const plain = key.replaceAll('\\.', '.').replace(/^\^/, '').replace(/\$$/, '');
    if (!/^[\w.-]+$/.test(plain)) return unsupported(`pattern ${key}`);
    const matches = module === plain || (!key.startsWith('^') && module.endsWith(`.${plain}`));
    if (matches && typeof value === 'number') return value;
  }
  return undefined;
}

function unsupported(detail: string): never {
  return refuse({ code: 'adapter-unsupported', detail });
}

function damaged(detail: string): never {
  return refuse({ code: 'checkpoint-damaged', file: 'adapter_model.safetensors', detail });
}
