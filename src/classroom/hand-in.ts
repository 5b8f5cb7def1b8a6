/** What a student gives back, as one small file. Nothing in it says who or on which machine. */
import type { RunRecord } from '../run/record.ts';

export const HANDIN_FORMAT = 'patio.handin';
export const HANDIN_VERSION = 1;

export interface HandIn {
  readonly format: typeof HANDIN_FORMAT;
  readonly version: typeof HANDIN_VERSION;
  /** The same student's second file about the same class has the same one. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Of the student's own choosing. */
  readonly alias: string | null;
  readonly pack: { readonly id: string; readonly title: string };
  readonly exercises: readonly HandedExercise[];
}

export interface HandedExercise {
  readonly id: string;
  readonly title: string;
  /** Each with its question, so that it is read without the class it came from. */
  readonly answers: readonly HandedAnswer[];
  readonly notes: string;
  readonly runs: readonly HandedRun[];
}

export interface HandedAnswer {
  readonly step: string;
  readonly question: string;
  readonly asked: string;
  readonly text: string;
}

export interface HandedRun {
  readonly step: string;
  readonly record: RunRecord;
}
