import type { Failure } from '../domain/failure.ts';
import { parseRecord } from '../run/import.ts';
import { LIMITS } from '../run/limits.ts';
import type { RunRecord, RunSummary } from '../run/record.ts';
import type { RunStorage, Stored } from '../storage/runs.ts';
import type { ActiveRun } from './active-run.svelte.ts';
import type { Notices } from './notices.svelte.ts';

export interface HistoryDeps {
  readonly storage: RunStorage;
  readonly notices: Notices;
  /** The run on screen is its own writer, so that a title is never written over by an older one. */
  readonly active: Pick<ActiveRun, 'rename' | 'discard'>;
  readonly ids: () => string;
}

export type Imported =
  { readonly ok: true; readonly id: string } | { readonly ok: false; readonly failure: Failure };

/** Every run that was kept. A failure of storage becomes a notice. */
export class History {
  readonly #deps: HistoryDeps;
  #entries = $state.raw<readonly RunSummary[]>([]);
  #turn = 0;

  constructor(deps: HistoryDeps) {
    this.#deps = deps;
  }

  /** Newest first. */
  get entries(): readonly RunSummary[] {
    return this.#entries;
  }

  async refresh(): Promise<void> {
    const turn = ++this.#turn;
    const stored = await this.#deps.storage.list();
    // A later call has asked since, and knows better.
    if (turn === this.#turn) this.#entries = this.#valueOf(stored) ?? this.#entries;
  }

  /** null where there is none of that id, or it cannot be read. */
  async read(id: string): Promise<RunRecord | null> {
    return this.#valueOf(await this.#deps.storage.get(id));
  }

  /** A blank title changes nothing. */
  async rename(id: string, title: string): Promise<void> {
    const clean = title.trim().slice(0, LIMITS.titleChars);
    if (clean === '') return;
    if (!(await this.#deps.active.rename(id, clean))) {
      const record = await this.read(id);
      if (record) this.#valueOf(await this.#deps.storage.put({ ...record, title: clean }));
    }
    await this.refresh();
  }

  async remove(id: string): Promise<void> {
    await this.#deps.active.discard(id);
    this.#valueOf(await this.#deps.storage.remove(id));
    await this.refresh();
  }

  async put(record: RunRecord): Promise<Imported> {
    const stored = await this.#deps.storage.put(record);
    await this.refresh();
    return stored.ok ? { ok: true, id: record.id } : stored;
  }

  /** Keeps a run from a file. A file that was imported before is not kept twice. */
  async importText(text: string): Promise<Imported> {
    const parsed = parseRecord(text);
    if (!parsed.ok) return parsed;
    const { record } = parsed;
    const known = await this.#deps.storage.get(record.id);
    if (!known.ok || known.value === null) return this.put(record);
    if (JSON.stringify(known.value) === JSON.stringify(record)) return { ok: true, id: record.id };
    return this.put({ ...record, id: this.#deps.ids() });
  }

  #valueOf<T>(stored: Stored<T>): T | null {
    if (stored.ok) return stored.value;
    this.#deps.notices.push(stored.failure);
    return null;
  }
}
