import type { Heap } from './heap.ts';
import type { Pointer } from './kernels.ts';

/** Room to work in that is kept from call to call and grows when a call needs more. */
export class Scratch {
  private readonly heap: Heap;
  private at: Pointer = 0;
  private bytes = 0;

  constructor(heap: Heap) {
    this.heap = heap;
  }

  /** At least so many bytes, with whatever was left in them. */
  of(bytes: number): Pointer {
    if (bytes <= this.bytes) return this.at;
    if (this.at !== 0) this.heap.release(this.at);
    this.at = 0;
    this.bytes = 0;
    this.at = this.heap.allocate(bytes);
    this.bytes = bytes;
    return this.at;
  }
}
