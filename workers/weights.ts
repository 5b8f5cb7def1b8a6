/**
 * The weights of a package on their way into a runtime, by chunks: whoever takes them holds them
 * once, in its own memory.
 */
import { refuse } from '../src/domain/failure.ts';

export interface WeightsFile {
  /** The name by which the graph knows it. */
  readonly path: string;
  readonly bytes: number;
  /**
   * From first to last, once; the first call takes the answer that is already on its way. Ends after
   * exactly `bytes`, or throws a `FailureError`. A chunk belongs to whoever got it until the next.
   */
  chunks(signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** The same instead of `chunks`, where it lies in this browser's storage: nothing is read yet. */
  readonly blob?: () => Promise<Blob>;
}

/** Where a tensor lies in its file, in bytes. */
export interface Span {
  readonly offset: number;
  readonly bytes: number;
}

/**
 * Takes tensors out of a stream in the order of their file. What lies between them is passed over,
 * and nothing is held but the chunk at hand.
 */
export class WeightsReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #path: string;
  #chunk: Uint8Array = new Uint8Array(0);
  /** Offset in the file of the first byte of `#chunk`. */
  #at = 0;

  constructor(file: WeightsFile, signal: AbortSignal) {
    this.#chunks = file.chunks(signal)[Symbol.asyncIterator]();
    this.#path = file.path;
  }

  /** Fills `target`, which may be a view of wasm memory; spans must come in ascending order. */
  async read(offset: number, target: Uint8Array): Promise<void> {
    await this.pieces({ offset, bytes: target.length }, (piece, at) => target.set(piece, at));
  }

  /**
   * The bytes of a span as they come. For memory that may grow meanwhile: make the view anew in
   * each call of `take`.
   *
   * @param take is given a piece and where in the span it begins
   */
  async pieces(
    { offset, bytes }: Span,
    take: (piece: Uint8Array, at: number) => void,
  ): Promise<void> {
    if (offset < this.#at) throw new RangeError('tensors are read in the order of their file');
    let taken = 0;
    while (taken < bytes) {
      const from = offset + taken - this.#at;
      if (from >= this.#chunk.length) {
        await this.#next();
        continue;
      }
      const piece = this.#chunk.subarray(from, from + bytes - taken);
      take(piece, taken);
      taken += piece.length;
    }
  }

  /** Reads to the end, so that a file longer than promised is heard of; gives back what is held. */
  async finish(): Promise<void> {
    while ((await this.#chunks.next()).done !== true);
    this.#chunk = new Uint8Array(0);
  }

  /** Whoever gives up halfway lets the source go. */
  async leave(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #next(): Promise<void> {
    // Counted first: its bytes may be taken back by whoever brings the next.
    this.#at += this.#chunk.length;
    this.#chunk = new Uint8Array(0);
    const next = await this.#chunks.next();
    if (next.done === true) {
      return refuse({ code: 'file-damaged', file: this.#path, detail: 'it ends too early' });
    }
    this.#chunk = next.value;
  }
}

/** All of it in one piece of memory. @param bytes how long it is, which the source vouches for */
export async function gathered(
  chunks: AsyncIterable<Uint8Array>,
  bytes: number,
): Promise<Uint8Array> {
  const all = new Uint8Array(bytes);
  let at = 0;
  for await (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
