/** One model in memory, whatever its kind and whatever runs it. */
import type { AdapterEntry } from '../src/domain/model.ts';
import type { CellEvent } from '../src/engine/engine.ts';
import type { GraphRole } from '../src/graph/architecture.ts';
import type { Manifest } from '../src/graph/manifest.ts';
import type { Conditions } from '../src/run/cell.ts';
import type { Batch } from '../src/run/plan.ts';
import type { PackageStore } from '../src/storage/packages.ts';
import type { CheckName } from './checks.ts';
import type { Controls } from './controls.ts';
import { threadCount } from './device.ts';
import type { OnLoading } from './kept.ts';
import { fetchLettering, type PackageLettering } from './lettering.ts';
import { LoadedDecoder } from './loaded-decoder.ts';
import { LoadedEncoder } from './loaded-encoder.ts';
import { LoadedSeq2Seq, fetchGeneration } from './loaded-seq2seq.ts';
import { packageFiles, type PackageFiles } from './package-files.ts';
import { fetchManifest, fetchVariant, type GraphFiles, type OnBytes } from './package.ts';
import { withinOneTensor } from './pace.ts';
import { loadRuntime, type Runtime, type SessionFiles } from './runtime.ts';
import type { GraphSession } from './session.ts';

/** What a batch needs of a place to run. */
export type Place = Pick<Batch, 'model' | 'variant' | 'backend'>;
/** A voice of the model: alone, or with an adapter. */
export type Asked = Pick<Batch, 'model' | 'adapter'>;

export interface RunContext {
  readonly signal: AbortSignal;
  /** Told of an adapter that has to be fetched. */
  readonly onLoading: OnLoading;
  readonly controls: Controls;
  readonly emit: (event: CellEvent) => void;
}

export interface LoadedModel {
  /** Each cell of the batch gets its last event, unless this throws. */
  run(batch: Batch, context: RunContext): Promise<void>;
  /** Gets an adapter ready before it is asked for; of no effect where there is none. */
  prepare?(asked: Asked, signal: AbortSignal): Promise<void>;
  /** Names of what the model gets wrong about itself. */
  check(asked: Asked, signal: AbortSignal): Promise<CheckName[]>;
  /** What it scores for a text of ours. */
  sample(asked: Asked, signal: AbortSignal): Promise<readonly Float32Array[]>;
}

type Setting = Omit<Conditions, 'seed'>;
type Store = () => PackageStore;

export async function loadModel(
  place: Place,
  store: Store,
  signal: AbortSignal,
  onLoading: OnLoading,
): Promise<LoadedModel> {
  const { backend, variant, model } = place;
  const setting = { backend, variant, threads: threadCount() };
  const files = packageFiles(model.source, store);
  onLoading('runtime', 0, 0);
  return model.runtime === 'patio'
    ? loadOwn(files, setting, store, signal, onLoading)
    : loadMade(place, files, setting, store, signal, onLoading);
}

/**
 * What runs a model comes while its files do. Decoders on the CPU are for the kernels, and
 * onnxruntime-web is fetched only if one asks for what they do not have.
 */
async function loadOwn(
  files: PackageFiles,
  setting: Setting,
  store: Store,
  signal: AbortSignal,
  onLoading: OnLoading,
): Promise<LoadedModel> {
  const runtime = once(() => loadRuntime(setting.backend, setting.threads));
  if (setting.backend === 'gpu') begin(runtime);
  const manifest = await fetchManifest(files, signal);
  const isForKernels = setting.backend === 'cpu' && manifest.kind === 'decoder';
  begin(isForKernels ? loadKernels : runtime);
  const { graphs, lettering } = await fetchPackage(files, manifest, setting, signal, onLoading);
  const open = (role: GraphRole) => openGraph(runtime, manifest, graphs, role, signal);
  if (manifest.kind === 'encoder')
    return encoder(manifest, await open('model'), lettering, setting);
  if (manifest.kind === 'encoder-decoder') {
    const settings = await fetchGeneration(files, manifest, signal);
    const [reader, writer] = [await open('encoder'), await open('decoder')];
    const sessions = { encoder: reader, decoder: writer };
    return new LoadedSeq2Seq({ manifest, ...sessions, lettering, settings, conditions: setting });
  }
  const session =
    (isForKernels ? await openInKernels(manifest, graphs, setting, signal) : null) ??
    (await open('model'));
  return new LoadedDecoder({
    manifest: { ...manifest, model: withinOneTensor(manifest.model, session) },
    session,
    lettering,
    conditions: asRun(setting, session),
    keepsRowsApart: !sharesScales(graphs),
    filesOf: (adapter: AdapterEntry) => packageFiles(adapter.source, store),
  });
}

/** As it truly runs. Memory grows while a model works: each answer tells how much it was when it began. */
function asRun(given: Setting, session: GraphSession): Setting {
  const setting = { ...given, threads: session.threads ?? given.threads };
  if (session.memoryBytes === undefined) return setting;
  return {
    ...setting,
    get memoryBytes() {
      return session.memoryBytes ?? 0;
    },
  };
}

const loadKernels = () => import('./kernels/open.ts');

/** Null where the graph asks for what the kernels do not have. */
async function openInKernels(
  manifest: Manifest,
  graphs: Graphs,
  { threads }: Setting,
  signal: AbortSignal,
): Promise<GraphSession | null> {
  const { programOf, openProgram } = await loadKernels();
  const files = sessionFiles(manifest, graphs, 'model');
  const program = programOf(files.model);
  return program && openProgram(program, files, threads, signal);
}

/** Starts what will be awaited later, where its failure is heard. */
function begin(work: () => Promise<unknown>): void {
  work().catch(() => undefined);
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let started: Promise<T> | undefined;
  return () => (started ??= work());
}

/** Packages of earlier days: products that round all rows of a run by one scale. */
function sharesScales(graphs: Graphs): boolean {
  const nodes = new TextDecoder('latin1').decode(graphs.get('model')?.model);
  return nodes.includes('DynamicQuantizeMatMul');
}

function encoder(
  { head, model }: Manifest,
  session: GraphSession,
  { codec }: PackageLettering,
  conditions: Setting,
): LoadedEncoder {
  const { inputs } = session;
  return new LoadedEncoder({ kind: 'encoder', session, head, model, codec, inputs, conditions });
}

/** The library comes only where a model needs it. */
async function loadMade(
  { model }: Place,
  files: PackageFiles,
  setting: Setting,
  store: Store,
  signal: AbortSignal,
  onLoading: OnLoading,
): Promise<LoadedModel> {
  const [{ LoadedForeign, readForeign }, { loadForeign }] = await Promise.all([
    import('./loaded-foreign.ts'),
    import('./transformers.ts'),
  ]);
  const facts = await readForeign(files, signal);
  const listed = model.source.kind === 'stored' ? await store().files(model.source.id) : [];
  const paths = listed.map(({ path }) => path);
  onLoading('session', 0, 0);
  const head = facts.head.kind;
  const loaded = await loadForeign(files, { ...setting, head, paths }, signal);
  const lettering = await fetchLettering(files, { tokenizer: paths }, signal);
  return new LoadedForeign({ ...facts, loaded, lettering, conditions: setting });
}

type Graphs = ReadonlyMap<GraphRole, GraphFiles>;

async function openGraph(
  runtime: () => Promise<Runtime>,
  manifest: Manifest,
  graphs: Graphs,
  role: GraphRole,
  signal: AbortSignal,
): Promise<GraphSession> {
  return (await runtime()).open(sessionFiles(manifest, graphs, role), signal);
}

function sessionFiles({ model }: Manifest, graphs: Graphs, role: GraphRole): SessionFiles {
  const files = graphs.get(role);
  if (files === undefined) throw new TypeError(`the package has no ${role} graph`);
  const recurrent = role === 'encoder' ? [] : model.states.map(({ present }) => present);
  return { ...files, recurrent };
}

async function fetchPackage(
  files: PackageFiles,
  manifest: Manifest,
  { variant }: Setting,
  signal: AbortSignal,
  onLoading: OnLoading,
) {
  const onBytes: OnBytes = (loaded, total) => {
    onLoading('weights', loaded, total);
    if (loaded === total) onLoading('session', 0, 0);
  };
  const [graphs, lettering] = await Promise.all([
    fetchVariant(files, manifest, variant, signal, onBytes),
    fetchLettering(files, manifest, signal),
  ]);
  return { graphs, lettering };
}
