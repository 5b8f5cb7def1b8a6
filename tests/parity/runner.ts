/** Builds a package in memory and runs it on the CPU, the way the page does. */
import type { Adapter } from '../../src/checkpoint/adapter';
import type { VariantId } from '../../src/domain/model';
import type { LogitsAt } from '../../src/graph/blocks/head';
import type { Manifest } from '../../src/graph/manifest';
import { buildPackage } from '../../src/graph/package';
import type { PackageSink } from '../../src/graph/package';
import { layAdapter, zeroAdapter } from '../../src/graph/ports';
import { openFolder } from '../../scripts/lib/folder';
import { emptyState } from '../../workers/decoder';
import type { Feeds, GraphSession, GraphTensor } from '../../workers/session';
import { openSession } from './open-session';
import type { Engine } from './open-session';

export const NEVER = new AbortController().signal;

export interface Build {
  readonly variant: VariantId;
  readonly logits?: LogitsAt;
  readonly ports?: boolean;
  readonly smallModel?: number;
  /** Merged into the weights. */
  readonly merged?: Adapter;
}

/** What a run gives back; `logits` by row and position. */
export interface Scores {
  readonly logits: Float32Array[][];
  readonly topIds: number[][];
  readonly topLogits: number[][];
  readonly logNormalizer: number[];
  readonly past: Past;
}

export interface Past {
  readonly tensors: Feeds;
  /** Real tokens of each row so far. */
  readonly lengths: readonly number[];
}

export interface Runner {
  readonly manifest: Manifest;
  /** Rows of different lengths are padded on the right; `adapter` goes in through the ports. */
  run(rows: readonly (readonly number[])[], options?: RunOptions): Promise<Scores>;
  release(): Promise<void>;
}

interface RunOptions {
  readonly past?: Past;
  readonly adapter?: Adapter;
}

/** A sink that keeps a package's files in memory. */
export function memorySink(files: Map<string, Uint8Array>): PackageSink {
  return {
    open: (path) => {
      const chunks: Uint8Array[] = [];
      return Promise.resolve({
        write: (chunk) => Promise.resolve(void chunks.push(chunk.slice())),
        close: () => {
          const bytes = new Uint8Array(Buffer.concat(chunks));
          files.set(path, bytes);
          return Promise.resolve({ path, bytes: bytes.byteLength, sha256: '' });
        },
      });
    },
  };
}

export async function buildRunner(
  folder: string,
  build: Build,
  engine: Engine = 'onnxruntime',
): Promise<Runner> {
  const files = new Map<string, Uint8Array>();
  const manifest = await buildPackage(
    await openFolder(folder),
    {
      variants: [build.variant],
      ports: build.ports ?? true,
      logits: build.logits ?? 'all',
      ...(build.smallModel === undefined ? {} : { smallModel: build.smallModel }),
      ...(build.merged === undefined ? {} : { adapter: build.merged }),
    },
    memorySink(files),
    NEVER,
  );
  const read = (path: string): Promise<Uint8Array> =>
    Promise.resolve(files.get(path) ?? Promise.reject(new Error(`no ${path} in the package`)));
  return openRunner(manifest, build.variant, read, engine);
}

/** A runner over a package wherever its files are. */
export async function openRunner(
  manifest: Manifest,
  id: VariantId,
  read: (path: string) => Promise<Uint8Array>,
  engine: Engine = 'onnxruntime',
): Promise<Runner> {
  const variant = manifest.variants.find((candidate) => candidate.id === id)?.graphs[0];
  if (variant === undefined) throw new Error(`no variant ${id} in the package`);
  const path = variant.data.path.split('/').at(-1) ?? '';
  const [model, data] = [await read(variant.model.path), await read(variant.data.path)];
  const { session, release } = await openSession(engine, { model, data, path }, manifest.model);
  return {
    manifest,
    run: (rows, options = {}) => runSession(session, manifest, rows, options),
    release,
  };
}

async function runSession(
  session: GraphSession,
  manifest: Manifest,
  rows: readonly (readonly number[])[],
  { past = emptyPast(session, manifest, rows.length), adapter }: RunOptions,
): Promise<Scores> {
  const lengths = rows.map((row, index) => row.length + (past.lengths[index] ?? 0));
  const total = Math.max(...lengths);
  const mask = lengths.map((length) => Array.from({ length: total }, (_, at) => +(at < length)));
  const ports = portTensors(session, manifest, adapter);
  const feeds = {
    input_ids: int64(session, padded(rows)),
    attention_mask: int64(session, mask),
    ...past.tensors,
    ...ports,
  };
  const presents = manifest.model.states.map(({ present }) => present);
  const outputs = await session.run(feeds, [...SCORES, ...presents]);
  for (const tensor of Object.values(ports)) tensor.dispose();
  return readScores(manifest, outputs, lengths);
}

const SCORES = ['logits', 'topk_logits', 'topk_ids', 'log_normalizer'];

function portTensors(
  session: GraphSession,
  { ports }: Manifest,
  adapter: Adapter | undefined,
): Feeds {
  const values = adapter === undefined ? zeroAdapter(ports) : layAdapter(ports, adapter);
  return Object.fromEntries(
    [...values].map(([name, { dims, data }]) => [name, session.resident(data, dims)] as const),
  );
}

function emptyPast(session: GraphSession, { model }: Manifest, batch: number): Past {
  const tensors = model.states.map(
    (state) => [state.past, emptyState(session, state, batch)] as const,
  );
  return { tensors: Object.fromEntries(tensors), lengths: Array<number>(batch).fill(0) };
}

function readScores({ model }: Manifest, outputs: Feeds, lengths: readonly number[]): Scores {
  const get = (name: string): GraphTensor => {
    const tensor = outputs[name];
    if (tensor === undefined) throw new Error(`no output ${name}`);
    return tensor;
  };
  return {
    logits: rowsOf(get('logits')),
    topIds: matrixOf(get('topk_ids')),
    topLogits: matrixOf(get('topk_logits')),
    logNormalizer: Array.from(get('log_normalizer').data as Float32Array),
    past: {
      tensors: Object.fromEntries(model.states.map(({ past, present }) => [past, get(present)])),
      lengths,
    },
  };
}

function rowsOf({ dims, data }: GraphTensor): Float32Array[][] {
  const [batch = 0, positions = 0, vocab = 0] = dims;
  const at = (index: number) => (data as Float32Array).subarray(index * vocab, (index + 1) * vocab);
  return Array.from({ length: batch }, (_, row) =>
    Array.from({ length: positions }, (_, position) => at(row * positions + position)),
  );
}

function matrixOf({ dims, data }: GraphTensor): number[][] {
  const [rows = 0, columns = 0] = dims;
  const values = Array.from(data as Float32Array | BigInt64Array, Number);
  return Array.from({ length: rows }, (_, row) => values.slice(row * columns, (row + 1) * columns));
}

function padded(rows: readonly (readonly number[])[]): number[][] {
  const length = Math.max(...rows.map((row) => row.length));
  return rows.map((row) => [...row, ...Array<number>(length - row.length).fill(0)]);
}

function int64(session: GraphSession, rows: readonly (readonly number[])[]): GraphTensor {
  const data = BigInt64Array.from(rows.flat(), BigInt);
  return session.int64(data, [rows.length, rows[0]?.length ?? 0]);
}
