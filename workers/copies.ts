/** What is stored as it came: packages, ONNX files and adapters. */
import { readAdapter } from '../src/checkpoint/adapter.ts';
import type { FileSet } from '../src/checkpoint/byte-source.ts';
import { requireFile } from '../src/checkpoint/json-file.ts';
import { refuse } from '../src/domain/failure.ts';
import type { BuildOrder } from '../src/engine/builder.ts';
import { MANIFEST_FILE, variantBytes, type Manifest } from '../src/graph/manifest.ts';
import { copyFile, type PackageSink } from '../src/graph/package.ts';
import { packageHashes, packagePaths, readManifest } from '../src/sources/inspect-package.ts';
import { onnxDtypeFor } from '../src/sources/onnx-folder.ts';
import type { OpenedSource } from '../src/sources/opened.ts';
import type { StoredPackage } from '../src/storage/packages.ts';
import type { MergedFacts } from './merged-facts.ts';

export type Variants = StoredPackage['variants'];

/** What was written and, of a merged adapter, what came of it. */
export interface Built {
  readonly variants: Variants;
  readonly facts?: MergedFacts;
  /** Every weight was held against a hash that was promised. */
  readonly verified?: boolean;
}

export function variantsOf({ variants }: Pick<Manifest, 'variants'>): Variants {
  return variants.map((variant) => ({ id: variant.id, bytes: variantBytes(variant) }));
}

/** Made elsewhere: its weights are held against the hashes that its manifest gives. */
export async function copyPackage(
  { variants }: BuildOrder,
  opened: OpenedSource,
  sink: PackageSink,
  signal: AbortSignal,
): Promise<Built> {
  const manifest = await readManifest(opened, signal);
  const hashes = packageHashes(manifest);
  for (const path of packagePaths(opened, manifest, variants)) {
    const { sha256 } = await copyFile(requireFile(opened.files, path), path, sink, signal);
    if ((hashes.get(path) ?? sha256) !== sha256) {
      refuse({ code: 'file-damaged', file: path, detail: 'SHA-256' });
    }
  }
  const kept = manifest.variants.filter(({ id }) => variants.includes(id));
  const own = { ...manifest, variants: kept, adapters: [] };
  const writer = await sink.open(MANIFEST_FILE);
  await writer.write(new TextEncoder().encode(`${JSON.stringify(own, null, 2)}\n`));
  await writer.close();
  return { variants: variantsOf(own), verified: true };
}

export const ADAPTER_FILES = [
  'adapter_config.json',
  'adapter_model.safetensors',
  'adapter_model.bin',
  'chat_template.jinja',
  'tokenizer_config.json',
] as const;

/** Kept as it came: it is read when it is laid over its base. */
export async function copyAdapter(
  files: FileSet,
  sink: PackageSink,
  signal: AbortSignal,
): Promise<Variants> {
  await readAdapter(files, signal);
  const bytes = await copyAll(files, ADAPTER_FILES, sink, signal);
  return [{ id: 'cpu8', bytes }];
}

/** Of a model that is ONNX already: one dtype, and everything that is small. */
export async function copyOnnx(
  { preflight, variants }: BuildOrder,
  files: FileSet,
  sink: PackageSink,
  signal: AbortSignal,
): Promise<Variants> {
  const [id] = variants;
  const { onnx } = preflight;
  const chosen = id && onnx ? onnxDtypeFor(onnx, id) : undefined;
  if (id === undefined || chosen === undefined)
    return refuse({ code: 'model-unknown', model: 'onnx' });
  const bytes = await copyAll(files, [...smallFiles(files), ...chosen.files], sink, signal);
  return [{ id, bytes }];
}

export function smallFiles(files: FileSet): string[] {
  return [...files.keys()].filter((path) => SMALL.test(path));
}

const SMALL = /^(?:[\w.-]+\.(?:json|txt|jinja|model)|\d_\w+\/config\.json)$/u;

async function copyAll(
  files: FileSet,
  paths: readonly string[],
  sink: PackageSink,
  signal: AbortSignal,
): Promise<number> {
  let bytes = 0;
  for (const path of paths.filter((name) => files.has(name))) {
    bytes += (await copyFile(requireFile(files, path), path, sink, signal)).bytes;
  }
  return bytes;
}
