import { keyValueStates } from '../../src/graph/architecture.ts';
import type { ModelNumbers } from '../../src/graph/manifest.ts';
import type { Feeds, GraphSession, GraphTensor } from '../../workers/session.ts';
import { floatsOf, int64sOf } from '../../workers/session.ts';

const TOP = 64;

/** What comes after a sequence of ids: the logits of the next token. */
export type FakeModel = (ids: readonly number[]) => Float32Array;

export const FAKE_NUMBERS: ModelNumbers = {
  vocab: 258,
  context: 64,
  bos: 256,
  eos: [257],
  pad: null,
  decoderStart: null,
  states: keyValueStates({ layers: 1, kvHeads: 1, headDim: 1 }),
};

/**
 * A graph whose memory is honest: its cache holds the ids that went through it, and the model sees
 * nothing but the cache and the new ids. A decoder that loses or repeats a token gets other logits.
 */
export class FakeGraph implements GraphSession {
  readonly chunkTokens: number;
  readonly inputs: readonly string[] = ['input_ids', 'attention_mask'];
  /** How many ids of each row each run took in. */
  readonly runs: number[] = [];
  /** How many rows each run had. */
  readonly together: number[] = [];
  readonly fetched: (readonly string[])[] = [];
  /** Tensors of the cache that are alive. */
  alive = 0;
  readonly #model: FakeModel;
  readonly #onRun: (run: number) => void;

  constructor(model: FakeModel, chunkTokens = 128, onRun: (run: number) => void = () => undefined) {
    this.#model = model;
    this.chunkTokens = chunkTokens;
    this.#onRun = onRun;
  }

  async run(feeds: Feeds, fetches: readonly string[]): Promise<Feeds> {
    const rows = rowsOf(feeds);
    if (rows.length > 1 && rows.some(({ fresh }) => fresh.length > 1)) {
      throw new Error('a prompt is read alone');
    }
    const all = rows.map(({ past, fresh }) => [...past, ...fresh]);
    this.runs.push(rows[0]?.fresh.length ?? 0);
    this.together.push(rows.length);
    this.fetched.push(fetches);
    this.#onRun(this.runs.length);
    const made: Feeds = { ...this.#cache(all), ...scores(all.map((ids) => this.#model(ids))) };
    return Object.fromEntries(fetches.map((name) => [name, made[name] as GraphTensor]));
  }

  int64(data: BigInt64Array, dims: readonly number[]): GraphTensor {
    return tensor(data, dims);
  }

  float32(data: Float32Array, dims: readonly number[]): GraphTensor {
    this.alive += 1;
    return tensor(data, dims, () => (this.alive -= 1));
  }

  resident(data: Float32Array, dims: readonly number[]): GraphTensor {
    return tensor(data, dims);
  }

  /** Rows shorter than the longest are followed by noise, as padding is. */
  #cache(rows: readonly (readonly number[])[]): Feeds {
    const width = Math.max(...rows.map((ids) => ids.length));
    const padded = rows.flatMap((ids) => [...ids, ...Array<number>(width - ids.length).fill(NaN)]);
    const make = () => this.float32(Float32Array.from(padded), [rows.length, 1, width, 1]);
    return { 'present.0.key': make(), 'present.0.value': make() };
  }
}

/** What each row has read and what it reads now, by its own part of the mask. */
function rowsOf(feeds: Feeds): { past: number[]; fresh: number[] }[] {
  const { input_ids: ids, attention_mask: mask, 'past_key_values.0.key': key } = feeds;
  const [count = 0, sequence = 0] = ids?.dims ?? [];
  const [keys, , width = 0] = key?.dims ?? [];
  const total = mask?.dims[1] ?? 0;
  if (keys !== count || mask?.dims[0] !== count || total !== width + sequence) {
    throw new Error('shapes do not fit together');
  }
  return Array.from({ length: count }, (_, row) => {
    const seen = int64sOf(mask).subarray(row * total, (row + 1) * total);
    const length = seen.indexOf(0n) === -1 ? total : seen.indexOf(0n);
    return {
      past: [...floatsOf(key).subarray(row * width, row * width + length - sequence)],
      fresh: [...int64sOf(ids).subarray(row * sequence, (row + 1) * sequence)].map(Number),
    };
  });
}

/** Goes on from any beginning in a way that tells all of it; ends after a while. */
export const winding: FakeModel = (ids) => {
  const sum = ids.reduce((all, id, at) => (all * 31 + id * (at + 1)) % 65_521, 7);
  return Float32Array.from(
    { length: FAKE_NUMBERS.vocab },
    (_, id) => Math.sin(sum * (id + 1)) * (id < 257 ? 1 : 3),
  );
};

/** A model that says one text, and then its end. */
export function reciting(prompt: readonly number[], text: string, end = 257): FakeModel {
  const script = [...prompt, ...new TextEncoder().encode(text), end];
  return (ids) => {
    const logits = new Float32Array(FAKE_NUMBERS.vocab);
    logits[script[ids.length] ?? end] = 10;
    return logits;
  };
}

function scores(rows: readonly Float32Array[]): Feeds {
  const best = rows.map((logits) =>
    [...logits.keys()]
      .sort((a, b) => (logits[b] as number) - (logits[a] as number) || a - b)
      .slice(0, TOP),
  );
  const topLogits = rows.flatMap((logits, row) => best[row]?.map((id) => logits[id] as number));
  const masses = rows.map((logits) => logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
  const vocab = rows[0]?.length ?? 0;
  return {
    logits: tensor(Float32Array.from(rows.flatMap((row) => [...row])), [rows.length, 1, vocab]),
    topk_ids: tensor(BigInt64Array.from(best.flat(), BigInt), [rows.length, TOP]),
    topk_logits: tensor(Float32Array.from(topLogits as number[]), [rows.length, TOP]),
    log_normalizer: tensor(Float32Array.from(masses, Math.log), [rows.length]),
  };
}

function tensor(data: unknown, dims: readonly number[], dispose = () => {}): GraphTensor {
  return { data, dims, dispose };
}
