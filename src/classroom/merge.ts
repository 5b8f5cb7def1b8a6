/** Sixty files into one: answers side by side, and one table of everything. Pure, and all on this machine. */
import Papa from 'papaparse';
import { partialOf, outputOf } from '../run/cell.ts';
import { itemLines } from '../run/items.ts';
import { grid } from '../run/plan.ts';
import { openRecord, type RunRecord } from '../run/record.ts';
import type { HandedExercise, HandIn } from './hand-in.ts';
import { CLASS_LIMITS } from './limits.ts';

/** One file of the teacher's pile. */
export interface Pile {
  readonly kept: readonly HandIn[];
  /** How many files brought nothing new: the same again, or an older one of the same student. */
  readonly duplicates: number;
}

export const EMPTY_PILE: Pile = { kept: [], duplicates: 0 };

/** A student who hands in twice is one student: the later file stands. */
export function addHandIn(pile: Pile, handIn: HandIn): Pile {
  const known = pile.kept.find(({ id }) => id === handIn.id);
  if (known === undefined) {
    const isFull = pile.kept.length >= CLASS_LIMITS.handIns;
    return isFull ? pile : { ...pile, kept: [...pile.kept, handIn] };
  }
  const duplicates = pile.duplicates + 1;
  if (handIn.createdAt <= known.createdAt) return { ...pile, duplicates };
  return { kept: pile.kept.map((each) => (each === known ? handIn : each)), duplicates };
}

/** An exercise as the whole class answered it. */
export interface MergedExercise {
  /** Of the class and the exercise: two classes may have exercises of one id. */
  readonly key: string;
  readonly title: string;
  readonly pack: string;
  readonly questions: readonly MergedQuestion[];
  readonly students: readonly { readonly who: Who; readonly exercise: HandedExercise }[];
}

export interface MergedQuestion {
  readonly key: string;
  readonly asked: string;
  readonly answers: readonly { readonly who: Who; readonly text: string }[];
}

export interface Who {
  readonly id: string;
  readonly alias: string | null;
  /** In the order of the pile, from 1: the name of whoever gave none. */
  readonly number: number;
}

export function mergeHandIns(handIns: readonly HandIn[]): MergedExercise[] {
  const merged = new Map<string, MergedExercise>();
  for (const [index, { id, alias, pack, exercises }] of handIns.entries()) {
    const who = { id, alias, number: index + 1 };
    for (const exercise of exercises) {
      const key = `${pack.id}/${exercise.id}`;
      const known = merged.get(key) ?? {
        key,
        title: exercise.title,
        pack: pack.title,
        questions: [],
        students: [],
      };
      const students = [...known.students, { who, exercise }];
      merged.set(key, { ...known, students, questions: withAnswers(known, who, exercise) });
    }
  }
  return [...merged.values()];
}

function withAnswers(
  { questions }: MergedExercise,
  who: Who,
  { answers }: HandedExercise,
): MergedQuestion[] {
  const all = [...questions];
  for (const { step, question, asked, text } of answers) {
    if (text.trim() === '') continue;
    const key = `${step}/${question}`;
    const at = all.findIndex((each) => each.key === key);
    const known = all[at] ?? { key, asked, answers: [] };
    const next = { ...known, answers: [...known.answers, { who, text }] };
    if (at < 0) all.push(next);
    else all[at] = next;
  }
  return all;
}

/** One line of the merged table. Names are stable, the same in every language. */
export interface MergedRow {
  readonly student: number;
  readonly alias: string;
  readonly class: string;
  readonly exercise: string;
  readonly step: string;
  readonly kind: 'answer' | 'notes' | 'output';
  /** What was asked: the question, or the prompt. */
  readonly asked: string;
  readonly voice: string;
  readonly text: string;
  readonly seed: number | '';
  readonly temperature: number | '';
}

export function rowsOf(handIns: readonly HandIn[]): MergedRow[] {
  return handIns.flatMap(({ alias, pack, exercises }, index) =>
    exercises.flatMap((exercise) => {
      const common = {
        student: index + 1,
        alias: alias ?? '',
        class: pack.title,
        exercise: exercise.title,
      };
      return [
        ...exercise.answers.map(({ step, asked, text }) => ({
          ...common,
          ...BLANK,
          step,
          kind: 'answer' as const,
          asked,
          text,
        })),
        ...(exercise.notes.trim() === ''
          ? []
          : [
              {
                ...common,
                ...BLANK,
                step: '',
                kind: 'notes' as const,
                asked: '',
                text: exercise.notes,
              },
            ]),
        ...exercise.runs.flatMap(({ step, record }) =>
          outputsOf(record).map((output) => ({
            ...common,
            ...output,
            step,
            kind: 'output' as const,
          })),
        ),
      ];
    }),
  );
}

const BLANK = { voice: '', seed: '', temperature: '' } as const;

function outputsOf(record: RunRecord) {
  const { states } = openRecord(record);
  const { columns, params } = record.experiment;
  return grid(record.experiment).cells.flatMap(({ id, column, prompt, fields }) => {
    const state = states.get(id);
    const partial = state ? partialOf(state) : null;
    const output = state ? outputOf(state) : null;
    if (partial === null || output === null) return [];
    const lines = itemLines(output, prompt, fields);
    return {
      asked: prompt,
      voice: record.voices[columns.indexOf(column)] ?? column.voice.model,
      text: lines.length > 0 ? lines.join('\n') : partial.text,
      seed: partial.conditions.seed,
      temperature: column.overrides.temperature ?? params.temperature,
    };
  });
}

const COLUMNS = [
  ...['student', 'alias', 'class', 'exercise', 'step', 'kind'],
  ...['asked', 'voice', 'text', 'seed', 'temperature'],
] as const satisfies readonly (keyof MergedRow)[];

/** What a spreadsheet would take for a formula at the beginning of a field. */
const FORMULA = /^[\s]*[=+\-@\t\r\n＝＋－＠]/u;

/** Students write what they like: a field that a spreadsheet might run gets an apostrophe before it. */
export function toMergedCsv(handIns: readonly HandIn[]): string {
  const data = rowsOf(handIns).map((row) => COLUMNS.map((column) => row[column]));
  const options = { escapeFormulae: FORMULA, newline: '\r\n' };
  // A spreadsheet reads accents only where the file names its encoding.
  return `\uFEFF${Papa.unparse({ fields: [...COLUMNS], data }, options)}`;
}

/** The same rows, one JSON object per line. */
export function toMergedJsonl(handIns: readonly HandIn[]): string {
  return rowsOf(handIns)
    .map((row) => `${JSON.stringify(row)}\n`)
    .join('');
}
