import type { Sample } from './contract.ts';

/** Notes when tokens come. Those of the first message end the first span and do not count in the second. */
export class Stopwatch {
  readonly #start = performance.now();
  #first = 0;
  #firstCount = 0;
  #last = 0;
  #count = 0;
  readonly #gaps: number[] = [];

  tokens(count: number): void {
    if (count === 0) return;
    const now = performance.now();
    if (this.#count === 0) {
      this.#first = now;
      this.#firstCount = count;
    } else this.#gaps.push(now - this.#last);
    this.#last = now;
    this.#count += count;
  }

  sample(text: string): Sample {
    return {
      firstTokenMs: this.#first - this.#start,
      decodeMs: this.#last - this.#first,
      decoded: this.#count - this.#firstCount,
      gapsMs: this.#gaps,
      text,
    };
  }
}
