/** Tokens in descending order of their logits, ties by id. */
export interface Ranking {
  readonly size: number;
  id(rank: number): number;
  logit(rank: number): number;
}

/** A ranking that came in order, as the graph's own top-k does. */
export function rankedAlready(ids: ArrayLike<number | bigint>, logits: Float32Array): Ranking {
  return {
    size: logits.length,
    id: (rank) => Number(ids[rank]),
    logit: (rank) => logits[rank] ?? -Infinity,
  };
}

/**
 * A ranking made only as far as somebody looks: a heap of the whole vocabulary is built in linear
 * time, and each rank asked for costs a logarithm. Sorting 8,000 logits at every step would not.
 */
export function rankLazily(logits: Float32Array): Ranking {
  const heap = new Heap(logits);
  const id = (rank: number) => heap.at(rank);
  return { size: logits.length, id, logit: (rank) => logits[id(rank)] ?? -Infinity };
}

/** A max-heap of ids that keeps what it gave out at the end of the same array, as heapsort does. */
class Heap {
  readonly #keys: Float32Array;
  readonly #ids: Int32Array;
  #size: number;

  constructor(keys: Float32Array) {
    this.#keys = keys;
    this.#ids = Int32Array.from(keys, (_, index) => index);
    this.#size = keys.length;
    for (let node = (this.#size >> 1) - 1; node >= 0; node -= 1) this.#sink(node);
  }

  /** The id at a rank; ranks below it are fixed on the way. */
  at(rank: number): number {
    const last = this.#ids.length - 1;
    while (last - this.#size < rank) this.#pop();
    return this.#ids[last - rank] as number;
  }

  #pop(): void {
    this.#size -= 1;
    this.#swap(0, this.#size);
    this.#sink(0);
  }

  #sink(start: number): void {
    let node = start;
    for (;;) {
      const left = 2 * node + 1;
      if (left >= this.#size) return;
      const right = left + 1;
      const child = right < this.#size && this.#precedes(right, left) ? right : left;
      if (!this.#precedes(child, node)) return;
      this.#swap(child, node);
      node = child;
    }
  }

  #precedes(a: number, b: number): boolean {
    const [first, second] = [this.#ids[a] as number, this.#ids[b] as number];
    const difference = (this.#keys[first] as number) - (this.#keys[second] as number);
    return difference > 0 || (difference === 0 && first < second);
  }

  #swap(a: number, b: number): void {
    const kept = this.#ids[a] as number;
    this.#ids[a] = this.#ids[b] as number;
    this.#ids[b] = kept;
  }
}
