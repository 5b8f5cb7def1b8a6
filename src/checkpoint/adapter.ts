/**
 * LoRA adapters as PEFT writes them: `adapter_config.json` and `adapter_model.safetensors` or `.bin`.
 * Each adapted module adds `scale · B · A · x` to its output; whole tensors, such as a trained head,
 * take the place of the base's.
 */
import { refuse } from '../domain/failure';
import { adapterBase, nameList, refuseVariations, scaling } from './adapter-config';
import type { FileSet } from './byte-source';
import { openCheckpoint } from './checkpoint';
import { readJsonObject, requireFile, shown } from './json-file';
import type { JsonObject } from './json-file';
import type { TensorSource } from './tensor-source';

export { adapterBase } from './adapter-config';
export type { AdapterBase } from './adapter-config';

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
  /** PEFT's name of the task it was trained for, such as `SEQ_CLS`; absent where the file has none. */
  readonly task?: string;
}

const WRAPPER = /^(?:module\.)?base_model\.model\./;
/** A half of a pair; tables of embeddings have halves of their own, saved without `.weight`. */
const HALF_NAME = /^(.+)\.lora_(embedding_)?([AB])(?:\.default)?(?:\.weight)?$/;
/** What PEFT puts between a module's name and the tensor that it keeps or replaces. */
const SAVED_WRAPPER = /\.(?:modules_to_save(?:\.default)?|base_layer)(?=\.)/;
const MAX_SAVED_MODULES = 100;
/** PEFT trains the head of these tasks whole, and saves the table when the vocabulary has grown. */
const TASK_HEADS: Readonly<Record<string, readonly string[]>> = {
  SEQ_CLS: ['classifier', 'score'],
  TOKEN_CLS: ['classifier', 'score'],
  QUESTION_ANS: ['qa_outputs'],
};
const TABLES = [
  'embed_tokens',
  'lm_head',
  'wte',
  'word_embeddings',
  'embed_in',
  'embed_out',
  'shared',
];

export async function readAdapter(files: FileSet, signal: AbortSignal): Promise<Adapter> {
  const config = await readJsonObject(requireFile(files, 'adapter_config.json'), signal);
  refuseVariations(config);
  const source = await openCheckpoint(files, 'adapter_model', signal);
  const { pairs, whole } = sortNames(source, config);
  const scale = scaling(config);
  const modules = new Map<string, AdaptedModule>();
  for (const pair of pairs) {
    modules.set(pair.module, await readModule(source, config, pair, scale, signal));
  }
  if (modules.size === 0) unsupported('no LoRA matrices');
  const saved = new Map<string, SavedTensor>();
  for (const [name, stored] of whole) {
    const shape = source.info(stored)?.shape ?? [];
    saved.set(name, { shape, data: await source.read(stored, signal) });
  }
  const { task } = adapterBase(config);
  return task === null ? { modules, saved } : { modules, saved, task };
}

interface Pair {
  readonly module: string;
  readonly table: boolean;
  readonly a: string;
  readonly b: string;
}

interface SortedNames {
  readonly pairs: readonly Pair[];
  /** Names in the base → names in the file. */
  readonly whole: ReadonlyMap<string, string>;
}

/** Pairs the halves of each module; a tensor that is neither half nor whole is refused by name. */
function sortNames(source: TensorSource, config: JsonObject): SortedNames {
  const halves = new Map<string, { table: boolean; A?: string; B?: string }>();
  const whole = new Map<string, string>();
  const isWhole = wholeTensors(config);
  for (const stored of source.names()) {
    const name = stored.replace(WRAPPER, '');
    const [, module, table, half] = HALF_NAME.exec(name) ?? [];
    if (module !== undefined && (half === 'A' || half === 'B')) {
      const known = halves.get(module);
      halves.set(module, { ...known, table: table !== undefined, [half]: stored });
    } else if (isWhole(name)) whole.set(name.replace(SAVED_WRAPPER, ''), stored);
    else return unsupported(stored);
  }
  const pairs = [...halves].map(([module, { table, A, B }]) => {
    if (A === undefined || B === undefined) return unsupported(`half a pair: ${module}`);
    return { module, table, a: A, b: B };
  });
  return { pairs, whole };
}

/** PEFT saves the modules that `modules_to_save` names whole, with all that is inside them. */
function wholeTensors(config: JsonObject): (name: string) => boolean {
  const task = shown(config['task_type']);
  const heads = Object.hasOwn(TASK_HEADS, task) ? TASK_HEADS[task] : undefined;
  const named = nameList(config['modules_to_save']);
  if (named.length > MAX_SAVED_MODULES) unsupported(`modules_to_save: ${named.length}`);
  const saved = [...named, ...(heads ?? []), ...TABLES].map((module) => `.${module}.`);
  return (name) => !name.includes('.lora_') && saved.some((module) => `.${name}`.includes(module));
}

async function readModule(
  source: TensorSource,
  config: JsonObject,
  { module, table, a, b }: Pair,
  scale: (module: string, rank: number) => number,
  signal: AbortSignal,
): Promise<AdaptedModule> {
  const [rank, inSize, ...restA] = source.info(a)?.shape ?? [];
  const [out, rankB, ...restB] = source.info(b)?.shape ?? [];
  if (rank === undefined || inSize === undefined || out === undefined || rank !== rankB) {
    return damaged(`ranks of ${module}`);
  }
  if (restA.length > 0 || restB.length > 0 || rank === 0) return damaged(`shape of ${module}`);
  const factor = scale(module, rank);
  const A = await source.read(a, signal);
  const B = (await source.read(b, signal)).map((value) => value * factor);
  const plain = { rank, in: inSize, out, A, B };
  return table || config['fan_in_fan_out'] === true ? { ...plain, transposed: true } : plain;
}

function unsupported(detail: string): never {
  return refuse({ code: 'adapter-unsupported', detail });
}

function damaged(detail: string): never {
  return refuse({ code: 'checkpoint-damaged', file: 'adapter_model', detail });
}
