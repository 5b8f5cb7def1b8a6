/** What this page has to do without, and why: the cause that a person can do something about. */
import { budgetBytes, type Device } from './device.ts';

/** What the browser gives this page, beside what its Worker found. */
export interface Environment {
  /** Where the page comes from, such as `http://192.168.1.20:8080`. */
  readonly origin: string;
  /** Served over HTTPS, or from this machine itself. */
  readonly secure: boolean;
  /** The host, or the service worker in its place, sent the headers that threads ask for. */
  readonly crossOriginIsolated: boolean;
  /** `navigator.gpu` is there, whether or not a GPU is. */
  readonly webGpu: boolean;
  /** WebAssembly computes with vectors; without them no model runs. */
  readonly simd: boolean;
  readonly serviceWorker: boolean;
  /** The origin private file system: `refused` where the browser has it and does not give it. */
  readonly files: 'given' | 'refused' | 'missing';
  /** IndexedDB opens. */
  readonly database: boolean;
  /** Bytes that all of this page may keep; null where the browser does not say. */
  readonly quotaBytes: number | null;
}

export type Limit =
  /** No secure context: neither GPU nor threads, and files lie in IndexedDB; nothing opens offline. */
  | { readonly cause: 'insecure'; readonly origin: string }
  | { readonly cause: 'no-simd' }
  /** The host sends no COOP and COEP headers. */
  | { readonly cause: 'no-headers' }
  /** The headers came, and the browser has no `SharedArrayBuffer` all the same. */
  | { readonly cause: 'no-shared-memory' }
  | { readonly cause: 'no-webgpu' }
  /** The browser has WebGPU and found no GPU to give. */
  | { readonly cause: 'no-adapter' }
  /** Nothing is kept at all. */
  | { readonly cause: 'no-storage' }
  /** A private window, or settings that forbid it: models are kept in another place, or not for long. */
  | { readonly cause: 'files-refused' }
  | { readonly cause: 'no-files' }
  | { readonly cause: 'no-service-worker' }
  | { readonly cause: 'small-quota'; readonly quotaBytes: number }
  | { readonly cause: 'low-memory'; readonly memoryBytes: number; readonly modelBytes: number };

export type Cause = Limit['cause'];

/** Less than a class of small models takes; a disk with room gives far more, private windows often less. */
const SMALL_QUOTA_BYTES = 2 ** 30;
const LOW_MEMORY_BYTES = 4 * 2 ** 30;

/** Causes in the order of their weight, each once: what an unsafe address explains is not told again. */
export function limits(device: Device, environment: Environment): readonly Limit[] {
  return [
    ...(environment.simd ? [] : [{ cause: 'no-simd' } as const]),
    ...(environment.secure
      ? [...computing(device, environment), ...keeping(environment)]
      : insecure(environment)),
    ...memory(device),
  ];
}

function insecure({ origin, database }: Environment): readonly Limit[] {
  const address: Limit = { cause: 'insecure', origin };
  return database ? [address] : [address, { cause: 'no-storage' }];
}

function computing({ isolated, gpu }: Device, environment: Environment): readonly Limit[] {
  const found: Limit[] = [];
  if (!environment.crossOriginIsolated) found.push({ cause: 'no-headers' });
  else if (!isolated) found.push({ cause: 'no-shared-memory' });
  if (!environment.webGpu) found.push({ cause: 'no-webgpu' });
  else if (gpu === null) found.push({ cause: 'no-adapter' });
  return found;
}

function keeping({ files, database, serviceWorker, quotaBytes }: Environment): readonly Limit[] {
  if (!database && files !== 'given') return [{ cause: 'no-storage' }];
  const found: Limit[] = [];
  if (files === 'refused') found.push({ cause: 'files-refused' });
  if (files === 'missing') found.push({ cause: 'no-files' });
  // What refuses files is a private window, and that has been told.
  if (!serviceWorker && files !== 'refused') found.push({ cause: 'no-service-worker' });
  if (quotaBytes !== null && quotaBytes < SMALL_QUOTA_BYTES) {
    found.push({ cause: 'small-quota', quotaBytes });
  }
  return found;
}

function memory(device: Device): readonly Limit[] {
  const { memoryBytes } = device;
  if (memoryBytes === null || memoryBytes > LOW_MEMORY_BYTES) return [];
  return [{ cause: 'low-memory', memoryBytes, modelBytes: budgetBytes('cpu', device) }];
}
