import { toFailure, type Failure } from '../domain/failure.ts';
import { fit } from '../domain/device.ts';
import type {
  AdapterEntry,
  Catalogue,
  ExamplePrompt,
  ModelEntry,
  TaskId,
  VariantId,
  Voice,
} from '../domain/model.ts';
import { canStart, type Preflight } from '../domain/preflight.ts';
import type { BuildProgress } from '../domain/build.ts';
import type { AdapterPlan, Builder } from '../engine/builder.ts';
import type { Origin } from '../sources/origin.ts';
import { findModel } from '../domain/model.ts';
import { adapterEntryOf, entryId, modelEntryOf } from '../storage/entries.ts';
import type { DownloadStore, HalfDone } from '../storage/downloads.ts';
import type { PackageStore, StorageUsage, StoredPackage } from '../storage/packages.ts';
import type { DeviceState } from './device.svelte.ts';
import { adapterOf, originOf } from './half-done.ts';
import type { Notices } from './notices.svelte.ts';

/** A model on its way in: what was pointed to, what it is, what became of it. */
export type Arrival =
  | { readonly status: 'inspecting'; readonly origin: Origin }
  | { readonly status: 'inspected'; readonly origin: Origin; readonly preflight: Preflight }
  | { readonly status: 'refused'; readonly origin: Origin; readonly failure: Failure }
  | {
      readonly status: 'building';
      readonly origin: Origin;
      readonly preflight: Preflight;
      readonly progress: BuildProgress | null;
    }
  /** `failure` is the reason it was not built; the preflight stays, so that it can be tried again. */
  | {
      readonly status: 'failed';
      readonly origin: Origin;
      readonly preflight: Preflight;
      readonly failure: Failure;
    }
  | { readonly status: 'built'; readonly stored: StoredPackage };

export interface LibraryDeps {
  /** Comes with the app. */
  readonly bundled: Catalogue;
  readonly store: PackageStore;
  readonly builder: Builder;
  /** What is on its way or was left there; nothing is, without. */
  readonly downloads?: Pick<DownloadStore, 'list' | 'discard'>;
  readonly device: DeviceState;
  readonly notices: Notices;
  /** A stored package as a zip. */
  readonly zip: (stored: StoredPackage) => Promise<Blob>;
  /** Asks the browser not to throw away what is stored. */
  readonly persist: () => void;
  /** Hands a file to the person. */
  readonly save: (file: Blob, name: string) => void;
}

/** The models of this browser: those that come with the app, and those that a person brought. */
export class Library {
  readonly #deps: LibraryDeps;
  #stored = $state.raw<readonly StoredPackage[]>([]);
  #halves = $state.raw<readonly HalfDone[]>([]);
  #usage = $state.raw<StorageUsage | null>(null);
  #arrival = $state.raw<Arrival | null>(null);
  #work: AbortController | null = null;
  #loaded: Promise<void> | null = null;
  #exporting = $state.raw<string | null>(null);
  readonly #models: readonly ModelEntry[] = $derived(
    this.#stored.filter(({ adapterOf }) => adapterOf === null).map(modelEntryOf),
  );
  readonly #adapters: readonly AdapterEntry[] = $derived(
    this.#stored.filter(({ adapterOf }) => adapterOf !== null).map(adapterEntryOf),
  );
  /** One object for all of the page's life, whose lists grow. */
  readonly catalogue: Catalogue;

  constructor(deps: LibraryDeps) {
    this.#deps = deps;
    // Getters of an object literal have its own `this`.
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    const library = this;
    this.catalogue = {
      get models() {
        return [...deps.bundled.models, ...library.#models];
      },
      get adapters() {
        return [...deps.bundled.adapters, ...library.#adapters];
      },
      get examples(): readonly ExamplePrompt[] {
        return deps.bundled.examples;
      },
    };
  }

  /** What a person brought, last used first. */
  get stored(): readonly StoredPackage[] {
    return this.#stored;
  }

  /** Downloads that were begun and are not going on in this tab. */
  get halves(): readonly HalfDone[] {
    const own = this.#arrival?.status === 'building' ? this.#arrival.preflight.origin : null;
    return this.#halves.filter(({ job }) => job.repo !== own?.repo || job.commit !== own.commit);
  }

  /** null until it is known. */
  get usage(): StorageUsage | null {
    return this.#usage;
  }

  /** null where nothing is on its way. */
  get arrival(): Arrival | null {
    return this.#arrival;
  }

  /** Id of what is being exported. */
  get exporting(): string | null {
    return this.#exporting;
  }

  /** Models that take an adapter while they run. */
  get adaptable(): readonly ModelEntry[] {
    return this.catalogue.models.filter(
      ({ runtime, tasks }) => runtime === 'patio' && tasks.includes('text-generation'),
    );
  }

  /** The list of this browser, once in the page's life; until then the catalogue has only what came with the app. */
  load(): Promise<void> {
    return (this.#loaded ??= this.#attempt(() => this.#list()));
  }

  /** What is stored, and what was left half-way. */
  refresh(): Promise<void> {
    return this.#attempt(async () => {
      await this.#list();
      this.#halves = (await this.#deps.downloads?.list()) ?? [];
    });
  }

  async #list(): Promise<void> {
    this.#stored = await this.#deps.store.list();
    this.#usage = await this.#deps.store.usage();
  }

  /** What the browser refuses is said. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#deps.notices.push(toFailure(error));
    }
  }

  /** Reads what a model is; nothing is stored before `build`. Takes the place of what was on its way. */
  async inspect(origin: Origin): Promise<void> {
    const work = this.#begin();
    this.#arrival = { status: 'inspecting', origin };
    try {
      const device = await this.#deps.device.load();
      const preflight = await this.#deps.builder.inspect(origin, device, work.signal);
      this.#settle(work, { status: 'inspected', origin, preflight });
    } catch (error) {
      this.#settle(work, { status: 'refused', origin, failure: toFailure(error) });
    }
  }

  /** Builds what was inspected; a no-op where nothing was. */
  async build(options: {
    readonly name: string;
    readonly variants: readonly VariantId[];
    readonly adapter: AdapterPlan | null;
  }): Promise<void> {
    const arrival = this.#arrival;
    if (arrival?.status !== 'inspected' && arrival?.status !== 'failed') return;
    const { origin, preflight } = arrival;
    const work = this.#begin();
    this.#deps.persist();
    this.#arrival = { status: 'building', origin, preflight, progress: null };
    try {
      const device = await this.#deps.device.load();
      const onProgress = (progress: BuildProgress) => {
        if (this.#work === work)
          this.#arrival = { status: 'building', origin, preflight, progress };
      };
      const order = { origin, preflight, ...options };
      const stored = await this.#deps.builder.build(order, device, work.signal, onProgress);
      this.#settle(work, { status: 'built', stored });
    } catch (error) {
      if (work.signal.aborted) this.#settle(work, { status: 'inspected', origin, preflight });
      else this.#settle(work, { status: 'failed', origin, preflight, failure: toFailure(error) });
    } finally {
      await this.refresh();
    }
  }

  /** Looks again at what was left half-way, and goes on with it. */
  async resume({ job }: HalfDone): Promise<void> {
    const adapter = adapterOf(job, this.catalogue);
    if (adapter?.kind === 'missing') {
      return this.#deps.notices.push({ code: 'model-unknown', model: adapter.base });
    }
    await this.inspect(originOf(job, job.commit));
    const { name, variants } = job;
    const { arrival } = this;
    if (arrival?.status !== 'inspected' || !canStart(arrival.preflight)) return;
    await this.build({ name, variants, adapter });
  }

  /** Forgets what was fetched of a download that was left half-way. */
  async discard(id: string): Promise<void> {
    await this.#attempt(async () => this.#deps.downloads?.discard(id));
    await this.refresh();
  }

  /** Calls off what is being read or built; what was inspected stays on screen. */
  cancel(): void {
    const arrival = this.#arrival;
    this.#work?.abort();
    if (arrival?.status === 'inspecting') this.dismiss();
  }

  /** Takes the arrival off the screen. */
  dismiss(): void {
    this.#work?.abort();
    this.#work = null;
    this.#arrival = null;
  }

  /** Adapters of a removed model stay, and say that their base is missing. */
  remove(id: string): Promise<void> {
    return this.removeAll([id]);
  }

  async removeAll(ids: readonly string[]): Promise<void> {
    await this.#attempt(async () => {
      for (const id of ids) await this.#deps.store.remove(id);
      this.#deps.notices.say('deleted');
    });
    await this.refresh();
  }

  /** The voice of a stored package, to be asked in a column. */
  voiceOf({ id, adapterOf }: StoredPackage): Voice {
    return adapterOf === null
      ? { model: entryId(id), adapter: null }
      : { model: adapterOf, adapter: entryId(id) };
  }

  /** What it can be asked; an adapter, what its base can be. */
  tasksOf({ adapterOf, tasks }: StoredPackage): readonly TaskId[] {
    return adapterOf === null ? tasks : (findModel(this.catalogue, adapterOf)?.tasks ?? tasks);
  }

  /** The package as one file that stock loaders open once it is unpacked. */
  async exportZip(stored: StoredPackage): Promise<void> {
    this.#exporting = stored.id;
    try {
      this.#deps.save(await this.#deps.zip(stored), stored.name);
      this.#deps.notices.say('exported');
    } catch (error) {
      this.#deps.notices.push(toFailure(error));
    } finally {
      this.#exporting = null;
    }
  }

  /** Whether a stored model can run on this device; null until the device is known. */
  fits(stored: StoredPackage): boolean | null {
    const { device } = this.#deps.device;
    return device && fit(modelEntryOf(stored), device, 'auto').ok;
  }

  #begin(): AbortController {
    this.#work?.abort();
    this.#work = new AbortController();
    return this.#work;
  }

  /** Only the latest work has a word on the screen. */
  #settle(work: AbortController, arrival: Arrival): void {
    if (this.#work === work) this.#arrival = arrival;
  }
}
