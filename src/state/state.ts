import type { Catalogue } from '../domain/model.ts';
import type { Builder } from '../engine/builder.ts';
import type { Engine, Preparing, Tunable } from '../engine/engine.ts';
import type { DownloadStore } from '../storage/downloads.ts';
import type { PackageStore, StoredPackage } from '../storage/packages.ts';
import type { RunStorage } from '../storage/runs.ts';
import type { SmallStorage } from '../storage/settings.ts';
import { ActiveRun } from './active-run.svelte.ts';
import { DeviceState } from './device.svelte.ts';
import { History } from './history.svelte.ts';
import { Lab, type Later } from './lab.svelte.ts';
import { Library } from './library.svelte.ts';
import { Notices } from './notices.svelte.ts';
import type { Schedule } from './painter.ts';
import { SelfTest, type Measure } from './self-test.ts';
import { Settings } from './settings.svelte.ts';
import { Stock, type Warehouse } from './stock.svelte.ts';

export interface Bench {
  readonly measure: Measure;
  /** The browser, with its version. */
  readonly agent: string;
  readonly cores: number;
  /** Somebody is looking, and the files can be had. */
  readonly isAttended: () => boolean;
}

/** Everything the page must be given from outside. */
export interface StateDeps {
  readonly engine: Engine & Partial<Tunable & Preparing>;
  /** What measuring this machine takes; nothing is measured without. */
  readonly bench?: Bench;
  /** What comes with the app. */
  readonly bundled: Catalogue;
  readonly packages: PackageStore;
  readonly builder: Builder;
  /** Absent in demonstrations, where nothing is fetched. */
  readonly downloads?: Pick<DownloadStore, 'list' | 'discard'>;
  /** Absent where there is no storage of a browser to tell of. */
  readonly warehouse?: Warehouse;
  readonly zip: (stored: StoredPackage) => Promise<Blob>;
  readonly save: (file: Blob, name: string) => void;
  readonly persist: () => void;
  /** @param notices where a storage that falls back to memory says so */
  readonly runs: (notices: Notices) => RunStorage;
  readonly small: SmallStorage;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Letters, digits, `-` and `_`; never the same twice. */
  readonly ids: () => string;
  readonly schedule: Schedule;
  readonly later: Later;
}

export interface State {
  readonly notices: Notices;
  readonly settings: Settings;
  readonly device: DeviceState;
  readonly lab: Lab;
  readonly run: ActiveRun;
  readonly history: History;
  readonly library: Library;
  readonly stock: Stock;
  /** The models that come with the app and those that a person brought. */
  readonly catalogue: Catalogue;
  readonly bundled: Catalogue;
  readonly selfTest: SelfTest | null;
}

export function createState(deps: StateDeps): State {
  const { bench, bundled, small, ids } = deps;
  const notices = new Notices();
  const storage = deps.runs(notices);
  const device = new DeviceState(deps.engine, bench ? { ...bench, small } : null);
  const library = new Library({
    bundled,
    store: deps.packages,
    builder: deps.builder,
    ...(deps.downloads ? { downloads: deps.downloads } : {}),
    device,
    notices,
    zip: deps.zip,
    save: deps.save,
    persist: deps.persist,
  });
  const { catalogue } = library;
  const stock = new Stock({ library, notices, warehouse: deps.warehouse ?? NO_WAREHOUSE });
  const selfTest = bench ? testWith(bench, { ...deps, device, notices, library }) : null;
  const engine = selfTest?.yieldingTo(deps.engine) ?? deps.engine;
  const onSaved = () => void history.refresh();
  const stocked = () => library.load();
  const run = new ActiveRun({
    ...deps,
    engine,
    ahead: deps.engine,
    catalogue,
    stocked,
    device,
    storage,
    notices,
    onSaved,
  });
  const history = new History({ storage, notices, active: run, ids });
  const settings = new Settings(small, notices);
  const lab = new Lab({ catalogue, storage: small, ids, later: deps.later });
  return {
    notices,
    settings,
    device,
    lab,
    run,
    history,
    library,
    stock,
    catalogue,
    bundled,
    selfTest,
  };
}

const NO_WAREHOUSE: Warehouse = {
  persisted: () => Promise.resolve(null),
  persist: () => Promise.resolve(false),
  appBytes: () => Promise.resolve(null),
  verify: () => Promise.resolve({ status: 'damaged', at: 0, files: [] }),
};

type TestDeps = Pick<State, 'device' | 'notices' | 'library'> &
  Pick<StateDeps, 'bundled' | 'later'>;

function testWith(bench: Bench, deps: TestDeps): SelfTest {
  const isBuilding = () => deps.library.arrival?.status === 'building';
  const isFree = () => bench.isAttended() && !isBuilding();
  return new SelfTest({ ...bench, ...deps, isFree });
}
