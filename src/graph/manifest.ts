/** `patio.json`: what a package holds and how to run it. */
import { refuse } from '../domain/failure';
import type { VariantId } from '../domain/model';
import type { GraphRole, ModelKind, StatePort } from './architecture';
import type { Head, Pooling } from './head';

export const MANIFEST_VERSION = 2;
export const MANIFEST_FILE = 'patio.json';

export interface PackagedFile {
  /** Relative to the package's folder. */
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** A graph and its weights, which lie in a file beside it. */
export interface PackagedGraph {
  readonly role: GraphRole;
  readonly model: PackagedFile;
  readonly data: PackagedFile;
}

export interface PackagedVariant {
  readonly id: VariantId;
  readonly graphs: readonly PackagedGraph[];
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
  /** Longest sequence in tokens. */
  readonly context: number;
  readonly bos: number | null;
  readonly eos: readonly number[];
  readonly pad: number | null;
  /** First token of an encoder–decoder's answer. */
  readonly decoderStart: number | null;
  /** What a decoder's step leaves for the next, in the order of the graph's inputs. */
  readonly states: readonly StatePort[];
}

export interface Manifest {
  readonly version: typeof MANIFEST_VERSION;
  readonly family: string;
  readonly kind: ModelKind;
  readonly head: Head;
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

const HEADS = [
  'causal-lm',
  'seq2seq-lm',
  'masked-lm',
  'sequence-classification',
  'token-classification',
  'question-answering',
  'embedding',
] as const satisfies readonly Head['kind'][];

const POOLINGS = ['mean', 'cls', 'max', 'last'] as const satisfies readonly Pooling[];

/** Bytes of graph and weights of a variant. */
export function variantBytes({ graphs }: PackagedVariant): number {
  return graphs.reduce((sum, { model, data }) => sum + model.bytes + data.bytes, 0);
}

/** The files of a variant's graphs. */
export function variantFiles({ graphs }: PackagedVariant): PackagedFile[] {
  return graphs.flatMap(({ model, data }) => [model, data]);
}

/** A manifest read from a file; refuses anything else with the field that is wrong. */
export function parseManifest(value: unknown): Manifest {
  const manifest = fields(value, 'manifest');
  if (manifest['version'] !== MANIFEST_VERSION) damaged('version');
  return {
    version: MANIFEST_VERSION,
    family: text(manifest['family'], 'family'),
    kind: word(manifest['kind'], 'kind', ['decoder', 'encoder', 'encoder-decoder']),
    head: parseHead(fields(manifest['head'], 'head')),
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
    context: count(model['context'], 'context'),
    bos: countOrNull(model['bos'], 'bos'),
    eos: list(model['eos'], 'eos', count),
    pad: countOrNull(model['pad'], 'pad'),
    decoderStart: countOrNull(model['decoderStart'], 'decoderStart'),
    states: list(model['states'], 'states', parseState),
  };
}

function parseState(value: unknown): StatePort {
  const state = fields(value, 'state');
  return {
    past: text(state['past'], 'past'),
    present: text(state['present'], 'present'),
    dims: list(state['dims'], 'dims', countOrNull),
  };
}

function parseHead(head: Fields): Head {
  const kind = word(head['kind'], 'head', HEADS);
  switch (kind) {
    case 'sequence-classification':
      return {
        kind,
        labels: list(head['labels'], 'labels', text),
        problem: word(head['problem'], 'problem', ['single-label', 'multi-label', 'regression']),
      };
    case 'token-classification':
      return { kind, labels: list(head['labels'], 'labels', text) };
    case 'embedding': {
      const pooling = list(head['pooling'], 'pooling', (each, name) => word(each, name, POOLINGS));
      return { kind, pooling, normalize: head['normalize'] === true };
    }
    default:
      return { kind };
  }
}

function parseVariant(value: unknown): PackagedVariant {
  const variant = fields(value, 'variant');
  const id = variant['id'];
  if (id !== 'cpu8' && id !== 'gpu4' && id !== 'fp32') return damaged('id');
  return { id, graphs: list(variant['graphs'], 'graphs', parseGraph) };
}

function parseGraph(value: unknown): PackagedGraph {
  const graph = fields(value, 'graph');
  const role = word(graph['role'], 'role', ['model', 'encoder', 'decoder']);
  return { role, model: parseFile(graph['model']), data: parseFile(graph['data']) };
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

function word<const T extends string>(value: unknown, name: string, known: readonly T[]): T {
  return known.find((each) => each === value) ?? damaged(name);
}

function countOrNull(value: unknown, name: string): number | null {
  return value === null ? null : count(value, name);
}

function count(value: unknown, name: string): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : damaged(name);
}

function damaged(field: string): never {
  return refuse({ code: 'file-damaged', file: MANIFEST_FILE, detail: field });
}
