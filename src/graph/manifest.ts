/** `patio.json`: what a package holds and how to run it. */
import { refuse } from '../domain/failure';
import type { VariantId } from '../domain/model';

export const MANIFEST_VERSION = 1;
export const MANIFEST_FILE = 'patio.json';

export interface PackagedFile {
  /** Relative to the package's folder. */
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

export interface PackagedVariant {
  readonly id: VariantId;
  readonly model: PackagedFile;
  readonly data: PackagedFile;
}

/** A pair of graph inputs, A `[in, R]` and B `[R, out]`, shared by projections with one input. */
export interface LoraPort {
  readonly a: string;
  readonly b: string;
  readonly in: number;
  readonly out: number;
  /** Modules of the checkpoint, and which columns of the output are theirs. */
  readonly projections: readonly {
    readonly module: string;
    readonly offset: number;
    readonly out: number;
  }[];
}

export interface ModelNumbers {
  readonly vocab: number;
  readonly layers: number;
  readonly kvHeads: number;
  readonly headDim: number;
  /** Longest sequence in tokens. */
  readonly context: number;
  readonly bos: number | null;
  readonly eos: readonly number[];
}

export interface Manifest {
  readonly version: typeof MANIFEST_VERSION;
  readonly family: string;
  readonly model: ModelNumbers;
  readonly variants: readonly PackagedVariant[];
  /** Empty when the graphs take no adapter. */
  readonly ports: readonly LoraPort[];
  /** How many logits `topk_logits` holds. */
  readonly topK: number;
  /** Tokenizer files present in the package. */
  readonly tokenizer: readonly string[];
  /** Folders under `adapters/`. */
  readonly adapters: readonly string[];
}

/** A manifest read from a file; refuses anything else with the field that is wrong. */
export function parseManifest(value: unknown): Manifest {
  const manifest = fields(value, 'manifest');
  if (manifest['version'] !== MANIFEST_VERSION) damaged('version');
  return {
    version: MANIFEST_VERSION,
    family: text(manifest['family'], 'family'),
    model: parseModel(fields(manifest['model'], 'model')),
    variants: list(manifest['variants'], 'variants', parseVariant),
    ports: list(manifest['ports'], 'ports', parsePort),
    topK: count(manifest['topK'], 'topK'),
    tokenizer: list(manifest['tokenizer'], 'tokenizer', text),
    adapters: list(manifest['adapters'], 'adapters', text),
  };
}

function parseModel(model: Fields): ModelNumbers {
  return {
    vocab: count(model['vocab'], 'vocab'),
    layers: count(model['layers'], 'layers'),
    kvHeads: count(model['kvHeads'], 'kvHeads'),
    headDim: count(model['headDim'], 'headDim'),
    context: count(model['context'], 'context'),
    bos: model['bos'] === null ? null : count(model['bos'], 'bos'),
    eos: list(model['eos'], 'eos', count),
  };
}

function parseVariant(value: unknown): PackagedVariant {
  const variant = fields(value, 'variant');
  const id = variant['id'];
  if (id !== 'cpu8' && id !== 'gpu4' && id !== 'fp32') return damaged('id');
  return { id, model: parseFile(variant['model']), data: parseFile(variant['data']) };
}

function parseFile(value: unknown): PackagedFile {
  const file = fields(value, 'file');
  const path = text(file['path'], 'path');
  if (path.startsWith('/') || path.split('/').includes('..')) damaged('path');
  return { path, bytes: count(file['bytes'], 'bytes'), sha256: text(file['sha256'], 'sha256') };
}

function parsePort(value: unknown): LoraPort {
  const port = fields(value, 'port');
  return {
    a: text(port['a'], 'a'),
    b: text(port['b'], 'b'),
    in: count(port['in'], 'in'),
    out: count(port['out'], 'out'),
    projections: list(port['projections'], 'projections', (each) => {
      const projection = fields(each, 'projection');
      return {
        module: text(projection['module'], 'module'),
        offset: count(projection['offset'], 'offset'),
        out: count(projection['out'], 'out'),
      };
    }),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return damaged(name);
  return value as Fields;
}

function list<T>(value: unknown, name: string, each: (item: unknown, name: string) => T): T[] {
  if (!Array.isArray(value)) return damaged(name);
  return value.map((item: unknown) => each(item, name));
}

function text(value: unknown, name: string): string {
  return typeof value === 'string' ? value : damaged(name);
}

function count(value: unknown, name: string): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : damaged(name);
}

function damaged(field: string): never {
  return refuse({ code: 'file-damaged', file: MANIFEST_FILE, detail: field });
}
