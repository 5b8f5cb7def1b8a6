import type { Catalogue } from '../domain/model.ts';
import type { HandedExercise } from '../classroom/hand-in.ts';
import { CLASS_LIMITS } from '../classroom/limits.ts';
import { held, type ClassPack, type Exercise, type Step } from '../classroom/pack.ts';
import { answerKey, readProgress, withRun, type Progress } from '../classroom/progress.ts';
import type { Experiment } from '../run/experiment.ts';
import type { RunRecord } from '../run/record.ts';
import type { SmallStorage } from '../storage/settings.ts';
import type { ActiveRun } from './active-run.svelte.ts';
import type { History } from './history.svelte.ts';
import { Lab, type Later } from './lab.svelte.ts';

export interface ExerciseDeps {
  readonly catalogue: Catalogue;
  readonly small: SmallStorage;
  readonly ids: () => string;
  readonly later: Later;
  readonly run: ActiveRun;
  readonly history: Pick<History, 'read'>;
  /** An experiment with the models of the class as this browser calls them. */
  readonly localised: (experiment: Experiment) => Experiment;
}

/** One person at one exercise: the step on screen, what was run, what was written. */
export class ExerciseSession {
  readonly pack: ClassPack;
  readonly exercise: Exercise;
  readonly #deps: ExerciseDeps;
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- looked up, never shown
  readonly #labs = new Map<string, Lab>();
  #progress = $state.raw<Progress>() as Progress;

  constructor(pack: ClassPack, exercise: Exercise, deps: ExerciseDeps) {
    this.pack = pack;
    this.exercise = exercise;
    this.#deps = deps;
    this.#progress = readProgress(deps.small.read(this.#key));
  }

  get index(): number {
    const { steps } = this.exercise;
    return Math.max(
      0,
      steps.findIndex(({ id }) => id === this.#progress.step),
    );
  }

  get step(): Step {
    return this.exercise.steps[this.index] as Step;
  }

  get notes(): string {
    return this.#progress.notes;
  }

  set notes(text: string) {
    this.#keep({ notes: text.slice(0, CLASS_LIMITS.answerChars) });
  }

  /** Runs and answers there are of a step: what a list of steps shows as done. */
  isBegun({ id, questions }: Step): boolean {
    const answered = questions.some((question) => this.answer(id, question.id).trim() !== '');
    return answered || (this.#progress.runs[id]?.length ?? 0) > 0;
  }

  get begun(): number {
    return this.exercise.steps.filter((step) => this.isBegun(step)).length;
  }

  answer(step: string, question: string): string {
    return this.#progress.answers[answerKey(step, question)] ?? '';
  }

  setAnswer(step: string, question: string, text: string): void {
    const clean = text.slice(0, CLASS_LIMITS.answerChars);
    this.#keep({ answers: { ...this.#progress.answers, [answerKey(step, question)]: clean } });
  }

  /** Shows a step, with what was last run in it. */
  async go(index: number): Promise<void> {
    const step = this.exercise.steps[index];
    if (!step) return;
    this.#keep({ step: step.id });
    await this.restore();
  }

  /** Brings the last run of the step back on screen, unless something runs. */
  async restore(): Promise<void> {
    const { run, history } = this.#deps;
    const id = this.#progress.runs[this.step.id]?.at(-1);
    if (run.status === 'running') return;
    if (id === undefined) {
      run.close();
      return;
    }
    const record = run.header?.id === id ? null : await history.read(id);
    if (record && this.#progress.runs[this.step.id]?.at(-1) === id) run.open(record);
  }

  /** The experiment of a step as it is edited here; null for a step without one. */
  lab(step: Step): Lab | null {
    if (!step.work) return null;
    const known = this.#labs.get(step.id);
    if (known) return known;
    const { catalogue, ids, later } = this.#deps;
    const lab = new Lab({ catalogue, ids, later, storage: this.#draftsOf(step) });
    this.#labs.set(step.id, lab);
    return lab;
  }

  /** What will be run: what is locked is the author's, whatever was edited. */
  experiment(step: Step): Experiment | null {
    const lab = this.lab(step);
    if (!step.work || !lab) return null;
    return held({ ...step.work, experiment: this.#original(step) }, lab.experiment);
  }

  async start(): Promise<void> {
    const { step } = this;
    const experiment = this.experiment(step);
    if (!experiment) return;
    const { run } = this.#deps;
    const ended = run.start(experiment);
    const { header } = run;
    if (header) this.#keep(withRun(this.#progress, step.id, header.id));
    await ended;
  }

  /** The experiment of a step as its author left it. */
  reset(step: Step): void {
    this.lab(step)?.load(this.#original(step));
    const drafts = Object.entries(this.#progress.drafts).filter(([id]) => id !== step.id);
    this.#keep({ drafts: Object.fromEntries(drafts) });
  }

  /** The recorded run that a step falls back on; null where there is none. */
  recorded(step: Step): RunRecord | null {
    return this.pack.runs.find(({ id }) => id === step.work?.run) ?? null;
  }

  showRecorded(step: Step): void {
    const record = this.recorded(step);
    if (record) this.#deps.run.open(record);
  }

  /** Whether the run on screen is one of this exercise. */
  get ownsRun(): boolean {
    const id = this.#deps.run.header?.id;
    if (id === undefined) return false;
    const own = Object.values(this.#progress.runs).flat();
    return own.includes(id) || this.pack.runs.some((record) => record.id === id);
  }

  flush(): void {
    for (const lab of this.#labs.values()) lab.flush();
  }

  /** Answers, notes and the last runs, as they go into the file. */
  async handed(): Promise<HandedExercise> {
    const { steps, id, title } = this.exercise;
    const answers = steps.flatMap((step) =>
      step.questions.map((question) => ({
        step: step.id,
        question: question.id,
        asked: question.text,
        text: this.answer(step.id, question.id),
      })),
    );
    const runs = [];
    for (const step of steps) {
      for (const run of this.#progress.runs[step.id] ?? []) {
        const record = await this.#deps.history.read(run);
        if (record) runs.push({ step: step.id, record });
      }
    }
    const written = answers.filter(({ text }) => text.trim() !== '');
    return { id, title, answers: written, notes: this.notes, runs };
  }

  get #key(): string {
    return `class.${this.pack.id}.${this.exercise.id}`;
  }

  #original(step: Step): Experiment {
    if (!step.work) throw new Error('a step without an experiment');
    return this.#deps.localised(step.work.experiment);
  }

  /** What a lab reads and writes as its draft is the step's own. */
  #draftsOf(step: Step): SmallStorage {
    const original = this.#original(step);
    return {
      read: (key) => {
        if (key === 'task') return original.task;
        return this.#progress.drafts[step.id] ?? JSON.stringify(original);
      },
      write: (key, text) => {
        if (key !== 'task') this.#keep({ drafts: { ...this.#progress.drafts, [step.id]: text } });
        return null;
      },
    };
  }

  #keep(change: Partial<Progress>): void {
    this.#progress = { ...this.#progress, ...change };
    // Progress that cannot be kept is told once, at the end: what is on screen stays.
    this.#deps.small.write(this.#key, JSON.stringify(this.#progress));
  }
}
