/** A package built in memory, opened for the Worker's own decoder in onnxruntime-web's wasm. */
import * as ort from 'onnxruntime-web';
import type { Manifest } from '../../src/graph/manifest';
import { buildPackage } from '../../src/graph/package';
import { openFolder } from '../../scripts/lib/folder';
import type { GraphSession } from '../../workers/session';
import { NEVER, memorySink } from './runner';
import type { Build } from './runner';

export interface Opened {
  readonly manifest: Manifest;
  readonly session: GraphSession;
  release(): Promise<void>;
}

/** @param chunkTokens few, so that prompts of a test are read by several */
export async function openPackage(
  folder: string,
  { variant, smallModel, logits = 'last' }: Build,
  chunkTokens = 5,
): Promise<Opened> {
  const files = new Map<string, Uint8Array>();
  const small = smallModel === undefined ? {} : { smallModel };
  const options = { variants: [variant], ports: true, logits, ...small };
  const manifest = await buildPackage(await openFolder(folder), options, memorySink(files), NEVER);
  const graph = manifest.variants[0]?.graphs[0];
  const read = (path = ''): Uint8Array => files.get(path) ?? new Uint8Array();
  const data = { path: graph?.data.path.split('/').at(-1) ?? '', data: read(graph?.data.path) };
  const session = await ort.InferenceSession.create(read(graph?.model.path), {
    executionProviders: ['wasm'],
    logSeverityLevel: 3,
    externalData: [data],
  });
  return {
    manifest,
    session: {
      inputs: session.inputNames,
      chunkTokens,
      run: (feeds, fetches) => session.run(feeds as ort.InferenceSession.FeedsType, [...fetches]),
      int64: (values, dims) => new ort.Tensor('int64', values, dims),
      float32: (values, dims) => new ort.Tensor('float32', values, dims),
      resident: (values, dims) => new ort.Tensor('float32', values, dims),
    },
    release: () => session.release(),
  };
}
