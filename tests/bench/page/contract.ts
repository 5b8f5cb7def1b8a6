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
  /** One swap per adapter of the package. */
  swaps(task: Task): Promise<Swap[]>;
}
