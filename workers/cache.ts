/**
 * What rows have read, kept for the rows after them. An entry holds the token ids that went through
 * the graph and the states they left; a row that begins with the same ids starts from a copy. Ids
 * are compared one by one, never trusted, and an entry serves only the adapter it was read with.
 */
import type { Feeds, GraphTensor } from './session.ts';

/** Enough for a few long conversations with a small model, or one with a larger one. */
const BUDGET_BYTES = 192 * 2 ** 20;
/** More texts than a grid shows at once serve nobody; memory is flat after a few runs. */
const MOST_ENTRIES = 24;

export interface Prefix {
  /** What the states hold. */
  readonly ids: readonly number[];
  /** Values of the adapter's inputs; the same object means the same adapter. */
  readonly adapter: Feeds;
  /** Of one row, by the names of the graph's inputs. */
  readonly states: Feeds;
}

export interface Found {
  readonly prefix: Prefix;
  /** How many of the asked ids it gives; at least one is always left to read. */
  readonly length: number;
}

/** Entries by last use. Whoever reads one copies it before the next is kept. */
export class PrefixCache {
  readonly #budgetBytes: number;
  /** The least recently used first. */
  #entries: Prefix[] = [];

  constructor(budgetBytes = BUDGET_BYTES) {
    this.#budgetBytes = budgetBytes;
  }

  get bytes(): number {
    return this.#entries.reduce((sum, entry) => sum + bytesOf(entry), 0);
  }

  /** @param canCut whether a part of an entry is of use, or all of it only */
  find(ids: readonly number[], adapter: Feeds, canCut: boolean): Found | null {
    let best: Found | null = null;
    for (const prefix of this.#entries) {
      if (prefix.adapter !== adapter) continue;
      const length = usableLength(prefix.ids, ids, canCut);
      if (length > (best?.length ?? 0)) best = { prefix, length };
    }
    if (best !== null) this.#touch(best.prefix);
    return best;
  }

  /** Takes the states over. Entries that it covers go, and the oldest where memory is short. */
  keep(prefix: Prefix, canCut: boolean): void {
    const { adapter, ids } = prefix;
    const isCovered = (one: Prefix, by: Prefix) =>
      usableLength(by.ids, [...one.ids, NEXT], canCut) === one.ids.length;
    const rivals = this.#entries.filter((entry) => entry.adapter === adapter);
    const covering = rivals.find((entry) => isCovered(prefix, entry));
    if (covering !== undefined) {
      release(prefix);
      return this.#touch(covering);
    }
    for (const entry of rivals.filter((entry) => isCovered(entry, prefix))) this.#drop(entry);
    if (ids.length > 0) this.#entries.push(prefix);
    while (this.bytes > this.#budgetBytes || this.#entries.length > MOST_ENTRIES) {
      this.#drop(this.#entries[0] as Prefix);
    }
  }

  clear(): void {
    for (const entry of [...this.#entries]) this.#drop(entry);
  }

  #touch(entry: Prefix): void {
    this.#entries = [...this.#entries.filter((other) => other !== entry), entry];
  }

  #drop(entry: Prefix): void {
    this.#entries = this.#entries.filter((other) => other !== entry);
    release(entry);
  }
}

/** Stands for whatever is read after an entry; no token has this id. */
const NEXT = -1;

/** How much of what was `read` spares a row that has to read `ids`. */
export function usableLength(
  read: readonly number[],
  ids: readonly number[],
  canCut: boolean,
): number {
  const length = commonLength(read, ids);
  if (canCut) return Math.min(length, ids.length - 1);
  return length === read.length && length < ids.length ? length : 0;
}

/** Of the longest beginning that both have. */
export function commonLength(a: readonly number[], b: readonly number[]): number {
  const end = Math.min(a.length, b.length);
  let length = 0;
  while (length < end && a[length] === b[length]) length += 1;
  return length;
}

function bytesOf({ states }: Prefix): number {
  const sizeOf = ({ dims }: GraphTensor) => dims.reduce((product, size) => product * size, 1);
  const values = Object.values(states).reduce((sum, tensor) => sum + sizeOf(tensor), 0);
  return values * Float32Array.BYTES_PER_ELEMENT;
}

function release({ states }: Prefix): void {
  for (const tensor of Object.values(states)) tensor.dispose();
}
