/** The graph at work: prompts go in by chunks, then each row takes one step after another. */
import type { StatePort } from '../src/graph/architecture.ts';
import type { ModelNumbers } from '../src/graph/manifest.ts';
import type { Scores } from './sampler.ts';
import { floatsOf, int64sOf, type Feeds, type GraphSession, type GraphTensor } from './session.ts';

/** One sequence: its tokens, and what the graph remembers of those that went through it. */
export interface Row {
  readonly ids: number[];
  /** How many of `ids` the cache holds. */
  cached: number;
  /** Inputs of the next run, renewed in place. */
  readonly feeds: Feeds;
}

export interface DecoderOptions {
  readonly session: GraphSession;
  readonly model: ModelNumbers;
  /** Values of the graph's adapter inputs. */
  readonly adapter: Feeds;
  /** Whether samplers need every logit or the best are enough. */
  readonly allLogits: boolean;
  /** Lets messages in; called between runs. */
  readonly breathe: () => Promise<void>;
}

export class Decoder {
  readonly #options: DecoderOptions;
  readonly #pasts: readonly string[];
  readonly #presents: readonly string[];
  readonly #outputs: readonly string[];
  /** Right padding is all ones for a row on its own; each run sees the length it needs. */
  readonly #ones: BigInt64Array;

  constructor(options: DecoderOptions) {
    this.#options = options;
    this.#pasts = options.model.states.map(({ past }) => past);
    this.#presents = options.model.states.map(({ present }) => present);
    const scores = ['topk_logits', 'topk_ids', 'log_normalizer'];
    if (options.allLogits) scores.push('logits');
    this.#outputs = [...scores, ...this.#presents];
    this.#ones = new BigInt64Array(options.model.context).fill(1n);
  }

  open(ids: readonly number[]): Row {
    const { session, model, adapter } = this.#options;
    const empty = model.states.map((state) => [state.past, emptyState(session, state)]);
    return { ids: [...ids], cached: 0, feeds: { ...adapter, ...Object.fromEntries(empty) } };
  }

  /** Gives the row's cache back; it takes no further step. */
  close(row: Row): void {
    for (const name of this.#pasts) row.feeds[name]?.dispose();
  }

  /**
   * Reads the tokens that the caches do not hold yet.
   * @returns scores of each row's next token; null where `isStopped` said so on the way
   */
  async prefill(
    rows: readonly Row[],
    isStopped: (row: Row) => boolean,
  ): Promise<(Scores | null)[]> {
    const scores: (Scores | null)[] = [];
    for (const row of rows) scores.push(await this.#prefillRow(row, isStopped));
    return scores;
  }

  /** Reads each row's last token. */
  async step(rows: readonly Row[]): Promise<Scores[]> {
    const scores: Scores[] = [];
    for (const row of rows) {
      await this.#options.breathe();
      scores.push(scoresOf(await this.#advance(row, row.ids.length, this.#outputs)));
    }
    return scores;
  }

  async #prefillRow(row: Row, isStopped: (row: Row) => boolean): Promise<Scores | null> {
    const end = row.ids.length;
    for (;;) {
      await this.#options.breathe();
      if (isStopped(row)) return null;
      const next = row.cached + this.#options.session.chunkTokens;
      if (next >= end) return scoresOf(await this.#advance(row, end, this.#outputs));
      await this.#advance(row, next, this.#presents);
    }
  }

  /** Runs the tokens from the cache's end up to `end` and keeps what the graph makes of them. */
  async #advance(row: Row, end: number, fetches: readonly string[]): Promise<Feeds> {
    const { session } = this.#options;
    const { feeds } = row;
    const fresh = BigInt64Array.from(row.ids.slice(row.cached, end), BigInt);
    feeds['input_ids'] = session.int64(fresh, [1, fresh.length]);
    feeds['attention_mask'] = session.int64(this.#ones.subarray(0, end), [1, end]);
    const results = await session.run(feeds, fetches);
    this.#presents.forEach((present, index) => {
      const past = this.#pasts[index] as string;
      feeds[past]?.dispose();
      feeds[past] = results[present] as GraphTensor;
    });
    row.cached = end;
    return results;
  }
}

/** What a decoder remembers before its first token: nothing, or zeros of a fixed size. */
export function emptyState(session: GraphSession, { dims }: StatePort): GraphTensor {
  const whole = [1, ...dims.map((size) => size ?? 0)];
  const count = whole.reduce((product, size) => product * size, 1);
  return session.float32(new Float32Array(count), whole);
}

function scoresOf(results: Feeds): Scores {
  return {
    topLogits: floatsOf(results['topk_logits']),
    topIds: int64sOf(results['topk_ids']),
    logNormalizer: floatsOf(results['log_normalizer'])[0] as number,
    logits: results['logits'] === undefined ? null : floatsOf(results['logits']),
  };
}
