/** Packages and adapters as they come over the network. */
import { refuse } from '../src/domain/failure.ts';
import type { VariantId } from '../src/domain/model.ts';
import type { GraphRole } from '../src/graph/architecture.ts';
import {
  MANIFEST_FILE,
  MANIFEST_VERSION,
  type Manifest,
  type PackagedFile,
} from '../src/graph/manifest.ts';
import { crossing } from './boundary.ts';

export type OnBytes = (loaded: number, total: number) => void;

export interface GraphFiles {
  readonly model: Uint8Array;
  readonly externalData: readonly { readonly path: string; readonly data: Uint8Array }[];
}

/** @param base absolute address of the package's folder */
export async function fetchManifest(base: string, signal: AbortSignal): Promise<Manifest> {
  const manifest = await fetchJson<Manifest>(base, MANIFEST_FILE, signal);
  if (manifest.version === MANIFEST_VERSION) return manifest;
  const detail = `package version ${String(manifest.version)}`;
  return refuse({ code: 'file-damaged', file: MANIFEST_FILE, detail });
}

/** One graph of a variant and its weights, each file once in memory. */
export async function fetchGraph(
  base: string,
  manifest: Manifest,
  id: VariantId,
  role: GraphRole,
  signal: AbortSignal,
  onBytes: OnBytes,
): Promise<GraphFiles> {
  const variant = manifest.variants.find((candidate) => candidate.id === id);
  if (variant === undefined) return refuse({ code: 'checkpoint-missing', file: id });
  const graph = variant.graphs.find((candidate) => candidate.role === role);
  if (graph === undefined) return refuse({ code: 'checkpoint-missing', file: role });
  const total = graph.model.bytes + graph.data.bytes;
  let loaded = 0;
  const count = (bytes: number) => onBytes((loaded += bytes), total);
  const [model, data] = await Promise.all([
    fetchFile(base, graph.model, signal, count),
    fetchFile(base, graph.data, signal, count),
  ]);
  return { model, externalData: [{ path: fileName(graph.data.path), data }] };
}

export async function fetchJson<T>(base: string, path: string, signal: AbortSignal): Promise<T> {
  const response = await request(base, path, signal);
  return crossing(
    async () => (await response.json()) as T,
    (detail) => ({ code: 'file-damaged', file: path, detail }),
  );
}

export async function fetchBytes(
  base: string,
  path: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const response = await request(base, path, signal);
  return crossing(
    async () => new Uint8Array(await response.arrayBuffer()),
    () => ({ code: 'file-unreachable', file: path, status: null }),
  );
}

/** Null where the file is not there. */
export async function fetchTextIfThere(
  base: string,
  path: string,
  signal: AbortSignal,
): Promise<string | null> {
  const response = await open(base, path, signal);
  // Some hosts answer what they do not have with their start page.
  const isPage = response.headers.get('content-type')?.startsWith('text/html') === true;
  return response.ok && !isPage ? response.text() : null;
}

/** Reads straight into memory of the size that the manifest promises. */
async function fetchFile(
  base: string,
  file: PackagedFile,
  signal: AbortSignal,
  count: (bytes: number) => void,
): Promise<Uint8Array> {
  const response = await request(base, file.path, signal);
  const bytes = new Uint8Array(file.bytes);
  let at = 0;
  const read = async () => {
    for await (const chunk of chunksOf(response)) {
      if (at + chunk.length > bytes.length) return damaged(file, 'it is longer than it should be');
      bytes.set(chunk, at);
      at += chunk.length;
      count(chunk.length);
    }
  };
  await crossing(read, () => ({ code: 'file-unreachable', file: file.path, status: null }));
  return at === bytes.length ? bytes : damaged(file, 'it ends too early');
}

/** Streams cannot be iterated in every browser. */
async function* chunksOf(response: Response): AsyncGenerator<Uint8Array, void> {
  const reader = response.body?.getReader();
  for (;;) {
    const next = await reader?.read();
    if (next?.value === undefined) return;
    yield next.value;
  }
}

function damaged(file: PackagedFile, detail: string): never {
  return refuse({ code: 'file-damaged', file: file.path, detail });
}

async function request(base: string, path: string, signal: AbortSignal): Promise<Response> {
  const response = await open(base, path, signal);
  if (response.ok) return response;
  return refuse({ code: 'file-unreachable', file: path, status: response.status });
}

function open(base: string, path: string, signal: AbortSignal): Promise<Response> {
  return crossing(
    () => fetch(new URL(path, base), { signal }),
    () => ({ code: 'file-unreachable', file: path, status: null }),
  );
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
