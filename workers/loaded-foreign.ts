/** A model that came as ONNX for transformers.js, asked the same things as every other. */
import { bytesSource, type ByteSource } from '../src/checkpoint/byte-source.ts';
import { tokenId, tokenIds } from '../src/checkpoint/config-reader.ts';
import { isObject, type JsonObject } from '../src/checkpoint/json-file.ts';
import { TEXT_OUTPUT } from '../src/domain/output.ts';
import type { ModelKind } from '../src/graph/architecture.ts';
import { readHead, type Head } from '../src/graph/head.ts';
import type { ModelNumbers } from '../src/graph/manifest.ts';
import { sentenceHead } from '../src/graph/sentence-head.ts';
import type { Conditions, Finish } from '../src/run/cell.ts';
import type { Batch, Job } from '../src/run/plan.ts';
import { runTask } from '../src/tasks/run.ts';
import { Answer } from './answer.ts';
import { checkEncoder, sampleEncoder } from './check-encoder.ts';
import { allFinite, SAMPLE, type CheckName } from './checks.ts';
import type { EncoderVoice } from './encoder.ts';
import type { PackageLettering } from './lettering.ts';
import type { RunContext } from './loaded-model.ts';
import { fetchBytesIfThere, fetchJson } from './package.ts';
import type { PackageFiles } from './package-files.ts';
import { rankLazily } from './ranking.ts';
import type { Scores } from './sampler.ts';
import { floatsOf, type GraphSession } from './session.ts';
import { foreignSession, generate, type ForeignModel } from './transformers.ts';

/** Alternatives that are told of each token. */
const TOP = 64;
/** Of a model whose configuration does not say. */
const USUAL_CONTEXT = 512;

export interface ForeignFacts {
  readonly head: Head;
  readonly kind: ModelKind;
  readonly model: ModelNumbers;
}

export async function readForeign(files: PackageFiles, signal: AbortSignal): Promise<ForeignFacts> {
  const config = await fetchJson<JsonObject>(files, 'config.json', signal);
  const kind = kindOf(config);
  const head = readHead(config, kind);
  const pooled = head.kind === 'embedding' ? await pooling(files, signal) : undefined;
  return { head: pooled ?? head, kind, model: numbersOf(config) };
}

function kindOf(config: JsonObject): ModelKind {
  if (config['is_encoder_decoder'] === true) return 'encoder-decoder';
  const name = String((config['architectures'] as readonly unknown[] | undefined)?.[0] ?? '');
  return /CausalLM|LMHeadModel|ForConditionalGeneration/u.test(name) ? 'decoder' : 'encoder';
}

/** Mean and unit length where the folder does not say: what most such models were trained for. */
async function pooling(files: PackageFiles, signal: AbortSignal): Promise<Head> {
  const paths = ['modules.json', '1_Pooling/config.json'];
  const found: [string, ByteSource][] = [];
  for (const path of paths) {
    const bytes = await fetchBytesIfThere(files, path, signal);
    if (bytes !== null) found.push([path, bytesSource(path, bytes)]);
  }
  const head = await sentenceHead(new Map(found), signal);
  return head ?? { kind: 'embedding', pooling: ['mean'], normalize: true };
}

function numbersOf(config: JsonObject): ModelNumbers {
  const text = isObject(config['text_config']) ? config['text_config'] : config;
  const sizes = [text['max_position_embeddings'], text['n_positions'], text['max_seq_len']];
  const context = sizes.find((size): size is number => Number.isSafeInteger(size));
  return {
    vocab: Number(text['vocab_size'] ?? 0),
    context: context ?? USUAL_CONTEXT,
    bos: tokenId(text, 'bos_token_id'),
    eos: tokenIds(text, 'eos_token_id'),
    pad: tokenId(text, 'pad_token_id'),
    decoderStart: tokenId(config, 'decoder_start_token_id'),
    states: [],
  };
}

export interface ForeignParts extends ForeignFacts {
  readonly loaded: ForeignModel;
  readonly lettering: PackageLettering;
  readonly conditions: Omit<Conditions, 'seed'>;
}

export class LoadedForeign {
  readonly #parts: ForeignParts;

  constructor(parts: ForeignParts) {
    this.#parts = parts;
  }

  async run(batch: Batch, { controls, emit }: RunContext): Promise<void> {
    if (this.#parts.kind === 'encoder') return runTask(batch, this.#encoder(), controls, emit);
    for (const job of batch.jobs) await this.#write(batch, job, controls, emit);
  }

  async check(of: Pick<Batch, 'model' | 'adapter'>, signal: AbortSignal): Promise<CheckName[]> {
    if (this.#parts.kind === 'encoder') return checkEncoder(this.#encoder(), signal);
    const first = await this.sample(of, signal);
    if (!first.every(allFinite)) return ['finite'];
    const second = await this.sample(of, signal);
    return best(first) === best(second) ? [] : ['repeat'];
  }

  /** What it scores for a text of ours: the next tokens, or the answer of one pass. */
  async sample(
    _: Pick<Batch, 'model' | 'adapter'>,
    signal: AbortSignal,
  ): Promise<readonly Float32Array[]> {
    if (this.#parts.kind === 'encoder') return sampleEncoder(this.#encoder());
    const { loaded, lettering } = this.#parts;
    const steps: Float32Array[] = [];
    const choose = (logits: Float32Array) => {
      steps.push(logits.slice());
      return steps.length < 4 ? rankLazily(logits).id(0) : null;
    };
    const ids = lettering.codec.encode(SAMPLE);
    await generate(loaded, { ids, choose, isStopped: () => signal.aborted, maxTokens: 4 });
    return steps;
  }

  #encoder(): EncoderVoice {
    const { loaded, head, model, lettering, conditions } = this.#parts;
    const session = withEmbedding(foreignSession(loaded), head);
    const { inputs } = session;
    return { kind: 'encoder', session, head, model, codec: lettering.codec, inputs, conditions };
  }

  async #write(
    batch: Batch,
    job: Job,
    controls: RunContext['controls'],
    emit: RunContext['emit'],
  ): Promise<void> {
    const { loaded, model, lettering, conditions, kind } = this.#parts;
    const { params } = batch;
    const { cell, seed } = job;
    if (controls.isStopped(cell)) return emit({ cell, event: { type: 'cancelled' } });
    const ids = await this.#encode(batch, job);
    const contextTokens = kind === 'decoder' ? model.context : Infinity;
    if (ids.length === 0) {
      return emit({ cell, event: { type: 'failed', failure: { code: 'prompt-empty' } } });
    }
    if (ids.length >= contextTokens) {
      const failure = {
        code: 'context-exceeded',
        promptTokens: ids.length,
        contextTokens,
      } as const;
      return emit({ cell, event: { type: 'failed', failure } });
    }
    const ready = { conditions: { ...conditions, seed }, promptTokens: ids.length };
    emit({ cell, event: { type: 'ready', ...ready } });
    const eos = new Set(model.eos);
    const { now } = controls;
    const prompt = kind === 'decoder' ? ids : [];
    const answer = new Answer({
      ...{ params, seed, prompt, eos, contextTokens, now },
      lettering: lettering.codec,
    });
    let finish: Finish | null = null;
    const choose = (logits: Float32Array): number | null => {
      const step = answer.take(scoresOf(logits));
      if (step.tokens.length > 0 || step.text !== '') {
        emit({ cell, event: { type: 'tokens', text: step.text, tokens: step.tokens } });
      }
      finish = step.finish;
      return finish === null ? step.id : null;
    };
    const isStopped = () => controls.isStopped(cell);
    await generate(loaded, { ids, choose, isStopped, maxTokens: params.maxTokens });
    const { timing, text } = answer;
    if (finish === null && isStopped()) emit({ cell, event: { type: 'cancelled' } });
    else {
      const end = finish ?? 'end';
      emit({ cell, event: { type: 'done', finish: end, timing, text, output: TEXT_OUTPUT } });
    }
  }

  async #encode(batch: Batch, { prompt, fields, history }: Job): Promise<number[]> {
    const { codec, template } = this.#parts.lettering;
    if (batch.task !== 'chat') return codec.encode(`${fields['prefix'] ?? ''}${prompt}`);
    const system = fields['system'] ?? '';
    return codec.encodeChat(
      [
        ...(system === '' ? [] : [{ role: 'system' as const, content: system }]),
        ...history,
        { role: 'user', content: prompt },
      ],
      template,
    );
  }
}

/** Best tokens, their logits and the normaliser, as Patio's own graphs give them. */
function scoresOf(logits: Float32Array): Scores {
  const ranking = rankLazily(logits);
  const count = Math.min(TOP, logits.length);
  const topIds = Array.from({ length: count }, (_, rank) => ranking.id(rank));
  const topLogits = Float32Array.from(topIds, (id) => logits[id] ?? -Infinity);
  const top = topLogits[0] ?? 0;
  const mass = logits.reduce((sum, logit) => sum + Math.exp(logit - top), 0);
  // The library's row is written over once a token is chosen.
  return { topIds, topLogits, logNormalizer: top + Math.log(mass), logits: logits.slice() };
}

function best(steps: readonly Float32Array[]): string {
  return steps.map((logits) => rankLazily(logits).id(0)).join();
}

/** Stock graphs give a vector for each token; the text's own is made of them here. */
function withEmbedding(session: GraphSession, head: Head): GraphSession {
  if (head.kind !== 'embedding') return session;
  return {
    ...session,
    run: async (feeds, fetches) => {
      const answer = await session.run(feeds, fetches);
      if (answer['sentence_embedding'] !== undefined) return answer;
      const states = answer['last_hidden_state'] ?? answer['token_embeddings'];
      const width = states?.dims.at(-1) ?? 0;
      const vector = pooled(floatsOf(states), width, head);
      return { ...answer, sentence_embedding: session.float32(vector, [1, vector.length]) };
    },
  };
}

/** @param states of one text without padding, `[tokens, width]` */
function pooled(
  states: Float32Array,
  width: number,
  { pooling: kinds, normalize }: Extract<Head, { kind: 'embedding' }>,
): Float32Array {
  const tokens = states.length / width;
  const at = (token: number) => states.subarray(token * width, (token + 1) * width);
  const column = (index: number, fold: (a: number, b: number) => number) => {
    let value = states[index] as number;
    for (let token = 1; token < tokens; token += 1) {
      value = fold(value, states[token * width + index] as number);
    }
    return value;
  };
  const each = (fold: (index: number) => number) =>
    Array.from({ length: width }, (_, i) => fold(i));
  const parts = kinds.map((kind) => {
    if (kind === 'cls') return [...at(0)];
    if (kind === 'last') return [...at(tokens - 1)];
    if (kind === 'max') return each((index) => column(index, Math.max));
    return each((index) => column(index, (a, b) => a + b) / tokens);
  });
  const vector = Float32Array.from(parts.flat());
  const length = normalize ? Math.hypot(...vector) || 1 : 1;
  return vector.map((value) => value / length);
}
