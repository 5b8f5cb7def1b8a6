import { finish, jobWords, stop } from './job.ts';
import type { Pointer } from './kernels.ts';
import type { SharedExports } from './wasm-exports.ts';

/** What a thread is sent, once. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly job: Pointer;
  /** From 1 on: 0 is the thread that posts jobs. */
  readonly thread: number;
}

/** Multiplications that are worth the meeting of threads, which takes about 1 µs; some 4 µs of one. */
const WORTH_SHARING = 2 ** 17;
/** Multiplications of a piece, at least. */
const PIECE = 2 ** 15;
/** Pieces for each thread: one that was held up leaves some of its own to the others. */
const PIECES_EACH = 4;

/**
 * Threads that share a memory. They need not have started when a job is posted, nor ever: who posts it
 * works on it too and waits only for pieces that another has begun. They end with the Worker that made them.
 */
export class Team {
  readonly threads: number;
  readonly job: Pointer;
  readonly wasm: SharedExports;
  private readonly workers: readonly Worker[];
  private readonly words: Int32Array;

  constructor(wasm: SharedExports, start: Omit<ThreadStart, 'thread'>, threads: number) {
    this.wasm = wasm;
    this.job = start.job;
    this.threads = threads;
    this.words = jobWords(start.memory, start.job);
    this.workers = Array.from({ length: threads - 1 }, (_, i) =>
      startThread({ ...start, thread: i + 1 }),
    );
  }

  /** How much of `end` is one piece, a multiple of `unit`; 0 where sharing would not pay. */
  stepOf(end: number, unit: number, multiplications: number): number {
    return stepOf(this.threads, end, unit, multiplications);
  }

  /** After a job was posted: works on it until it is done. */
  finish(): void {
    finish(this.wasm, this.job, this.words);
  }

  dispose(): void {
    stop(this.words);
    for (const worker of this.workers) worker.terminate();
  }
}

/** @param multiplications of the whole */
export function stepOf(
  threads: number,
  end: number,
  unit: number,
  multiplications: number,
): number {
  if (multiplications < WORTH_SHARING) return 0;
  const pieces = Math.min(threads * PIECES_EACH, Math.floor(multiplications / PIECE));
  const step = Math.ceil(end / pieces / unit) * unit;
  return step < end ? step : 0;
}

function startThread(start: ThreadStart): Worker {
  const worker = new Worker(new URL('./thread.worker.ts', import.meta.url), { type: 'module' });
  // One that cannot start is one that never takes a piece.
  worker.addEventListener('error', (event) => event.preventDefault());
  worker.postMessage(start);
  return worker;
}
