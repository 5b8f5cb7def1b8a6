/**
 * Beam search as Hugging Face transformers does it: which beams go on and which answers are kept,
 * from the scores of the next token alone. Sums are rounded to float32, as there.
 */
import type { Ranking } from './ranking.ts';

export interface BeamOptions {
  readonly beams: number;
  readonly lengthPenalty: number;
  readonly earlyStopping: boolean | 'never';
  readonly ends: readonly number[];
  /** Of an answer, its first token counted. */
  readonly maxLength: number;
  readonly start: number;
}

/** One sequence; `marks` holds what the caller wants to remember of each token after the first. */
export interface Beam<T> {
  readonly ids: readonly number[];
  readonly marks: readonly T[];
  readonly score: number;
}

interface Candidate<T> extends Beam<T> {
  readonly origin: number;
  readonly isOver: boolean;
}

interface Answered<T> extends Beam<T> {
  readonly isFinished: boolean;
}

/** Added to a score that is out of the race; sums stay finite. */
const OUT = -1e9;
const { fround } = Math;

export class BeamSearch<T> {
  readonly #options: BeamOptions;
  #running: readonly Beam<T>[];
  #answers: readonly Answered<T>[];
  #mayImprove = true;
  #isDone = false;

  constructor(options: BeamOptions) {
    this.#options = options;
    const { beams, start } = options;
    const beam = { ids: [start], marks: [], score: OUT };
    // All beams begin alike: only the first counts, or all would go the same way.
    this.#running = Array.from({ length: beams }, (_, at) => ({
      ...beam,
      score: at === 0 ? 0 : OUT,
    }));
    this.#answers = Array.from({ length: beams }, () => ({ ...beam, isFinished: false }));
  }

  get running(): readonly Beam<T>[] {
    return this.#running;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  /** The best answer; before the search is done, possibly none but its first token. */
  get best(): Beam<T> {
    return this.#answers[0] as Beam<T>;
  }

  /** How many tokens, the first one counted, all sequences still in the race have in common. */
  get agreed(): number {
    const open = this.#running.filter(({ score }) => score > OUT / 2);
    const race = [...open, ...this.#answers.filter(({ isFinished }) => isFinished)];
    const first = race[0]?.ids ?? [];
    const differs = (at: number) => race.some(({ ids }) => ids[at] !== first[at]);
    let count = 0;
    while (count < first.length && !differs(count)) count += 1;
    return count;
  }

  /**
   * One step.
   * @param rankings of each running beam's next tokens, by log-probability
   * @param mark what to remember of a token that comes after a beam
   * @returns for each beam that runs now, which one it goes on from
   */
  advance(rankings: readonly Ranking[], mark: (origin: number, id: number) => T): number[] {
    const { beams, lengthPenalty } = this.#options;
    const candidates = this.#candidates(rankings, mark);
    const going = candidates.map((candidate) => ({
      ...candidate,
      score: fround(candidate.score + (candidate.isOver ? OUT : 0)),
    }));
    const next = best(going, beams);
    const length = next[0]?.ids.length ?? 0;
    const penalty = fround((length - 1) ** lengthPenalty);
    const ended = candidates.map((candidate, rank) => this.#ended(candidate, rank, penalty));
    this.#answers = best([...this.#answers, ...ended], beams);
    this.#running = next;
    this.#judge(candidates, length);
    return next.map(({ origin }) => origin);
  }

  /** More than there are beams, so that enough are left where some end. */
  #candidates(
    rankings: readonly Ranking[],
    mark: (origin: number, id: number) => T,
  ): Candidate<T>[] {
    const { beams, ends, maxLength } = this.#options;
    const keep = Math.max(2, 1 + ends.length) * beams;
    const found = this.#running.flatMap((beam, origin) => {
      const ranking = rankings[origin];
      const count = Math.min(keep, ranking?.size ?? 0);
      return Array.from({ length: count }, (_, rank) => ({
        origin,
        id: ranking?.id(rank) ?? 0,
        score: fround(beam.score + fround(ranking?.logit(rank) ?? OUT)),
      }));
    });
    return best(found, keep).map(({ origin, id, score }) => {
      const { ids, marks } = this.#running[origin] as Beam<T>;
      const isOver = ends.includes(id) || ids.length + 1 >= maxLength;
      return { origin, score, isOver, ids: [...ids, id], marks: [...marks, mark(origin, id)] };
    });
  }

  /** A candidate as an answer; out of the race unless it ended among the first. */
  #ended(candidate: Candidate<T>, rank: number, penalty: number): Answered<T> {
    const { beams } = this.#options;
    const isFinished = candidate.isOver && rank < beams;
    let score = fround(candidate.score / penalty);
    if (this.#isFull()) score = fround(score + OUT);
    if (!this.#mayImprove) score = fround(score + OUT);
    if (!isFinished) score = fround(score + OUT);
    return { ids: candidate.ids, marks: candidate.marks, score, isFinished };
  }

  #judge(candidates: readonly Candidate<T>[], length: number): void {
    const { earlyStopping, lengthPenalty, maxLength } = this.#options;
    const isPatient = earlyStopping === 'never' && lengthPenalty > 0;
    const tokens = isPatient ? maxLength - 1 : length - 1;
    const hope = fround((this.#running[0]?.score ?? OUT) / fround(tokens ** lengthPenalty));
    const worst = Math.min(...this.#answers.map(({ score }) => score));
    const isBeaten = (answer: Answered<T>) => hope > (answer.isFinished ? worst : OUT);
    this.#mayImprove = this.#mayImprove && this.#answers.some(isBeaten);
    const isOver = candidates.every((candidate) => candidate.isOver);
    this.#isDone = !this.#mayImprove || this.#isFull() || isOver;
  }

  #isFull(): boolean {
    const { earlyStopping } = this.#options;
    return earlyStopping === true && this.#answers.every(({ isFinished }) => isFinished);
  }
}

/** The `count` of highest score, best first; of two equals the earlier. */
function best<S extends { readonly score: number }>(all: readonly S[], count: number): S[] {
  return [...all].sort((a, b) => descending(a.score, b.score)).slice(0, count);
}

function descending(a: number, b: number): number {
  return a === b ? 0 : b - a;
}
