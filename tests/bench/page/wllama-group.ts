/** Several prompts to llama.cpp at once: requests side by side in its parallel slots, with its prompt cache. */
/// <reference types="vite/client" />
import { LoggerWithoutDebug, Wllama, type RawCompletionChunk } from '@wllama/wllama/esm/index.js';
import wasm from '@wllama/wllama/esm/wasm/wllama.wasm?url';
import type { Ask, Group, Request, Row } from './contract.ts';
import { Stopwatch } from './stopwatch.ts';

/** What wllama takes by itself. */
const SLOTS = 4;
const SLOT_TOKENS = 2048;

export class WllamaGroup implements Group {
  #loaded: Promise<Wllama> | null = null;

  async answer(request: Request): Promise<Row[]> {
    this.#loaded ??= load(request);
    const wllama = await this.#loaded;
    // More requests than slots never end where there is one thread: each slot takes one after another.
    const waiting = request.asks.map((ask, at) => ({ ask, at, watch: new Stopwatch() }));
    const rows: Row[] = [];
    const serve = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        rows[next.at] = await complete(wllama, next.ask, request, next.watch);
      }
    };
    await Promise.all(Array.from({ length: SLOTS }, serve));
    return rows;
  }
}

async function load({ gguf, threads }: Request): Promise<Wllama> {
  if (gguf === null) throw new Error('no GGUF file');
  const wllama = new Wllama(
    { default: new URL(wasm, location.href).href },
    { logger: LoggerWithoutDebug, suppressNativeLog: true },
  );
  const file = lengthened(await (await fetch(gguf)).arrayBuffer());
  await wllama.loadModel([file], {
    n_ctx: SLOTS * SLOT_TOKENS,
    n_parallel: SLOTS,
    n_threads: threads,
    n_gpu_layers: 0,
  });
  return wllama;
}

/**
 * The same file saying that it was trained for longer texts: slots are never longer than that, and
 * its speed is asked here, not its sense. Key, type of the value and value follow one another
 * (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
 */
function lengthened(file: ArrayBuffer): Blob {
  const key = new TextEncoder().encode('llama.context_length');
  const bytes = new Uint8Array(file);
  const at = bytes.findIndex((_, start) => key.every((byte, i) => bytes[start + i] === byte));
  if (at < 0) throw new Error('the GGUF file does not say how long its texts may be');
  new DataView(file).setUint32(at + key.length + 4, SLOT_TOKENS, true);
  return new Blob([file]);
}

async function complete(
  wllama: Wllama,
  ask: Ask,
  request: Request,
  watch: Stopwatch,
): Promise<Row> {
  let [tokens, text] = [0, ''];
  const options = {
    prompt: textOf(ask, request),
    max_tokens: request.tokens,
    temperature: 0,
    top_k: 1,
    ignore_eos: true,
    cache_prompt: true,
  };
  const onData = (chunk: RawCompletionChunk) => {
    const piece = chunk.choices[0]?.text ?? '';
    if (piece === '') return;
    tokens += 1;
    text += piece;
    watch.tokens(1);
  };
  await wllama.createCompletion({ ...options, stream: true, onData });
  return {
    sample: watch.sample(text),
    tokens,
    promptTokens: null,
    reusedTokens: 0,
    together: 1,
  };
}

/** What the chat template of the bench's own package writes. */
function textOf({ prompt, history }: Ask, { kind }: Request): string {
  if (kind !== 'chat') return prompt;
  const turns = [...history, { role: 'user' as const, content: prompt }];
  const written = turns.map(
    ({ role, content }) => `${role === 'user' ? '<|u|>' : '<|a|>'}${content}`,
  );
  return `${written.join('')}<|a|>`;
}
