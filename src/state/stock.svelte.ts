import { toFailure } from '../domain/failure.ts';
import type { Integrity, StoredPackage } from '../storage/packages.ts';
import type { Library } from './library.svelte.ts';
import type { Notices } from './notices.svelte.ts';

/** What the browser tells of its storage, and what can be asked of it. */
export interface Warehouse {
  /** Whether it keeps what is stored until a person deletes it; null where it does not say. */
  readonly persisted: () => Promise<boolean | null>;
  /** Asks for that. */
  readonly persist: () => Promise<boolean>;
  /** Bytes of the app itself, kept to work without network; null where it cannot be told. */
  readonly appBytes: () => Promise<number | null>;
  /** Reads every file of a package and holds it against its hash. */
  readonly verify: (
    id: string,
    signal: AbortSignal,
    onBytes: (doneBytes: number, totalBytes: number) => void,
  ) => Promise<Integrity>;
}

export interface StockDeps {
  readonly warehouse: Warehouse;
  readonly library: Library;
  readonly notices: Notices;
}

/** A package that is being read from its first to its last byte. */
export interface Verifying {
  readonly id: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** Everything that this browser keeps for Patio. */
export class Stock {
  readonly #deps: StockDeps;
  #persisted = $state.raw<boolean | null>(null);
  #refused = $state.raw(false);
  #appBytes = $state.raw<number | null>(null);
  #verifying = $state.raw<Verifying | null>(null);
  #work: AbortController | null = null;

  constructor(deps: StockDeps) {
    this.#deps = deps;
  }

  /** null where the browser does not say. */
  get persisted(): boolean | null {
    return this.#persisted;
  }

  /** It was asked to keep everything, and did not agree. */
  get refused(): boolean {
    return this.#refused;
  }

  get appBytes(): number | null {
    return this.#appBytes;
  }

  get verifying(): Verifying | null {
    return this.#verifying;
  }

  async refresh(): Promise<void> {
    const { warehouse, library } = this.#deps;
    await library.refresh();
    this.#persisted = await warehouse.persisted();
    this.#appBytes = await warehouse.appBytes();
  }

  async persist(): Promise<void> {
    const { warehouse } = this.#deps;
    this.#refused = !(await warehouse.persist());
    this.#persisted = await warehouse.persisted();
  }

  /** One after another; what is wrong is written into its entry. */
  async verify(packages: readonly StoredPackage[]): Promise<void> {
    this.#work?.abort();
    const work = new AbortController();
    this.#work = work;
    try {
      for (const { id } of packages) await this.#verifyOne(id, work.signal);
    } catch (error) {
      if (!work.signal.aborted) this.#deps.notices.push(toFailure(error));
    } finally {
      if (this.#work === work) this.#verifying = null;
      await this.#deps.library.refresh();
    }
  }

  cancel(): void {
    this.#work?.abort();
  }

  /** Every model that a person brought, and every download that was left. */
  async removeAll(): Promise<void> {
    const { library } = this.#deps;
    this.cancel();
    for (const { job } of library.halves) await library.discard(job.id);
    await library.removeAll(library.stored.map(({ id }) => id));
    await this.refresh();
  }

  async #verifyOne(id: string, signal: AbortSignal): Promise<void> {
    this.#verifying = { id, doneBytes: 0, totalBytes: 0 };
    await this.#deps.warehouse.verify(id, signal, (doneBytes, totalBytes) => {
      if (!signal.aborted) this.#verifying = { id, doneBytes, totalBytes };
    });
    await this.#deps.library.refresh();
  }
}
