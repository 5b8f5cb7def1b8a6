/**
 * The least a loop over the runtime can do: no sampling, no text, no messages, and only the outputs
 * that the next step needs. What Patio adds is measured against it.
 */
/// <reference types="vite/client" />
import { Tokenizer } from '@huggingface/tokenizers';
import { expose } from 'comlink';
import * as ort from 'onnxruntime-web/wasm';
import mjs from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url';
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import type { Manifest } from '../../../src/graph/manifest.ts';
import { zeroAdapter } from '../../../src/graph/ports.ts';
import type { Contender, Sample, Task } from './contract.ts';
import { Stopwatch } from './stopwatch.ts';

class Bare implements Contender {
  #manifest: Manifest | null = null;
  #session: ort.InferenceSession | null = null;
  #tokenizer: Tokenizer | null = null;

  async prepare(task: Task): Promise<void> {
    ort.env.wasm.wasmPaths = {
      mjs: new URL(mjs, import.meta.url).href,
      wasm: new URL(wasm, import.meta.url).href,
    };
    ort.env.wasm.numThreads = task.threads;
    const manifest = (await readJson(`${task.model}patio.json`)) as Manifest;
    const variant = manifest.variants.find(({ id }) => id === 'cpu8')?.graphs[0];
    if (variant === undefined) throw new Error('the package has no cpu8 variant');
    const model = await readBytes(task.model + variant.model.path);
    const data = await readBytes(task.model + variant.data.path);
    const path = variant.data.path.split('/').at(-1) ?? '';
    this.#session = await ort.InferenceSession.create(model, {
      executionProviders: ['wasm'],
      externalData: [{ path, data }],
    });
    this.#manifest = manifest;
    this.#tokenizer = new Tokenizer(
      (await readJson(`${task.model}tokenizer.json`)) as object,
      (await readJson(`${task.model}tokenizer_config.json`)) as object,
    );
    await this.generate(task);
  }

  async generate(task: Task): Promise<Sample> {
    const [manifest, session, tokenizer] = [this.#manifest, this.#session, this.#tokenizer];
    if (manifest === null || session === null || tokenizer === null)
      throw new Error('not prepared');
    const { states, context } = manifest.model;
    const fetches = ['topk_ids', ...states.map(({ present }) => present)];
    const feeds: Record<string, ort.Tensor> = {};
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
      for (const { past, present } of states) feeds[past] = results[present] as ort.Tensor;
      next = (results['topk_ids'] as ort.Tensor).data.slice(0, 1) as BigInt64Array<ArrayBuffer>;
      ids.push(Number(next[0]));
      watch.tokens(1);
    }
    return watch.sample(tokenizer.decode(ids));
  }
}

async function readJson(url: string): Promise<unknown> {
  return (await fetch(url)).json();
}

async function readBytes(url: string): Promise<Uint8Array> {
  return new Uint8Array(await (await fetch(url)).arrayBuffer());
}

expose(new Bare());
