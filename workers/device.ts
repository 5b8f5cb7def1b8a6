import type { Device, Gpu } from '../src/domain/device.ts';
import { canSuspend } from './runtime.ts';

/** Beyond this, a step of a small model spends more time in waiting for threads than it saves. */
const MAX_THREADS = 4;

/** What this machine offers, found out before anything is loaded. */
export async function probeDevice(): Promise<Device> {
  return {
    threads: threadCount(),
    isolated: self.crossOriginIsolated,
    jspi: canSuspend(),
    memoryBytes: memoryBytes(),
    gpu: await probeGpu(),
  };
}

/**
 * Threads share memory, and only isolated pages may share memory. Half of the cores: threads meet at
 * every operator, so one that has to wait for a core, taken by the page or by another program, holds
 * up all the others. Measured in `docs/benchmarks.md`.
 */
export function threadCount(): number {
  if (!self.crossOriginIsolated) return 1;
  return Math.min(MAX_THREADS, Math.ceil(navigator.hardwareConcurrency / 2));
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
