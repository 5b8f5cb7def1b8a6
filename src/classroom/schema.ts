/** Shapes of what comes from outside: a class pack and a hand-in. Nothing of them is trusted. */
import * as v from 'valibot';
import { TASK_IDS, type Voice } from '../domain/model.ts';
import type { Values } from '../domain/prompt.ts';
import { checkRecord } from '../run/import.ts';
import type { RunRecord } from '../run/record.ts';
import { experimentSchema } from '../run/schema.ts';
import { parseEntry } from '../storage/package-entry.ts';
import type { StoredPackage } from '../storage/packages.ts';
import { HANDIN_FORMAT, HANDIN_VERSION, type HandIn } from './hand-in.ts';
import { CLASS_LIMITS as MAX } from './limits.ts';
import { CLASS_FORMAT, CLASS_VERSION, LOCKS, type ClassPack, type Exercise } from './pack.ts';

type Schema<T> = v.GenericSchema<unknown, T>;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const text = (chars: number) => v.pipe(v.string(), v.maxLength(chars));
const written = (chars: number) => v.pipe(text(chars), v.regex(/\S/u, 'Blank'));
const name = written(400);
/** Ids name files, keys and addresses. */
const id = v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/u));
/** Ids of packages and of the catalogue; the latter hold a slash. */
const modelId = v.pipe(v.string(), v.regex(/^[\w-]{1,64}(?:\/[\w-]{1,64})?$/u));
const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/u));
/** Relative, with `/` between folders and no way out. */
const path = v.pipe(
  text(300),
  v.check(
    (given) =>
      /^[\w.][\w.@+ -]*(?:\/[\w.][\w.@+ -]*)*$/u.test(given) && !/(^|\/)\.\.?(\/|$)/u.test(given),
    'Unsafe path',
  ),
);

function list<T>(item: Schema<T>, max: number, min = 0) {
  return v.pipe(v.array(item), v.minLength(min), v.maxLength(max));
}

function byId<T extends { readonly id: string }>(item: Schema<T>, max: number, min = 0) {
  return v.pipe(
    list(item, max, min),
    v.check((items) => new Set(items.map((each) => each.id)).size === items.length, 'Repeated id'),
  );
}

const record: Schema<RunRecord> = v.pipe(
  v.unknown(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const checked = checkRecord(dataset.value);
    if (checked.ok) return checked.record;
    addIssue({ message: JSON.stringify(checked.failure).slice(0, 300) });
    return NEVER;
  }),
);

const entry: Schema<StoredPackage> = v.pipe(
  v.unknown(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const parsed = parseEntry(dataset.value);
    if (parsed !== null && /^[\w-]{1,64}$/u.test(parsed.id)) return parsed;
    addIssue({ message: 'Invalid package' });
    return NEVER;
  }),
);

const fields: Schema<Values> = v.record(text(40), text(32_000));
const voice: Schema<Voice> = v.strictObject({ model: name, adapter: v.nullable(name) });
const paragraphs = list(written(MAX.paragraphChars), MAX.paragraphs);

const step = v.strictObject({
  id,
  title: written(MAX.titleChars),
  text: paragraphs,
  work: v.nullable(
    v.strictObject({
      experiment: experimentSchema,
      locked: list(v.picklist(LOCKS), LOCKS.length),
      showsTokens: v.boolean(),
      run: v.nullable(id),
    }),
  ),
  questions: byId(v.strictObject({ id, text: written(MAX.paragraphChars) }), MAX.questions),
});

const exercise: Schema<Exercise> = v.strictObject({
  id,
  title: written(MAX.titleChars),
  summary: text(MAX.summaryChars),
  minutes: v.pipe(count, v.minValue(1), v.maxValue(MAX.minutes)),
  steps: byId(step, MAX.steps, 1),
  notes: paragraphs,
});

const model = v.variant('kind', [
  v.strictObject({ kind: v.literal('bundled'), id: modelId }),
  v.strictObject({
    kind: v.literal('package'),
    entry,
    folder: path,
    files: list(v.strictObject({ path, bytes: count, sha256: hash }), MAX.filesOfPackage, 1),
  }),
  v.strictObject({
    kind: v.literal('repository'),
    id,
    name,
    endpoint: v.nullable(v.pipe(text(400), v.url(), v.regex(/^https?:\/\/[^@]+$/u))),
    repo: v.pipe(v.string(), v.regex(/^[\w.-]{1,96}(?:\/[\w.-]{1,96})?$/u)),
    revision: v.pipe(v.string(), v.regex(/^[\w.][\w./-]{0,199}$/u)),
    variants: list(v.picklist(['cpu8', 'gpu4', 'fp32']), 3, 1),
  }),
]);

const golden = v.strictObject({
  voice,
  task: v.picklist(TASK_IDS),
  prompt: written(MAX.goldenChars),
  fields,
  maxTokens: v.pipe(count, v.minValue(1), v.maxValue(MAX.goldenTokens)),
  variant: v.picklist(['cpu8', 'gpu4', 'fp32']),
  expected: text(MAX.goldenChars),
});

export const packSchema: Schema<ClassPack> = v.strictObject({
  format: v.literal(CLASS_FORMAT),
  version: v.literal(CLASS_VERSION),
  id,
  title: written(MAX.titleChars),
  summary: text(MAX.summaryChars),
  language: v.pipe(v.string(), v.regex(/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}$/u)),
  author: v.nullable(text(MAX.titleChars)),
  exercises: byId(exercise, MAX.exercises, 1),
  models: list(model, MAX.models),
  runs: byId(record, MAX.runs),
  golden: list(golden, MAX.golden),
});

export const handInSchema: Schema<HandIn> = v.strictObject({
  format: v.literal(HANDIN_FORMAT),
  version: v.literal(HANDIN_VERSION),
  id,
  createdAt: count,
  alias: v.nullable(text(MAX.aliasChars)),
  pack: v.strictObject({ id, title: text(MAX.titleChars) }),
  exercises: byId(
    v.strictObject({
      id,
      title: text(MAX.titleChars),
      answers: list(
        v.strictObject({
          step: id,
          question: id,
          asked: text(MAX.paragraphChars),
          text: text(MAX.answerChars),
        }),
        MAX.steps * MAX.questions,
      ),
      notes: text(MAX.answerChars),
      runs: list(v.strictObject({ step: id, record }), MAX.runs),
    }),
    MAX.exercises,
    1,
  ),
});
