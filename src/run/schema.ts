import * as v from 'valibot';
import { NUMERIC_PARAM_IDS, NUMERIC_PARAMS, MAX_STOP_STRINGS } from '../domain/params.ts';
import type { NumericParam, ParamOverrides, Params } from '../domain/params.ts';
import type { Failure } from '../domain/failure.ts';
import { TASK_IDS } from '../domain/model.ts';
import { TEXT_OUTPUT, type TaskOutput } from '../domain/output.ts';
import type { Values } from '../domain/prompt.ts';
import { FIELD_IDS } from '../domain/task.ts';
import type { CellState } from './cell.ts';
import type { Experiment, Turn } from './experiment.ts';
import { LIMITS } from './limits.ts';
import { RECORD_FORMAT, RECORD_VERSION, type RecordedCell, type RunRecord } from './record.ts';

/** Shapes of what comes from outside: files, and storage that an older page wrote. */

type Schema<T> = v.GenericSchema<unknown, T>;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const amount = v.pipe(v.number(), v.finite(), v.minValue(0));
const text = (chars: number) => v.pipe(v.string(), v.maxLength(chars));
const answer = text(LIMITS.answerChars);
const detail = text(4000);
const name = text(400);

/** Ids are joined with `.` and `/` into those of rows and cells, so they hold neither. */
const id = v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/u));

function list<T>(item: Schema<T>, max: number, min = 0) {
  return v.pipe(v.array(item), v.minLength(min), v.maxLength(max));
}

function numeric(param: NumericParam): Schema<number> {
  const { min, max, step } = NUMERIC_PARAMS[param];
  const bounded = v.pipe(v.number(), v.minValue(min), v.maxValue(max));
  return step === 1 ? v.pipe(bounded, v.integer()) : bounded;
}

const stop = list(text(LIMITS.stopChars), MAX_STOP_STRINGS);

/** One entry per numeric parameter. */
function entries<T>(schemaOf: (param: NumericParam) => T): Record<NumericParam, T> {
  const pairs = NUMERIC_PARAM_IDS.map((param) => [param, schemaOf(param)]);
  return Object.fromEntries(pairs) as Record<NumericParam, T>;
}

/** A parameter that an older page did not know has its first value. */
const params: Schema<Params> = v.strictObject({
  ...entries((param) => v.optional(numeric(param), NUMERIC_PARAMS[param].initial)),
  stop,
});
/** All of it is optional, so a list would pass for an object without entries. */
const overrides: Schema<ParamOverrides> = v.pipe(
  v.custom<Record<string, unknown>>(isPlainObject),
  v.strictObject({
    ...entries((param) => v.exactOptional(numeric(param))),
    stop: v.exactOptional(stop),
  }),
);

/** Names are the writer's own, `__proto__` and `constructor` among them: data, never assigned. */
const values: Schema<Values> = v.pipe(
  v.custom<Record<string, unknown>>(isPlainObject),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const pairs = Object.entries(dataset.value);
    if (pairs.every(isValuePair)) return Object.fromEntries(pairs);
    addIssue({ message: 'Invalid values' });
    return NEVER;
  }),
);

function isPlainObject(input: unknown): input is Record<string, unknown> {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

function isValuePair(pair: [string, unknown]): pair is [string, string] {
  const [key, value] = pair;
  return key.length <= 400 && typeof value === 'string' && value.length <= LIMITS.textChars;
}

const fieldIds: ReadonlySet<string> = new Set(FIELD_IDS);
const fields: Schema<Values> = v.pipe(
  values,
  v.check((given) => Object.keys(given).every((key) => fieldIds.has(key)), 'Unknown field'),
);
const turn: Schema<Turn> = v.strictObject({ text: text(LIMITS.textChars), answers: values });
const prompt = v.strictObject({
  id,
  text: text(LIMITS.textChars),
  table: list(values, LIMITS.tableRows),
  fields: v.optional(fields, {}),
  history: v.optional(list(turn, LIMITS.turns), []),
});
const voice = v.strictObject({ model: name, adapter: v.nullable(name) });
const column = v.strictObject({ id, voice, overrides });

export const experimentSchema: Schema<Experiment> = v.strictObject({
  task: v.picklist(TASK_IDS),
  prompts: v.pipe(
    list(prompt, LIMITS.prompts, 1),
    v.check((items) => hasUniqueIds(items), 'Repeated id'),
  ),
  columns: v.pipe(
    list(column, LIMITS.columns, 1),
    v.check((items) => hasUniqueIds(items), 'Repeated id'),
  ),
  params,
  backend: v.picklist(['auto', 'cpu', 'gpu']),
});

function hasUniqueIds(items: readonly { id: string }[]): boolean {
  return new Set(items.map((item) => item.id)).size === items.length;
}

const failure: Schema<Failure> = v.variant('code', [
  v.strictObject({ code: v.literal('checkpoint-unsupported'), what: detail, detail }),
  v.strictObject({ code: v.literal('checkpoint-damaged'), file: detail, detail }),
  v.strictObject({ code: v.literal('checkpoint-missing'), file: detail }),
  v.strictObject({ code: v.literal('adapter-unsupported'), detail }),
  v.strictObject({ code: v.literal('model-unknown'), model: name }),
  v.strictObject({ code: v.literal('model-too-large'), needBytes: amount, haveBytes: amount }),
  v.strictObject({ code: v.literal('weight-too-large'), needBytes: amount, haveBytes: amount }),
  v.strictObject({ code: v.literal('gpu-unavailable') }),
  v.strictObject({ code: v.literal('build-missing'), backend: v.picklist(['cpu', 'gpu']) }),
  v.strictObject({ code: v.literal('gpu-lost'), again: v.exactOptional(v.literal(true)) }),
  v.strictObject({
    code: v.literal('file-unreachable'),
    file: detail,
    status: v.nullable(count),
  }),
  v.strictObject({ code: v.literal('file-damaged'), file: detail, detail }),
  v.strictObject({ code: v.literal('prompt-empty') }),
  v.strictObject({ code: v.literal('task-unsupported') }),
  v.strictObject({ code: v.literal('field-empty'), field: v.picklist(FIELD_IDS) }),
  v.strictObject({ code: v.literal('mask-missing') }),
  v.strictObject({
    code: v.literal('entailment-unclear'),
    labels: list(name, LIMITS.labels),
  }),
  v.strictObject({
    code: v.literal('variables-missing'),
    names: list(text(LIMITS.textChars), LIMITS.textChars),
  }),
  v.strictObject({
    code: v.literal('context-exceeded'),
    promptTokens: count,
    contextTokens: count,
    modelTokens: v.exactOptional(count),
  }),
  v.strictObject({ code: v.literal('template-failed'), detail }),
  v.strictObject({ code: v.literal('out-of-memory') }),
  v.strictObject({ code: v.literal('runtime-failed'), detail }),
  v.strictObject({ code: v.literal('worker-crashed'), detail }),
  v.strictObject({ code: v.literal('worker-unresponsive'), afterMs: amount }),
  v.strictObject({ code: v.literal('storage-full') }),
  v.strictObject({ code: v.literal('storage-unavailable'), detail }),
  v.strictObject({ code: v.literal('record-damaged'), detail }),
  v.strictObject({ code: v.literal('record-foreign') }),
  v.strictObject({ code: v.literal('record-newer'), version: amount }),
  v.strictObject({ code: v.literal('unexpected'), detail }),
]);

const finite = v.pipe(v.number(), v.finite());
const logprob = finite;
const alternative = v.strictObject({ id: count, text: text(LIMITS.stopChars), logprob });
const token = v.strictObject({
  ...alternative.entries,
  alternatives: list(alternative, LIMITS.alternativesPerToken),
});
const conditions = v.strictObject({
  backend: v.picklist(['cpu', 'gpu']),
  variant: v.picklist(['cpu8', 'gpu4', 'fp32']),
  threads: count,
  seed: count,
  memoryBytes: v.exactOptional(count),
});
const partial = v.strictObject({
  conditions,
  promptTokens: count,
  text: answer,
  tokens: list(token, LIMITS.tokensPerCell),
});
const timing = v.strictObject({
  firstTokenMs: amount,
  decodeMs: amount,
  promptTokens: count,
  generatedTokens: count,
  together: v.exactOptional(count),
  reusedTokens: v.exactOptional(count),
});

const span = { start: count, end: count, score: finite };
const labelled = v.strictObject({ label: name, score: finite });
const filling = v.strictObject({ text: name, score: finite });
const output: Schema<TaskOutput> = v.variant('kind', [
  v.strictObject({ kind: v.literal('text') }),
  v.strictObject({
    kind: v.literal('labels'),
    problem: v.picklist(['single-label', 'multi-label', 'regression']),
    labels: list(labelled, LIMITS.labels),
    unread: count,
  }),
  v.strictObject({
    kind: v.literal('fill'),
    blanks: list(v.strictObject({ options: list(filling, LIMITS.labels) }), LIMITS.spans),
  }),
  v.strictObject({
    kind: v.literal('entities'),
    entities: list(v.strictObject({ label: name, ...span }), LIMITS.spans),
  }),
  v.strictObject({
    kind: v.literal('spans'),
    answers: list(v.strictObject(span), LIMITS.spans),
  }),
  v.strictObject({
    kind: v.literal('similarity'),
    items: list(v.strictObject({ text: text(LIMITS.textChars), score: finite }), LIMITS.textChars),
    unread: count,
  }),
]);

const state: Schema<CellState & RecordedCell['state']> = v.variant('status', [
  v.strictObject({ status: v.literal('queued') }),
  v.strictObject({
    status: v.literal('done'),
    partial,
    finish: v.picklist(['end', 'stop', 'length', 'context']),
    timing,
    output: v.optional(output, TEXT_OUTPUT),
    at: count,
  }),
  v.strictObject({
    status: v.literal('failed'),
    failure,
    partial: v.nullable(partial),
    at: count,
  }),
  v.strictObject({ status: v.literal('cancelled'), partial: v.nullable(partial), at: count }),
]);

const cell = v.strictObject({
  id: text(200),
  rowId: text(100),
  columnId: id,
  prompt: v.string(),
  state,
});

export const recordSchema: Schema<RunRecord> = v.strictObject({
  format: v.literal(RECORD_FORMAT),
  version: v.literal(RECORD_VERSION),
  id,
  title: text(LIMITS.titleChars),
  createdAt: count,
  experiment: experimentSchema,
  voices: list(name, LIMITS.columns),
  cells: v.array(cell),
});
