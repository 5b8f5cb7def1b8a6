/** Worker side of the task: each prompt of a batch becomes a row, each row an answer. */
import type { Failure } from '../../domain/failure.ts';
import { TEXT_OUTPUT } from '../../domain/output.ts';
import type { Message } from '../../domain/prompt.ts';
import type { CellEvent } from '../../engine/engine.ts';
import type { ModelNumbers } from '../../graph/manifest.ts';
import type { CellId, Conditions, RunEvent } from '../../run/cell.ts';
import type { Batch, Job } from '../../run/plan.ts';
import { Answer, type Lettering, type Step } from '../../../workers/answer.ts';
import type { Controls } from '../../../workers/controls.ts';
import { Decoder, type Row } from '../../../workers/decoder.ts';
import { needsAllLogits } from '../../../workers/sampler.ts';
import type { Feeds, GraphSession } from '../../../workers/session.ts';

/** Rows that step together. One for now: a row is not slowed down by its neighbours. */
const ROWS_TOGETHER = 1;

/** A model that writes, loaded and ready, with or without an adapter. */
export interface Voice {
  readonly kind: 'decoder';
  readonly session: GraphSession;
  readonly model: ModelNumbers;
  /** How many of the best logits the graph gives. */
  readonly topCount: number;
  readonly adapter: Feeds;
  readonly lettering: Lettering;
  /** The batch's way of prompting: text as it is, or through a chat template. */
  encode(prompt: string): Promise<readonly number[]>;
  /** A conversation, through the chat template of the voice; its last message is the user's. */
  encodeChat(messages: readonly Message[]): Promise<readonly number[]>;
  readonly conditions: Omit<Conditions, 'seed'>;
}

/** A row on its way, and the cell it belongs to. */
interface Lane {
  readonly cell: CellId;
  readonly row: Row;
  readonly answer: Answer;
}

export async function runTextGeneration(
  batch: Batch,
  voice: Voice,
  controls: Controls,
  emit: (event: CellEvent) => void,
): Promise<void> {
  const decoder = new Decoder({
    session: voice.session,
    model: voice.model,
    adapter: voice.adapter,
    allLogits: needsAllLogits(batch.params, voice.topCount),
    breathe: controls.breathe,
  });
  const run = new Run(batch, voice, controls, decoder, emit);
  for (let at = 0; at < batch.jobs.length; at += ROWS_TOGETHER) {
    await run.group(batch.jobs.slice(at, at + ROWS_TOGETHER));
  }
}

class Run {
  readonly #batch: Batch;
  readonly #voice: Voice;
  readonly #controls: Controls;
  readonly #decoder: Decoder;
  readonly #emit: (event: CellEvent) => void;

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

  /** Runs a few jobs side by side, to the end of the longest. */
  async group(jobs: readonly Job[]): Promise<void> {
    const lanes: Lane[] = [];
    for (const job of jobs) lanes.push(...(await this.#open(job)));
    try {
      await this.#drive(lanes);
    } finally {
      for (const lane of lanes) this.#decoder.close(lane.row);
    }
  }

  /** No lane where the job is over before it begins. */
  async #open(job: Job): Promise<Lane[]> {
    const { cell, seed } = job;
    if (this.#controls.isStopped(cell)) return this.#say(cell, { type: 'cancelled' });
    const { lettering, model, conditions } = this.#voice;
    const { params } = this.#batch;
    const { now } = this.#controls;
    const ids = await this.#encode(job);
    const failure = misfit(ids, model.context);
    if (failure !== null) return this.#say(cell, { type: 'failed', failure });
    this.#say(cell, {
      type: 'ready',
      conditions: { ...conditions, seed },
      promptTokens: ids.length,
    });
    const eos = new Set(model.eos);
    const contextTokens = model.context;
    const answer = new Answer({ params, seed, prompt: ids, eos, contextTokens, lettering, now });
    return [{ cell, row: this.#decoder.open(ids), answer }];
  }

  #encode({ prompt, fields, history }: Job): Promise<readonly number[]> {
    if (this.#batch.task !== 'chat') return this.#voice.encode(prompt);
    const system = (fields['system'] ?? '').trim();
    const role: Message[] = system === '' ? [] : [{ role: 'system', content: system }];
    return this.#voice.encodeChat([...role, ...history, { role: 'user', content: prompt }]);
  }

  async #drive(lanes: readonly Lane[]): Promise<void> {
    const rows = (open: readonly Lane[]) => open.map(({ row }) => row);
    const stopped = (row: Row) => lanes.some((lane) => lane.row === row && this.#isStopped(lane));
    let scores = await this.#decoder.prefill(rows(lanes), stopped);
    let open = lanes;
    while (open.length > 0) {
      const answered = scores;
      open = open.filter((lane, index) => {
        const answer = answered[index];
        return answer && !this.#isStopped(lane)
          ? this.#take(lane, lane.answer.take(answer))
          : this.#cancel(lane);
      });
      scores = await this.#decoder.step(rows(open));
    }
  }

  /** Says what a step brought; false where it was the last. */
  #take({ cell, row, answer }: Lane, { id, text, tokens, finish }: Step): boolean {
    if (id !== null) row.ids.push(id);
    if (tokens.length > 0 || text !== '') this.#say(cell, { type: 'tokens', text, tokens });
    if (finish === null) return true;
    const { timing, text: whole } = answer;
    this.#say(cell, { type: 'done', finish, timing, text: whole, output: TEXT_OUTPUT });
    return false;
  }

  #cancel({ cell }: Lane): false {
    this.#say(cell, { type: 'cancelled' });
    return false;
  }

  #isStopped({ cell }: Lane): boolean {
    return this.#controls.isStopped(cell);
  }

  #say(cell: CellId, event: RunEvent): [] {
    this.#emit({ cell, event });
    return [];
  }
}

/** A prompt leaves room for one token at least. */
function misfit(ids: readonly number[], contextTokens: number): Failure | null {
  if (ids.length === 0) return { code: 'prompt-empty' };
  if (ids.length < contextTokens) return null;
  return { code: 'context-exceeded', promptTokens: ids.length, contextTokens };
}
