/**
 * The graph at work: prompts go in by chunks, each alone, then rows take their steps together.
 *
 * A row sits in a table, which holds the states of all rows that were last run together: of each
 * state one tensor, a row for each seat. Rows are of different lengths, so the growing axis is as
 * wide as the longest and the others are padded on its right. When a step is asked of other rows
 * than those at one table, they move to a new one: whoever left is left behind, whoever joins is
 * copied in.
 */
import type { ModelNumbers } from '../src/graph/manifest.ts';
import type { StatePort } from '../src/graph/architecture.ts';
import { usableLength, type PrefixCache } from './cache.ts';
import type { ReadingPace } from './pace.ts';
import type { Scores } from './sampler.ts';
import {
  floatsOf,
  int64sOf,
  stackRows,
  type Feeds,
  type GraphSession,
  type GraphTensor,
} from './session.ts';

/** One sequence: its tokens, and where the graph's memory of them is. */
export interface Row {
  readonly ids: number[];
  /** How many of `ids` the states hold. */
  cached: number;
  /** How many of `ids` were in the states from the first, because others had read them. */
  readonly reused: number;
  /** Tokens after which the states are remembered, where they cannot be cut later. */
  readonly marks: readonly number[];
  seat: Seat;
}

interface Seat {
  readonly table: Table;
  readonly at: number;
}

/** A row's states as far as they are wanted. */
type Seated = Pick<Row, 'seat' | 'cached'>;

interface Table {
  /** Adapter and states: inputs of the next run, renewed in place. */
  readonly feeds: Feeds;
  readonly seats: number;
  /** How many of its rows still sit here; at none the states are given back. */
  seated: number;
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
  /** Short runs on slow machines; without it prompts are read by as much as the runtime takes. */
  readonly reading?: { readonly pace: ReadingPace; readonly now: () => number } | undefined;
  /** What earlier rows have read; without it every row begins at nothing. */
  readonly prefixes?: PrefixCache | undefined;
}

/** Told after each chunk of a prompt. */
export type OnRead = (row: Row) => void;

export class Decoder {
  readonly #options: DecoderOptions;
  readonly #presents: readonly string[];
  readonly #outputs: readonly string[];
  /** Right padding is all ones for a row on its own; each run sees the length it needs. */
  readonly #ones: BigInt64Array;
  readonly #open = new Set<Row>();
  readonly #canCut: boolean;

  constructor(options: DecoderOptions) {
    this.#options = options;
    const { states, context } = options.model;
    this.#presents = states.map(({ present }) => present);
    const scores = ['topk_logits', 'topk_ids', 'log_normalizer'];
    if (options.allLogits) scores.push('logits');
    this.#outputs = [...scores, ...this.#presents];
    this.#ones = new BigInt64Array(context).fill(1n);
    this.#canCut = canCut(states);
  }

  /** @param shared how many tokens the rows after this one are known to begin with as well */
  open(ids: readonly number[], shared = 0): Row {
    const known = this.#recall(ids);
    const reused = known?.cached ?? 0;
    const table = known === null ? this.#emptyTable() : this.#copied([known], reused);
    const seat = { table, at: 0 };
    const marks = this.#options.prefixes && !this.#canCut ? [shared, ids.length - 1] : [];
    const row = { ids: [...ids], cached: reused, reused, marks, seat };
    this.#open.add(row);
    return row;
  }

  /** Leaves what the row has read to the rows after it; it takes no further step. */
  close(row: Row): void {
    if (this.#open.has(row)) this.#remember(row);
    this.drop(row);
  }

  /** Gives the row's memory back and keeps nothing, as after a failure: there may be no room. */
  drop(row: Row): void {
    if (this.#open.delete(row)) this.#leave(row.seat.table);
  }

  /**
   * Reads the tokens that the states do not hold yet.
   * @returns scores of each row's next token; null where `isStopped` said so on the way
   */
  async prefill(
    rows: readonly Row[],
    isStopped: (row: Row) => boolean,
    onRead: OnRead = () => undefined,
  ): Promise<(Scores | null)[]> {
    const scores: (Scores | null)[] = [];
    for (const row of rows) scores.push(await this.#prefillRow(row, isStopped, onRead));
    return scores;
  }

  /** Reads each row's last token, all in one run. */
  async step(rows: readonly Row[]): Promise<Scores[]> {
    if (rows.length === 0) return [];
    await this.#options.breathe();
    const table = this.#gather(rows);
    const { feeds } = table;
    const { session } = this.#options;
    const last = BigInt64Array.from(rows, (row) => BigInt(row.ids[row.cached] as number));
    feeds['input_ids'] = session.int64(last, [rows.length, 1]);
    feeds['attention_mask'] = this.#mask(rows.map(({ cached }) => cached + 1));
    const results = await this.#run(table, this.#outputs);
    for (const row of rows) row.cached += 1;
    return rows.map((_, at) => scoresOf(results, at));
  }

  async #prefillRow(
    row: Row,
    isStopped: (row: Row) => boolean,
    onRead: OnRead,
  ): Promise<Scores | null> {
    for (;;) {
      await this.#options.breathe();
      if (isStopped(row)) return null;
      const end = this.#chunkEnd(row);
      const isLast = end === row.ids.length;
      const results = await this.#read(row, end, isLast ? this.#outputs : this.#presents);
      if (row.marks.includes(end)) this.#remember(row);
      if (isLast) return scoresOf(results, 0);
      onRead(row);
    }
  }

  #chunkEnd({ ids, cached, marks }: Row): number {
    const { session, reading } = this.#options;
    const tokens = reading?.pace.tokens(session.chunkTokens) ?? session.chunkTokens;
    const full = Math.min(ids.length, cached + tokens);
    return Math.min(full, ...marks.filter((mark) => mark > cached));
  }

  /** Runs the tokens from the states' end up to `end`; the row is alone in this run. */
  async #read(row: Row, end: number, fetches: readonly string[]): Promise<Feeds> {
    const table = this.#gather([row]);
    const { session, reading } = this.#options;
    const fresh = BigInt64Array.from(row.ids.slice(row.cached, end), BigInt);
    table.feeds['input_ids'] = session.int64(fresh, [1, fresh.length]);
    table.feeds['attention_mask'] = this.#mask([end]);
    const startedAt = reading?.now() ?? 0;
    const results = await this.#run(table, fetches);
    reading?.pace.measured(fresh.length, reading.now() - startedAt);
    row.cached = end;
    return results;
  }

  async #run({ feeds }: Table, fetches: readonly string[]): Promise<Feeds> {
    const results = await this.#options.session.run(feeds, fetches);
    for (const { past, present } of this.#options.model.states) {
      feeds[past]?.dispose();
      feeds[past] = results[present] as GraphTensor;
    }
    return results;
  }

  /** @param lengths of the rows in tokens, those of this run included */
  #mask(lengths: readonly number[]): GraphTensor {
    const { session } = this.#options;
    const total = Math.max(...lengths);
    if (lengths.length === 1) return session.int64(this.#ones.subarray(0, total), [1, total]);
    const mask = new BigInt64Array(lengths.length * total);
    for (const [at, length] of lengths.entries()) {
      mask.fill(1n, at * total, at * total + length);
    }
    return session.int64(mask, [lengths.length, total]);
  }

  /** The table where these rows sit, in this order and nobody else. */
  #gather(rows: readonly Row[]): Table {
    const table = (rows[0] as Row).seat.table;
    const isSeated = rows.every(({ seat }, at) => seat.table === table && seat.at === at);
    if (isSeated && table.seats === rows.length) return table;
    const gathered = this.#copied(rows, Math.max(...rows.map(({ cached }) => cached)));
    for (const [at, row] of rows.entries()) {
      this.#leave(row.seat.table);
      row.seat = { table: gathered, at };
    }
    return gathered;
  }

  /** The longest beginning of these ids that was read before, here or by a row still under way. */
  #recall(ids: readonly number[]): Seated | null {
    const { prefixes, adapter } = this.#options;
    if (prefixes === undefined) return null;
    const found = prefixes.find(ids, adapter, this.#canCut);
    let best: Seated | null = null;
    if (found !== null) {
      const table = { feeds: found.prefix.states, seats: 1, seated: 1 };
      best = { seat: { table, at: 0 }, cached: found.length };
    }
    for (const { ids: read, cached, seat } of this.#open) {
      const length = usableLength(read.slice(0, cached), ids, this.#canCut);
      if (length > (best?.cached ?? 0)) best = { seat, cached: length };
    }
    return best;
  }

  #remember(row: Row): void {
    const { prefixes, adapter, model } = this.#options;
    if (prefixes === undefined || row.cached === 0) return;
    const { feeds } = this.#copied([row], row.cached);
    const states = Object.fromEntries(model.states.map(({ past }) => [past, feeds[past]] as const));
    const ids = row.ids.slice(0, row.cached);
    prefixes.keep({ ids, adapter, states: states as Feeds }, this.#canCut);
  }

  #emptyTable(): Table {
    const { session } = this.#options;
    return this.#table(1, (state) => emptyState(session, state));
  }

  #copied(rows: readonly Seated[], width: number): Table {
    const { session } = this.#options;
    return this.#table(rows.length, ({ past, dims }) => {
      const pieces = rows.map(({ seat: { table, at }, cached }) => {
        return { tensor: table.feeds[past] as GraphTensor, row: at, length: cached };
      });
      return stackRows(session, pieces, dims, width);
    });
  }

  #table(seats: number, stateOf: (state: StatePort) => GraphTensor): Table {
    const { model, adapter } = this.#options;
    const states = model.states.map((state) => [state.past, stateOf(state)] as const);
    return { feeds: { ...adapter, ...Object.fromEntries(states) }, seats, seated: seats };
  }

  #leave(table: Table): void {
    table.seated -= 1;
    if (table.seated > 0) return;
    for (const { past } of this.#options.model.states) table.feeds[past]?.dispose();
  }
}

/** Whether the memory of a text's beginning is a part of the memory of the text. */
export function canCut(states: readonly StatePort[]): boolean {
  return states.every(({ dims }) => dims.includes(null));
}

/** What a decoder remembers before its first token: nothing, or zeros of a fixed size. */
export function emptyState(session: GraphSession, { dims }: StatePort, rows = 1): GraphTensor {
  const whole = [rows, ...dims.map((size) => size ?? 0)];
  const count = whole.reduce((product, size) => product * size, 1);
  return session.float32(new Float32Array(count), whole);
}

/** Of one row of a run. */
function scoresOf(results: Feeds, at: number): Scores {
  const part = <T extends Float32Array | BigInt64Array>(values: T, dims: readonly number[]): T => {
    const size = values.length / (dims[0] ?? 1);
    return values.subarray(at * size, (at + 1) * size) as T;
  };
  const [logits, topLogits, topIds] = [
    results['logits'],
    results['topk_logits'],
    results['topk_ids'],
  ];
  return {
    topLogits: part(floatsOf(topLogits), topLogits?.dims ?? []),
    topIds: part(int64sOf(topIds), topIds?.dims ?? []),
    logNormalizer: floatsOf(results['log_normalizer'])[at] as number,
    logits: logits === undefined ? null : part(floatsOf(logits), logits.dims),
  };
}
