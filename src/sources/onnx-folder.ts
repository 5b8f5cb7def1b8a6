/** Repositories that hold ONNX graphs for transformers.js: which dtypes are there, and of what size. */
import type { FileSet } from '../checkpoint/byte-source.ts';
import type { VariantId } from '../domain/model.ts';
import { ONNX_DTYPE_IDS, ONNX_SUFFIXES } from '../domain/onnx-dtypes.ts';
import type { OnnxDtype, OnnxFacts } from '../domain/preflight.ts';
import type { Card } from './card.ts';
import { sizeOf } from './weight-files.ts';

const BY_SUFFIX = new Map<string, string>(ONNX_DTYPE_IDS.map((id) => [ONNX_SUFFIXES[id], id]));
const GRAPH = new RegExp(`^onnx/(.+?)(${[...BY_SUFFIX.keys()].join('|')})\\.onnx$`, 'u');
/** Halves of a decoder that its merged graph stands for. */
const HALVES = ['decoder_model', 'decoder_with_past_model'];

export function onnxFacts(files: FileSet): OnnxFacts | null {
  const byDtype = new Map<string, Map<string, string>>();
  for (const path of files.keys()) {
    const [, stem, suffix] = GRAPH.exec(path) ?? [];
    const dtype = suffix === undefined ? undefined : BY_SUFFIX.get(suffix);
    if (stem === undefined || dtype === undefined) continue;
    const graphs = byDtype.get(dtype) ?? new Map<string, string>();
    byDtype.set(dtype, graphs.set(stem, path));
  }
  const dtypes = [...byDtype].map(([id, graphs]) => dtypeOf(files, id, graphs));
  return dtypes.length === 0 ? null : { dtypes };
}

function dtypeOf(files: FileSet, id: string, graphs: ReadonlyMap<string, string>): OnnxDtype {
  const merged = graphs.has('decoder_model_merged');
  const used = [...graphs].filter(([stem]) => !(merged && HALVES.includes(stem)));
  const paths = used.flatMap(([, path]) => [path, ...externalData(files, path)]);
  return { id, bytes: sizeOf(files, paths), files: paths };
}

/** `model.onnx_data`, `model.onnx_data_1`… beside their graph. */
function externalData(files: FileSet, graph: string): string[] {
  return [...files.keys()].filter((path) =>
    path.startsWith(`${graph}_data`) ? /^(?:_\d+)?$/u.test(path.slice(graph.length + 5)) : false,
  );
}

/** Which dtype stands for each of Patio's variants, the preferred first. */
const CHOICES: Readonly<Record<VariantId, readonly string[]>> = {
  cpu8: ['q8', 'int8', 'uint8', 'fp32'],
  // Not every GPU computes in half precision, and the library does not ask it.
  gpu4: ['q4', 'q4f16', 'fp16'],
  fp32: ['fp32'],
};

export function onnxDtypeFor({ dtypes }: OnnxFacts, id: VariantId): OnnxDtype | undefined {
  return CHOICES[id]
    .map((name) => dtypes.find((dtype) => dtype.id === name))
    .find((dtype) => dtype !== undefined);
}

const HEADS_BY_TAG: Readonly<Record<string, string>> = {
  'text-generation': 'causal-lm',
  'text2text-generation': 'seq2seq-lm',
  translation: 'seq2seq-lm',
  summarization: 'seq2seq-lm',
  'fill-mask': 'masked-lm',
  'text-classification': 'sequence-classification',
  'zero-shot-classification': 'sequence-classification',
  'token-classification': 'token-classification',
  'question-answering': 'question-answering',
  'feature-extraction': 'embedding',
  'sentence-similarity': 'embedding',
};

const HEADS_BY_ENDING: readonly (readonly [RegExp, string])[] = [
  [/For(?:CausalLM)$|LMHeadModel$/u, 'causal-lm'],
  [/ForConditionalGeneration$|MTModel$/u, 'seq2seq-lm'],
  [/ForMaskedLM$/u, 'masked-lm'],
  [/ForSequenceClassification$/u, 'sequence-classification'],
  [/ForTokenClassification$/u, 'token-classification'],
  [/ForQuestionAnswering$/u, 'question-answering'],
  [/Model$/u, 'embedding'],
];

/** The head that the class names; else what the card says that the model is for. */
export function onnxHead(architecture: string | null, { pipelineTag }: Card): string | null {
  const tagged = pipelineTag === null ? undefined : HEADS_BY_TAG[pipelineTag];
  const named = HEADS_BY_ENDING.find(([ending]) => ending.test(architecture ?? ''))?.[1];
  return (named === 'embedding' ? tagged : named) ?? tagged ?? named ?? null;
}
