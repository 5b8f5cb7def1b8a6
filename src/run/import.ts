import * as v from 'valibot';
import type { Failure } from '../domain/failure.ts';
import { variablesOf, type Experiment } from './experiment.ts';
import { LIMITS } from './limits.ts';
import { grid } from './plan.ts';
import { RECORD_FORMAT, RECORD_VERSION, type RunRecord } from './record.ts';
import { experimentSchema, recordSchema } from './schema.ts';

export type Parsed =
  | { readonly ok: true; readonly record: RunRecord }
  | { readonly ok: false; readonly failure: Failure };

/** Reads a run from a file. Nothing of it is trusted: every field is held against its shape and limits. */
export function parseRecord(text: string): Parsed {
  if (text.length > LIMITS.fileChars) return refused(damaged('file too large'));
  const parsed = parseJson(text);
  if (!parsed.ok) {
    return refused(looksLikeOurs(text) ? damaged(parsed.detail) : { code: 'record-foreign' });
  }
  return checkRecord(parsed.value);
}

/** The same for a value that lies inside another file. */
export function checkRecord(value: unknown): Parsed {
  const failure = stampFailure(value);
  if (failure) return refused(failure);
  const result = v.safeParse(recordSchema, value);
  if (!result.success) return refused(damaged(describe(result.issues[0])));
  const fault = inconsistency(result.output);
  return fault === null ? { ok: true, record: result.output } : refused(damaged(fault));
}

/** Whether a value says of itself that it is a record of this version: null, or why it is not. */
export function stampFailure(value: unknown): Failure | null {
  const stamp = v.safeParse(stampSchema, value);
  if (!stamp.success) return { code: 'record-foreign' };
  const { version } = stamp.output;
  if (version === RECORD_VERSION) return null;
  return typeof version === 'number' && version > RECORD_VERSION
    ? { code: 'record-newer', version }
    : damaged(`version: ${String(version).slice(0, 20)}`);
}

/** An experiment kept by the page itself; null where it is not one. */
export function parseExperiment(text: string): Experiment | null {
  const parsed = parseJson(text);
  const result = v.safeParse(experimentSchema, parsed.ok ? parsed.value : null);
  return result.success ? result.output : null;
}

const stampSchema = v.object({
  format: v.literal(RECORD_FORMAT),
  version: v.optional(v.unknown()),
});

function parseJson(text: string): { ok: true; value: unknown } | { ok: false; detail: string } {
  try {
    return { ok: true, value: JSON.parse(text.replace(/^\uFEFF/u, '')) as unknown };
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message.slice(0, 200) : '' };
  }
}

/** A file of ours that was cut short still names its format near its beginning. */
function looksLikeOurs(text: string): boolean {
  return /"format"\s*:\s*"patio\.run"/u.test(text.slice(0, 200));
}

/** What no single field shows: the cells are those of the experiment, in its order. */
function inconsistency(record: RunRecord): string | null {
  const { experiment, voices, cells } = record;
  if (voices.length !== experiment.columns.length) return 'voices: one per column';
  if (cells.length !== cellCount(experiment)) return 'cells: one per row and column';
  const planned = grid(experiment).cells;
  const index = cells.findIndex((cell, at) => {
    const { id, row, column, prompt } = planned[at] ?? {};
    return (
      cell.id !== id ||
      cell.rowId !== row?.id ||
      cell.columnId !== column?.id ||
      cell.prompt !== prompt
    );
  });
  return index < 0 ? null : `cells.${String(index)}: not of this experiment`;
}

/** Counted before the grid is laid out, so that a small file cannot ask for a huge one. */
function cellCount({ prompts, columns }: Experiment): number {
  const rows = prompts.map((prompt) =>
    variablesOf(prompt).length === 0 ? 1 : Math.max(1, prompt.table.length),
  );
  return rows.reduce((sum, count) => sum + count, 0) * columns.length;
}

function describe(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  return `${path ?? 'record'}: ${issue.message}`.slice(0, 400);
}

function damaged(detail: string): Failure {
  return { code: 'record-damaged', detail };
}

function refused(failure: Failure): Parsed {
  return { ok: false, failure };
}
