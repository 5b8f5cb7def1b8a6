import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import ts from 'typescript';
import { afterAll, beforeAll, expect, it } from 'vitest';
import bytes from '../../../workers/kernels/assembly/shared.ts?asc';
import { Heap } from '../../../workers/kernels/heap';
import { finish, jobWords, stop } from '../../../workers/kernels/job';
import { stepOf } from '../../../workers/kernels/team';
import type { SharedExports } from '../../../workers/kernels/wasm-exports';
import { noise, noise8 } from './kernels-reference';

// What `thread.worker.ts` does, for a thread of Node.
const SERVE = `
  const { workerData } = require('node:worker_threads');
  const { module, memory, job, thread } = workerData;
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  import(workerData.url).then(({ serve }) => serve(exports, job, thread, memory));
`;
const SCRATCH = 32_768;
/** Where `Job.sleepers` lies. */
const SLEEPERS = 12;

/** `job.ts` as a module that a thread of Node can import. */
function jobModule(): string {
  const source = readFileSync('workers/kernels/job.ts', 'utf8');
  const module = ts.ModuleKind.ESNext;
  const { outputText } = ts.transpileModule(source, { compilerOptions: { module } });
  return `data:text/javascript,${encodeURIComponent(outputText)}`;
}

const memory = new WebAssembly.Memory({ initial: 200, maximum: 200, shared: true });
let wasm: SharedExports;
let heap: Heap;
let job: number;
let thread: Worker;
let ended: Promise<unknown>;

beforeAll(async () => {
  const { module, instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  wasm = instance.exports as unknown as SharedExports;
  heap = new Heap(memory, wasm.heapBase(), 200);
  job = heap.allocate(wasm.jobBytes());
  wasm.setScratch(job, heap.allocate(2 * SCRATCH), SCRATCH);
  thread = new Worker(SERVE, {
    eval: true,
    workerData: { module, memory, job, thread: 1, url: jobModule() },
  });
  ended = new Promise((resolve) => thread.once('exit', resolve));
});

afterAll(() => thread.terminate());

/** Until the thread sleeps: without work it does so by itself. */
async function asleep(): Promise<void> {
  const sleepers = new Int32Array(memory.buffer, job + SLEEPERS, 1);
  await expect.poll(() => Atomics.load(sleepers, 0), { timeout: 20_000 }).toBe(1);
}

function put(values: Float32Array | Int8Array): number {
  const at = heap.allocate(values.byteLength);
  const from = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  new Uint8Array(memory.buffer, at, values.byteLength).set(from);
  return at;
}

function take(at: number, count: number): Float32Array {
  return new Float32Array(memory.buffer, at, count).slice();
}

function bitsOf(values: Float32Array): Buffer {
  return Buffer.from(values.buffer);
}

/** Zeros in the second thread's scratch, until it has taken a piece. */
function traceOfHelper(): Uint8Array {
  const scratch = new Int32Array(memory.buffer, job, 22)[11] ?? 0;
  return new Uint8Array(memory.buffer, scratch + SCRATCH, 4096);
}

it('gives what one thread gives, helped or not', async () => {
  const [rows, width, out] = [9, 416, 1002];
  const weights = new Int8Array(1004 * width);
  weights.set(noise8(out * width, 3));
  const scales = new Float32Array(1004);
  scales.set(noise(out, 4));
  const [x, w, s] = [put(noise(rows * width, 1)), put(weights), put(scales)];
  const [a, rowScales] = [heap.allocate(rows * width * 2), heap.allocate(rows * 4)];
  wasm.roundRows(x, rows, width, a, rowScales);
  const into = heap.allocate(rows * out * 4);
  const args = [a, rowScales, rows, width, w, s, 0, into, out] as const;
  wasm.int8Product(...args, heap.allocate(SCRATCH), 0, 1004);
  const alone = take(into, rows * out);

  let helped = 0;
  for (let n = 0; n < 4000 && helped < 5; n++) {
    if (n % 200 === 0) await asleep();
    new Float32Array(memory.buffer, into, rows * out).fill(Number.NaN);
    traceOfHelper().fill(0);
    wasm.shareInt8Product(job, 100, ...args);
    finish(wasm, job, jobWords(memory, job));
    expect(Buffer.compare(bitsOf(take(into, rows * out)), bitsOf(alone))).toBe(0);
    if (traceOfHelper().some((byte) => byte !== 0)) helped++;
  }
  expect(helped).toBe(5);
});

it('ends when it is told to', async () => {
  await asleep();
  stop(jobWords(memory, job));
  expect(await ended).toBe(0);
});

it('shares what is worth it, in pieces that are no less than that', () => {
  expect(stepOf(2, 2048, 4, 2048 * 384)).toBe(256);
  expect(stepOf(2, 384, 4, 384 * 384)).toBe(96);
  expect(stepOf(2, 256, 4, 256 * 384)).toBe(0);
  expect(stepOf(2, 1, 1, 2 ** 30)).toBe(0);
});
