import type { Pointer } from './kernels.ts';

/** What `assembly/plain.ts` exports; all numbers are whole but `epsilon`, `factor` and `addend`. */
export interface WasmExports {
  /** Where the compiler's own data end. */
  heapBase(): Pointer;
  roundRows(x: Pointer, rows: number, width: number, into: Pointer, scales: Pointer): void;
  int8Product(
    ...args: [
      ...rounded: [a: Pointer, scales: Pointer, rows: number, width: number],
      ...weights: [values: Pointer, scales: Pointer, bias: Pointer],
      ...outputs: [into: Pointer, out: number, scratch: Pointer, from: number, to: number],
    ]
  ): void;
  padRows(x: Pointer, rows: number, width: number, into: Pointer): void;
  float32Product(
    ...args: [
      ...padded: [x: Pointer, rows: number, width: number],
      ...weights: [values: Pointer, bias: Pointer],
      ...outputs: [into: Pointer, out: number, from: number, to: number],
    ]
  ): void;
  int8Rows(
    ...args: [
      ...table: [values: Pointer, scales: Pointer, width: number],
      ...rows: [ids: Pointer, count: number, into: Pointer],
    ]
  ): void;
  float32Rows(values: Pointer, width: number, ids: Pointer, count: number, into: Pointer): void;
  rmsNorm(
    ...args: [
      ...rows: [x: Pointer, rows: number, width: number],
      ...norm: [weight: Pointer, epsilon: number],
      ...places: [into: Pointer, skip: Pointer, sum: Pointer],
    ]
  ): void;
  layerNorm(
    ...args: [
      ...rows: [x: Pointer, rows: number, width: number],
      ...norm: [weight: Pointer, bias: Pointer, epsilon: number],
      ...places: [into: Pointer, skip: Pointer, sum: Pointer],
    ]
  ): void;
  activate(kind: number, x: Pointer, count: number, into: Pointer): void;
  gated(
    ...args: [
      ...rows: [kind: number, x: Pointer, rows: number, stride: number],
      ...parts: [gate: number, up: number, width: number, into: Pointer],
    ]
  ): void;
  add(a: Pointer, b: Pointer, count: number, into: Pointer): void;
  multiply(a: Pointer, b: Pointer, count: number, into: Pointer): void;
  scaled(a: Pointer, factor: number, addend: number, count: number, into: Pointer): void;
  keep(plan: Pointer): void;
  attend(plan: Pointer, from: number, to: number, scratch: Pointer): void;
  topK(x: Pointer, width: number, count: number, values: Pointer, ids: Pointer): void;
  logSumExp(x: Pointer, width: number): number;
}

/** What `assembly/shared.ts` adds: the same work as a job in pieces, posted and not yet begun (`job.ts`). */
export interface SharedExports extends WasmExports {
  jobBytes(): number;
  serve(job: Pointer, thread: number): number;
  work(job: Pointer): number;
  setScratch(job: Pointer, scratch: Pointer, bytes: number): void;
  shareInt8Product(
    ...args: [
      ...job: [job: Pointer, step: number],
      ...rounded: [a: Pointer, scales: Pointer, rows: number, width: number],
      ...weights: [values: Pointer, scales: Pointer, bias: Pointer],
      ...outputs: [into: Pointer, out: number],
    ]
  ): void;
  shareFloat32Product(
    ...args: [
      ...job: [job: Pointer, step: number],
      ...padded: [x: Pointer, rows: number, width: number],
      ...weights: [values: Pointer, bias: Pointer],
      ...outputs: [into: Pointer, out: number],
    ]
  ): void;
  shareGated(
    ...args: [
      ...job: [job: Pointer, step: number],
      ...rows: [kind: number, x: Pointer, rows: number, stride: number],
      ...parts: [gate: number, up: number, width: number, into: Pointer],
    ]
  ): void;
  shareAttend(job: Pointer, step: number, plan: Pointer, units: number): void;
}
