import type { Pointer } from './kernels.ts';
import type { SharedExports } from './wasm-exports.ts';

/** Fields of `Job` in `assembly/shared.ts`, counted in 4 bytes. */
const TURN = 2;
const SLEEPERS = 3;
const DONE = 4;
const WAITING = 5;
const STOPPED = 6;
const PIECES = 7;
/** What `serve` comes back with when it is no turn to sleep on. */
const WAKE = -1;
const END = -2;

/** A view of a job: shared memory that has grown still begins where it did. */
export function jobWords(memory: WebAssembly.Memory, job: Pointer): Int32Array {
  return new Int32Array(memory.buffer, job, PIECES + 1);
}

/** Works on what was just posted until all of it is done; others help if they are awake in time. */
export function finish(wasm: SharedExports, job: Pointer, words: Int32Array): void {
  if (Atomics.load(words, SLEEPERS) > 0) Atomics.notify(words, TURN);
  if (wasm.work(job)) return;
  Atomics.store(words, WAITING, 1);
  const pieces = Atomics.load(words, PIECES);
  for (let done = Atomics.load(words, DONE); done !== pieces; done = Atomics.load(words, DONE)) {
    Atomics.wait(words, DONE, done);
  }
}

/** A thread's life: takes pieces, and sleeps while there are none, until it is told to stop. */
export function serve(
  wasm: SharedExports,
  job: Pointer,
  thread: number,
  memory: WebAssembly.Memory,
): void {
  const words = jobWords(memory, job);
  for (let next = wasm.serve(job, thread); next !== END; next = wasm.serve(job, thread)) {
    if (next === WAKE) Atomics.notify(words, DONE);
    else sleep(words, next);
  }
}

function sleep(words: Int32Array, turn: number): void {
  Atomics.add(words, SLEEPERS, 1);
  Atomics.wait(words, TURN, turn);
  Atomics.sub(words, SLEEPERS, 1);
}

export function stop(words: Int32Array): void {
  Atomics.store(words, STOPPED, 1);
  Atomics.add(words, TURN, 1);
  Atomics.notify(words, TURN);
}
