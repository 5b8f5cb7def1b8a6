/** Packages and adapters as they come over the network or out of storage. */
import { refuse } from '../src/domain/failure.ts';
import type { VariantId } from '../src/domain/model.ts';
import type { GraphRole } from '../src/graph/architecture.ts';
import {
  MANIFEST_FILE,
  parseManifest,
  variantBytes,
  type Manifest,
  type PackagedFile,
} from '../src/graph/manifest.ts';
import { crossing } from './boundary.ts';
import type { PackageFiles } from './package-files.ts';
import { gathered, type WeightsFile } from './weights.ts';

export type OnBytes = (loaded: number, total: number) => void;

export interface GraphFiles {
  readonly model: Uint8Array;
  readonly weights: WeightsFile;
}

export async function fetchManifest(files: PackageFiles, signal: AbortSignal): Promise<Manifest> {
  return parseManifest(await fetchJson<unknown>(files, MANIFEST_FILE, signal));
}

/**
 * The graphs of one variant, and their weights on the way: the answer has begun, its body waits for
 * the runtime that takes it. `onBytes` counts on until the last of them was taken.
 */
export async function fetchVariant(
  files: PackageFiles,
  manifest: Manifest,
  id: VariantId,
  signal: AbortSignal,
  onBytes: OnBytes,
): Promise<ReadonlyMap<GraphRole, GraphFiles>> {
  const variant = manifest.variants.find((candidate) => candidate.id === id);
  if (variant === undefined) return refuse({ code: 'checkpoint-missing', file: id });
  const total = variantBytes(variant);
  let loaded = 0;
  const count = (bytes: number) => onBytes((loaded += bytes), total);
  const graphs = variant.graphs.map(async ({ role, model, data }) => {
    const [graph, weights] = await Promise.all([
      fetchFile(files, model, signal, count),
      openWeights(files, data, signal, count),
    ]);
    return [role, { model: graph, weights }] as const;
  });
  return new Map(await Promise.all(graphs));
}

export async function fetchJson<T>(
  files: PackageFiles,
  path: string,
  signal: AbortSignal,
): Promise<T> {
  const response = await request(files, path, signal);
  return crossing(
    async () => (await response.json()) as T,
    (detail) => ({ code: 'file-damaged', file: path, detail }),
  );
}

/** Null where the file is not there. */
export async function fetchBytesIfThere(
  files: PackageFiles,
  path: string,
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  const response = await files.get(path, signal);
  if (!isThere(response)) return null;
  return crossing(
    async () => new Uint8Array(await response.arrayBuffer()),
    () => ({ code: 'file-unreachable', file: path, status: null }),
  );
}

/** Null where the file is not there. */
export async function fetchTextIfThere(
  files: PackageFiles,
  path: string,
  signal: AbortSignal,
): Promise<string | null> {
  const response = await files.get(path, signal);
  return isThere(response) ? response.text() : null;
}

/** Some hosts answer what they do not have with their start page. */
function isThere(response: Response): boolean {
  const isPage = response.headers.get('content-type')?.startsWith('text/html') === true;
  return response.ok && !isPage;
}

async function openWeights(
  files: PackageFiles,
  file: PackagedFile,
  signal: AbortSignal,
  count: (bytes: number) => void,
): Promise<WeightsFile> {
  const name = { path: fileName(file.path), bytes: file.bytes };
  const { blob } = files;
  if (blob === undefined) {
    const response = await request(files, file.path, signal);
    return { ...name, chunks: () => measured(response, file, count) };
  }
  return {
    ...name,
    chunks: async function* (later) {
      yield* measured(await request(files, file.path, later), file, count);
    },
    blob: async () => {
      const kept = await blob(file.path);
      checkLength(file, kept.size);
      count(kept.size);
      return kept;
    },
  };
}

/** Reads straight into memory of the size that the manifest promises. */
async function fetchFile(
  files: PackageFiles,
  file: PackagedFile,
  signal: AbortSignal,
  count: (bytes: number) => void,
): Promise<Uint8Array> {
  const response = await request(files, file.path, signal);
  return gathered(measured(response, file, count), file.bytes);
}

/** What comes, as long as it is no longer than the manifest promises, and no shorter. */
async function* measured(
  response: Response,
  file: PackagedFile,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void> {
  let at = 0;
  for await (const chunk of chunksOf(response, file.path)) {
    at += chunk.length;
    if (at > file.bytes) checkLength(file, at);
    yield chunk;
    count(chunk.length);
  }
  checkLength(file, at);
}

function checkLength(file: PackagedFile, bytes: number): void {
  if (bytes > file.bytes) damaged(file, 'it is longer than it should be');
  if (bytes < file.bytes) damaged(file, 'it ends too early');
}

/** Streams cannot be iterated in every browser. Whoever leaves halfway ends the download. */
async function* chunksOf(response: Response, path: string): AsyncGenerator<Uint8Array, void> {
  const reader = response.body === null ? null : readerOf(response.body);
  try {
    for (;;) {
      const next = await crossing(
        () => reader?.read() ?? Promise.resolve(undefined),
        () => ({ code: 'file-unreachable', file: path, status: null }),
      );
      if (next?.value === undefined || next.done) return;
      yield next.value;
    }
  } finally {
    reader?.cancel().catch(() => undefined);
  }
}

interface ChunkReader {
  read(): Promise<ReadableStreamReadResult<Uint8Array>>;
  cancel(): Promise<void>;
}

/** Of the one buffer that a whole file passes through, where the stream can fill it. */
const BUFFER_BYTES = 2 ** 20;

/**
 * Chunks that the stream makes itself wait for the garbage collector, and a model of 100 MB was seen
 * to lie in memory twice; a buffer that goes back and forth does not.
 */
function readerOf(body: ReadableStream<Uint8Array>): ChunkReader {
  try {
    return lending(body.getReader({ mode: 'byob' }));
  } catch {
    return body.getReader();
  }
}

function lending(reader: ReadableStreamBYOBReader): ChunkReader {
  let buffer = new ArrayBuffer(BUFFER_BYTES);
  return {
    async read() {
      const next = await reader.read(new Uint8Array(buffer));
      if (next.value !== undefined) buffer = next.value.buffer;
      return next as ReadableStreamReadResult<Uint8Array>;
    },
    cancel: () => reader.cancel(),
  };
}

function damaged(file: PackagedFile, detail: string): never {
  return refuse({ code: 'file-damaged', file: file.path, detail });
}

async function request(files: PackageFiles, path: string, signal: AbortSignal): Promise<Response> {
  const response = await files.get(path, signal);
  if (response.ok) return response;
  return refuse({ code: 'file-unreachable', file: path, status: response.status });
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
