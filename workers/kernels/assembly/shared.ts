// The kernels, and threads that share their memory. One thread posts a job in pieces and works on it
// itself; whoever else is awake takes pieces too, and nobody waits for one who sleeps. A piece is computed
// alike whoever takes it, so that the results are those of one thread.
//
// Nothing here sleeps or wakes: the baseline compiler of some V8 (that of Node 20) loses local variables over
// `memory.atomic.wait32`. Who called does it, with `Atomics` (`job.ts`).
import { attend } from './attention';
import { gated } from './elementwise';
import { float32Product, int8Product } from './products';

export * from './plain';

/** Looks at the post before a thread goes to sleep: some tens of microseconds, longer than what lies between two products. */
const SPINS: i32 = 20000;

/** Lies in shared memory, zeroed at the beginning. */
@unmanaged
class Job {
  /** Which job it is, times 2^32, plus pieces that nobody has taken yet: taken with one compare-and-swap. */
  ticket: u64;
  /** Changes with each job; sleepers wait for that. */
  turn: i32;
  sleepers: i32;
  done: i32;
  /** Whether who posted the job sleeps until it is done. */
  waiting: i32;
  stopped: i32;
  pieces: i32;
  kernel: i32;
  /** Outputs, units or rows of a piece, and of all. */
  step: i32;
  end: i32;
  /** Room for the thread 0; each next one's lies `scratchBytes` further. */
  scratch: usize;
  scratchBytes: usize;
  a: usize;
  b: usize;
  c: i32;
  d: i32;
  e: usize;
  f: usize;
  g: usize;
  h: usize;
  i: i32;
}

/** Bytes of a job. */
export function jobBytes(): i32 {
  return <i32>offsetof<Job>();
}

// @ts-ignore: decorator
@inline
function turnOf(at: usize): usize {
  return at + offsetof<Job>('turn');
}

/** The number of a piece that was free, or -1. While it is not done, the job stays as it is. */
function take(at: usize): i32 {
  while (true) {
    const ticket = atomic.load<u64>(at);
    const left = <i32>ticket;
    if (left == 0) return -1;
    if (atomic.cmpxchg<u64>(at, ticket, ticket - 1) == ticket) return left - 1;
  }
}

/** Takes pieces while there are any; gives whether it did the last one and who posted the job sleeps. */
function workOn(at: usize, thread: i32): bool {
  const job = changetype<Job>(at);
  for (let piece = take(at); piece >= 0; piece = take(at)) {
    const pieces = job.pieces;
    compute(job, piece * job.step, min(job.end, (piece + 1) * job.step), thread);
    const done = atomic.add<i32>(at + offsetof<Job>('done'), 1) + 1;
    if (done == pieces && atomic.load<i32>(at + offsetof<Job>('waiting'))) return true;
  }
  return false;
}

function compute(job: Job, from: i32, to: i32, thread: i32): void {
  const scratch = job.scratch + <usize>thread * job.scratchBytes;
  switch (job.kernel) {
    case 0:
      int8Product(job.a, job.b, job.c, job.d, job.e, job.f, job.g, job.h, job.i, scratch, from, to);
      break;
    case 1:
      float32Product(job.a, job.c, job.d, job.e, job.g, job.h, job.i, from, to);
      break;
    case 2:
      attend(job.a, from, to, scratch);
      break;
    case 3:
      gatedRows(job, from, to);
      break;
  }
}

function gatedRows(job: Job, from: i32, to: i32): void {
  const x = job.a + ((<usize>from * job.d) << 2);
  const into = job.h + ((<usize>from * job.i) << 2);
  gated(job.c, x, to - from, job.d, <i32>job.e, <i32>job.f, job.i, into);
}

/**
 * Takes pieces, and looks a while for the next job. Comes back with the turn to sleep on, -1 to wake who
 * posted the job, -2 to end.
 */
export function serve(at: usize, thread: i32): i32 {
  while (!atomic.load<i32>(at + offsetof<Job>('stopped'))) {
    const turn = atomic.load<i32>(turnOf(at));
    if (workOn(at, thread)) return -1;
    let spins = SPINS;
    while (spins > 0 && atomic.load<i32>(turnOf(at)) == turn) spins--;
    if (spins == 0) return turn;
  }
  return -2;
}

/** Puts a job where threads see it; whoever sleeps is still to be woken. */
function post(at: usize, kernel: i32, step: i32, end: i32): void {
  const job = changetype<Job>(at);
  const pieces = (end + step - 1) / step;
  job.kernel = kernel;
  job.step = step;
  job.end = end;
  job.pieces = pieces;
  atomic.store<i32>(at + offsetof<Job>('done'), 0);
  atomic.store<i32>(at + offsetof<Job>('waiting'), 0);
  const turn = (atomic.load<i32>(turnOf(at)) + 1) & 0x7fffffff;
  atomic.store<u64>(at, (<u64>turn << 32) | <u64>pieces);
  atomic.store<i32>(turnOf(at), turn);
}

/** Works on the job that was posted; gives whether all of it was done within a while. */
export function work(at: usize): bool {
  workOn(at, 0);
  const done = at + offsetof<Job>('done');
  const pieces = changetype<Job>(at).pieces;
  let spins = SPINS;
  while (spins > 0 && atomic.load<i32>(done) != pieces) spins--;
  return spins > 0;
}

/** Where each thread works: `bytes` for each of them. */
export function setScratch(at: usize, scratch: usize, bytes: usize): void {
  changetype<Job>(at).scratch = scratch;
  changetype<Job>(at).scratchBytes = bytes;
}

export function shareInt8Product(
  at: usize, step: i32,
  a: usize, scales: usize, rows: i32, width: i32,
  w: usize, wScales: usize, bias: usize, into: usize, out: i32,
): void {
  const job = changetype<Job>(at);
  job.a = a;
  job.b = scales;
  job.c = rows;
  job.d = width;
  job.e = w;
  job.f = wScales;
  job.g = bias;
  job.h = into;
  job.i = out;
  post(at, 0, step, (out + 3) & ~3);
}

export function shareFloat32Product(
  at: usize, step: i32, x: usize, rows: i32, width: i32, w: usize, bias: usize, into: usize, out: i32,
): void {
  const job = changetype<Job>(at);
  job.a = x;
  job.c = rows;
  job.d = width;
  job.e = w;
  job.g = bias;
  job.h = into;
  job.i = out;
  post(at, 1, step, (out + 3) & ~3);
}

export function shareAttend(at: usize, step: i32, plan: usize, units: i32): void {
  changetype<Job>(at).a = plan;
  post(at, 2, step, units);
}

export function shareGated(
  at: usize, step: i32,
  kind: i32, x: usize, rows: i32, stride: i32, gate: i32, up: i32, width: i32, into: usize,
): void {
  const job = changetype<Job>(at);
  job.a = x;
  job.c = kind;
  job.d = stride;
  job.e = gate;
  job.f = up;
  job.h = into;
  job.i = width;
  post(at, 3, step, rows);
}
