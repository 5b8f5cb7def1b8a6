/** A class at rest: what `clase.json` holds, in a zip beside the models it needs. Plain data. */
import type { TaskId, VariantId, Voice } from '../domain/model.ts';
import type { Values } from '../domain/prompt.ts';
import type { PackagedFile } from '../graph/manifest.ts';
import type { Experiment } from '../run/experiment.ts';
import type { RunRecord } from '../run/record.ts';
import type { StoredPackage } from '../storage/packages.ts';

export const CLASS_FORMAT = 'patio.class';
export const CLASS_VERSION = 1;
/** The file of the zip that says what the rest is. */
export const CLASS_FILE = 'clase.json';

export interface ClassPack {
  readonly format: typeof CLASS_FORMAT;
  readonly version: typeof CLASS_VERSION;
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  /** BCP 47, such as `es`. */
  readonly language: string;
  readonly author: string | null;
  readonly exercises: readonly Exercise[];
  /** What the exercises ask, models and adapters alike; a base before its adapters. */
  readonly models: readonly ClassModel[];
  /** Made on the author's machine, for machines that cannot run what is asked. */
  readonly runs: readonly RunRecord[];
  readonly golden: readonly Golden[];
}

export interface Exercise {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly minutes: number;
  readonly steps: readonly Step[];
  /** For whoever teaches, one paragraph each. */
  readonly notes: readonly string[];
}

export interface Step {
  readonly id: string;
  readonly title: string;
  /** Plain text, one paragraph each. */
  readonly text: readonly string[];
  /** What is run in this step; null where it is only read and answered. */
  readonly work: StepWork | null;
  readonly questions: readonly Question[];
}

export interface StepWork {
  readonly experiment: Experiment;
  readonly locked: readonly Lock[];
  /** Whether the words that could have come are laid open under each answer. */
  readonly showsTokens: boolean;
  /** Id of the recorded run to fall back on; null where there is none. */
  readonly run: string | null;
}

/** What of an experiment stays as the author set it. */
export const LOCKS = ['prompts', 'columns', 'params'] as const;
export type Lock = (typeof LOCKS)[number];

/** Answered in free text. */
export interface Question {
  readonly id: string;
  readonly text: string;
}

export type ClassModel =
  /** Comes with Patio; a model's adapters come with it. */
  | { readonly kind: 'bundled'; readonly id: string }
  /** In this zip, under `folder`. */
  | {
      readonly kind: 'package';
      readonly entry: StoredPackage;
      readonly folder: string;
      readonly files: readonly PackagedFile[];
    }
  /** To be fetched and built. */
  | {
      readonly kind: 'repository';
      /** Of the package that the author built from it; exercises name it by this id. */
      readonly id: string;
      readonly name: string;
      /** null means the room's server where the page came from one, else the Hub. */
      readonly endpoint: string | null;
      readonly repo: string;
      /** Branch, tag or commit. */
      readonly revision: string;
      readonly variants: readonly VariantId[];
    };

/** What a voice is known to answer, without chance, on the author's machine. */
export interface Golden {
  readonly voice: Voice;
  readonly task: TaskId;
  readonly prompt: string;
  readonly fields: Values;
  readonly maxTokens: number;
  /** What it was made with: another variant has other weights and may answer otherwise. */
  readonly variant: VariantId;
  /** Text of a model that writes; of any other, the label or word it puts first. */
  readonly expected: string;
}

export interface Placed {
  readonly pack: ClassPack;
  readonly exercise: Exercise;
}

export function findExercise(pack: ClassPack, id: string): Exercise | null {
  return pack.exercises.find((exercise) => exercise.id === id) ?? null;
}

export function packageOf(model: ClassModel): string {
  return model.kind === 'package' ? model.entry.id : model.id;
}

/** Every voice that the exercises ask, each once. */
export function voicesOf({ exercises }: Pick<ClassPack, 'exercises'>): Voice[] {
  const found = new Map<string, Voice>();
  for (const { work } of exercises.flatMap(({ steps }) => steps)) {
    for (const { voice } of work?.experiment.columns ?? []) {
      found.set(JSON.stringify([voice.model, voice.adapter]), voice);
    }
  }
  return [...found.values()];
}

/** What a student may change of an experiment, laid over what the author fixed. */
export function held(work: StepWork, edited: Experiment): Experiment {
  const { experiment, locked } = work;
  return {
    ...edited,
    task: experiment.task,
    ...(locked.includes('prompts') ? { prompts: experiment.prompts } : {}),
    ...(locked.includes('columns') ? { columns: experiment.columns } : {}),
    ...(locked.includes('params')
      ? { params: experiment.params, backend: experiment.backend }
      : {}),
  };
}
