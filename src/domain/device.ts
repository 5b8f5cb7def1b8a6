import type { Failure } from './failure.ts';
import type { ModelEntry, VariantId } from './model.ts';
import type { Tuning } from './tuning.ts';

/** What the Worker found on this machine before anything was loaded. */
export interface Device {
  /** Threads WebAssembly may use; 1 where memory cannot be shared. */
  readonly threads: number;
  /** Threads may share memory: the page is cross-origin isolated, and the browser has `SharedArrayBuffer`. */
  readonly isolated: boolean;
  /** WebAssembly can suspend for a promise (JSPI). */
  readonly jspi: boolean;
  /** Of the whole machine, in bytes, as far as the browser tells; null where it does not. */
  readonly memoryBytes: number | null;
  readonly gpu: Gpu | null;
  /** What was measured here; absent until it was. */
  readonly tuning?: Tuning;
}

export interface Gpu {
  readonly description: string;
  /** A software adapter: right answers, no speed. Counts as no GPU. */
  readonly software: boolean;
  /** Half-precision arithmetic (`shader-f16`). */
  readonly f16: boolean;
  /** Bytes. */
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
}

export type Backend = 'cpu' | 'gpu';
export type BackendChoice = 'auto' | Backend;

export type Fit =
  | { readonly ok: true; readonly backend: Backend; readonly variant: VariantId }
  | { readonly ok: false; readonly failure: Failure };

/**
 * WebAssembly memory of every build of the runtime ends at 4 GiB, where the weights lie once, beside
 * cache and activations: a model of 2.7 GB was seen to load and to write. Weights for a GPU pass
 * through the same memory on their way, and no browser tells how much a GPU has of its own.
 */
const BUDGET_BYTES = 3 * 2 ** 30;
/** Browsers tell no more than this of a machine's memory, so it stands for anything above. */
const MOST_TOLD_BYTES = 8 * 2 ** 30;
/** Loading holds the file beside what the runtime makes of it; the rest of the machine needs some too. */
const LOADING_FACTOR = 2.1;

/**
 * Which variant of a model runs here. A GPU that the person asks for by name is used even when it is
 * a software one, so that the path can be tried anywhere.
 */
export function fit(
  model: Pick<ModelEntry, 'variants' | 'largestWeights'>,
  device: Device,
  choice: BackendChoice,
): Fit {
  const { gpu } = device;
  if (choice === 'gpu' && gpu === null) return { ok: false, failure: { code: 'gpu-unavailable' } };
  if (choice === 'gpu' && model.variants.gpu4 === undefined) return missing('gpu');
  const wantsGpu = choice === 'gpu' || (choice === 'auto' && prefersGpu(model, device));
  if (wantsGpu && gpu !== null && model.variants.gpu4 !== undefined) {
    const misfit = gpuMisfit(model.variants.gpu4, model.largestWeights?.gpu4, gpu, device);
    if (misfit === null) return { ok: true, backend: 'gpu', variant: 'gpu4' };
    if (choice === 'gpu') return { ok: false, failure: misfit };
  }
  const bytes = model.variants.cpu8;
  if (bytes === undefined) return missing('cpu');
  const haveBytes = budgetBytes('cpu', device);
  if (bytes > haveBytes) {
    return { ok: false, failure: { code: 'model-too-large', needBytes: bytes, haveBytes } };
  }
  return { ok: true, backend: 'cpu', variant: 'cpu8' };
}

/** A GPU is thought the faster one until measuring says otherwise; one with wrong numbers never is. */
function prefersGpu({ variants }: Pick<ModelEntry, 'variants'>, device: Device): boolean {
  if (device.gpu === null || device.gpu.software) return false;
  const verdict = device.tuning?.gpu ?? null;
  if (verdict === null) return true;
  if (verdict.status === 'wrong') return false;
  const bytes = variants.cpu8 ?? Infinity;
  return bytes > Math.min(verdict.cpuUpToBytes, budgetBytes('cpu', device));
}

/**
 * On a GPU each weight is a buffer of its own, bound whole.
 *
 * @param largest bytes of the largest weight; where nobody counted, the model may be a single one
 */
function gpuMisfit(
  bytes: number,
  largest: number = bytes,
  { maxBufferSize, maxStorageBufferBindingSize }: Gpu,
  device: Device,
): Failure | null {
  const budget = budgetBytes('gpu', device);
  if (bytes > budget) return { code: 'model-too-large', needBytes: bytes, haveBytes: budget };
  const haveBytes = Math.min(maxBufferSize, maxStorageBufferBindingSize);
  return largest > haveBytes ? { code: 'weight-too-large', needBytes: largest, haveBytes } : null;
}

/** The largest graph and weights that a backend of this device takes, in bytes; 0 where there is none. */
export function budgetBytes(backend: Backend, { gpu, memoryBytes }: Device): number {
  if (backend === 'gpu' && gpu === null) return 0;
  if (memoryBytes === null || memoryBytes >= MOST_TOLD_BYTES) return BUDGET_BYTES;
  return Math.min(BUDGET_BYTES, Math.floor(memoryBytes / LOADING_FACTOR));
}

/** Weights of a model up to which 8-bit weights are widened to float32 when they are loaded. */
export const WIDENED_UP_TO = 32_000_000;

/**
 * About how much memory loading takes: the file beside what the runtime makes of it. A widened weight
 * takes four bytes more; for the rest, the peak was seen at 2.1 times the file.
 */
export function loadingBytes(storedBytes: number, parameters: number): number {
  return parameters <= WIDENED_UP_TO ? storedBytes + 5 * parameters : LOADING_FACTOR * storedBytes;
}

/** A model at the place where it runs. */
export interface Placed {
  readonly model: Pick<ModelEntry, 'variants' | 'parameters'>;
  readonly backend: Backend;
  readonly variant: VariantId;
}

/**
 * Whether memory holds two models at once, each loading as if it were alone. Two on a GPU do not:
 * nobody tells how much memory a GPU has.
 */
export function fitTogether(first: Placed, second: Placed, device: Device): boolean {
  if (first.backend === 'gpu' && second.backend === 'gpu') return false;
  const bytes = ({ model, variant }: Placed) =>
    loadingBytes(model.variants[variant] ?? Infinity, model.parameters);
  return bytes(first) + bytes(second) <= budgetBytes('cpu', device);
}

function missing(backend: Backend): Fit {
  return { ok: false, failure: { code: 'build-missing', backend } };
}
