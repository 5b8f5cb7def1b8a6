/** One answer in the making: sampler, text, stop strings and the reasons to end. */
import type { Timing } from '../src/domain/metrics.ts';
import type { Params } from '../src/domain/params.ts';
import { ALTERNATIVES_PER_TOKEN, type Alternative, type Token } from '../src/domain/token.ts';
import type { Finish } from '../src/run/cell.ts';
import { createSampler, type Sampler, type Scores } from './sampler.ts';
import { StopGate } from './stops.ts';
import type { TextStream } from './text-stream.ts';

/** What an answer needs of a tokenizer. */
export interface Lettering {
  tokenText(id: number): string;
  stream(prompt: readonly number[]): TextStream;
}

export interface AnswerOptions {
  readonly params: Params;
  readonly seed: number;
  readonly prompt: readonly number[];
  readonly eos: ReadonlySet<number>;
  /** Longest sequence, prompt and answer together, in tokens. */
  readonly contextTokens: number;
  readonly lettering: Lettering;
  /** Milliseconds on a clock that only goes forward. */
  readonly now: () => number;
}

/** One step of an answer. `id` is null where the model ended by itself. */
export interface Step {
  readonly id: number | null;
  readonly text: string;
  readonly tokens: readonly Token[];
  readonly finish: Finish | null;
}

export class Answer {
  readonly #options: AnswerOptions;
  readonly #sampler: Sampler;
  readonly #stream: TextStream;
  readonly #gate: StopGate;
  readonly #startedAt: number;
  #firstAt = 0;
  #lastAt = 0;
  #count = 0;
  #text = '';

  constructor(options: AnswerOptions) {
    this.#options = options;
    const { params, seed, prompt, lettering } = options;
    this.#sampler = createSampler({ ...params, seed }, prompt);
    this.#stream = lettering.stream(prompt);
    this.#gate = new StopGate(params.stop);
    this.#startedAt = options.now();
  }

  /** The whole answer so far, without text that may belong to a stop string. */
  get text(): string {
    return this.#text;
  }

  get timing(): Timing {
    return {
      firstTokenMs: (this.#count === 0 ? this.#options.now() : this.#firstAt) - this.#startedAt,
      decodeMs: this.#lastAt - this.#firstAt,
      promptTokens: this.#options.prompt.length,
      generatedTokens: this.#count,
    };
  }

  /** @param allowed the scores to choose by, where they are not the model's own */
  take(scores: Scores, allowed = scores): Step {
    const id = this.#sampler.pick(allowed);
    if (this.#options.eos.has(id)) return this.#finished(null, '', [], 'end');
    this.#mark();
    const text = this.#gate.push(this.#stream.push(id));
    const tokens = [describeToken(id, scores, this.#options.lettering)];
    const finish = this.#reasonToEnd();
    if (finish !== null) return this.#finished(id, text, tokens, finish);
    this.#text += text;
    return { id, text, tokens, finish };
  }

  #mark(): void {
    this.#lastAt = this.#options.now();
    if (this.#count === 0) this.#firstAt = this.#lastAt;
    this.#count += 1;
  }

  #reasonToEnd(): Finish | null {
    const { params, prompt, contextTokens } = this.#options;
    if (this.#gate.hit) return 'stop';
    if (this.#count >= params.maxTokens) return 'length';
    return prompt.length + this.#count >= contextTokens ? 'context' : null;
  }

  #finished(id: number | null, text: string, tokens: readonly Token[], finish: Finish): Step {
    const all = text + this.#gate.flush();
    this.#text += all;
    return { id, text: all, tokens, finish };
  }
}

/** Probabilities are those of the model itself, before penalty, temperature and cuts. */
export function describeToken(id: number, scores: Scores, lettering: Lettering): Token {
  const { topLogits, topIds, logNormalizer } = scores;
  const alternative = (each: number, logit: number): Alternative => ({
    id: each,
    text: lettering.tokenText(each),
    logprob: logit - logNormalizer,
  });
  const best = Array.from(topLogits.subarray(0, ALTERNATIVES_PER_TOKEN), (logit, rank) =>
    alternative(Number(topIds[rank]), logit),
  );
  return { ...alternative(id, logitOf(id, scores)), alternatives: best };
}

function logitOf(id: number, { logits, topIds, topLogits }: Scores): number {
  if (logits !== null) return logits[id] as number;
  for (let rank = 0; rank < topLogits.length; rank += 1) {
    if (Number(topIds[rank]) === id) return topLogits[rank] as number;
  }
  throw new RangeError(`token ${id} is not among the best`);
}
