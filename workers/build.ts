/** A checkpoint, an adapter or ONNX files → a package in this browser's storage. */
import { readAdapter } from '../src/checkpoint/adapter.ts';
import type { FileSet } from '../src/checkpoint/byte-source.ts';
import { requireFile } from '../src/checkpoint/json-file.ts';
import { refuse } from '../src/domain/failure.ts';
import { tasksOfHead } from '../src/domain/head-tasks.ts';
import type { Preflight } from '../src/domain/preflight.ts';
import type { BuildOrder } from '../src/engine/builder.ts';
import type { Tell } from '../src/engine/build-channel.ts';
import { variantBytes, type Manifest } from '../src/graph/manifest.ts';
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
import type { PackageStore, StoredPackage, StoredVariant } from '../src/storage/packages.ts';
import { BuildMeter } from './build-meter.ts';
import { mergedFacts, type MergedFacts } from './merged-facts.ts';
import { packageId } from './package-id.ts';

type Variants = StoredPackage['variants'];

/** What was written and, of a merged adapter, what came of it. */
interface Built {
  readonly variants: Variants;
  readonly facts?: MergedFacts;
}

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
    const { variants, facts } = await write(order, read, meter.writing(draft), signal);
    const entry = { ...entryOf(order, id, variants), ...facts };
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
): Promise<Built> {
  const { adapter, name, preflight } = order;
  const { files } = opened;
  if (preflight.kind === 'onnx') return { variants: await copyOnnx(order, files, sink, signal) };
  if (adapter?.kind === 'merged') return writeMerged(order, adapter.base, opened, sink, signal);
  if (adapter?.kind === 'stays') return { variants: await copyAdapter(files, sink, signal) };
  const story = await storyOfModel(opened, name, signal);
  const manifest = await writeModel(order, files, sink, signal, { story });
  return { variants: variantsOf(manifest) };
}

async function writeModel(
  { variants }: BuildOrder,
  files: FileSet,
  sink: PackageSink,
  signal: AbortSignal,
  more: Pick<PackageOptions, 'story' | 'adapter'> & { ports?: boolean },
): Promise<Manifest> {
  const options = { variants, ports: true, logits: 'last', ...more } as const;
  return buildPackage(await withTokenizer(files, signal), options, sink, signal);
}

function variantsOf({ variants }: Manifest): Variants {
  return variants.map((variant) => ({ id: variant.id, bytes: variantBytes(variant) }));
}

/** The base's weights with the adapter in them; what the adapter brings of its own goes first. */
async function writeMerged(
  order: BuildOrder,
  base: Origin,
  own: OpenedSource,
  sink: PackageSink,
  signal: AbortSignal,
): Promise<Built> {
  const opened = await openSource(base, signal);
  const adapter = await readAdapter(own.files, signal);
  const story = await storyOfMerged(own, opened, order.name, signal);
  const files = withBrought(opened.files, own.files);
  const manifest = await writeModel(order, files, sink, signal, { adapter, story, ports: false });
  const facts = await mergedFacts(manifest, files, story, signal);
  return { variants: variantsOf(manifest), facts };
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

/** What the preflight counted when it laid the graph out. */
function withLargest(variant: StoredVariant, { variants }: Preflight): StoredVariant {
  const bytes = variants.find(({ id }) => id === variant.id)?.largestWeightBytes;
  return bytes === undefined ? variant : { ...variant, largestWeightBytes: bytes };
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
    variants: variants.map((variant) => withLargest(variant, preflight)),
    adapterOf: adapter?.kind === 'stays' ? adapter.base.id : null,
    check: { status: 'unchecked' },
    addedAt: now,
    usedAt: now,
  };
}
