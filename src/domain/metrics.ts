/** Milliseconds measured in the Worker, around the work itself. */
export interface Timing {
  /** From the start of the cell's own work to its first token, prompt processing included. */
  readonly firstTokenMs: number;
  /** From the first token to the last. */
  readonly decodeMs: number;
  readonly promptTokens: number;
  readonly generatedTokens: number;
  /** The most answers that were written together with this one, itself included; left out for one. */
  readonly together?: number;
  /** Tokens of the prompt that had been read before and were not read again; left out for none. */
  readonly reusedTokens?: number;
}

/** Tokens per second after the first one; null where fewer than two tokens were made. */
export function tokensPerSecond(timing: Timing): number | null {
  if (timing.generatedTokens < 2 || timing.decodeMs <= 0) return null;
  return ((timing.generatedTokens - 1) * 1000) / timing.decodeMs;
}

/** Words per second over the same span, comparable between tokenizers. */
export function wordsPerSecond(timing: Timing, text: string): number | null {
  const rate = tokensPerSecond(timing);
  return rate === null ? null : (rate * countWords(text)) / timing.generatedTokens;
}

/** Words as runs of letters, marks and digits. */
export function countWords(text: string): number {
  return text.match(/[\p{L}\p{M}\p{N}]+/gu)?.length ?? 0;
}
