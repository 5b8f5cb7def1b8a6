/** transformers.js as it comes, on packages that Patio wrote: nothing of Patio's runs here. */
/// <reference types="vite/client" />
import {
  AutoModel,
  AutoModelForCausalLM,
  AutoModelForMaskedLM,
  AutoModelForSeq2SeqLM,
  AutoModelForSequenceClassification,
  AutoTokenizer,
  Tensor,
  env,
  pipeline,
} from '@huggingface/transformers';
import type { DataType, PreTrainedModel } from '@huggingface/transformers';
import mjs from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url';
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';

env.allowRemoteModels = false;
env.allowLocalModels = true;
env.localModelPath = '/models/';
env.useBrowserCache = false;
env.useWasmCache = false;
if (env.backends.onnx.wasm !== undefined) {
  env.backends.onnx.wasm.wasmPaths = {
    mjs: new URL(mjs, import.meta.url).href,
    wasm: new URL(wasm, import.meta.url).href,
  };
  env.backends.onnx.wasm.numThreads = 1;
}

const LOADERS = {
  causal: AutoModelForCausalLM,
  seq2seq: AutoModelForSeq2SeqLM,
  classifier: AutoModelForSequenceClassification,
  masked: AutoModelForMaskedLM,
  embedding: AutoModel,
};

export type Kind = keyof typeof LOADERS;

export interface Where {
  readonly folder: string;
  readonly dtype: 'fp32' | 'q8';
}

export interface Label {
  readonly label: string;
  readonly score: number;
}

const stock = {
  /** Ids of a text, and of the pieces that the tokenizer put around it. */
  async ids({ folder }: Where, text: string): Promise<number[]> {
    const tokenizer = await AutoTokenizer.from_pretrained(folder);
    return tokenizer.encode(text);
  },

  /** Every output of one pass over one row. */
  async outputs(kind: Kind, where: Where, ids: number[]): Promise<Record<string, number[]>> {
    const model = await load(kind, where);
    const outputs = (await model({
      input_ids: row(ids),
      attention_mask: row(ids.map(() => 1)),
      token_type_ids: row(ids.map(() => 0)),
    })) as Record<string, unknown>;
    await model.dispose();
    const tensors = Object.entries(outputs).filter(([, value]) => value instanceof Tensor);
    return Object.fromEntries(
      tensors.map(([name, tensor]) => [name, Array.from((tensor as Tensor).data, Number)]),
    );
  },

  /** Greedy; a decoder's ids begin with the prompt's, an encoder–decoder's with the first token. */
  async generate(
    kind: 'causal' | 'seq2seq',
    where: Where,
    ids: number[],
    count: number,
  ): Promise<number[]> {
    const model = await load(kind, where);
    const options = { max_new_tokens: count, do_sample: false, num_beams: 1 };
    const written = (await model.generate({
      inputs: row(ids),
      attention_mask: row(ids.map(() => 1)),
      ...options,
    })) as Tensor;
    await model.dispose();
    return Array.from(written.data as BigInt64Array, Number);
  },

  /** The pipeline with its tokenizer: the best label of a text and its probability. */
  async classify({ folder, dtype }: Where, text: string): Promise<Label[]> {
    const classifier = await pipeline('text-classification', folder, { dtype, device: 'wasm' });
    return (await classifier(text)) as Label[];
  },
};

export type Stock = typeof stock;

function load(kind: Kind, { folder, dtype }: Where): Promise<PreTrainedModel> {
  const options = { dtype: dtype as DataType, device: 'wasm' as const };
  return LOADERS[kind].from_pretrained(folder, options);
}

function row(values: readonly number[]): Tensor {
  return new Tensor('int64', BigInt64Array.from(values, BigInt), [1, values.length]);
}

declare global {
  interface Window {
    stock: Stock;
  }
}
window.stock = stock;
