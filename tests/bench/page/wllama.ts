/** llama.cpp in WebAssembly, on the CPU; it brings a Worker of its own and streams to the page. */
/// <reference types="vite/client" />
import { LoggerWithoutDebug, Wllama, type RawCompletionChunk } from '@wllama/wllama/esm/index.js';
import wasm from '@wllama/wllama/esm/wasm/wllama.wasm?url';
import type { Contender, Sample, Task } from './contract.ts';
import { Stopwatch } from './stopwatch.ts';

const CONTEXT_TOKENS = 512;

export class WllamaContender implements Contender {
  readonly #wllama = new Wllama(
    { default: new URL(wasm, location.href).href },
    { logger: LoggerWithoutDebug, suppressNativeLog: true },
  );

  async prepare(task: Task): Promise<void> {
    if (task.gguf === null) throw new Error('no GGUF file');
    const file = await (await fetch(task.gguf)).blob();
    await this.#wllama.loadModel([file], {
      n_ctx: CONTEXT_TOKENS,
      n_threads: task.threads,
      n_gpu_layers: 0,
      n_parallel: 1,
    });
    if (task.threads > 1 && !this.#wllama.isMultithread()) throw new Error('wllama has one thread');
    await this.generate(task);
  }

  async generate(task: Task): Promise<Sample> {
    const watch = new Stopwatch();
    let text = '';
    const options = {
      prompt: task.prompt,
      max_tokens: task.tokens,
      temperature: task.sampling?.temperature ?? 0,
      top_k: task.sampling?.topK ?? 1,
      ignore_eos: true,
      // The same prompt comes again and again; nobody else here remembers it.
      cache_prompt: false,
    };
    const onData = (chunk: RawCompletionChunk) => {
      const piece = chunk.choices[0]?.text ?? '';
      if (piece !== '') watch.tokens(1);
      text += piece;
    };
    await this.#wllama.createCompletion({ ...options, stream: true, onData });
    return watch.sample(text);
  }
}
