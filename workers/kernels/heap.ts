import type { Pointer } from './kernels.ts';

const PAGE = 65_536;
/** Pages that wasm32 can address: 4 GiB. */
export const MOST_PAGES = 65_536;
/** Grows by at least this much, since growing detaches views and may copy. */
const STEP_PAGES = 64;
/** Kernels read whole vectors, and attention whole quads of keys: past an end, into what is never handed out. */
const SLACK = PAGE;

/** Room in a WebAssembly memory: first fit, neighbours joined when freed. Its books are kept in JavaScript. */
export class Heap {
  private readonly memory: WebAssembly.Memory;
  private readonly mostPages: number;
  /** Free stretches by their beginning, in order; none touches the next. */
  private free: { at: Pointer; bytes: number }[];
  private readonly taken = new Map<Pointer, number>();

  /** @param mostPages what the memory may grow to */
  constructor(memory: WebAssembly.Memory, from: number, mostPages: number) {
    this.memory = memory;
    this.mostPages = mostPages;
    const at = aligned(from);
    this.free = [{ at, bytes: memory.buffer.byteLength - SLACK - at }];
  }

  /** Aligned to 16, not zeroed. Throws a RangeError when the memory cannot grow that far. */
  allocate(bytes: number): Pointer {
    const size = aligned(Math.max(bytes, 1));
    const fit = this.free.find((stretch) => stretch.bytes >= size) ?? this.grow(size);
    const at = fit.at;
    fit.at += size;
    fit.bytes -= size;
    if (fit.bytes === 0) this.free = this.free.filter((stretch) => stretch !== fit);
    this.taken.set(at, size);
    return at;
  }

  release(at: Pointer): void {
    const bytes = this.taken.get(at);
    if (bytes === undefined) throw new RangeError(`Nothing was allocated at ${at}`);
    this.taken.delete(at);
    this.giveBack(at, bytes);
  }

  private giveBack(at: Pointer, bytes: number): void {
    const index = this.free.findIndex((stretch) => stretch.at > at);
    const place = index === -1 ? this.free.length : index;
    this.free.splice(place, 0, { at, bytes });
    this.join(place);
    this.join(place - 1);
  }

  /** Joins a stretch with the one behind it where they touch. */
  private join(index: number): void {
    const one = this.free[index];
    const next = this.free[index + 1];
    if (one === undefined || next === undefined || one.at + one.bytes !== next.at) return;
    one.bytes += next.bytes;
    this.free.splice(index + 1, 1);
  }

  /** Makes the last stretch large enough, and gives it. */
  private grow(size: number): { at: Pointer; bytes: number } {
    const end = this.memory.buffer.byteLength - SLACK;
    const last = this.free.at(-1);
    const spare = last !== undefined && last.at + last.bytes === end ? last.bytes : 0;
    const wanted = Math.ceil((size - spare) / PAGE);
    const left = this.mostPages - this.memory.buffer.byteLength / PAGE;
    const pages = Math.min(Math.max(wanted, STEP_PAGES), left);
    if (pages < wanted) throw new RangeError(`No room for ${size} bytes`);
    this.memory.grow(pages);
    this.giveBack(end, pages * PAGE);
    const grown = this.free.at(-1);
    if (grown === undefined) throw new RangeError(`No room for ${size} bytes`);
    return grown;
  }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}
