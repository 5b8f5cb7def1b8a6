import type { BackendChoice } from '../domain/device.ts';
import {
  findAdapter,
  findModel,
  sameVoice,
  TASK_IDS,
  voices,
  type Catalogue,
  type ExamplePrompt,
  type TaskId,
  type Voice,
} from '../domain/model.ts';
import {
  clampParam,
  MAX_STOP_STRINGS,
  NUMERIC_PARAM_IDS,
  type NumericParam,
  type ParamOverrides,
  type Params,
} from '../domain/params.ts';
import type { Values } from '../domain/prompt.ts';
import { canDo, voicesFor, type FieldId } from '../domain/task.ts';
import type { CellId, CellState } from '../run/cell.ts';
import {
  rowsOf,
  variablesOf,
  type Column,
  type Experiment,
  type Prompt,
  type Row,
} from '../run/experiment.ts';
import { followUp } from '../run/follow-up.ts';
import { parseExperiment } from '../run/import.ts';
import { LIMITS } from '../run/limits.ts';
import { parseTable, type PastedTable } from '../run/table.ts';
import { STORED_PREFIX } from '../storage/entries.ts';
import type { SmallStorage } from '../storage/settings.ts';
import { initialFields, TASKS } from '../tasks/index.ts';

/** Calls `work` after so many milliseconds; what it returns calls it off. */
export type Later = (work: () => void, ms: number) => () => void;

export interface LabDeps {
  readonly catalogue: Catalogue;
  readonly storage: SmallStorage;
  readonly ids: () => string;
  readonly later: Later;
}

const TASK_KEY = 'task';
const DRAFT_DELAY_MS = 400;
const FIRST_COLUMNS = 2;

/**
 * The experiment being edited. Each verb makes a new, immutable one. Every task has a draft of its own,
 * and all of them survive a reload.
 */
export class Lab {
  readonly #deps: LabDeps;
  #experiment = $state.raw<Experiment>() as Experiment;
  readonly #rows: readonly Row[] = $derived(rowsOf(this.#experiment));
  #callOff: (() => void) | null = null;

  constructor(deps: LabDeps) {
    this.#deps = deps;
    const task = TASK_IDS.find((id) => id === deps.storage.read(TASK_KEY)) ?? 'text-generation';
    this.#experiment = this.#restored(task) ?? this.#fresh(task);
  }

  get experiment(): Experiment {
    return this.#experiment;
  }

  get rows(): readonly Row[] {
    return this.#rows;
  }

  get task(): TaskId {
    return this.#experiment.task;
  }

  /** Goes on with the draft of another task; the present one is kept. */
  setTask(task: TaskId): void {
    if (task === this.task) return;
    this.flush();
    this.#show(this.#restored(task) ?? this.#fresh(task));
  }

  /**
   * Puts a voice to the test: first in the row, in its own task where it is none of the present one,
   * with its base beside an adapter. Columns that cannot be asked the same leave.
   */
  tryVoice(voice: Voice, tasks: readonly TaskId[]): void {
    const { catalogue } = this.#deps;
    const [own] = tasks;
    if (own !== undefined && !tasks.includes(this.task)) this.setTask(own);
    const { columns } = this.#experiment;
    const base = voice.adapter === null ? [] : [{ model: voice.model, adapter: null }];
    const wanted = [voice, ...base].map((each) => this.#column(each));
    const others = columns.filter(
      (column) =>
        canDo(catalogue, column.voice, this.task) &&
        !wanted.some((other) => sameVoice(other.voice, column.voice)),
    );
    const room = Math.max(FIRST_COLUMNS, columns.length);
    this.#set({ columns: [...wanted, ...others].slice(0, room) });
  }

  /** The next turn of the conversations of a run; false where nothing was answered. */
  follow(experiment: Experiment, stateOf: (id: CellId) => CellState | undefined): boolean {
    const next = followUp(experiment, stateOf, this.#deps.ids);
    if (next) this.load(next);
    return next !== null;
  }

  setPromptText(promptId: string, text: string): void {
    this.#setPrompt(promptId, { text: text.slice(0, LIMITS.textChars) });
  }

  setField(promptId: string, field: FieldId, text: string): void {
    const { maxChars = 0 } = TASKS[this.task].fields.find(({ id }) => id === field) ?? {};
    const prompt = this.#experiment.prompts.find((other) => other.id === promptId);
    if (prompt === undefined || maxChars === 0) return;
    this.#setPrompt(promptId, { fields: { ...prompt.fields, [field]: text.slice(0, maxChars) } });
  }

  /** The new prompt's id, or null where there are as many as there may be. */
  addPrompt(text = ''): string | null {
    const { prompts } = this.#experiment;
    if (prompts.length >= LIMITS.prompts) return null;
    const prompt = this.#prompt(text, prompts.at(-1)?.fields);
    this.#set({ prompts: [...prompts, prompt] });
    return prompt.id;
  }

  /** The last prompt is emptied, not removed. */
  removePrompt(promptId: string): void {
    const rest = this.#experiment.prompts.filter((prompt) => prompt.id !== promptId);
    this.#set({ prompts: rest.length > 0 ? rest : [this.#prompt('')] });
  }

  setTable(promptId: string, rows: readonly Values[]): void {
    this.#setPrompt(promptId, { table: rows.slice(0, LIMITS.tableRows).map(shorten) });
  }

  /** Fills the table under a prompt from a spreadsheet or CSV; says what was understood. */
  pasteTable(promptId: string, text: string): PastedTable {
    const prompt = this.#experiment.prompts.find((other) => other.id === promptId);
    const pasted = parseTable(text, prompt ? variablesOf(prompt) : []);
    if (pasted.names.length > 0 && pasted.rows.length > 0) this.setTable(promptId, pasted.rows);
    return pasted;
  }

  /** The new column's id, or null where there are as many as there may be. */
  addColumn(voice: Voice): string | null {
    const { columns } = this.#experiment;
    if (columns.length >= LIMITS.columns) return null;
    const column = this.#column(voice);
    this.#set({ columns: [...columns, column] });
    return column.id;
  }

  /** A no-op for the last column. */
  removeColumn(columnId: string): void {
    const rest = this.#experiment.columns.filter((column) => column.id !== columnId);
    if (rest.length > 0) this.#set({ columns: rest });
  }

  setVoice(columnId: string, voice: Voice): void {
    this.#setColumn(columnId, () => ({ voice }));
  }

  /** Moves a column by so many places, as far as there are places. */
  moveColumn(columnId: string, delta: number): void {
    const columns = [...this.#experiment.columns];
    const from = columns.findIndex((column) => column.id === columnId);
    const [moved] = from < 0 ? [] : columns.splice(from, 1);
    if (!moved) return;
    columns.splice(Math.min(columns.length, Math.max(0, from + delta)), 0, moved);
    this.#set({ columns });
  }

  setParam(id: NumericParam, value: number): void {
    this.#set({ params: { ...this.#experiment.params, [id]: clampParam(id, value) } });
  }

  setStop(stop: readonly string[]): void {
    this.#set({ params: { ...this.#experiment.params, stop: cleanStop(stop) } });
  }

  resetParams(): void {
    this.#set({ params: TASKS[this.task].initial });
  }

  setOverride(columnId: string, patch: ParamOverrides): void {
    this.#setColumn(columnId, ({ overrides }) => ({
      overrides: { ...overrides, ...cleanOverrides(patch) },
    }));
  }

  clearOverride(columnId: string, key: keyof Params): void {
    this.#setColumn(columnId, ({ overrides }) => ({
      overrides: Object.fromEntries(Object.entries(overrides).filter(([id]) => id !== key)),
    }));
  }

  setBackend(backend: BackendChoice): void {
    this.#set({ backend });
  }

  load(experiment: Experiment): void {
    if (experiment.task !== this.task) this.flush();
    this.#show(experiment);
    this.#set({});
  }

  /** The example's task, prompt and columns, with the parameters as they are; columns stay where it names none. */
  useExample(example: ExamplePrompt): void {
    this.setTask(example.task);
    const prompt = this.#prompt(example.text);
    const fields = { ...prompt.fields, ...example.fields };
    const columns = example.voices.map((voice) => this.#column(voice));
    this.#set({
      prompts: [{ ...prompt, fields, table: example.table ?? [] }],
      ...(columns.length > 0 ? { columns } : {}),
    });
  }

  /** Writes the draft now: the page is going away. */
  flush(): void {
    if (!this.#callOff) return;
    this.#callOff();
    this.#callOff = null;
    // A draft that cannot be kept is no news: nothing that was finished is lost.
    this.#deps.storage.write(draftKey(this.task), JSON.stringify(this.#experiment));
  }

  #show(experiment: Experiment): void {
    this.#experiment = experiment;
    this.#deps.storage.write(TASK_KEY, experiment.task);
  }

  #set(patch: Partial<Experiment>): void {
    this.#experiment = { ...this.#experiment, ...patch };
    this.#callOff?.();
    this.#callOff = this.#deps.later(() => this.flush(), DRAFT_DELAY_MS);
  }

  #setPrompt(promptId: string, patch: Partial<Prompt>): void {
    const change = (prompt: Prompt) => (prompt.id === promptId ? { ...prompt, ...patch } : prompt);
    this.#set({ prompts: this.#experiment.prompts.map(change) });
  }

  #setColumn(columnId: string, patch: (column: Column) => Partial<Column>): void {
    const change = (column: Column) =>
      column.id === columnId ? { ...column, ...patch(column) } : column;
    this.#set({ columns: this.#experiment.columns.map(change) });
  }

  #prompt(text: string, fields: Values = initialFields(this.task)): Prompt {
    return {
      id: this.#deps.ids(),
      text: text.slice(0, LIMITS.textChars),
      table: [],
      fields,
      history: [],
    };
  }

  #column(voice: Voice): Column {
    return { id: this.#deps.ids(), voice, overrides: {} };
  }

  /** The first voices that can be asked; the first of all, who says that it cannot, where none can. */
  #fresh(task: TaskId): Experiment {
    const { catalogue, ids } = this.#deps;
    const able = voicesFor(catalogue, task);
    const first = able.length > 0 ? able : voices(catalogue).slice(0, 1);
    const fields = initialFields(task);
    return {
      task,
      prompts: [{ id: ids(), text: '', table: [], fields, history: [] }],
      columns: first.slice(0, FIRST_COLUMNS).map((voice) => this.#column(voice)),
      params: TASKS[task].initial,
      backend: 'auto',
    };
  }

  /** The draft, without the columns whose voice the catalogue no longer has. */
  #restored(task: TaskId): Experiment | null {
    const { storage, catalogue } = this.#deps;
    const draft = parseExperiment(storage.read(draftKey(task)) ?? '');
    const columns = draft?.columns.filter(({ voice }) => isKnown(catalogue, voice)) ?? [];
    return draft?.task === task && columns.length > 0 ? { ...draft, columns } : null;
  }
}

function draftKey(task: TaskId): string {
  return task === 'text-generation' ? 'draft' : `draft.${task}`;
}

/** What this browser stores is listed later than the draft is read, so it is given credit. */
function isKnown(catalogue: Catalogue, voice: Voice): boolean {
  if ([voice.model, voice.adapter].some((id) => id?.startsWith(STORED_PREFIX))) return true;
  const { adapter } = voice;
  if (adapter === null) return findModel(catalogue, voice.model) !== undefined;
  return findAdapter(catalogue, adapter)?.base === voice.model;
}

function shorten(values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value.slice(0, LIMITS.textChars)]),
  );
}

function cleanStop(stop: readonly string[]): string[] {
  const texts = stop.filter((text) => text !== '').map((text) => text.slice(0, LIMITS.stopChars));
  return [...new Set(texts)].slice(0, MAX_STOP_STRINGS);
}

function cleanOverrides(patch: ParamOverrides): ParamOverrides {
  const numbers = NUMERIC_PARAM_IDS.flatMap((id) => {
    const value = patch[id];
    return value === undefined ? [] : [[id, clampParam(id, value)] as const];
  });
  const stop = patch.stop === undefined ? {} : { stop: cleanStop(patch.stop) };
  return { ...Object.fromEntries(numbers), ...stop };
}
