/**
 * `tokenizer.json` of a folder, made from the files of a slow tokenizer where it has none. Many models
 * of 2022 were saved with `vocab.txt`, `merges.txt` or a SentencePiece model alone.
 */
import { bytesSource, type ByteSource, type FileSet } from '../checkpoint/byte-source.ts';
import { readJsonObject, requireFile } from '../checkpoint/json-file.ts';
import { refuse } from '../domain/failure.ts';
import type { TokenizerState } from '../domain/preflight.ts';
import { byteLevel, type Surround } from './tokenizer/byte-level.ts';
import { parseSentencePiece } from './tokenizer/sentencepiece.ts';
import { readSettings, type TokenizerSettings } from './tokenizer/special-tokens.ts';
import { marian, unigram, type UnigramFamily } from './tokenizer/unigram.ts';
import { wordPiece } from './tokenizer/wordpiece.ts';

/** The largest vocabularies of real models stay under 15 MB. */
const MAX_BYTES = 40_000_000;

/** A way to make a tokenizer: the files it takes, and the models it is for. */
interface Recipe {
  readonly files: readonly string[];
  /** Values of `model_type`; null for all that have these files. */
  readonly modelTypes: readonly string[] | null;
  make(files: FileSet, settings: TokenizerSettings, signal: AbortSignal): Promise<object>;
}

const RECIPES: readonly Recipe[] = [
  {
    files: ['source.spm', 'vocab.json'],
    modelTypes: ['marian'],
    make: async (files, settings, signal) => {
      const vocab = await readJsonObject(requireFile(files, 'vocab.json'), signal);
      return marian(await readModel(files, 'source.spm', signal), vocab, settings);
    },
  },
  {
    files: ['vocab.txt'],
    modelTypes: ['bert', 'distilbert', 'electra'],
    make: async (files, settings, signal) =>
      wordPiece(await readText(files, 'vocab.txt', signal), settings),
  },
  bytePairs('roberta', ['roberta', 'bart', 'longformer']),
  bytePairs('gpt2', ['gpt2', 'gpt_neo', 'gptj']),
  pieces('spiece.model', 't5', ['t5', 'mt5']),
  pieces('sentencepiece.bpe.model', 'xlm-roberta', ['xlm-roberta']),
  pieces('sentencepiece.bpe.model', 'camembert', ['camembert']),
  pieces('spm.model', 'deberta-v2', ['deberta-v2']),
];

function bytePairs(surround: Surround, modelTypes: readonly string[]): Recipe {
  return {
    files: ['vocab.json', 'merges.txt'],
    modelTypes,
    make: async (files, settings, signal) => {
      const vocab = await readJsonObject(requireFile(files, 'vocab.json'), signal);
      return byteLevel(vocab, await readText(files, 'merges.txt', signal), surround, settings);
    },
  };
}

function pieces(file: string, family: UnigramFamily, modelTypes: readonly string[]): Recipe {
  return {
    files: [file],
    modelTypes,
    make: async (files, settings, signal) =>
      unigram(await readModel(files, file, signal), family, settings),
  };
}

/** Files that show that there is a tokenizer, whether it can be read or not. */
const TRACES = [
  ...['vocab.txt', 'vocab.json', 'merges.txt', 'spiece.model', 'sentencepiece.bpe.model'],
  ...['spm.model', 'tokenizer.model', 'source.spm', 'vocab.model', 'tekken.json'],
];

/** Told from the list of files alone. */
export function tokenizerState(files: FileSet, modelType: string | null): TokenizerState {
  if (files.has('tokenizer.json')) return { status: 'ready' };
  const recipe = recipeFor(files, modelType);
  if (recipe !== undefined) return { status: 'converted', from: recipe.files };
  const traces = TRACES.filter((path) => files.has(path));
  return traces.length > 0 ? { status: 'unreadable', files: traces } : { status: 'missing' };
}

function recipeFor(files: FileSet, modelType: string | null): Recipe | undefined {
  return RECIPES.find(
    ({ files: needed, modelTypes }) =>
      needed.every((path) => files.has(path)) &&
      (modelTypes === null || modelTypes.includes(modelType ?? '')),
  );
}

/** The same files, with the tokenizer's own in the form that everything else reads. */
export async function withTokenizer(files: FileSet, signal: AbortSignal): Promise<FileSet> {
  const settings = await readSettings(files, signal);
  const added = new Map<string, ByteSource>(files);
  if (!files.has('tokenizer.json')) {
    const made = await makeTokenizer(files, settings, signal);
    added.set('tokenizer.json', jsonSource('tokenizer.json', made));
  }
  if (!files.has('tokenizer_config.json')) {
    added.set('tokenizer_config.json', jsonSource('tokenizer_config.json', settings.map));
  }
  return added;
}

const OF_THE_TOKENIZER = /^(?:tokenizer|special_tokens|added_tokens|vocab|merges|chat_template)/u;

/** A base's files with what an adapter brings of its own: tokens that were added, a chat template. */
export function withBrought(base: FileSet, adapter: FileSet): FileSet {
  return new Map([...base, ...[...adapter].filter(([path]) => OF_THE_TOKENIZER.test(path))]);
}

/** `tokenizer.json` of a slow tokenizer; refuses by name what it cannot be made from. */
export async function makeTokenizer(
  files: FileSet,
  settings: TokenizerSettings,
  signal: AbortSignal,
): Promise<object> {
  const modelType = settings.model['model_type'];
  const recipe = recipeFor(files, typeof modelType === 'string' ? modelType : null);
  if (recipe === undefined) return refuse({ code: 'checkpoint-missing', file: 'tokenizer.json' });
  return recipe.make(files, settings, signal);
}

function jsonSource(name: string, value: object): ByteSource {
  return bytesSource(name, new TextEncoder().encode(JSON.stringify(value)));
}

async function readModel(files: FileSet, path: string, signal: AbortSignal) {
  return parseSentencePiece(path, await readBytes(files, path, signal));
}

async function readText(files: FileSet, path: string, signal: AbortSignal): Promise<string> {
  const bytes = await readBytes(files, path, signal);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return refuse({ code: 'checkpoint-damaged', file: path, detail: 'UTF-8' });
  }
}

function readBytes(files: FileSet, path: string, signal: AbortSignal): Promise<Uint8Array> {
  const file = requireFile(files, path);
  if (file.size > MAX_BYTES) {
    refuse({ code: 'checkpoint-damaged', file: path, detail: `${file.size} bytes` });
  }
  return file.read(0, file.size, signal);
}
