/** Worker side of the task: each prompt of a batch becomes a row, each row an answer; rows step together. */
import type { Failure } from '../../domain/failure.ts';
import type { Timing } from '../../domain/metrics.ts';
import { TEXT_OUTPUT } from '../../domain/output.ts';
import type { Message } from '../../domain/prompt.ts';
import type { CellEvent } from '../../engine/engine.ts';
import type { CellId, Conditions, RunEvent } from '../../run/cell.ts';
import type { Batch, Job } from '../../run/plan.ts';
import { Answer, type Lettering, type Step } from '../../../workers/answer.ts';
import type { Controls } from '../../../workers/controls.ts';
import { commonLength, type PrefixCache } from '../../../workers/cache.ts';
import { Decoder, type Row } from '../../../workers/decoder.ts';
import { Pace, rowsThatFit, type PlacedNumbers, type ReadingPace } from '../../../workers/pace.ts';
import { needsAllLogits, type Scores } from '../../../workers/sampler.ts';
import type { Feeds, GraphSession } from '../../../workers/session.ts';

/** A model that writes, loaded and ready, with or without an adapter. */
export interface Voice {
  readonly kind: 'decoder';
  readonly session: GraphSession;
  readonly model: PlacedNumbers;
  /** How many of the best logits the graph gives. */
  readonly topCount: number;
  readonly adapter: Feeds;
  readonly lettering: Lettering;
  /** The batch's way of prompting: text as it is, or through a chat template. */
  encode(prompt: string): Promise<readonly number[]>;
  /** A conversation, through the chat template of the voice; its last message is the user's. */
  encodeChat(messages: readonly Message[]): Promise<readonly number[]>;
  readonly conditions: Omit<Conditions, 'seed'>;
  /**
   * Whether a row's scores are the same whoever is read beside it. Where they are not, rows step one
   * after another and nothing is reused, so that an answer never hangs on what else was asked.
   */
  readonly keepsRowsApart: boolean;
  /** What this model has read. */
  readonly prefixes: PrefixCache;
  /** How fast it reads. */
  readonly readingPace: ReadingPace;
}

/** A row on its way, and the cell it belongs to. */
interface Lane {
  readonly cell: CellId;
  readonly row: Row;
  readonly answer: Answer;
  /** The most rows that ever stepped with it, itself included. */
  together: number;
}

/** A job whose prompt is tokens, or could not become any. */
interface Read {
  readonly job: Job;
  readonly ids: Promise<readonly number[]>;
}

export async function runTextGeneration(
  batch: Batch,
  voice: Voice,
  controls: Controls,
  emit: (event: CellEvent) => void,
): Promise<void> {
  const { session, model, adapter, keepsRowsApart, prefixes } = voice;
  const decoder = new Decoder({
    session,
    model,
    adapter,
    allLogits: needsAllLogits(batch.params, voice.topCount),
    breathe: controls.breathe,
    reading: { pace: voice.readingPace, now: controls.now },
    prefixes: keepsRowsApart ? prefixes : undefined,
  });
  await new Run(batch, voice, controls, decoder, emit).all();
}

/**
 * Jobs wait in a queue, join the open lanes one by one between two steps, and leave when their
 * answer ends; the lanes that are open step together.
 */
class Run {
  readonly #batch: Batch;
  readonly #voice: Voice;
  readonly #controls: Controls;
  readonly #decoder: Decoder;
  readonly #emit: (event: CellEvent) => void;
  readonly #pace = new Pace();
  #queue: Read[] = [];
  #lanes: Lane[] = [];
  /** How many tokens every prompt of the batch begins with. */
  #shared = 0;
  #fitting = 1;

  constructor(
    batch: Batch,
    voice: Voice,
    controls: Controls,
    decoder: Decoder,
    emit: (event: CellEvent) => void,
  ) {
    this.#batch = batch;
    this.#voice = voice;
    this.#controls = controls;
    this.#decoder = decoder;
    this.#emit = emit;
  }

  async all(): Promise<void> {
    await this.#readAll();
    try {
      while (this.#queue.length > 0 || this.#lanes.length > 0) {
        this.#dropStopped();
        const next = this.#lanes.length < this.#room() ? this.#queue.shift() : undefined;
        if (next !== undefined) await this.#join(next);
        await this.#step();
      }
    } finally {
      for (const { row } of this.#lanes) this.#decoder.drop(row);
    }
  }

  /** All prompts as tokens: what they share, and how long the longest may become. */
  async #readAll(): Promise<void> {
    this.#queue = this.#batch.jobs.map((job) => ({ job, ids: this.#encode(job) }));
    const settled = await Promise.allSettled(this.#queue.map(({ ids }) => ids));
    const known = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const [first = [], ...others] = known;
    this.#shared = Math.min(first.length, ...others.map((ids) => commonLength(first, ids)));
    const { states, context } = this.#voice.model;
    const longest = Math.max(0, ...known.map(({ length }) => length));
    const tokens = Math.min(context, longest + this.#batch.params.maxTokens);
    const { keepsRowsApart, session } = this.#voice;
    const rows = rowsThatFit(states, tokens, session.largestTensorBytes);
    this.#fitting = keepsRowsApart ? rows : 1;
  }

  /** Those in the queue are told at once, not when their turn comes. */
  #dropStopped(): void {
    this.#queue = this.#queue.filter(
      ({ job: { cell } }) => !this.#controls.isStopped(cell) || this.#cancel(cell),
    );
  }

  #room(): number {
    return this.#lanes.length === 0 ? 1 : this.#pace.rows(this.#fitting);
  }

  /** Reads a job's prompt and takes the first token. */
  async #join(next: Read): Promise<void> {
    const lane = await this.#open(next);
    if (lane === null) return;
    this.#lanes.push(lane);
    const { row, cell } = lane;
    const totalTokens = row.ids.length;
    const [scores] = await this.#decoder.prefill(
      [row],
      () => this.#controls.isStopped(cell),
      ({ cached }) => this.#say(cell, { type: 'reading', readTokens: cached, totalTokens }),
    );
    this.#settle(new Map([[lane, scores]]));
  }

  /** Null where the job is over before it begins. */
  async #open({ job: { cell, seed }, ids: reading }: Read): Promise<Lane | null> {
    const { lettering, model, conditions } = this.#voice;
    const { params } = this.#batch;
    const { now } = this.#controls;
    const ids = await reading;
    const failure = misfit(ids, model);
    if (failure !== null) {
      this.#say(cell, { type: 'failed', failure });
      return null;
    }
    const promptTokens = ids.length;
    this.#say(cell, { type: 'ready', conditions: { ...conditions, seed }, promptTokens });
    const eos = new Set(model.eos);
    const contextTokens = model.context;
    const answer = new Answer({ params, seed, prompt: ids, eos, contextTokens, lettering, now });
    return { cell, row: this.#decoder.open(ids, this.#shared), answer, together: 1 };
  }

  #encode({ prompt, fields, history }: Job): Promise<readonly number[]> {
    if (this.#batch.task !== 'chat') return this.#voice.encode(prompt);
    const system = (fields['system'] ?? '').trim();
    const role: Message[] = system === '' ? [] : [{ role: 'system', content: system }];
    return this.#voice.encodeChat([...role, ...history, { role: 'user', content: prompt }]);
  }

  /** One token for each of the lanes that step now. */
  async #step(): Promise<void> {
    const lanes = this.#lanes.slice(0, Math.max(1, this.#pace.rows(this.#fitting)));
    if (lanes.length === 0) return;
    const { now } = this.#controls;
    const startedAt = now();
    const scores = await this.#decoder.step(lanes.map(({ row }) => row));
    this.#pace.measured(lanes.length, now() - startedAt);
    for (const lane of lanes) lane.together = Math.max(lane.together, lanes.length);
    this.#settle(new Map(lanes.map((lane, at) => [lane, scores[at]])));
  }

  /** Gives lanes what the graph said of them, and closes those that end. */
  #settle(answered: ReadonlyMap<Lane, Scores | null | undefined>): void {
    const ended = [...answered].filter(([lane, scores]) => {
      const goesOn =
        scores && !this.#controls.isStopped(lane.cell)
          ? this.#take(lane, lane.answer.take(scores))
          : this.#cancel(lane.cell);
      return !goesOn;
    });
    for (const [lane] of ended) {
      this.#lanes = this.#lanes.filter((other) => other !== lane);
      this.#decoder.close(lane.row);
    }
  }

  /** Says what a step brought; false where it was the last. */
  #take({ cell, row, answer, together }: Lane, { id, text, tokens, finish }: Step): boolean {
    if (id !== null) row.ids.push(id);
    if (tokens.length > 0 || text !== '') this.#say(cell, { type: 'tokens', text, tokens });
    if (finish === null) return true;
    const timing: Timing = {
      ...answer.timing,
      ...(together > 1 ? { together } : {}),
      ...(row.reused > 0 ? { reusedTokens: row.reused } : {}),
    };
    this.#say(cell, { type: 'done', finish, timing, text: answer.text, output: TEXT_OUTPUT });
    return false;
  }

  #cancel(cell: CellId): false {
    this.#say(cell, { type: 'cancelled' });
    return false;
  }

  #say(cell: CellId, event: RunEvent): void {
    this.#emit({ cell, event });
  }
}

/** A prompt leaves room for one token at least. */
function misfit(
  { length: promptTokens }: readonly number[],
  { context: contextTokens, trainedContext: modelTokens }: PlacedNumbers,
): Failure | null {
  if (promptTokens === 0) return { code: 'prompt-empty' };
  if (promptTokens < contextTokens) return null;
  const failure = { code: 'context-exceeded', promptTokens, contextTokens } as const;
  return modelTokens === undefined ? failure : { ...failure, modelTokens };
}
