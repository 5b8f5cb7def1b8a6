import { unitsOf, writePlan, type AttentionWork } from './attention-plan.ts';
import type { Heap } from './heap.ts';
import type {
  Activation,
  AttentionRow,
  AttentionShape,
  Float32Matrix,
  Int8Matrix,
  KernelOptions,
  Kernels,
  Pointer,
  ScoreBias,
  Strided,
} from './kernels.ts';
import { startMachine, type Machine } from './machine.ts';
import { float32Matrix, int8Matrix, type Layout } from './matrices.ts';
import { Scratch } from './scratch.ts';
import type { Team } from './team.ts';
import type { WasmExports } from './wasm-exports.ts';

/** An activation takes about as long as so many multiplications of a product. */
const VALUE = 32;
/** What `int8Product` works in. */
const PRODUCT_SCRATCH = 16_896;
const KINDS: Readonly<Record<Activation, number>> = {
  ...{ silu: 0, gelu: 1, 'gelu-tanh': 2 },
  ...{ relu: 3, tanh: 4, sigmoid: 5 },
};

/** Throws a RangeError where the memory asked for cannot be had. */
export async function createKernels(options: KernelOptions): Promise<Kernels> {
  return new WasmKernels(await startMachine(options));
}

/** Nothing is kept over a call but room to work in. */
class WasmKernels implements Kernels {
  readonly memory: WebAssembly.Memory;
  readonly threads: number;
  private readonly wasm: WasmExports;
  private readonly team: Team | null;
  private readonly heap: Heap;
  private readonly rounded: Scratch;
  private readonly scales: Scratch;
  private readonly plan: Scratch;
  private readonly work: Scratch;

  constructor({ memory, heap, wasm, team }: Machine) {
    this.memory = memory;
    this.heap = heap;
    this.wasm = wasm;
    this.team = team;
    this.threads = team?.threads ?? 1;
    this.rounded = new Scratch(heap);
    this.scales = new Scratch(heap);
    this.plan = new Scratch(heap);
    this.work = new Scratch(heap, this.threads, (at, bytes) =>
      team?.wasm.setScratch(team.job, at, bytes),
    );
  }

  dispose(): void {
    this.team?.dispose();
  }

  allocate(bytes: number): Pointer {
    return this.heap.allocate(bytes);
  }

  free(pointer: Pointer): void {
    this.heap.release(pointer);
  }

  floats(at: Pointer, count: number): Float32Array {
    return new Float32Array(this.memory.buffer, at, count);
  }

  bytes(at: Pointer, count: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, at, count);
  }

  int8Matrix(values: Int8Array, scales: Float32Array, shape: Layout): Int8Matrix {
    return int8Matrix(this, values, scales, shape);
  }

  float32Matrix(values: Float32Array, shape: Layout): Float32Matrix {
    return float32Matrix(this, values, shape);
  }

  int8Product(x: Pointer, rows: number, matrix: Int8Matrix, bias: Pointer, into: Pointer): void {
    const { values, scales, in: width, out } = matrix;
    const pitch = upTo(width, 16);
    const a = this.rounded.of(rows * pitch * 2);
    const rowScales = this.scales.of(rows * 4);
    const scratch = this.work.of(PRODUCT_SCRATCH);
    this.wasm.roundRows(x, rows, width, a, rowScales);
    const { team } = this;
    const step = team?.stepOf(upTo(out, 4), 4, rows * pitch * out) ?? 0;
    const args = [a, rowScales, rows, pitch, values, scales, bias, into, out] as const;
    if (team !== null && step > 0) {
      team.wasm.shareInt8Product(team.job, step, ...args);
      team.finish();
    } else this.wasm.int8Product(...args, scratch, 0, upTo(out, 4));
  }

  float32Product(
    x: Pointer,
    rows: number,
    matrix: Float32Matrix,
    bias: Pointer,
    into: Pointer,
  ): void {
    const { values, in: width, out } = matrix;
    const pitch = upTo(width, 4);
    const a = pitch === width ? x : this.rounded.of(rows * pitch * 4);
    if (a !== x) this.wasm.padRows(x, rows, width, a);
    const { team } = this;
    const step = team?.stepOf(upTo(out, 4), 4, rows * pitch * out) ?? 0;
    const args = [a, rows, pitch, values, bias, into, out] as const;
    if (team !== null && step > 0) {
      team.wasm.shareFloat32Product(team.job, step, ...args);
      team.finish();
    } else this.wasm.float32Product(...args, 0, upTo(out, 4));
  }

  int8Rows(matrix: Int8Matrix, ids: readonly number[], into: Pointer): void {
    const { values, scales, in: width } = matrix;
    this.wasm.int8Rows(values, scales, width, this.idsOf(ids, matrix.out), ids.length, into);
  }

  float32Rows(matrix: Float32Matrix, ids: readonly number[], into: Pointer): void {
    const { values, in: width } = matrix;
    this.wasm.float32Rows(values, width, this.idsOf(ids, matrix.out), ids.length, into);
  }

  /** Throws a RangeError for an id that has no row: wasm would read whatever lies there. */
  private idsOf(ids: readonly number[], rows: number): Pointer {
    const stray = ids.find((id) => !(id >= 0 && id < rows));
    if (stray !== undefined) throw new RangeError(`No row ${stray} of ${rows}`);
    const at = this.plan.of(ids.length * 4);
    new Int32Array(this.memory.buffer, at, ids.length).set(ids);
    return at;
  }

  rmsNorm(
    x: Pointer,
    rows: number,
    width: number,
    weight: Pointer,
    epsilon: number,
    into: Pointer,
    skip: Pointer = 0,
    sum: Pointer = 0,
  ): void {
    this.wasm.rmsNorm(x, rows, width, weight, epsilon, into, skip, sum);
  }

  layerNorm(
    x: Pointer,
    rows: number,
    width: number,
    weight: Pointer,
    bias: Pointer,
    epsilon: number,
    into: Pointer,
    skip: Pointer = 0,
    sum: Pointer = 0,
  ): void {
    this.wasm.layerNorm(x, rows, width, weight, bias, epsilon, into, skip, sum);
  }

  activate(kind: Activation, x: Pointer, count: number, into: Pointer): void {
    this.wasm.activate(KINDS[kind], x, count, into);
  }

  gated(
    kind: Activation,
    x: Pointer,
    rows: number,
    stride: number,
    gate: number,
    up: number,
    width: number,
    into: Pointer,
  ): void {
    const { team } = this;
    const step = team?.stepOf(rows, 1, rows * width * VALUE) ?? 0;
    const args = [KINDS[kind], x, rows, stride, gate, up, width, into] as const;
    if (team !== null && step > 0) {
      team.wasm.shareGated(team.job, step, ...args);
      team.finish();
    } else this.wasm.gated(...args);
  }

  add(a: Pointer, b: Pointer, count: number, into: Pointer): void {
    this.wasm.add(a, b, count, into);
  }

  multiply(a: Pointer, b: Pointer, count: number, into: Pointer): void {
    this.wasm.multiply(a, b, count, into);
  }

  scaled(a: Pointer, factor: number, addend: number, count: number, into: Pointer): void {
    this.wasm.scaled(a, factor, addend, count, into);
  }

  attention(
    q: Strided,
    k: Strided,
    v: Strided,
    rows: readonly AttentionRow[],
    shape: AttentionShape,
    into: Pointer,
    bias?: ScoreBias,
  ): void {
    const work: AttentionWork = { q, k, v, rows, shape, into, bias };
    const { units, planBytes, scratchBytes, products } = unitsOf(rows, shape, this.threads);
    const plan = this.plan.of(planBytes);
    const scratch = this.work.of(scratchBytes);
    writePlan(this.memory, plan, work, units);
    this.wasm.keep(plan);
    const { team } = this;
    const step = team?.stepOf(units.length, 1, products) ?? 0;
    if (team !== null && step > 0) {
      team.wasm.shareAttend(team.job, step, plan, units.length);
      team.finish();
    } else this.wasm.attend(plan, 0, units.length, scratch);
  }

  topK(
    x: Pointer,
    rows: number,
    width: number,
    count: number,
  ): { readonly values: Float32Array; readonly ids: Int32Array } {
    const some = Math.min(count, width);
    const at = this.work.of(rows * some * 8);
    const idsAt = at + rows * some * 4;
    for (let r = 0; r < rows && some > 0; r++) {
      const [values, ids] = [at + r * some * 4, idsAt + r * some * 4];
      this.wasm.topK(x + r * width * 4, width, some, values, ids);
    }
    return {
      values: this.floats(at, rows * some).slice(),
      ids: new Int32Array(this.memory.buffer, idsAt, rows * some).slice(),
    };
  }

  logSumExp(x: Pointer, rows: number, width: number): Float32Array {
    return Float32Array.from({ length: rows }, (_, r) =>
      this.wasm.logSumExp(x + r * width * 4, width),
    );
  }
}

function upTo(count: number, multiple: number): number {
  return Math.ceil(count / multiple) * multiple;
}
