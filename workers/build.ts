/** A checkpoint, an adapter or ONNX files → a package in this browser's storage. */
import { readAdapter } from '../src/checkpoint/adapter.ts';
import type { FileSet } from '../src/checkpoint/byte-source.ts';
import { requireFile } from '../src/checkpoint/json-file.ts';
import { refuse } from '../src/domain/failure.ts';
import { tasksOfHead } from '../src/domain/head-tasks.ts';
import type { Preflight } from '../src/domain/preflight.ts';
import type { BuildOrder } from '../src/engine/builder.ts';
import type { Tell } from '../src/engine/build-channel.ts';
import { variantBytes } from '../src/graph/manifest.ts';
import {
  buildPackage,
  copyFile,
  type PackageOptions,
  type PackageSink,
} from '../src/graph/package.ts';
import { onnxDtypeFor } from '../src/sources/onnx-folder.ts';
import { openSource } from '../src/sources/open.ts';
import type { OpenedSource } from '../src/sources/opened.ts';
import type { Origin } from '../src/sources/origin.ts';
import { storyOfMerged, storyOfModel } from '../src/sources/package-story.ts';
import { withBrought, withTokenizer } from '../src/sources/tokenizer-files.ts';
import type { PackageStore, StoredPackage } from '../src/storage/packages.ts';
import { BuildMeter } from './build-meter.ts';
import { packageId } from './package-id.ts';

type Variants = StoredPackage['variants'];

export async function build(
  order: BuildOrder,
  store: PackageStore,
  tell: Tell,
  signal: AbortSignal,
): Promise<StoredPackage> {
  const { preflight } = order;
  const opened = await openSource(pinned(order.origin, preflight), signal);
  const id = await packageId(opened, order, signal);
  const meter = new BuildMeter({
    reading: opened.kind === 'hub' ? 'download' : 'read',
    totalBytes: preflight.readBytes,
    tell,
    now: () => performance.now(),
  });
  const draft = await store.draft(id, neededBytes(order));
  try {
    const read = { ...opened, files: meter.reading(opened.files) };
    const variants = await write(order, read, meter.writing(draft), signal);
    const entry = entryOf(order, id, variants);
    await draft.commit(entry);
    return entry;
  } finally {
    await draft.abandon();
  }
}

/** The commit that was inspected, whatever the branch points to by now. */
function pinned(origin: Origin, { origin: seen }: Preflight): Origin {
  if (origin.kind !== 'hub' || seen.repo === null || seen.commit === null) return origin;
  return { ...origin, repo: seen.repo, revision: seen.commit };
}

function neededBytes({ preflight, variants, adapter }: BuildOrder): number {
  if (adapter?.kind === 'stays' || preflight.kind === 'onnx') return preflight.readBytes;
  return preflight.variants
    .filter(({ id }) => variants.includes(id))
    .reduce((sum, { storedBytes }) => sum + storedBytes, 0);
}

async function write(
  order: BuildOrder,
  opened: OpenedSource,
  sink: PackageSink,
  signal: AbortSignal,
): Promise<Variants> {
  const { adapter, name } = order;
  const { files } = opened;
  if (order.preflight.kind === 'onnx') return copyOnnx(order, files, sink, signal);
  if (adapter === null) {
    const story = await storyOfModel(opened, name, signal);
    return writeModel(order, files, sink, signal, { story });
  }
  if (adapter.kind === 'stays') return copyAdapter(files, sink, signal);
  return writeMerged(order, adapter.base, opened, sink, signal);
}

async function writeModel(
  { variants }: BuildOrder,
  files: FileSet,
  sink: PackageSink,
  signal: AbortSignal,
  more: Pick<PackageOptions, 'story' | 'adapter'> & { ports?: boolean },
): Promise<Variants> {
  const options = { variants, ports: true, logits: 'last', ...more } as const;
  const manifest = await buildPackage(await withTokenizer(files, signal), options, sink, signal);
  return manifest.variants.map((variant) => ({ id: variant.id, bytes: variantBytes(variant) }));
}

/** The base's weights with the adapter in them; what the adapter brings of its own goes first. */
async function writeMerged(
  order: BuildOrder,
  base: Origin,
  own: OpenedSource,
  sink: PackageSink,
  signal: AbortSignal,
): Promise<Variants> {
  const opened = await openSource(base, signal);
  const adapter = await readAdapter(own.files, signal);
  const story = await storyOfMerged(own, opened, order.name, signal);
  const files = withBrought(opened.files, own.files);
  return writeModel(order, files, sink, signal, { adapter, story, ports: false });
}

const ADAPTER_FILES = [
  'adapter_config.json',
  'adapter_model.safetensors',
  'adapter_model.bin',
  'chat_template.jinja',
  'tokenizer_config.json',
] as const;

/** Kept as it came: it is read when it is laid over its base. */
async function copyAdapter(
  files: FileSet,
  sink: PackageSink,
  signal: AbortSignal,
): Promise<Variants> {
  await readAdapter(files, signal);
  const bytes = await copyAll(files, ADAPTER_FILES, sink, signal);
  return [{ id: 'cpu8', bytes }];
}

/** Of a model that is ONNX already: one dtype, and everything that is small. */
async function copyOnnx(
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
  const small = [...files.keys()].filter((path) => SMALL.test(path));
  const bytes = await copyAll(files, [...small, ...chosen.files], sink, signal);
  return [{ id, bytes }];
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

function entryOf(order: BuildOrder, id: string, variants: Variants): StoredPackage {
  const { preflight, name, adapter } = order;
  const { head, labels, chatTemplate } = preflight;
  const now = Date.now();
  return {
    id,
    name,
    origin: preflight.origin,
    runtime: preflight.kind === 'onnx' ? 'transformers' : 'patio',
    family: preflight.family ?? preflight.modelType ?? '',
    head: head ?? '',
    tasks: tasksOfHead(head ?? '', labels, chatTemplate),
    prompting: chatTemplate ? 'chat' : 'completion',
    labels,
    prefixes: preflight.prefixes,
    parameters: preflight.parameters ?? 0,
    contextTokens: preflight.contextTokens ?? 0,
    license: preflight.license,
    languages: preflight.languages,
    base: preflight.base?.name ?? null,
    variants,
    adapterOf: adapter?.kind === 'stays' ? adapter.base.id : null,
    check: { status: 'unchecked' },
    addedAt: now,
    usedAt: now,
  };
}
