/** Builds an encoder–decoder's package in memory and opens its two graphs in onnxruntime-web's wasm. */
import * as ort from 'onnxruntime-web';
import type { Manifest, PackagedGraph } from '../../src/graph/manifest';
import { buildPackage } from '../../src/graph/package';
import { openFolder } from '../../scripts/lib/folder';
import type { Feeds, GraphSession, GraphTensor } from '../../workers/session';
import { NEVER, memorySink } from './runner';
import type { Build } from './runner';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

export interface Seq2SeqPackage {
  readonly manifest: Manifest;
  readonly encoder: WasmSession;
  readonly decoder: WasmSession;
  release(): Promise<void>;
}

export async function buildSeq2Seq(
  folder: string,
  build: Pick<Build, 'variant' | 'smallModel' | 'logits' | 'merged'>,
): Promise<Seq2SeqPackage> {
  const files = new Map<string, Uint8Array>();
  const { variant, smallModel, merged } = build;
  const manifest = await buildPackage(
    await openFolder(folder),
    {
      variants: [variant],
      ports: false,
      logits: build.logits ?? 'all',
      ...(smallModel === undefined ? {} : { smallModel }),
      ...(merged === undefined ? {} : { adapter: merged }),
    },
    memorySink(files),
    NEVER,
  );
  const open = (role: string) =>
    openGraph(
      manifest.variants[0]?.graphs.find((graph) => graph.role === role),
      files,
    );
  const [encoder, decoder] = [await open('encoder'), await open('decoder')];
  const release = async (): Promise<void> => {
    await encoder.release();
    await decoder.release();
  };
  return { manifest, encoder, decoder, release };
}

async function openGraph(
  graph: PackagedGraph | undefined,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<WasmSession> {
  const model = files.get(graph?.model.path ?? '');
  const data = files.get(graph?.data.path ?? '');
  if (graph === undefined || model === undefined || data === undefined) throw new Error('no graph');
  return new WasmSession(
    await ort.InferenceSession.create(model, {
      executionProviders: ['wasm'],
      logSeverityLevel: 3,
      externalData: [{ path: graph.data.path.split('/').at(-1) ?? '', data }],
    }),
  );
}

/** What the page's runtime is on the CPU. */
export class WasmSession implements GraphSession {
  readonly chunkTokens = 64;
  readonly inputs: readonly string[];
  readonly #session: ort.InferenceSession;

  constructor(session: ort.InferenceSession) {
    this.#session = session;
    this.inputs = session.inputNames;
  }

  async run(feeds: Feeds, fetches: readonly string[]): Promise<Feeds> {
    return this.#session.run(feeds as ort.InferenceSession.FeedsType, [...fetches]);
  }

  int64(data: BigInt64Array, dims: readonly number[]): GraphTensor {
    return new ort.Tensor('int64', data, dims);
  }

  float32(data: Float32Array, dims: readonly number[]): GraphTensor {
    return new ort.Tensor('float32', data, dims);
  }

  resident(data: Float32Array, dims: readonly number[]): GraphTensor {
    return this.float32(data, dims);
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}
