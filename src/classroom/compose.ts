/** A class made from what is on this machine. Pure: what goes in is given, what goes where is told. */
import type { Voice } from '../domain/model.ts';
import type { Experiment } from '../run/experiment.ts';
import type { RunRecord } from '../run/record.ts';
import type { FileFacts, StoredPackage } from '../storage/packages.ts';
import {
  CLASS_FORMAT,
  CLASS_VERSION,
  voicesOf,
  type ClassModel,
  type ClassPack,
  type Exercise,
  type Golden,
  type Lock,
} from './pack.ts';

export interface ClassDraft {
  readonly title: string;
  readonly summary: string;
  readonly author: string;
  readonly language: string;
  readonly minutes: number;
  /** One paragraph per line. */
  readonly notes: string;
  readonly steps: readonly DraftStep[];
}

export interface DraftStep {
  readonly title: string;
  /** One paragraph per line. */
  readonly text: string;
  /** One question per line. */
  readonly questions: string;
  readonly experiment: Experiment;
  /** The run that shows what should come out; null where there is none. */
  readonly run: RunRecord | null;
  readonly locked: readonly Lock[];
  readonly showsTokens: boolean;
}

/** A stored package that a class asks for, and what can be done about it. */
export interface WantedPackage {
  readonly stored: StoredPackage;
  readonly files: readonly FileFacts[];
  /** In the zip; else it is fetched from the repository it came from. */
  readonly inside: boolean;
}

export interface ComposedFile {
  readonly id: string;
  readonly path: string;
  readonly as: string;
}

export interface Composed {
  readonly pack: ClassPack;
  readonly files: readonly ComposedFile[];
}

/** Whether a class may leave it out: what came from files can only travel inside. */
export function canStayOut({ origin }: StoredPackage): boolean {
  return origin.kind === 'hub' && origin.repo !== null && origin.commit !== null;
}

/** @param ids of the class and its exercise; letters, digits, `-` and `_` */
export function composeClass(
  draft: ClassDraft,
  ids: () => string,
  wanted: readonly WantedPackage[],
  golden: readonly Golden[],
): Composed {
  const exercise = exerciseOf(draft, ids);
  const bundled = new Set(voicesOf({ exercises: [exercise] }).flatMap(bundledIds));
  const models = [
    ...[...bundled].map((id): ClassModel => ({ kind: 'bundled', id })),
    ...basesFirst(wanted).map(modelOf),
  ];
  const pack: ClassPack = {
    format: CLASS_FORMAT,
    version: CLASS_VERSION,
    id: ids(),
    title: draft.title.trim(),
    summary: draft.summary.trim(),
    language: draft.language,
    author: draft.author.trim() || null,
    exercises: [exercise],
    models,
    runs: draft.steps.flatMap(({ run }) => (run ? [run] : [])),
    golden,
  };
  return { pack, files: filesOf(models) };
}

function exerciseOf(
  { title, summary, minutes, notes, steps }: ClassDraft,
  ids: () => string,
): Exercise {
  return {
    id: ids(),
    title: title.trim(),
    summary: summary.trim(),
    minutes,
    steps: steps.map((step, index) => ({
      id: `paso-${index + 1}`,
      title: step.title.trim(),
      text: linesOf(step.text),
      work: {
        experiment: step.experiment,
        locked: step.locked,
        showsTokens: step.showsTokens,
        run: step.run?.id ?? null,
      },
      questions: linesOf(step.questions).map((text, at) => ({ id: `pregunta-${at + 1}`, text })),
    })),
    notes: linesOf(notes),
  };
}

function linesOf(text: string): string[] {
  return text
    .split(/\r?\n/u)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** What the app brings; the browser's own are told by their prefix. */
function bundledIds({ model, adapter }: Voice): string[] {
  return [model, adapter].filter((id) => id !== null && !id.startsWith('stored:')) as string[];
}

function basesFirst(wanted: readonly WantedPackage[]): WantedPackage[] {
  return [...wanted].sort(
    (a, b) => Number(a.stored.adapterOf !== null) - Number(b.stored.adapterOf !== null),
  );
}

function modelOf({ stored, files, inside }: WantedPackage): ClassModel {
  const { id, name, origin, variants } = stored;
  const { repo, commit } = origin;
  if (inside || !canStayOut(stored) || repo === null || commit === null) {
    const listed = files.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 }));
    return { kind: 'package', entry: stored, folder: `modelos/${id}`, files: listed };
  }
  return {
    kind: 'repository',
    id,
    name,
    endpoint: origin.endpoint === 'https://huggingface.co' ? null : origin.endpoint,
    repo,
    revision: commit,
    variants: variants.map((variant) => variant.id),
  };
}

function filesOf(models: readonly ClassModel[]): ComposedFile[] {
  return models.flatMap((model) =>
    model.kind === 'package'
      ? model.files.map(({ path }) => ({
          id: model.entry.id,
          path,
          as: `${model.folder}/${path}`,
        }))
      : [],
  );
}
