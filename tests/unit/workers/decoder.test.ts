import { expect, test } from 'vitest';
import { keyValueStates } from '../../../src/graph/architecture.ts';
import type { ModelNumbers } from '../../../src/graph/manifest.ts';
import { Decoder } from '../../../workers/decoder.ts';
import {
  floatsOf,
  int64sOf,
  type Feeds,
  type GraphSession,
  type GraphTensor,
} from '../../../workers/session.ts';
import { FAKE_NUMBERS } from '../../fakes/engine-graph.ts';

const TAPS = 3;

/** Attention in one layer, and in another a convolution that remembers the last three tokens. */
const HYBRID: ModelNumbers = {
  ...FAKE_NUMBERS,
  states: [
    ...keyValueStates({ layers: 1, kvHeads: 1, headDim: 1 }),
    { past: 'past_conv.1', present: 'present_conv.1', dims: [1, TAPS] },
  ],
};

/** Its scores tell what it remembers: the normaliser all tokens, the best logits the last three. */
class HybridGraph implements GraphSession {
  readonly inputs: readonly string[] = ['input_ids', 'attention_mask'];
  readonly chunkTokens: number;
  /** Tensors of states that are alive. */
  alive = 0;
  /** The convolution's state before each run, with its shape. */
  readonly remembered: { dims: readonly number[]; values: number[] }[] = [];

  constructor(chunkTokens: number) {
    this.chunkTokens = chunkTokens;
  }

  run(feeds: Feeds): Promise<Feeds> {
    const fresh = [...int64sOf(feeds['input_ids'])].map(Number);
    const all = [...floatsOf(feeds['past_key_values.0.key']), ...fresh];
    const before = [...floatsOf(feeds['past_conv.1'])];
    this.remembered.push({ dims: feeds['past_conv.1']?.dims ?? [], values: before });
    const kept = [...before, ...fresh].slice(-TAPS);
    return Promise.resolve({
      'present.0.key': this.float32(Float32Array.from(all), [1, 1, all.length, 1]),
      'present.0.value': this.float32(Float32Array.from(all), [1, 1, all.length, 1]),
      'present_conv.1': this.float32(Float32Array.from(kept), [1, 1, TAPS]),
      topk_logits: tensor(Float32Array.from(kept), [1, TAPS]),
      topk_ids: tensor(BigInt64Array.of(0n, 1n, 2n), [1, TAPS]),
      log_normalizer: tensor(Float32Array.of(all.reduce((sum, id) => sum + id)), [1]),
    });
  }

  int64(data: BigInt64Array, dims: readonly number[]): GraphTensor {
    return tensor(data.slice(), dims);
  }

  float32(data: Float32Array, dims: readonly number[]): GraphTensor {
    this.alive += 1;
    return tensor(data, dims, () => (this.alive -= 1));
  }

  resident(data: Float32Array, dims: readonly number[]): GraphTensor {
    return tensor(data, dims);
  }
}

function tensor(data: unknown, dims: readonly number[], dispose = () => {}): GraphTensor {
  return { data, dims, dispose };
}

async function read(session: HybridGraph, prompt: readonly number[], next: readonly number[]) {
  const decoder = new Decoder({
    session,
    model: HYBRID,
    adapter: {},
    allLogits: false,
    breathe: () => Promise.resolve(),
  });
  const row = decoder.open(prompt);
  const found = await decoder.prefill([row], () => false);
  for (const id of next) {
    row.ids.push(id);
    found.push(...(await decoder.step([row])));
  }
  decoder.close(row);
  return found.map((scores) => [scores?.logNormalizer, ...(scores?.topLogits ?? [])]);
}

test('a state of fixed size starts as zeros and is carried from run to run', async () => {
  const session = new HybridGraph(64);
  expect(await read(session, [5, 7], [11, 13])).toEqual([
    [12, 0, 5, 7],
    [23, 5, 7, 11],
    [36, 7, 11, 13],
  ]);
  expect(session.remembered).toEqual([
    { dims: [1, 1, TAPS], values: [0, 0, 0] },
    { dims: [1, 1, TAPS], values: [0, 5, 7] },
    { dims: [1, 1, TAPS], values: [5, 7, 11] },
  ]);
});

test.each([1, 2, 3, 4])('a prompt read by chunks of %i leaves the same state', async (chunk) => {
  const prompt = [2, 3, 5, 7, 11, 13, 17];
  const whole = await read(new HybridGraph(64), prompt, [19]);
  expect(await read(new HybridGraph(chunk), prompt, [19])).toEqual(whole);
});

test('a closed row leaves no state alive', async () => {
  const session = new HybridGraph(2);
  await read(session, [1, 2, 3, 4, 5], [6, 7]);
  expect(session.alive).toBe(0);
});
