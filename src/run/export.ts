import Papa from 'papaparse';
import { tokensPerSecond, wordsPerSecond } from '../domain/metrics.ts';
import { withOverrides, type Params } from '../domain/params.ts';
import type { Values } from '../domain/prompt.ts';
import type { TaskSpec } from '../domain/task.ts';
import { TASKS } from '../tasks/index.ts';
import { outputOf, partialOf, type CellState } from './cell.ts';
import { variablesOf as promptVariables, type Column, type Row } from './experiment.ts';
import { itemLines, itemsOf, type Item } from './items.ts';
import { grid } from './plan.ts';
import { openRecord, type RunRecord } from './record.ts';

/** The whole record; `parseRecord` reads it back. */
export function toJson(record: RunRecord): string {
  return `${JSON.stringify(record, null, 1)}\n`;
}

/** What a spreadsheet would take for a formula at the beginning of a field. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/u;

/** A spreadsheet reads accents only where the file names its encoding. */
const BYTE_ORDER_MARK = '\uFEFF';

/**
 * One line per cell; where the task writes no text, one per label, word, entity or answer of a cell. A
 * field that a spreadsheet might run gets an apostrophe before it.
 */
export function toCsv(record: RunRecord): string {
  const variables = variablesOf(record);
  const spec = TASKS[record.experiment.task];
  const lines = exported(record).flatMap((cell) =>
    itemsOfCell(cell, spec).map((item) => csvLine(cell, variables, spec, item)),
  );
  const fields = [
    'prompt',
    ...variables.map((name) => `{{${name}}}`),
    ...spec.fields.map(({ id }) => id),
    ...CELL_FIELDS,
    ...(spec.generates ? ['text'] : ITEM_FIELDS),
    ...FIGURE_FIELDS,
    ...spec.params,
    ...(spec.generates ? ['stop'] : []),
  ];
  const options = { escapeFormulae: FORMULA, newline: '\r\n' };
  return BYTE_ORDER_MARK + Papa.unparse({ fields, data: lines }, options);
}

interface ExportedCell {
  readonly row: Row;
  readonly column: Column;
  readonly prompt: string;
  readonly fields: Values;
  readonly voice: string;
  readonly state: CellState;
  readonly params: Params;
}

function exported(record: RunRecord): ExportedCell[] {
  const { states } = openRecord(record);
  const { columns, params } = record.experiment;
  return grid(record.experiment).cells.map(({ id, row, column, prompt, fields }) => ({
    row,
    column,
    prompt,
    fields,
    voice: record.voices[columns.indexOf(column)] ?? column.voice.model,
    state: states.get(id) ?? { status: 'queued' },
    params: withOverrides(params, column.overrides),
  }));
}

function variablesOf(record: RunRecord): string[] {
  const names = record.experiment.prompts.flatMap(promptVariables);
  return [...new Set(names)];
}

/** Headings are stable names, the same in every language of the page. */
const CELL_FIELDS = ['voice', 'model', 'adapter', 'status'] as const;
const ITEM_FIELDS = ['label', 'text', 'start', 'end', 'score'] as const;
const FIGURE_FIELDS = [
  'failure',
  'finish',
  'tokens',
  'first_token_ms',
  'tokens_per_second',
  'words_per_second',
  'backend',
  'variant',
  'threads',
] as const;

type Field = string | number | null;

/** null stands for the cell itself, which has one line at least. */
function itemsOfCell({ state, prompt, fields }: ExportedCell, spec: TaskSpec): (Item | null)[] {
  const output = outputOf(state);
  if (spec.generates || output === null) return [null];
  const items = itemsOf(output, prompt, fields);
  return items.length > 0 ? items : [null];
}

function csvLine(
  cell: ExportedCell,
  variables: readonly string[],
  spec: TaskSpec,
  item: Item | null,
): Field[] {
  const { row, column, state, params } = cell;
  const own = (values: Values, name: string) =>
    Object.hasOwn(values, name) ? (values[name] ?? '') : '';
  return [
    cell.prompt,
    ...variables.map((name) => own(row.values, name)),
    ...spec.fields.map(({ id }) => own(cell.fields, id)),
    cell.voice,
    column.voice.model,
    column.voice.adapter ?? '',
    state.status,
    ...(spec.generates
      ? [partialOf(state)?.text ?? '']
      : ITEM_FIELDS.map((name) => item?.[name] ?? null)),
    state.status === 'failed' ? JSON.stringify(state.failure) : '',
    ...figures(state),
    ...spec.params.map((id) => params[id]),
    ...(spec.generates ? [params.stop.length > 0 ? JSON.stringify(params.stop) : ''] : []),
  ];
}

function figures(state: CellState): Field[] {
  const partial = partialOf(state);
  const timing = state.status === 'done' ? state.timing : null;
  return [
    state.status === 'done' ? state.finish : '',
    timing?.generatedTokens ?? partial?.tokens.length ?? null,
    timing?.firstTokenMs ?? null,
    timing && tokensPerSecond(timing),
    timing && partial && wordsPerSecond(timing, partial.text),
    partial?.conditions.backend ?? '',
    partial?.conditions.variant ?? '',
    partial?.conditions.threads ?? null,
  ];
}

/** What the headings of a Markdown page are called, in the reader's language. */
export interface MarkdownWords {
  readonly prompt: string;
  readonly seed: string;
  readonly tokensPerSecond: string;
  /** The state of a cell in words, its failure's sentence included. */
  readonly state: (state: CellState) => string;
}

/** One section per row, one quotation per voice. Model output is text: nothing in it is markup. */
export function toMarkdown(record: RunRecord, words: MarkdownWords): string {
  const cells = exported(record);
  const sections = grid(record.experiment).rows.map((row, index) => {
    const own = cells.filter((cell) => cell.row.id === row.id);
    const asked = [own[0]?.prompt ?? '', ...Object.values(own[0]?.fields ?? {})];
    const quoted = asked.filter((text, at) => at === 0 || text.trim() !== '').map(quote);
    const heading = `## ${words.prompt} ${String(index + 1)}`;
    return [
      heading,
      ...row.prompt.history.map(({ text }) => quote(text)),
      ...quoted,
      ...own.map((cell) => markdownCell(cell, words)),
    ].join('\n\n');
  });
  return `${[`# ${escapeLine(record.title)}`, ...sections].join('\n\n')}\n`;
}

function markdownCell(cell: ExportedCell, words: MarkdownWords): string {
  const { state } = cell;
  const partial = partialOf(state);
  const rate = state.status === 'done' ? tokensPerSecond(state.timing) : null;
  const facts = [
    escapeLine(words.state(state)),
    ...(partial ? [`${words.seed} ${String(partial.conditions.seed)}`] : []),
    ...(partial ? [`${partial.conditions.variant} · ${partial.conditions.backend}`] : []),
    ...(rate === null ? [] : [`${rate.toFixed(1)} ${words.tokensPerSecond}`]),
  ];
  const answer = partial && partial.text !== '' ? [quote(partial.text)] : [];
  const output = outputOf(state);
  const lines = output ? itemLines(output, cell.prompt, cell.fields) : [];
  const items = lines.length > 0 ? [lines.map((line) => `- ${escapeLine(line)}`).join('\n')] : [];
  return [`### ${escapeLine(cell.voice)}`, ...answer, ...items, facts.join(' · ')].join('\n\n');
}

/** A block quotation that keeps its line breaks. */
function quote(text: string): string {
  const lines = text.split(/\r\n|[\n\r\u2028\u2029]/u).map(escapeLine);
  return lines.map((line, index) => quoteLine(line, lines[index + 1] ?? '')).join('\n');
}

/** A backslash before a line break keeps it. */
function quoteLine(line: string, next: string): string {
  if (line === '') return '>';
  return next === '' ? `> ${line}` : `> ${line}\\`;
}

/** CommonMark: any ASCII punctuation may be escaped, and what is escaped is never markup. */
function escapeLine(text: string): string {
  return text
    .replace(/[\r\n\t]+/gu, ' ')
    .trim()
    .replace(/[\\`*_{}[\]<>#|~&$!^]/gu, String.raw`\$&`)
    .replace(/^[-+=]/u, String.raw`\$&`)
    .replace(/^(\d{1,9})([.)])/u, String.raw`$1\$2`)
    .replace(/:(?=\/\/)/gu, String.raw`\:`)
    .replace(/\b(www)\./giu, String.raw`$1\.`);
}
