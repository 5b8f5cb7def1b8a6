/** What a checkpoint was trained to answer: the part of a model after its last layer. */
import { damaged, section, unsupported } from '../checkpoint/config-reader';
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
  | {
      readonly kind: 'embedding';
      readonly pooling: readonly Pooling[];
      /** Layers that the pooled vector passes, in order. */
      readonly dense?: readonly SentenceDense[];
      /** Divides the vector by its length, at last. */
      readonly normalize: boolean;
    };

/** A dense layer whose weights lie in a folder of their own, `<folder>/model.safetensors`. */
export interface SentenceDense {
  /** Inside the checkpoint's; it begins the names of the layer's tensors. */
  readonly folder: string;
  readonly in: number;
  readonly out: number;
  readonly bias: boolean;
  readonly activation: 'linear' | 'tanh' | 'relu' | 'gelu' | 'silu' | 'sigmoid';
}

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

/** Labels by id; the library counts two where a file names none. */
function readLabels(config: JsonObject): string[] {
  const named = section(config, 'id2label');
  const ids = Object.keys(named).map(Number);
  const count = ids.length > 0 ? ids.length : (config['num_labels'] ?? 2);
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > 100_000) {
    return damaged('id2label');
  }
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
