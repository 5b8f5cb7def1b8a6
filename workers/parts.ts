/** Which files a build reads, so that they can be downloaded before it. */
import type { BuildOrder } from '../src/engine/builder.ts';
import { packageHashes, packagePaths, readManifest } from '../src/sources/inspect-package.ts';
import { onnxDtypeFor } from '../src/sources/onnx-folder.ts';
import { openSource } from '../src/sources/open.ts';
import type { OpenedSource } from '../src/sources/opened.ts';
import { companionFiles, weightFiles } from '../src/sources/weight-files.ts';
import { ADAPTER_FILES, smallFiles } from './copies.ts';
import { planDownload, type Download } from './download.ts';
import type { Part } from './fetched.ts';

/** What has to be fetched of each folder that is built from: the model's own, then the base's. */
export async function partsOf(
  order: BuildOrder,
  opened: OpenedSource,
  signal: AbortSignal,
): Promise<Part[]> {
  const { adapter } = order;
  const own = { opened, download: await planned(order, opened, signal) };
  if (adapter?.kind !== 'merged') return [own];
  const base = await openSource(adapter.base, signal);
  return [
    own,
    { opened: base, download: await planDownload(base, await modelPaths(base, signal)) },
  ];
}

async function planned(
  { preflight, variants, adapter }: BuildOrder,
  opened: OpenedSource,
  signal: AbortSignal,
): Promise<Download | null> {
  const { files } = opened;
  if (preflight.kind === 'package') {
    const manifest = await readManifest(opened, signal);
    const hashes = new Map([...opened.hashes, ...packageHashes(manifest)]);
    return planDownload(opened, packagePaths(opened, manifest, variants), hashes);
  }
  if (preflight.kind === 'onnx') {
    const [id] = variants;
    const { onnx } = preflight;
    const chosen = id && onnx ? onnxDtypeFor(onnx, id) : undefined;
    return planDownload(opened, [...smallFiles(files), ...(chosen?.files ?? [])]);
  }
  if (adapter === null) return planDownload(opened, await modelPaths(opened, signal));
  const { paths } = await weightFiles(files, 'adapter_model', signal);
  return planDownload(opened, [...paths, ...ADAPTER_FILES, ...companionFiles(files)]);
}

async function modelPaths({ files }: OpenedSource, signal: AbortSignal): Promise<string[]> {
  const { paths } = await weightFiles(files, 'model', signal);
  return [...paths, ...companionFiles(files)];
}
