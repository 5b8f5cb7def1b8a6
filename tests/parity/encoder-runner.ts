/** Builds an encoder's package in memory and runs it in onnxruntime-web's wasm, the way the page does. */
import * as ort from 'onnxruntime-web';
import type { VariantId } from '../../src/domain/model';
import type { Manifest } from '../../src/graph/manifest';
import { buildPackage } from '../../src/graph/package';
import { openFolder } from '../../scripts/lib/folder';
import { NEVER, memorySink } from './runner';
import type { Build } from './runner';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

/** Rows of tokens of different lengths, and which text of a pair each token is of. */
export interface EncoderInput {
  readonly ids: readonly (readonly number[])[];
  readonly types?: readonly (readonly number[])[];
}

/** An output of the graph as it left. */
export interface EncoderOutput {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

export interface EncoderRunner {
  readonly manifest: Manifest;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Rows are padded on the right; `pad` fills them, the model's own token by default. */
  run(input: EncoderInput, pad?: number): Promise<Readonly<Record<string, EncoderOutput>>>;
  release(): Promise<void>;
}

export async function buildEncoder(
  folder: string,
  build: Pick<Build, 'variant' | 'smallModel' | 'merged'>,
): Promise<EncoderRunner> {
  const files = new Map<string, Uint8Array>();
  const { variant, smallModel, merged } = build;
  const manifest = await buildPackage(
    await openFolder(folder),
    {
      variants: [variant],
      ports: true,
      logits: 'last',
      ...(smallModel === undefined ? {} : { smallModel }),
      ...(merged === undefined ? {} : { adapter: merged }),
    },
    memorySink(files),
    NEVER,
  );
  const read = (path: string): Promise<Uint8Array> =>
    Promise.resolve(files.get(path) ?? Promise.reject(new Error(`no ${path} in the package`)));
  return openEncoder(manifest, variant, read);
}

/** A runner over a package wherever its files are. */
export async function openEncoder(
  manifest: Manifest,
  id: VariantId,
  read: (path: string) => Promise<Uint8Array>,
): Promise<EncoderRunner> {
  const graph = manifest.variants.find((variant) => variant.id === id)?.graphs[0];
  if (graph === undefined) throw new Error(`no variant ${id} in the package`);
  const path = graph.data.path.split('/').at(-1) ?? '';
  const session = await ort.InferenceSession.create(await read(graph.model.path), {
    executionProviders: ['wasm'],
    logSeverityLevel: 3,
    externalData: [{ path, data: await read(graph.data.path) }],
  });
  return {
    manifest,
    inputs: session.inputNames,
    outputs: session.outputNames,
    run: (input, pad = manifest.model.pad ?? 0) => runSession(session, input, pad),
    release: () => session.release(),
  };
}

async function runSession(
  session: ort.InferenceSession,
  { ids, types }: EncoderInput,
  pad: number,
): Promise<Record<string, EncoderOutput>> {
  const length = Math.max(...ids.map((row) => row.length));
  const feeds: Record<string, ort.Tensor> = {
    input_ids: padded(ids, length, pad),
    attention_mask: padded(
      ids.map((row) => row.map(() => 1)),
      length,
      0,
    ),
  };
  if (session.inputNames.includes('token_type_ids')) {
    feeds['token_type_ids'] = padded(types ?? ids.map((row) => row.map(() => 0)), length, 0);
  }
  const outputs = await session.run(feeds);
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { dims, data }]) => [
      name,
      { dims, data: data as Float32Array },
    ]),
  );
}

function padded(rows: readonly (readonly number[])[], length: number, pad: number): ort.Tensor {
  const flat = rows.flatMap((row) => [...row, ...Array<number>(length - row.length).fill(pad)]);
  return new ort.Tensor('int64', BigInt64Array.from(flat, BigInt), [rows.length, length]);
}

/** One row of an output; of outputs with one value or vector per token, its real tokens alone. */
export function rowOf(
  { dims, data }: EncoderOutput,
  row: number,
  perToken: boolean,
  length: number,
): Float32Array {
  const [batch = 1] = dims;
  const size = data.length / batch;
  const values = data.subarray(row * size, (row + 1) * size);
  return perToken ? values.subarray(0, (size / (dims[1] ?? 1)) * length) : values;
}
