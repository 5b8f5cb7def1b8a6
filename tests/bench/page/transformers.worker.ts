/**
 * transformers.js with its own `generate` on the very package that Patio runs: the adapter ports are
 * fed through `forward_params`, and the runtime is the build that transformers.js takes by itself.
 */
/// <reference types="vite/client" />
import {
  AutoModelForCausalLM,
  AutoTokenizer,
  TextStreamer,
  env,
  type PreTrainedModel,
  type PreTrainedTokenizer,
  type Tensor,
} from '@huggingface/transformers';
import { expose } from 'comlink';
import mjs from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url';
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import type { Contender, Sample, Task } from './contract.ts';
import { Stopwatch } from './stopwatch.ts';
import { feedPorts } from './transformers-ports.ts';

/** The first call brings the prompt, each later one a token. */
class Counter extends TextStreamer {
  readonly #watch: Stopwatch;
  #isPrompt = true;

  constructor(tokenizer: PreTrainedTokenizer, watch: Stopwatch) {
    super(tokenizer);
    this.#watch = watch;
  }

  override put(): void {
    if (!this.#isPrompt) this.#watch.tokens(1);
    this.#isPrompt = false;
  }

  override end(): void {}
}

class Transformers implements Contender {
  #model: PreTrainedModel | null = null;
  #tokenizer: PreTrainedTokenizer | null = null;
  #ports: Record<string, Tensor> = {};

  async prepare(task: Task): Promise<void> {
    const folder = new URL(task.model);
    const [, parent, name] = /^(.*\/)([^/]+)\/$/.exec(folder.pathname) ?? [];
    if (parent === undefined || name === undefined) throw new Error(`not a folder: ${task.model}`);
    setUpRuntime(parent, task.threads);
    this.#tokenizer = await AutoTokenizer.from_pretrained(name);
    this.#model = await AutoModelForCausalLM.from_pretrained(name, { dtype: 'q8', device: 'wasm' });
    this.#ports = await feedPorts(this.#model, task.model);
    await this.generate(task);
  }

  async generate(task: Task): Promise<Sample> {
    const [model, tokenizer] = [this.#model, this.#tokenizer];
    if (model === null || tokenizer === null) throw new Error('not prepared');
    const watch = new Stopwatch();
    const inputs = tokenizer(task.prompt) as { input_ids: Tensor };
    const output = (await model.generate({
      ...inputs,
      ...this.#ports,
      max_new_tokens: task.tokens,
      ...samplingOf(task),
      streamer: new Counter(tokenizer, watch),
    })) as Tensor;
    const prompt = inputs.input_ids.dims.at(-1) ?? 0;
    const ids = (output.tolist() as bigint[][])[0]?.slice(prompt) ?? [];
    return watch.sample(tokenizer.decode(ids.map(Number)));
  }
}

function samplingOf({ sampling }: Task) {
  if (sampling === null) return { do_sample: false };
  return { do_sample: true, temperature: sampling.temperature, top_k: sampling.topK };
}

function setUpRuntime(parent: string, threads: number): void {
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.localModelPath = parent;
  env.useBrowserCache = false;
  env.useWasmCache = false;
  const runtime = env.backends.onnx.wasm;
  if (runtime === undefined) throw new Error('transformers.js came without a runtime');
  runtime.wasmPaths = {
    mjs: new URL(mjs, import.meta.url).href,
    wasm: new URL(wasm, import.meta.url).href,
  };
  runtime.numThreads = threads;
}

expose(new Transformers());
