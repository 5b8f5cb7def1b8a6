/** What a checkpoint was trained to answer: the part of a model after its last layer. */
import type { FileSet } from '../checkpoint/byte-source';
import { damaged, section, unsupported } from '../checkpoint/config-reader';
import { isObject, readJson, readJsonObject, requireFile } from '../checkpoint/json-file';
import type { Json, JsonObject } from '../checkpoint/json-file';
import type { ModelKind } from './architecture';

/** How the vectors of a text's tokens become the text's own; several are laid end to end. */
export type Pooling = 'mean' | 'cls' | 'max' | 'last';

export type Head =
  | { readonly kind: 'causal-lm' }
  | { readonly kind: 'seq2seq-lm' }
  | { readonly kind: 'masked-lm' }
  | {
      readonly kind: 'sequence-classification';
      readonly labels: readonly string[];
      readonly problem: 'single-label' | 'multi-label' | 'regression';
    }
  | { readonly kind: 'token-classification'; readonly labels: readonly string[] }
  | { readonly kind: 'question-answering' }
  /** `normalize` divides the vector by its length. */
  | {
      readonly kind: 'embedding';
      readonly pooling: readonly Pooling[];
      readonly normalize: boolean;
    };

export type HeadKind = Head['kind'];

/** Endings of the class names that the reference library writes into `architectures`. */
const ENDINGS: readonly (readonly [string, HeadKind])[] = [
  ['ForSequenceClassification', 'sequence-classification'],
  ['ForTokenClassification', 'token-classification'],
  ['ForQuestionAnswering', 'question-answering'],
  ['ForMaskedLM', 'masked-lm'],
  ['BertForPreTraining', 'masked-lm'],
  // ELECTRA's discriminator, whose own head is of no use to a reader.
  ['ForPreTraining', 'embedding'],
  ['ForCausalLM', 'causal-lm'],
  ['LMHeadModel', 'causal-lm'],
  ['ForConditionalGeneration', 'seq2seq-lm'],
  ['MTModel', 'seq2seq-lm'],
  ['Model', 'embedding'],
];

const DEFAULTS: Readonly<Record<ModelKind, HeadKind>> = {
  decoder: 'causal-lm',
  encoder: 'embedding',
  'encoder-decoder': 'seq2seq-lm',
};

const ALLOWED: Readonly<Record<ModelKind, readonly HeadKind[]>> = {
  decoder: ['causal-lm'],
  encoder: [
    'masked-lm',
    'sequence-classification',
    'token-classification',
    'question-answering',
    'embedding',
  ],
  'encoder-decoder': ['seq2seq-lm'],
};

/** The head that `config.json` names; refused where this kind of model is not built with it. */
export function readHead(config: JsonObject, kind: ModelKind): Head {
  const [name] = strings(config['architectures']);
  const found = name === undefined ? DEFAULTS[kind] : headKind(name, kind);
  if (!ALLOWED[kind].includes(found)) return unsupported('head', name ?? found);
  switch (found) {
    case 'sequence-classification':
      return { kind: found, labels: readLabels(config), problem: readProblem(config) };
    case 'token-classification':
      return { kind: found, labels: readLabels(config) };
    case 'embedding':
      return { kind: found, pooling: ['mean'], normalize: false };
    default:
      return { kind: found };
  }
}

/** A base model saved without its head still generates: its embedding table is its head. */
function headKind(name: string, kind: ModelKind): HeadKind {
  const found = ENDINGS.find(([ending]) => name.endsWith(ending))?.[1];
  if (found === undefined) return unsupported('head', name);
  // A decoder that also sees has the name of its whole model.
  const isWhole = kind === 'decoder' && found === 'seq2seq-lm';
  return found === 'embedding' || isWhole ? DEFAULTS[kind] : found;
}

/**
 * The head of a sentence-transformers folder, whose `modules.json` lists what follows the encoder;
 * undefined for any other folder.
 */
export async function sentenceHead(files: FileSet, signal: AbortSignal): Promise<Head | undefined> {
  const list = files.get('modules.json');
  if (list === undefined) return undefined;
  const modules = await readJson(list, signal);
  if (!Array.isArray(modules)) return damaged('modules.json');
  let head: Extract<Head, { kind: 'embedding' }> = {
    kind: 'embedding',
    pooling: ['mean'],
    normalize: false,
  };
  for (const module of modules as readonly Json[]) {
    if (!isObject(module)) return damaged('modules.json');
    const type = String(module['type']).split('.').at(-1) ?? '';
    if (type === 'Pooling') {
      const path = `${String(module['path'])}/config.json`;
      const config = await readJsonObject(requireFile(files, path), signal);
      head = { ...head, pooling: readPooling(config) };
    } else if (type === 'Normalize') head = { ...head, normalize: true };
    else if (type !== 'Transformer') return unsupported('sentence-transformers', type);
  }
  return head;
}

const POOLINGS: readonly (readonly [string, Pooling])[] = [
  ['pooling_mode_cls_token', 'cls'],
  ['pooling_mode_max_tokens', 'max'],
  ['pooling_mode_mean_tokens', 'mean'],
  ['pooling_mode_lasttoken', 'last'],
];

/** In the order in which the library lays several poolings end to end. */
function readPooling(config: JsonObject): Pooling[] {
  const named = config['pooling_mode'];
  if (typeof named === 'string') return [readPoolingName(named)];
  const chosen = POOLINGS.filter(([key]) => config[key] === true).map(([, pooling]) => pooling);
  const other = Object.keys(config).find(
    (key) => key.startsWith('pooling_mode_') && config[key] === true && !isKnown(key),
  );
  if (other !== undefined) return unsupported('pooling', other);
  return chosen.length > 0 ? chosen : damaged('1_Pooling/config.json');
}

function isKnown(key: string): boolean {
  return POOLINGS.some(([known]) => known === key);
}

function readPoolingName(name: string): Pooling {
  const known = POOLINGS.find(([key]) => key.startsWith(`pooling_mode_${name}`))?.[1];
  return known ?? unsupported('pooling', name);
}

/** Labels by id; the library counts two where a file names none. */
function readLabels(config: JsonObject): string[] {
  const named = section(config, 'id2label');
  const ids = Object.keys(named).map(Number);
  const count = ids.length > 0 ? ids.length : Number(config['num_labels'] ?? 2);
  if (!Number.isInteger(count) || count < 1 || count > 100_000) return damaged('id2label');
  return Array.from({ length: count }, (_, id) => {
    const label = named[String(id)] ?? `LABEL_${id}`;
    return typeof label === 'string' || typeof label === 'number'
      ? String(label)
      : damaged('id2label');
  });
}

function readProblem(config: JsonObject): 'single-label' | 'multi-label' | 'regression' {
  const problem = config['problem_type'];
  if (problem === 'multi_label_classification') return 'multi-label';
  if (problem === 'regression') return 'regression';
  // The library takes a single output for a measure.
  return readLabels(config).length === 1 ? 'regression' : 'single-label';
}

function strings(value: Json | undefined): string[] {
  return Array.isArray(value)
    ? (value as readonly Json[]).filter((item): item is string => typeof item === 'string')
    : [];
}
