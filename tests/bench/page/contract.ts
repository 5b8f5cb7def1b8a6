import type { Backend } from '../../../src/domain/device.ts';
import type { Message } from '../../../src/domain/prompt.ts';

/** What the runner asks of the page, and what the page asks of each contender. */
export type ContenderId = 'patio' | 'bare' | 'transformers' | 'wllama';

/** Cuts that every contender knows; null is greedy. */
export interface Sampling {
  readonly temperature: number;
  readonly topK: number;
}

/** The same task for all: from one prompt, on the same weights. */
export interface Task {
  readonly prompt: string;
  readonly sampling: Sampling | null;
  /** Tokens to generate. */
  readonly tokens: number;
  /** Threads of WebAssembly. */
  readonly threads: number;
  /** Of Patio; absent for the CPU. */
  readonly backend?: Backend;
  /** Absolute address of the package's folder, with a slash at its end. */
  readonly model: string;
  /** Absolute address of the GGUF file; null where there is none. */
  readonly gguf: string | null;
}

/** One generation. Times in milliseconds. */
export interface Sample {
  /** From the request, prompt still as text, to the first token. */
  readonly firstTokenMs: number;
  /** From the first token, or the first message with tokens, to the last. */
  readonly decodeMs: number;
  /** Tokens that came in that span. */
  readonly decoded: number;
  /** Between one arrival of tokens and the next. */
  readonly gapsMs: readonly number[];
  /** What was generated, to see that all contenders say the same. */
  readonly text: string;
}

export interface Contender {
  /** Loads the model and whatever else is done once. */
  prepare(task: Task): Promise<void>;
  generate(task: Task): Promise<Sample>;
}

/** One prompt of a request; with earlier turns it is the next turn of a conversation. */
export interface Ask {
  readonly prompt: string;
  readonly history: readonly Message[];
}

/** Several prompts asked at once, greedily. */
export interface Request extends Pick<Task, 'tokens' | 'threads' | 'model' | 'gguf'> {
  readonly kind: 'text-generation' | 'chat';
  readonly asks: readonly Ask[];
}

/** What came of one prompt. */
export interface Row {
  /** From the request for all of them to this row's first token, and the rest of its own. */
  readonly sample: Sample;
  /** Tokens generated. */
  readonly tokens: number;
  /** As the contender tells it; null where it does not. */
  readonly promptTokens: number | null;
  /** Tokens of the prompt that were not read again, as the contender tells it. */
  readonly reusedTokens: number;
  /** The most rows that stepped together, as the contender tells it. */
  readonly together: number;
}

/** Who answers several prompts at once. */
export type GroupId = 'patio' | 'wllama';

export interface Group {
  answer(request: Request): Promise<Row[]>;
}

export interface Swap {
  readonly adapter: string;
  /** From the request to the moment the adapter is in place, the first time: fetched, read, laid out. */
  readonly firstMs: number;
  /** The same when the adapter was used before. */
  readonly againMs: number;
}

/** Hung on the page's `window`, for the runner. */
export interface BenchPage {
  threads(): Promise<number>;
  prepare(id: ContenderId, task: Task): Promise<void>;
  generate(id: ContenderId, task: Task): Promise<Sample>;
  /** Rows in the order of the asks. */
  answer(id: GroupId, request: Request): Promise<Row[]>;
  /** One swap per adapter of the package. */
  swaps(task: Task): Promise<Swap[]>;
}
