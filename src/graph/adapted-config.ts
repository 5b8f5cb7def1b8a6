/** What an adapter changes of its base's `config.json`: the head it was trained with, its vocabulary. */
import type { Adapter, SavedTensor } from '../checkpoint/adapter';
import { bytesSource } from '../checkpoint/byte-source';
import type { FileSet } from '../checkpoint/byte-source';
import { isObject, readJsonObject, requireFile } from '../checkpoint/json-file';
import type { JsonObject } from '../checkpoint/json-file';

const CONFIG = 'config.json';
/** PEFT's words for a task, and how the classes that it puts on a base are called. */
const ENDINGS: Readonly<Record<string, string>> = {
  SEQ_CLS: 'ForSequenceClassification',
  TOKEN_CLS: 'ForTokenClassification',
  QUESTION_ANS: 'ForQuestionAnswering',
};
const ENDING = /(?:For\w+|LMHeadModel|Model)$/u;
const TABLE = /(?:^|\.)(?:embed_tokens|wte|word_embeddings|embed_in|shared)\.weight$/u;
/** The last matrix of a head, which has a row for each label. */
const LABELLED = /(?:^|\.)(?:classifier(?:\.out_proj)?|score)\.weight$/u;

/** The base's files with the configuration that base and adapter have together. */
export async function withAdaptedConfig(
  files: FileSet,
  adapter: Adapter,
  signal: AbortSignal,
): Promise<FileSet> {
  const config = await readJsonObject(requireFile(files, CONFIG), signal);
  const adapted = adaptedConfig(config, adapter);
  if (adapted === config) return files;
  const bytes = new TextEncoder().encode(JSON.stringify(adapted));
  return new Map([...files, [CONFIG, bytesSource(CONFIG, bytes)]]);
}

export function adaptedConfig(config: JsonObject, adapter: Adapter): JsonObject {
  return withHead(withVocabulary(config, adapter), adapter);
}

/** Tokens that were added in training lengthen the table, which PEFT then saves whole. */
function withVocabulary(config: JsonObject, { saved }: Adapter): JsonObject {
  const rows = rowsOf(saved, TABLE);
  if (rows === undefined) return config;
  const text = config['text_config'];
  if (isObject(text) && text['vocab_size'] !== undefined) {
    return { ...config, text_config: withRows(text, rows) };
  }
  return withRows(config, rows);
}

function withRows(config: JsonObject, rows: number): JsonObject {
  return config['vocab_size'] === rows ? config : { ...config, vocab_size: rows };
}

/** A classifier is often trained over a base that was saved with its head for words. */
function withHead(config: JsonObject, { task, saved }: Adapter): JsonObject {
  const ending = task === undefined || !Object.hasOwn(ENDINGS, task) ? undefined : ENDINGS[task];
  const [name = 'Model'] = Array.isArray(config['architectures'])
    ? (config['architectures'] as readonly unknown[]).map(String)
    : [];
  if (ending === undefined || name.endsWith(ending)) return config;
  const labels = rowsOf(saved, LABELLED);
  const { id2label: _, label2id: __, ...rest } = config;
  const counted = ending === ENDINGS['QUESTION_ANS'] || labels === undefined;
  return {
    ...(counted ? config : { ...rest, num_labels: labels }),
    architectures: [name.replace(ENDING, '') + ending],
  };
}

function rowsOf(saved: ReadonlyMap<string, SavedTensor>, pattern: RegExp): number | undefined {
  return [...saved].find(([name]) => pattern.test(name))?.[1].shape[0];
}
