import type { Device, Gpu } from '../src/domain/device.ts';
import { MAX_THREADS } from '../src/domain/tuning.ts';
import { canSuspend } from './runtime.ts';

/** What measuring chose; null where nothing was measured. */
let measured: number | null = null;

/** How many threads the next load computes on, where the page may have more than one. */
export function computeOn(threads: number): void {
  measured = threads;
}

/** What this machine offers, found out before anything is loaded. */
export async function probeDevice(): Promise<Device> {
  return {
    threads: threadCount(),
    isolated: sharesMemory(),
    jspi: canSuspend(),
    memoryBytes: memoryBytes(),
    gpu: await probeGpu(),
  };
}

/**
 * Threads share memory, and only isolated pages may share memory. Half of the cores: threads meet at
 * every operator, so one that has to wait for a core, taken by the page or by another program, holds
 * up all the others. Measured in `docs/benchmarks.md`; what was measured on this machine comes first.
 */
export function threadCount(): number {
  if (!sharesMemory()) return 1;
  return measured ?? Math.min(MAX_THREADS, Math.ceil(navigator.hardwareConcurrency / 2));
}

/** An isolated page of WebKit for Linux has no `SharedArrayBuffer` all the same. */
function sharesMemory(): boolean {
  return self.crossOriginIsolated && typeof SharedArrayBuffer !== 'undefined';
}

/** Chromium alone tells, in steps, and only to secure contexts (https://www.w3.org/TR/device-memory/). */
function memoryBytes(): number | null {
  const { deviceMemory } = navigator as { readonly deviceMemory?: number };
  return deviceMemory === undefined ? null : deviceMemory * 2 ** 30;
}

/** `navigator.gpu` may be there and still have no adapter to give. */
async function probeGpu(): Promise<Gpu | null> {
  if (!('gpu' in navigator)) return null;
  const options: GPURequestAdapterOptions = { powerPreference: 'high-performance' };
  const adapter = await navigator.gpu.requestAdapter(options).catch(() => null);
  if (adapter === null) return null;
  const { info, features, limits } = adapter;
  return {
    description: info.description || [info.vendor, info.architecture].filter(Boolean).join(' '),
    software: info.isFallbackAdapter,
    f16: features.has('shader-f16'),
    maxBufferSize: limits.maxBufferSize,
    maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
  };
}
