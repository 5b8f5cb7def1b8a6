/** A model that Patio has prepared already: another browser's export, or a folder of the class's server. */
import { readJson, requireFile } from '../checkpoint/json-file.ts';
import { tasksOfHead } from '../domain/head-tasks.ts';
import {
  MANIFEST_FILE,
  parseManifest,
  variantBytes,
  variantFiles,
  type Manifest,
} from '../graph/manifest.ts';
import {
  choose,
  readConfigs,
  variantOf,
  withCompanions,
  writtenFacts,
  type Facts,
  type Inspection,
} from './inspection.ts';
import type { OpenedSource } from './opened.ts';

export function isPackage({ files }: OpenedSource): boolean {
  return files.has(MANIFEST_FILE) && files.has('config.json');
}

export async function readManifest(
  { files }: OpenedSource,
  signal: AbortSignal,
): Promise<Manifest> {
  return parseManifest(await readJson(requireFile(files, MANIFEST_FILE), signal));
}

export async function inspectPackage(inspection: Inspection): Promise<Facts> {
  const { opened, findings, signal } = inspection;
  const facts = writtenFacts(inspection, await readConfigs(inspection), null);
  const manifest = await findings.attempt(() => readManifest(opened, signal));
  if (manifest === null) return { ...facts, kind: 'package' };
  const { head, model, family } = manifest;
  const labels = 'labels' in head ? head.labels : [];
  const there = manifest.variants.filter((variant) =>
    variantFiles(variant).every(({ path, bytes }) => opened.files.get(path)?.size === bytes),
  );
  if (there.length === 0) findings.add('stop', { code: 'weights-missing' });
  const variants = there.map((each) => variantOf(inspection, each.id, variantBytes(each)));
  const chosen = choose(inspection, variants);
  const weights = variants.find(({ id }) => id === chosen)?.storedBytes ?? 0;
  return {
    ...facts,
    ...{ kind: 'package', family, head: head.kind, labels, variants, chosen },
    tasks: tasksOfHead(head.kind, labels, facts.chatTemplate),
    vocabulary: model.vocab,
    contextTokens: model.context,
    ...withCompanions(opened, weights),
  };
}

/**
 * What is kept of a package for one of its variants: graphs that stock loaders look for as well, since
 * they are small; not the other variants, and not the adapters beside it, which are models of their own.
 */
export function packagePaths(
  { files }: OpenedSource,
  manifest: Manifest,
  kept: readonly string[],
): string[] {
  const own = manifest.variants.filter(({ id }) => kept.includes(id)).flatMap(variantFiles);
  const weights = own.map(({ path }) => path);
  const stock = weights.flatMap((path) => stockGraph(path)).filter((path) => files.has(path));
  const small = [...files.keys()].filter((path) => !path.includes('/') && path !== MANIFEST_FILE);
  return [...new Set([...small, ...stock, ...weights])];
}

/** `x_ports.onnx` takes an adapter; `x.onnx` beside it is the same without. */
function stockGraph(path: string): string[] {
  return path.endsWith('_ports.onnx') ? [path.replace(/_ports\.onnx$/u, '.onnx')] : [];
}

/** Hashes by path, as the manifest promises them. */
export function packageHashes(manifest: Manifest): Map<string, string> {
  const files = manifest.variants.flatMap(variantFiles);
  return new Map(files.map(({ path, sha256 }) => [path, sha256]));
}
