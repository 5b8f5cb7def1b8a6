/** Which files of a folder building reads, told from their names and the shards' index. */
import type { FileSet } from '../checkpoint/byte-source.ts';
import { findWeights, type WeightsStem } from '../checkpoint/checkpoint.ts';
import { isObject, readJsonObject } from '../checkpoint/json-file.ts';

export interface WeightFiles {
  /** Empty where there are no weights that Patio reads. */
  readonly paths: readonly string[];
  readonly bytes: number;
  /** Written by `torch.save`. */
  readonly pickled: boolean;
}

/** Whether there are weights that Patio builds from. */
export function hasWeights(files: FileSet): boolean {
  return findWeights(files, 'model') !== undefined;
}

export async function weightFiles(
  files: FileSet,
  stem: WeightsStem,
  signal: AbortSignal,
): Promise<WeightFiles> {
  const first = findWeights(files, stem);
  if (first === undefined) return { paths: [], bytes: 0, pickled: false };
  const paths = first.name.endsWith('.index.json')
    ? [first.name, ...(await shardsOf(files, first.name, signal))]
    : [pathOf(files, first)];
  return {
    paths,
    bytes: sizeOf(files, paths),
    pickled: /\.bin(?:\.index\.json)?$/u.test(first.name),
  };
}

/** A source keeps the name it had before its folder was cut off. */
function pathOf(files: FileSet, source: { readonly name: string }): string {
  return [...files].find(([, file]) => file === source)?.[0] ?? source.name;
}

async function shardsOf(files: FileSet, index: string, signal: AbortSignal): Promise<string[]> {
  const path = index.slice(index.lastIndexOf('/') + 1);
  const file = files.get(path);
  const map = file === undefined ? {} : (await readJsonObject(file, signal))['weight_map'];
  const names = isObject(map) ? Object.values(map) : [];
  return [...new Set(names.filter((name) => typeof name === 'string'))];
}

export function sizeOf(files: FileSet, paths: readonly string[]): number {
  return paths.reduce((sum, path) => sum + (files.get(path)?.size ?? 0), 0);
}

/** Weights in the formats of other libraries. */
const FOREIGN =
  /^(?:tf_model\.h5|flax_model\.msgpack|model\.ckpt\.\w+|rust_model\.ot|.+\.gguf|.+\.nemo)$/u;

export function foreignWeights(files: FileSet): string[] {
  return [...files.keys()].filter((path) => FOREIGN.test(path));
}

/** What training leaves beside the model. */
const LEFTOVERS =
  /^(?:optimizer\.(?:pt|bin)|scheduler\.pt|scaler\.pt|rng_state.*\.pth|global_step\d+\/.*|(?:checkpoint-\d+|runs|wandb)\/.*)$/u;

export function leftoverBytes(files: FileSet): number {
  return sizeOf(
    files,
    [...files.keys()].filter((path) => LEFTOVERS.test(path)),
  );
}

/** Small files that every model is read with. */
const COMPANIONS = [
  ...['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json'],
  ...['special_tokens_map.json', 'added_tokens.json', 'chat_template.jinja', 'modules.json'],
  ...['adapter_config.json', 'vocab.txt', 'vocab.json', 'merges.txt', 'spiece.model', 'spm.model'],
  ...['sentencepiece.bpe.model', 'source.spm', 'target.spm'],
];

export function companionFiles(files: FileSet): string[] {
  return COMPANIONS.filter((path) => files.has(path));
}
