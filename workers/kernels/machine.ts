import { Heap, MOST_PAGES } from './heap.ts';
import type { KernelOptions } from './kernels.ts';
import { Team } from './team.ts';
import type { SharedExports, WasmExports } from './wasm-exports.ts';

const PAGE = 65_536;
/** Largest sizes to ask for: a shared memory reserves its addresses at once, and some devices have few. */
const SHARED_PAGES = [MOST_PAGES, MOST_PAGES / 2, MOST_PAGES / 4];

/** Compiled kernels over a memory of their own. */
export interface Machine {
  readonly memory: WebAssembly.Memory;
  readonly heap: Heap;
  readonly wasm: WasmExports;
  /** null where one thread does everything. */
  readonly team: Team | null;
}

/** Throws a RangeError where the memory asked for cannot be had. */
export async function startMachine({ initialBytes, threads }: KernelOptions): Promise<Machine> {
  const initial = Math.min(Math.ceil(initialBytes / PAGE) + 2, MOST_PAGES);
  const shared = threads > 1 && canShare() ? sharedMemory(initial) : null;
  return shared === null ? alone(initial) : together(shared.memory, shared.maximum, threads);
}

/**
 * Memory is shared on isolated pages only, and not on all of them: WebKit for Linux lacks it. Workers
 * that a Worker starts are everywhere but in Node.
 */
function canShare(): boolean {
  if (typeof Worker === 'undefined' || typeof SharedArrayBuffer === 'undefined') return false;
  return globalThis.crossOriginIsolated === true;
}

function sharedMemory(initial: number): { memory: WebAssembly.Memory; maximum: number } | null {
  for (const maximum of SHARED_PAGES.filter((pages) => pages >= initial)) {
    try {
      return { memory: new WebAssembly.Memory({ initial, maximum, shared: true }), maximum };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return null;
}

async function alone(initial: number): Promise<Machine> {
  const { default: bytes } = await import('./assembly/plain.ts?asc');
  const memory = new WebAssembly.Memory({ initial, maximum: MOST_PAGES });
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  const wasm = instance.exports as unknown as WasmExports;
  return { memory, heap: new Heap(memory, firstByte(wasm), MOST_PAGES), wasm, team: null };
}

async function together(
  memory: WebAssembly.Memory,
  maximum: number,
  threads: number,
): Promise<Machine> {
  const { default: bytes } = await import('./assembly/shared.ts?asc');
  const { instance, module } = await WebAssembly.instantiate(bytes, { env: { memory } });
  const wasm = instance.exports as unknown as SharedExports;
  const heap = new Heap(memory, firstByte(wasm), maximum);
  // Zeros, as a memory begins: a job that nobody has posted.
  const job = heap.allocate(wasm.jobBytes());
  return { memory, heap, wasm, team: new Team(wasm, { module, memory, job }, threads) };
}

/** 0 stands for no pointer, whatever the compiler keeps there. */
function firstByte(wasm: WasmExports): number {
  return Math.max(1024, wasm.heapBase());
}
