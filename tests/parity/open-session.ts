/** A decoder's graph in either runtime: onnxruntime-web's wasm, or Patio's own kernels. */
import * as ort from 'onnxruntime-web';
import type { ModelNumbers } from '../../src/graph/manifest';
import type { GraphSession } from '../../workers/session';
import { readGraph } from '../../workers/kernels/graph-file';
import { compile } from '../../workers/kernels/program';
import { weightBytes } from '../../workers/kernels/place-weights';
import { openKernelSession } from '../../workers/kernels/session';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

export type Engine = 'onnxruntime' | 'kernels';
export const ENGINES: readonly Engine[] = ['onnxruntime', 'kernels'];

export interface GraphBytes {
  readonly model: Uint8Array;
  readonly data: Uint8Array;
  /** Of the data, as the graph knows it. */
  readonly path: string;
}

export interface OpenSession {
  readonly session: GraphSession;
  release(): Promise<void>;
}

export async function openSession(
  engine: Engine,
  graph: GraphBytes,
  model: ModelNumbers,
  chunkTokens = 64,
): Promise<OpenSession> {
  const opened = await (engine === 'kernels' ? ownKernels(graph, model) : runtime(graph));
  Object.defineProperty(opened.session, 'chunkTokens', { value: chunkTokens });
  return opened;
}

async function runtime({ model, data, path }: GraphBytes): Promise<OpenSession> {
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ['wasm'],
    logSeverityLevel: 3,
    externalData: [{ path, data }],
  });
  return {
    session: {
      inputs: session.inputNames,
      chunkTokens: 64,
      run: (feeds, fetches) => session.run(feeds as ort.InferenceSession.FeedsType, [...fetches]),
      int64: (values, dims) => new ort.Tensor('int64', values, dims),
      float32: (values, dims) => new ort.Tensor('float32', values, dims),
      resident: (values, dims) => new ort.Tensor('float32', values, dims),
    },
    release: () => session.release(),
  };
}

async function ownKernels(
  { model, data, path }: GraphBytes,
  { states }: ModelNumbers,
): Promise<OpenSession> {
  const file = readGraph(model);
  const compiled = file && compile(file);
  if (compiled?.type !== 'program') {
    throw new Error(`no kernels for ${compiled?.operators.join(', ') ?? 'an element type'}`);
  }
  const { program } = compiled;
  // Only where they are asked for: what runs without Vite cannot compile them.
  const { createKernels } = await import('../../workers/kernels/wasm-kernels');
  const kernels = await createKernels({ initialBytes: weightBytes(program), threads: 1 });
  const weights = { path, bytes: data.length, chunks: () => inChunks(data) };
  const presents = states.map(({ present }) => present);
  const { signal } = new AbortController();
  const session = await openKernelSession(program, weights, presents, kernels, signal);
  return { session, release: () => Promise.resolve() };
}

/** Odd pieces, so that tensors begin and end within them. */
const CHUNK_BYTES = 100_003;

async function* inChunks(data: Uint8Array): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < data.length; at += CHUNK_BYTES) {
    yield await Promise.resolve(data.subarray(at, at + CHUNK_BYTES));
  }
}
