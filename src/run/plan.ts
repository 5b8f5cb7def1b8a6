import { fit, type Backend, type Device } from '../domain/device.ts';
import type { Failure } from '../domain/failure.ts';
import {
  findAdapter,
  findModel,
  type AdapterEntry,
  type Catalogue,
  type ModelEntry,
  type TaskId,
  type VariantId,
} from '../domain/model.ts';
import { sameBatchParams, withOverrides, type Params } from '../domain/params.ts';
import { expand, missingValues, type Message, type Values } from '../domain/prompt.ts';
import { canDo } from '../domain/task.ts';
import { TASKS } from '../tasks/index.ts';
import type { CellId } from './cell.ts';
import { rowsOf, type Column, type Experiment, type Row, type Turn } from './experiment.ts';

/** One self-contained cell of work. */
export interface Job {
  readonly cell: CellId;
  readonly prompt: string;
  /** What the task asks beside the prompt, with variables filled in. */
  readonly fields: Values;
  /** Earlier turns of this column's own conversation; empty outside one. */
  readonly history: readonly Message[];
  readonly seed: number;
}

/** The jobs that share one model, one adapter and one set of parameters: what an engine runs at once. */
export interface Batch {
  readonly task: TaskId;
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
  readonly fields: Values;
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
    const failure =
      promptFailure(cell, experiment.task) ?? assign(drafts, cell, experiment, catalogue, device);
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
  const { prompt, fields } = filledIn(row);
  return { id: cellId(row, column), row, column, prompt, fields, failure: null };
}

/** A row's text and fields with its variables replaced. */
export function filledIn({ prompt, values }: Row): { prompt: string; fields: Values } {
  const fields = Object.entries(prompt.fields).map(([id, text]) => [id, expand(text, values)]);
  return { prompt: expand(prompt.text, values), fields: Object.fromEntries(fields) as Values };
}

function promptFailure({ row, fields }: PlannedCell, task: TaskId): Failure | null {
  const templates = [row.prompt.text, ...Object.values(row.prompt.fields)];
  const names = [...new Set(templates.flatMap((text) => missingValues(text, row.values)))];
  if (names.length > 0) return { code: 'variables-missing', names };
  if (row.prompt.text.trim() === '') return { code: 'prompt-empty' };
  const blank = TASKS[task].fields.find(
    ({ id, required }) => required && (fields[id] ?? '').trim() === '',
  );
  return blank === undefined ? null : { code: 'field-empty', field: blank.id };
}

/** A column without an answer to a turn did not have that turn: templates want one of each. */
export function messagesOf(history: readonly Turn[], columnId: string): Message[] {
  return history.flatMap(({ text, answers }): Message[] => {
    const answer = Object.hasOwn(answers, columnId) ? answers[columnId] : undefined;
    if (answer === undefined) return [];
    return [
      { role: 'user', content: text },
      { role: 'assistant', content: answer },
    ];
  });
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
  const { task } = experiment;
  if (!canDo(catalogue, voice, task)) return { code: 'task-unsupported' };
  const place = fit(model, device, experiment.backend);
  if (!place.ok) return place.failure;
  const params = withOverrides(experiment.params, column.overrides);
  const { id, prompt, fields, row } = cell;
  const history = messagesOf(row.prompt.history, column.id);
  const job: Job = { cell: id, prompt, fields, history, seed: params.seed };
  const draft = drafts.find((other) => accepts(other, model, adapter, params));
  if (draft) draft.jobs.push(job);
  else drafts.push({ task, model, adapter, params, jobs: [job], ...pickPlace(place) });
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
