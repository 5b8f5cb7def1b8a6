/**
 * The least a loop over the runtime can do: no sampling, no text, no messages, and only the outputs
 * that the next step needs. The same in the browser and outside it.
 */
import type { Tokenizer } from '@huggingface/tokenizers';
import type * as Ort from 'onnxruntime-web/wasm';
import type { Manifest } from '../../../src/graph/manifest.ts';
import { zeroAdapter } from '../../../src/graph/ports.ts';
import type { Sample, Task } from './contract.ts';
import { Stopwatch } from './stopwatch.ts';

export interface BareModel {
  readonly ort: Pick<typeof Ort, 'Tensor'>;
  readonly session: Ort.InferenceSession;
  readonly manifest: Manifest;
  readonly tokenizer: Tokenizer;
}

export async function bareLoop(model: BareModel, task: Task): Promise<Sample> {
  const { ort, session, manifest, tokenizer } = model;
  const { states, context } = manifest.model;
  const fetches = ['topk_ids', ...states.map(({ present }) => present)];
  const feeds: Record<string, Ort.Tensor> = {};
  for (const [name, { data, dims }] of zeroAdapter(manifest.ports)) {
    feeds[name] = new ort.Tensor('float32', data, dims);
  }
  for (const { past, dims } of states) {
    const empty = [1, ...dims.map((size) => size ?? 0)];
    feeds[past] = new ort.Tensor('float32', new Float32Array(0), empty);
  }
  const ones = new BigInt64Array(context).fill(1n);
  const watch = new Stopwatch();
  const ids: number[] = [];
  let next = BigInt64Array.from(tokenizer.encode(task.prompt).ids, BigInt);
  let length = 0;
  while (ids.length < task.tokens) {
    length += next.length;
    feeds['input_ids'] = new ort.Tensor('int64', next, [1, next.length]);
    feeds['attention_mask'] = new ort.Tensor('int64', ones.subarray(0, length), [1, length]);
    const results = await session.run(feeds, fetches);
    for (const { past, present } of states) feeds[past] = results[present] as Ort.Tensor;
    next = (results['topk_ids'] as Ort.Tensor).data.slice(0, 1) as BigInt64Array<ArrayBuffer>;
    ids.push(Number(next[0]));
    watch.tokens(1);
  }
  return watch.sample(tokenizer.decode(ids));
}
