/** What a sentence-transformers folder puts after its encoder. */
import type { FileSet } from '../checkpoint/byte-source';
import { LIMITS, damaged, flag, oneOf, size, unsupported } from '../checkpoint/config-reader';
import { isObject, readJson, readJsonObject, requireFile, shown } from '../checkpoint/json-file';
import type { Json, JsonObject } from '../checkpoint/json-file';
import type { Head, Pooling, SentenceDense } from './head';

type Embedding = Extract<Head, { kind: 'embedding' }>;

/** The order in which the library applies them; a folder may lack any but the first. */
const ORDER = ['Transformer', 'Pooling', 'Dense', 'Normalize'];

/** The head that `modules.json` lists; undefined for a folder without one. */
export async function sentenceHead(
  files: FileSet,
  signal: AbortSignal,
): Promise<Embedding | undefined> {
  const list = files.get('modules.json');
  if (list === undefined) return undefined;
  const modules = await readJson(list, signal);
  if (!Array.isArray(modules)) return damaged('modules.json');
  let head: Embedding = { kind: 'embedding', pooling: ['mean'], normalize: false };
  let step = 0;
  for (const module of modules as readonly Json[]) {
    if (!isObject(module)) return damaged('modules.json');
    const type = shown(module['type']).split('.').at(-1) ?? '';
    const at = ORDER.indexOf(type);
    // Nothing is honoured out of its turn: a vector normalised before a dense layer, say.
    if (at < step) return unsupported('sentence-transformers', type);
    step = at;
    head = await withModule(head, type, shown(module['path']), files, signal);
  }
  return head;
}

/** Where the library cuts texts; undefined where its folder does not say, or is none. */
export async function sentenceLimit(
  files: FileSet,
  signal: AbortSignal,
): Promise<number | undefined> {
  const file = files.get('sentence_bert_config.json');
  if (file === undefined || !files.has('modules.json')) return undefined;
  const config = await readJsonObject(file, signal);
  if (typeof config['max_seq_length'] !== 'number') return undefined;
  return size(config, 'max_seq_length', LIMITS.context);
}

async function withModule(
  head: Embedding,
  type: string,
  path: string,
  files: FileSet,
  signal: AbortSignal,
): Promise<Embedding> {
  const config = () => readJsonObject(requireFile(files, `${path}/config.json`), signal);
  switch (type) {
    case 'Pooling':
      return { ...head, pooling: readPooling(await config()) };
    case 'Dense':
      return { ...head, dense: [...(head.dense ?? []), readDense(await config(), path)] };
    case 'Normalize':
      return { ...head, normalize: true };
    default:
      return head;
  }
}

/** By the library's words and by its older flags, in the order in which these are laid end to end. */
const POOLINGS: readonly (readonly [string, string, Pooling])[] = [
  ['cls', 'pooling_mode_cls_token', 'cls'],
  ['max', 'pooling_mode_max_tokens', 'max'],
  ['mean', 'pooling_mode_mean_tokens', 'mean'],
  ['lasttoken', 'pooling_mode_lasttoken', 'last'],
];

function readPooling(config: JsonObject): Pooling[] {
  const named = config['pooling_mode'];
  if (typeof named === 'string') return [poolingOf(named)];
  if (Array.isArray(named) && named.length > 0) {
    return (named as readonly Json[]).map((name) => poolingOf(shown(name)));
  }
  const flags = Object.keys(config).filter(
    (key) => key.startsWith('pooling_mode_') && config[key] === true,
  );
  const unknown = flags.find((key) => !POOLINGS.some(([, known]) => known === key));
  if (unknown !== undefined) return unsupported('pooling', unknown);
  const chosen = POOLINGS.filter(([, key]) => flags.includes(key)).map(([, , pooling]) => pooling);
  return chosen.length > 0 ? chosen : ['mean'];
}

function poolingOf(name: string): Pooling {
  const known = POOLINGS.find(([word]) => word === name)?.[2];
  return known ?? unsupported('pooling', name);
}

const ACTIVATIONS: Readonly<Record<string, SentenceDense['activation']>> = {
  Identity: 'linear',
  Tanh: 'tanh',
  ReLU: 'relu',
  GELU: 'gelu',
  SiLU: 'silu',
  Sigmoid: 'sigmoid',
};

function readDense(config: JsonObject, folder: string): SentenceDense {
  for (const key of ['module_input_name', 'module_output_name']) {
    oneOf({ [key]: config[key] ?? null }, key, ['sentence_embedding'], 'sentence_embedding');
  }
  if (config['use_residual'] === true) return unsupported('use_residual', 'true');
  // Tanh is the library's choice where the file says nothing.
  const name = shown(config['activation_function'] ?? 'Tanh');
  const word = name.split('.').at(-1) ?? '';
  const activation = Object.hasOwn(ACTIVATIONS, word) ? ACTIVATIONS[word] : undefined;
  return {
    folder,
    in: size(config, 'in_features', LIMITS.size),
    out: size(config, 'out_features', LIMITS.size),
    bias: flag(config, 'bias', true),
    activation: activation ?? unsupported('activation_function', name),
  };
}
