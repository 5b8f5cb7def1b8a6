import type { Failure } from '../domain/failure.ts';
import type { RunRecord, RunSummary } from '../run/record.ts';

/** What became of a request to storage: expected errors are values. */
export type Stored<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

/** Where runs are kept. No method throws. */
export interface RunStorage {
  /** Newest first. */
  list(): Promise<Stored<readonly RunSummary[]>>;
  /** null where there is none of that id. */
  get(id: string): Promise<Stored<RunRecord | null>>;
  /** Replaces a record of the same id. */
  put(record: RunRecord): Promise<Stored<null>>;
  /** A no-op where there is none of that id. */
  remove(id: string): Promise<Stored<null>>;
}

export function newestFirst(summaries: readonly RunSummary[]): RunSummary[] {
  return [...summaries].sort((a, b) => b.createdAt - a.createdAt || a.id.localeCompare(b.id));
}
