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
  /** How many ids each run took in. */
  readonly runs: number[] = [];
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
    const fresh = [...int64sOf(feeds['input_ids'])].map(Number);
    const past = [...floatsOf(feeds['past_key_values.0.key'])];
    const ids = [...past, ...fresh];
    if (int64sOf(feeds['attention_mask']).length !== ids.length) throw new Error('wrong mask');
    this.runs.push(fresh.length);
    this.fetched.push(fetches);
    this.#onRun(this.runs.length);
    const made: Feeds = { ...this.#cache(ids), ...scores(this.#model(ids)) };
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

  #cache(ids: readonly number[]): Feeds {
    const dims = [1, 1, ids.length, 1];
    const make = () => this.float32(Float32Array.from(ids), dims);
    return { 'present.0.key': make(), 'present.0.value': make() };
  }
}

/** A model that says one text, and then its end. */
export function reciting(prompt: readonly number[], text: string, end = 257): FakeModel {
  const script = [...prompt, ...new TextEncoder().encode(text), end];
  return (ids) => {
    const logits = new Float32Array(FAKE_NUMBERS.vocab);
    logits[script[ids.length] ?? end] = 10;
    return logits;
  };
}

function scores(logits: Float32Array): Feeds {
  const ids = [...logits.keys()]
    .sort((a, b) => (logits[b] as number) - (logits[a] as number) || a - b)
    .slice(0, TOP);
  const mass = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
  return {
    logits: tensor(logits, [1, 1, logits.length]),
    topk_ids: tensor(BigInt64Array.from(ids, BigInt), [1, TOP]),
    topk_logits: tensor(
      Float32Array.from(ids, (id) => logits[id] as number),
      [1, TOP],
    ),
    log_normalizer: tensor(Float32Array.of(Math.log(mass)), [1]),
  };
}

function tensor(data: unknown, dims: readonly number[], dispose = () => {}): GraphTensor {
  return { data, dims, dispose };
}
