/** An encoder–decoder at work: the source is read once, then branches of an answer step side by side. */
import type { ModelNumbers } from '../src/graph/manifest.ts';
import { emptyState } from './decoder.ts';
import type { Scores } from './sampler.ts';
import {
  floatsOf,
  int64sOf,
  pickRows,
  type Feeds,
  type GraphSession,
  type GraphTensor,
} from './session.ts';

export interface Seq2SeqGraphs {
  readonly encoder: GraphSession;
  readonly decoder: GraphSession;
  readonly model: ModelNumbers;
  /** Values of each graph's adapter inputs. */
  readonly adapter: { readonly encoder: Feeds; readonly decoder: Feeds };
}

/** Answers to one source that grow together, all equally long. */
export interface Branches {
  count: number;
  /** Inputs of the next run, renewed in place. */
  readonly feeds: Feeds;
  /** Whether keys and values of the source are still to be made. */
  isFresh: boolean;
}

const SOURCE = 'encoder_hidden_states';
const SOURCE_MASK = 'encoder_attention_mask';

export class Seq2Seq {
  readonly #graphs: Seq2SeqGraphs;
  readonly #outputs: readonly string[];

  /** @param allLogits whether every logit is asked for or the best are enough */
  constructor(graphs: Seq2SeqGraphs, allLogits: boolean) {
    this.#graphs = graphs;
    const scores = ['topk_logits', 'topk_ids', 'log_normalizer'];
    this.#outputs = allLogits ? [...scores, 'logits'] : scores;
  }

  /** Reads a source; one branch, at its beginning. */
  async open(source: readonly number[]): Promise<Branches> {
    const { encoder, decoder, model, adapter } = this.#graphs;
    const dims = [1, source.length];
    const ones = new BigInt64Array(source.length).fill(1n);
    const ids = encoder.int64(BigInt64Array.from(source, BigInt), dims);
    const mask = encoder.int64(ones, dims);
    const feeds = { ...adapter.encoder, input_ids: ids, attention_mask: mask };
    const results = await encoder.run(feeds, ['last_hidden_state']);
    const empty = model.states.map((state) => [state.past, emptyState(decoder, state)] as const);
    return {
      count: 1,
      isFresh: true,
      feeds: {
        ...adapter.decoder,
        ...Object.fromEntries(empty),
        [SOURCE]: results['last_hidden_state'] as GraphTensor,
        [SOURCE_MASK]: mask,
      },
    };
  }

  /** Gives a branch's memory back; it takes no further step. */
  close({ feeds }: Branches): void {
    for (const { past } of this.#graphs.model.states) feeds[past]?.dispose();
    feeds[SOURCE]?.dispose();
  }

  /**
   * Reads the last token of each branch.
   * @returns scores of each branch's next token
   */
  async step(branches: Branches, last: readonly number[]): Promise<Scores[]> {
    const { decoder } = this.#graphs;
    const { feeds, count, isFresh } = branches;
    feeds['input_ids'] = decoder.int64(BigInt64Array.from(last, BigInt), [count, 1]);
    const renewed = this.#graphs.model.states.filter((state) => isFresh || isGrowing(state));
    const presents = renewed.map(({ present }) => present);
    const results = await decoder.run(feeds, [...this.#outputs, ...presents]);
    for (const { past, present } of renewed) replace(feeds, past, results[present] as GraphTensor);
    branches.isFresh = false;
    return Array.from({ length: count }, (_, row) => scoresOf(results, row, count));
  }

  /** Goes on with some of the branches, each as often as it is named. */
  keep(branches: Branches, origins: readonly number[]): void {
    const { decoder, model } = this.#graphs;
    const { feeds, count } = branches;
    if (origins.length === count && origins.every((origin, at) => origin === at)) return;
    // The source is the same to every branch: its part changes with their number alone.
    const isResized = origins.length !== count;
    for (const state of model.states) {
      if (!isResized && !isGrowing(state)) continue;
      replace(feeds, state.past, pickRows(decoder, feeds[state.past] as GraphTensor, origins));
    }
    if (isResized) this.#resize(feeds, origins.length);
    branches.count = origins.length;
  }

  /** The source's keys are made, so its states are no longer read: any number of none will do. */
  #resize(feeds: Feeds, count: number): void {
    const { decoder } = this.#graphs;
    const [, length = 0] = feeds[SOURCE_MASK]?.dims ?? [];
    const width = feeds[SOURCE]?.dims[2] ?? 0;
    const ones = new BigInt64Array(count * length).fill(1n);
    feeds[SOURCE_MASK] = decoder.int64(ones, [count, length]);
    replace(feeds, SOURCE, decoder.float32(new Float32Array(0), [count, 0, width]));
  }
}

/** The part of a cache that a step makes longer; the source's is made once. */
function isGrowing({ past }: { readonly past: string }): boolean {
  return past.includes('.decoder.');
}

function replace(feeds: Feeds, name: string, tensor: GraphTensor): void {
  feeds[name]?.dispose();
  feeds[name] = tensor;
}

function scoresOf(results: Feeds, row: number, count: number): Scores {
  const topIds = int64sOf(results['topk_ids']);
  const k = topIds.length / count;
  const logits = results['logits'] === undefined ? null : floatsOf(results['logits']);
  const vocab = (logits?.length ?? 0) / count;
  return {
    topLogits: floatsOf(results['topk_logits']).subarray(row * k, (row + 1) * k),
    topIds: topIds.subarray(row * k, (row + 1) * k),
    logNormalizer: floatsOf(results['log_normalizer'])[row] as number,
    logits: logits?.subarray(row * vocab, (row + 1) * vocab) ?? null,
  };
}
