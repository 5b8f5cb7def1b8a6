/** A package built in memory, opened for the Worker's own decoder. */
import type { Manifest } from '../../src/graph/manifest';
import { buildPackage } from '../../src/graph/package';
import { openFolder } from '../../scripts/lib/folder';
import { openSession } from './open-session';
import type { Engine, OpenSession } from './open-session';
import { NEVER, memorySink } from './runner';
import type { Build } from './runner';

export interface Opened extends OpenSession {
  readonly manifest: Manifest;
}

/** @param chunkTokens few, so that prompts of a test are read by several */
export async function openPackage(
  folder: string,
  { variant, smallModel, logits = 'last' }: Build,
  engine: Engine = 'onnxruntime',
  chunkTokens = 5,
): Promise<Opened> {
  const files = new Map<string, Uint8Array>();
  const small = smallModel === undefined ? {} : { smallModel };
  const options = { variants: [variant], ports: true, logits, ...small };
  const manifest = await buildPackage(await openFolder(folder), options, memorySink(files), NEVER);
  const graph = manifest.variants[0]?.graphs[0];
  const read = (path = ''): Uint8Array => files.get(path) ?? new Uint8Array();
  const path = graph?.data.path.split('/').at(-1) ?? '';
  const bytes = { model: read(graph?.model.path), data: read(graph?.data.path), path };
  return { manifest, ...(await openSession(engine, bytes, manifest.model, chunkTokens)) };
}
