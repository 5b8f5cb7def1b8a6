/** A checkpoint, an adapter or ONNX files → a package in this browser's storage. */
import { readAdapter } from '../src/checkpoint/adapter.ts';
import type { FileSet } from '../src/checkpoint/byte-source.ts';
import { tasksOfHead } from '../src/domain/head-tasks.ts';
import type { Preflight } from '../src/domain/preflight.ts';
import type { BuildOrder } from '../src/engine/builder.ts';
import type { Tell } from '../src/engine/build-channel.ts';
import type { Manifest } from '../src/graph/manifest.ts';
import { buildPackage, type PackageOptions, type PackageSink } from '../src/graph/package.ts';
import { openSource } from '../src/sources/open.ts';
import type { OpenedSource } from '../src/sources/opened.ts';
import type { Origin } from '../src/sources/origin.ts';
import { storyOfMerged, storyOfModel } from '../src/sources/package-story.ts';
import { withBrought, withTokenizer } from '../src/sources/tokenizer-files.ts';
import type { DownloadStore } from '../src/storage/downloads.ts';
import type { PackageStore, StoredPackage, StoredVariant } from '../src/storage/packages.ts';
import { BuildMeter } from './build-meter.ts';
import {
  copyAdapter,
  copyOnnx,
  copyPackage,
  variantsOf,
  type Built,
  type Variants,
} from './copies.ts';
import { fetchParts, resumable, type Fetched } from './fetched.ts';
import { mergedFacts } from './merged-facts.ts';
import { packageId } from './package-id.ts';
import { partsOf } from './parts.ts';
import { takeTurn } from './turn.ts';

export async function build(
  order: BuildOrder,
  store: PackageStore,
  tell: Tell,
  signal: AbortSignal,
  downloads: DownloadStore | null = null,
): Promise<StoredPackage> {
  const opened = await openSource(pinned(order.origin, order.preflight), signal);
  const id = await packageId(opened, order, signal);
  const again = resumable(order);
  if (opened.pinned === null || downloads === null || again === undefined) {
    return buildFrom({ order, id, opened, base: null, how: 'local' }, store, tell, signal);
  }
  const turn = await takeTurn(id, downloads, tell, signal);
  try {
    const there = turn.waited ? await builtElsewhere(store, id) : null;
    if (there !== null) return there;
    const job = { id, name: order.name, variants: order.variants, adapter: again };
    const parts = await partsOf(order, opened, signal);
    const need = neededBytes(order);
    const fetched = await fetchParts(job, parts, need, downloads, turn.tell, signal);
    const [own = opened, base = null] = fetched.opened;
    const inputs = { order, id, opened: own, base, how: fetched.how };
    const entry = await buildFrom(inputs, store, turn.tell, signal);
    // The package is there: what resists being removed is shown as left over.
    await downloads.remove(id).catch(() => undefined);
    return entry;
  } finally {
    turn.end();
  }
}

/** What the tab that was at work left. */
async function builtElsewhere(store: PackageStore, id: string): Promise<StoredPackage | null> {
  return (await store.list()).find((entry) => entry.id === id) ?? null;
}

interface Inputs extends Pick<Fetched, 'how'> {
  readonly order: BuildOrder;
  readonly id: string;
  readonly opened: OpenedSource;
  /** What an adapter is merged into, where it was opened already. */
  readonly base: OpenedSource | null;
}

async function buildFrom(
  inputs: Inputs,
  store: PackageStore,
  tell: Tell,
  signal: AbortSignal,
): Promise<StoredPackage> {
  const { order, id, opened, how } = inputs;
  const streamed = opened.kind === 'hub' && (how === 'streamed' || how === 'local');
  const noted: Tell = (progress) => tell({ ...progress, note: 'streamed' });
  const meter = new BuildMeter({
    reading: streamed ? 'download' : 'read',
    totalBytes: order.preflight.readBytes,
    tell: how === 'streamed' ? noted : tell,
    now: () => performance.now(),
  });
  const draft = await store.draft(id, neededBytes(order));
  try {
    const read = { ...opened, files: meter.reading(opened.files) };
    const { variants, facts, verified } = await write(
      { ...inputs, opened: read },
      meter.writing(draft),
      signal,
    );
    const whole = how === 'checked' || verified === true;
    const integrity = whole ? { integrity: { status: 'verified' as const, at: Date.now() } } : {};
    const entry = { ...entryOf(order, id, variants), ...facts, ...integrity };
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
  const isCopied = preflight.kind === 'onnx' || preflight.kind === 'package';
  if (adapter?.kind === 'stays' || isCopied) return preflight.readBytes;
  return preflight.variants
    .filter(({ id }) => variants.includes(id))
    .reduce((sum, { storedBytes }) => sum + storedBytes, 0);
}

async function write(
  { order, opened, base }: Inputs,
  sink: PackageSink,
  signal: AbortSignal,
): Promise<Built> {
  const { adapter, name, preflight } = order;
  const { files } = opened;
  if (preflight.kind === 'package') return copyPackage(order, opened, sink, signal);
  if (preflight.kind === 'onnx') return { variants: await copyOnnx(order, files, sink, signal) };
  if (adapter?.kind === 'merged') {
    const under = base ?? (await openSource(adapter.base, signal));
    return writeMerged(order, under, opened, sink, signal);
  }
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

/** The base's weights with the adapter in them; what the adapter brings of its own goes first. */
async function writeMerged(
  order: BuildOrder,
  opened: OpenedSource,
  own: OpenedSource,
  sink: PackageSink,
  signal: AbortSignal,
): Promise<Built> {
  const adapter = await readAdapter(own.files, signal);
  const story = await storyOfMerged(own, opened, order.name, signal);
  const files = withBrought(opened.files, own.files);
  const manifest = await writeModel(order, files, sink, signal, { adapter, story, ports: false });
  const facts = await mergedFacts(manifest, files, story, signal);
  return { variants: variantsOf(manifest), facts };
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
