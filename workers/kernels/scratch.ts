import type { Heap } from './heap.ts';
import type { Pointer } from './kernels.ts';

const LINE = 128;

/** Room to work in that is kept from call to call and grows when a call needs more. */
export class Scratch {
  private readonly heap: Heap;
  private readonly threads: number;
  private readonly moved: (at: Pointer, bytes: number) => void;
  private at: Pointer = 0;
  private bytes = 0;

  /** @param moved told where each thread's room begins and how far apart they lie, whenever that changes */
  constructor(
    heap: Heap,
    threads = 1,
    moved: (at: Pointer, bytes: number) => void = () => undefined,
  ) {
    this.heap = heap;
    this.threads = threads;
    this.moved = moved;
  }

  /** At least so many bytes for each thread, with whatever was left in them; gives the first thread's. */
  of(bytes: number): Pointer {
    if (bytes <= this.bytes) return this.at;
    if (this.at !== 0) this.heap.release(this.at);
    this.at = 0;
    this.bytes = 0;
    // Threads that write to the same line of a cache hold each other up.
    const each = Math.ceil(bytes / LINE) * LINE;
    this.at = this.heap.allocate(each * this.threads);
    this.bytes = each;
    this.moved(this.at, each);
    return this.at;
  }
}
