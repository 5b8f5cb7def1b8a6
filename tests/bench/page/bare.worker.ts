/** The bare loop over onnxruntime-web, which what Patio adds is measured against. */
/// <reference types="vite/client" />
import { Tokenizer } from '@huggingface/tokenizers';
import { expose } from 'comlink';
import * as ort from 'onnxruntime-web/wasm';
import mjs from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url';
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import type { Manifest } from '../../../src/graph/manifest.ts';
import { bareLoop, type BareModel } from './bare-loop.ts';
import type { Contender, Sample, Task } from './contract.ts';

class Bare implements Contender {
  #model: BareModel | null = null;

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
    const session = await ort.InferenceSession.create(model, {
      executionProviders: ['wasm'],
      externalData: [{ path, data }],
    });
    const tokenizer = new Tokenizer(
      (await readJson(`${task.model}tokenizer.json`)) as object,
      (await readJson(`${task.model}tokenizer_config.json`)) as object,
    );
    this.#model = { ort, session, manifest, tokenizer };
    await this.generate(task);
  }

  async generate(task: Task): Promise<Sample> {
    if (this.#model === null) throw new Error('not prepared');
    return bareLoop(this.#model, task);
  }
}

async function readJson(url: string): Promise<unknown> {
  return (await fetch(url)).json();
}

async function readBytes(url: string): Promise<Uint8Array> {
  return new Uint8Array(await (await fetch(url)).arrayBuffer());
}

expose(new Bare());
