/**
 * The same start with transformers.js as it comes: on the page, with its own caches, its own choice
 * of weights, device and threads. Only the addresses are the bench's, since nothing here asks the Hub.
 */
/// <reference types="vite/client" />
import type { Tensor } from '@huggingface/transformers';
import { AutoModelForCausalLM, AutoTokenizer, env } from '@huggingface/transformers';
import mjs from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url';
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import type { Task } from './contract.ts';
import { feedPorts } from './transformers-ports.ts';

async function measure(task: Task): Promise<number> {
  const folder = new URL(task.model);
  env.remoteHost = folder.origin;
  env.remotePathTemplate = 'models/{model}/';
  const runtime = env.backends.onnx.wasm;
  if (runtime === undefined) throw new Error('transformers.js came without a runtime');
  const whole = (path: string) => new URL(path, location.href).href;
  runtime.wasmPaths = { mjs: whole(mjs), wasm: whole(wasm) };
  const name = folder.pathname.split('/').at(-2) ?? '';
  const [tokenizer, model] = await Promise.all([
    AutoTokenizer.from_pretrained(name),
    AutoModelForCausalLM.from_pretrained(name),
  ]);
  const inputs = tokenizer(task.prompt) as { input_ids: Tensor };
  const ports = await feedPorts(model, task.model);
  await model.generate({ ...inputs, ...ports, max_new_tokens: 1, do_sample: false });
  return performance.now();
}

const task = JSON.parse(decodeURIComponent(location.hash.slice(1))) as Task;
Object.assign(window, { cold: measure(task) });
