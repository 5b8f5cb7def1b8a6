import { fit, type Backend, type Device } from '../domain/device.ts';
import type { Failure } from '../domain/failure.ts';
import {
  findAdapter,
  findModel,
  type AdapterEntry,
  type Catalogue,
  type ModelEntry,
  type VariantId,
} from '../domain/model.ts';
import { sameBatchParams, withOverrides, type Params } from '../domain/params.ts';
import { expand, missingValues } from '../domain/prompt.ts';
import type { CellId } from './cell.ts';
import { rowsOf, type Column, type Experiment, type Row } from './experiment.ts';

/** One self-contained cell of work. */
export interface Job {
  readonly cell: CellId;
  readonly prompt: string;
  readonly seed: number;
}

/** The jobs that share one model, one adapter and one set of parameters: what an engine runs at once. */
export interface Batch {
  readonly model: ModelEntry;
  readonly adapter: AdapterEntry | null;
  readonly backend: Backend;
  readonly variant: VariantId;
  readonly params: Params;
  readonly jobs: readonly Job[];
}

export interface PlannedCell {
  readonly id: CellId;
  readonly row: Row;
  readonly column: Column;
  readonly prompt: string;
  /** Set where the cell cannot run at all. */
  readonly failure: Failure | null;
}

/** What the screen shows before anything is known of the device. */
export interface Grid {
  readonly rows: readonly Row[];
  /** Row-major, as the grid shows them. */
  readonly cells: readonly PlannedCell[];
}

export interface Plan extends Grid {
  /** Model-major: each base model loads once and its adapters follow one another. */
  readonly batches: readonly Batch[];
}

interface Draft extends Batch {
  readonly jobs: Job[];
}

/** Pure expansion of an experiment; misfits are cells that failed before anything ran. */
export function plan(experiment: Experiment, catalogue: Catalogue, device: Device): Plan {
  const { rows, cells } = grid(experiment);
  const drafts: Draft[] = [];
  const planned = cells.map((cell) => {
    const failure = promptFailure(cell.row) ?? assign(drafts, cell, experiment, catalogue, device);
    return { ...cell, failure };
  });
  return { rows, cells: planned, batches: modelMajor(drafts) };
}

/** Rows × columns with their prompts filled in, none judged yet. */
export function grid(experiment: Experiment): Grid {
  const rows = rowsOf(experiment);
  const cells = rows.flatMap((row) => experiment.columns.map((column) => planCell(row, column)));
  return { rows, cells };
}

export function cellId(row: Row, column: Column): CellId {
  return `${row.id}/${column.id}`;
}

function planCell(row: Row, column: Column): PlannedCell {
  const prompt = expand(row.prompt.text, row.values);
  return { id: cellId(row, column), row, column, prompt, failure: null };
}

function promptFailure(row: Row): Failure | null {
  const names = missingValues(row.prompt.text, row.values);
  if (names.length > 0) return { code: 'variables-missing', names };
  return row.prompt.text.trim() === '' ? { code: 'prompt-empty' } : null;
}

/** Puts the cell's job into the batch it belongs to, or says why it cannot run. */
function assign(
  drafts: Draft[],
  cell: PlannedCell,
  experiment: Experiment,
  catalogue: Catalogue,
  device: Device,
): Failure | null {
  const { column } = cell;
  const { voice } = column;
  const model = findModel(catalogue, voice.model);
  if (!model) return { code: 'model-unknown', model: voice.model };
  const adapter = findAdapter(catalogue, voice.adapter) ?? null;
  if (adapter?.base !== (voice.adapter === null ? undefined : model.id)) {
    return { code: 'model-unknown', model: voice.adapter ?? voice.model };
  }
  const place = fit(model, device, experiment.backend);
  if (!place.ok) return place.failure;
  const params = withOverrides(experiment.params, column.overrides);
  const job: Job = { cell: cell.id, prompt: cell.prompt, seed: params.seed };
  const draft = drafts.find((other) => accepts(other, model, adapter, params));
  if (draft) draft.jobs.push(job);
  else drafts.push({ model, adapter, params, jobs: [job], ...pickPlace(place) });
  return null;
}

function pickPlace(place: { backend: Backend; variant: VariantId }) {
  return { backend: place.backend, variant: place.variant };
}

function accepts(
  draft: Draft,
  model: ModelEntry,
  adapter: AdapterEntry | null,
  params: Params,
): boolean {
  return (
    draft.model.id === model.id &&
    (draft.adapter?.id ?? null) === (adapter?.id ?? null) &&
    sameBatchParams(draft.params, params)
  );
}

/** Batches of one model side by side, models in order of first appearance. */
function modelMajor(drafts: readonly Draft[]): Batch[] {
  const models = [...new Set(drafts.map((draft) => draft.model.id))];
  return models.flatMap((id) => drafts.filter((draft) => draft.model.id === id));
}
