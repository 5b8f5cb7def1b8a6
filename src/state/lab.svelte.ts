import type { BackendChoice } from '../domain/device.ts';
import {
  findAdapter,
  findModel,
  voices,
  type Catalogue,
  type ExamplePrompt,
  type Voice,
} from '../domain/model.ts';
import {
  clampParam,
  DEFAULT_PARAMS,
  MAX_STOP_STRINGS,
  NUMERIC_PARAM_IDS,
  type NumericParam,
  type ParamOverrides,
  type Params,
} from '../domain/params.ts';
import { variableNames, type Values } from '../domain/prompt.ts';
import { rowsOf, type Column, type Experiment, type Prompt, type Row } from '../run/experiment.ts';
import { parseExperiment } from '../run/import.ts';
import { LIMITS } from '../run/limits.ts';
import { parseTable, type PastedTable } from '../run/table.ts';
import type { SmallStorage } from '../storage/settings.ts';

/** Calls `work` after so many milliseconds; what it returns calls it off. */
export type Later = (work: () => void, ms: number) => () => void;

export interface LabDeps {
  readonly catalogue: Catalogue;
  readonly storage: SmallStorage;
  readonly ids: () => string;
  readonly later: Later;
}

const DRAFT_KEY = 'draft';
const DRAFT_DELAY_MS = 400;
const FIRST_COLUMNS = 2;

/** The experiment being edited. Each verb makes a new, immutable one; the draft survives a reload. */
export class Lab {
  readonly #deps: LabDeps;
  #experiment = $state.raw<Experiment>() as Experiment;
  readonly #rows: readonly Row[] = $derived(rowsOf(this.#experiment));
  #callOff: (() => void) | null = null;

  constructor(deps: LabDeps) {
    this.#deps = deps;
    this.#experiment = this.#restored() ?? this.#fresh();
  }

  get experiment(): Experiment {
    return this.#experiment;
  }

  get rows(): readonly Row[] {
    return this.#rows;
  }

  setPromptText(promptId: string, text: string): void {
    this.#setPrompt(promptId, { text: text.slice(0, LIMITS.textChars) });
  }

  /** The new prompt's id, or null where there are as many as there may be. */
  addPrompt(text = ''): string | null {
    const { prompts } = this.#experiment;
    if (prompts.length >= LIMITS.prompts) return null;
    const prompt = this.#prompt(text);
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
    const pasted = parseTable(text, variableNames(prompt?.text ?? ''));
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
    this.#set({ params: DEFAULT_PARAMS });
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
    this.#set(experiment);
  }

  /** The example's prompt and columns, with the parameters as they are. */
  useExample(example: ExamplePrompt): void {
    this.#set({
      prompts: [{ ...this.#prompt(example.text), table: example.table ?? [] }],
      columns: example.voices.map((voice) => this.#column(voice)),
    });
  }

  /** Writes the draft now: the page is going away. */
  flush(): void {
    if (!this.#callOff) return;
    this.#callOff();
    this.#callOff = null;
    // A draft that cannot be kept is no news: nothing that was finished is lost.
    this.#deps.storage.write(DRAFT_KEY, JSON.stringify(this.#experiment));
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

  #prompt(text: string): Prompt {
    return {
      id: this.#deps.ids(),
      text: text.slice(0, LIMITS.textChars),
      table: [],
      fields: {},
      history: [],
    };
  }

  #column(voice: Voice): Column {
    return { id: this.#deps.ids(), voice, overrides: {} };
  }

  #fresh(): Experiment {
    const first = voices(this.#deps.catalogue).slice(0, FIRST_COLUMNS);
    return {
      task: 'text-generation',
      prompts: [this.#prompt('')],
      columns: first.map((voice) => this.#column(voice)),
      params: DEFAULT_PARAMS,
      backend: 'auto',
    };
  }

  /** The draft, without the columns whose voice the catalogue no longer has. */
  #restored(): Experiment | null {
    const { storage, catalogue } = this.#deps;
    const draft = parseExperiment(storage.read(DRAFT_KEY) ?? '');
    const columns = draft?.columns.filter(({ voice }) => isKnown(catalogue, voice)) ?? [];
    return draft && columns.length > 0 ? { ...draft, columns } : null;
  }
}

function isKnown(catalogue: Catalogue, voice: Voice): boolean {
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
