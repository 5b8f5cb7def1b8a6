/** One model in memory, whatever its kind. */
import type { AdapterEntry } from '../src/domain/model.ts';
import type { GraphRole } from '../src/graph/architecture.ts';
import type { Conditions } from '../src/run/cell.ts';
import type { Batch } from '../src/run/plan.ts';
import type { PackageStore } from '../src/storage/packages.ts';
import { threadCount } from './device.ts';
import type { OnLoading } from './kept.ts';
import { fetchLettering } from './lettering.ts';
import { LoadedDecoder } from './loaded-decoder.ts';
import { packageFiles, type PackageFiles } from './package-files.ts';
import { fetchManifest, fetchVariant, type GraphFiles, type OnBytes } from './package.ts';
import { loadRuntime } from './runtime.ts';

/** What a batch needs of a place to run. */
export type Place = Pick<Batch, 'model' | 'variant' | 'backend'>;

export type LoadedModel = LoadedDecoder;

/** Runtime and files come in parallel; the session needs both. */
export async function loadModel(
  place: Place,
  store: () => PackageStore,
  signal: AbortSignal,
  onLoading: OnLoading,
): Promise<LoadedModel> {
  const { backend, variant, model } = place;
  const threads = threadCount();
  onLoading('runtime', 0, 0);
  const [runtime, loaded] = await Promise.all([
    loadRuntime(backend, threads),
    fetchPackage(packageFiles(model.source, store), place, signal, onLoading),
  ]);
  onLoading('session', 0, 0);
  const { manifest, graphs, lettering } = loaded;
  const recurrent = manifest.model.states.map(({ present }) => present);
  const open = (role: GraphRole) => runtime.open({ ...graphOf(graphs, role), recurrent });
  const conditions: Omit<Conditions, 'seed'> = { backend, variant, threads };
  const filesOf = (adapter: AdapterEntry) => packageFiles(adapter.source, store);
  return new LoadedDecoder({
    manifest,
    session: await open('model'),
    lettering,
    conditions,
    filesOf,
  });
}

type Graphs = ReadonlyMap<GraphRole, GraphFiles>;

function graphOf(graphs: Graphs, role: GraphRole): GraphFiles {
  const files = graphs.get(role);
  if (files === undefined) throw new TypeError(`the package has no ${role} graph`);
  return files;
}

async function fetchPackage(
  files: PackageFiles,
  { variant }: Place,
  signal: AbortSignal,
  onLoading: OnLoading,
) {
  const manifest = await fetchManifest(files, signal);
  const onBytes: OnBytes = (loaded, total) => onLoading('weights', loaded, total);
  const [graphs, lettering] = await Promise.all([
    fetchVariant(files, manifest, variant, signal, onBytes),
    fetchLettering(files, manifest, signal),
  ]);
  return { manifest, graphs, lettering };
}
