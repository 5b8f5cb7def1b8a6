/** What measuring on this very machine says about threads and devices. Pure: figures in, choice out. */
import type { Backend, Device } from './device.ts';
import type { VariantId } from './model.ts';
import type { Token } from './token.ts';

/** One way to run the same few tokens of the same model. */
export interface Measurement {
  readonly backend: Backend;
  readonly variant: VariantId;
  /** Of WebAssembly; what a GPU runs beside counts for little. */
  readonly threads: number;
  /** The best of its runs; null where only the numbers were wanted. */
  readonly tokensPerSecond: number | null;
  /** What was written, greedily. */
  readonly tokens: readonly Pick<Token, 'id' | 'logprob'>[];
}

export interface Tuning {
  /** How many threads wrote fastest, each one worth its core. */
  readonly threads: number;
  /** Times as fast as one thread; null where nothing else was measured. */
  readonly threadGain: number | null;
  /** null where there is no GPU to measure. */
  readonly gpu: GpuVerdict | null;
}

export type GpuVerdict =
  /** Its numbers are not those of the same weights on the CPU. */
  | { readonly status: 'wrong' }
  | {
      readonly status: 'right';
      /** Speed of 8 bits on the CPU over that of 4 bits on the GPU. */
      readonly cpuGain: number;
      /** Bytes of the 8-bit variant up to which the CPU is the faster one. */
      readonly cpuUpToBytes: number;
    };

/** A thread takes a core from the page and from everything else: it has to be worth it. */
const WORTH = 1.1;
/** Nats. Half precision and other orders of summing differ by less; wrong attention by far more. */
const ROUNDING = 0.25;
/** Tokens that have to be the same; later ones may part where two were as good. */
const SAME_TOKENS = 4;

/**
 * @param modelBytes of the 8-bit variant of the model that was measured
 * @returns null where no speed of the CPU was measured
 */
export function choose(measurements: readonly Measurement[], modelBytes: number): Tuning | null {
  const speeds = measurements
    .filter(({ backend, variant }) => backend === 'cpu' && variant === 'cpu8')
    .flatMap(({ threads, tokensPerSecond: speed }) => (speed === null ? [] : [{ threads, speed }]))
    .toSorted((a, b) => a.threads - b.threads);
  const [first] = speeds;
  if (first === undefined) return null;
  const best = speeds.reduce((kept, next) => (next.speed > kept.speed * WORTH ? next : kept));
  const isCompared = first.threads === 1 && speeds.length > 1;
  return {
    threads: best.threads,
    threadGain: isCompared ? best.speed / first.speed : null,
    gpu: judge(measurements, best.speed, modelBytes),
  };
}

/**
 * A step on the CPU takes as long as its weights are many; one on a GPU takes at least as long as it
 * does for a small model. So a CPU that wins by a factor wins up to a model that many times larger.
 */
function judge(
  measurements: readonly Measurement[],
  cpuSpeed: number,
  modelBytes: number,
): GpuVerdict | null {
  const onGpu = measurements.find(({ backend }) => backend === 'gpu');
  if (onGpu === undefined) return null;
  const same = measurements.find((m) => m.backend === 'cpu' && m.variant === onGpu.variant);
  if (same === undefined || onGpu.tokensPerSecond === null) return null;
  if (!agrees(onGpu.tokens, same.tokens)) return { status: 'wrong' };
  const cpuGain = cpuSpeed / onGpu.tokensPerSecond;
  return { status: 'right', cpuGain, cpuUpToBytes: cpuGain > 1 ? modelBytes * cpuGain : 0 };
}

/** The same weights wrote the same, up to rounding. */
function agrees(a: Measurement['tokens'], b: Measurement['tokens']): boolean {
  const parting = a.findIndex(({ id }, at) => id !== b[at]?.id);
  const shared = parting === -1 ? a.length : parting;
  if (shared < Math.min(SAME_TOKENS, b.length)) return false;
  return a
    .slice(0, shared + 1)
    .every(({ logprob }, at) => Math.abs(logprob - (b[at]?.logprob ?? logprob)) <= ROUNDING);
}

/** One way to run, as it is asked for. */
export interface Trial extends Pick<Measurement, 'backend' | 'variant' | 'threads'> {
  /** Its speed is wanted, and not only its numbers. */
  readonly timed: boolean;
}

/** What is worth measuring here; empty where there is nothing to choose. */
export function trials(
  { isolated, threads, gpu }: Pick<Device, 'isolated' | 'threads' | 'gpu'>,
  cores: number,
): Trial[] {
  const cpu = { backend: 'cpu', variant: 'cpu8', timed: true } as const;
  const counts = isolated ? threadCandidates(cores) : [1];
  const onCpu = counts.map((count) => ({ ...cpu, threads: count }));
  if (gpu === null || gpu.software) return onCpu.length > 1 ? onCpu : [];
  const gpu4 = { variant: 'gpu4', threads } as const;
  return [
    ...onCpu,
    { ...gpu4, backend: 'gpu', timed: true },
    { ...gpu4, backend: 'cpu', timed: false },
  ];
}

/** Counts of threads that are tried; nothing is faster than the cores there are. */
export function threadCandidates(cores: number): number[] {
  const half = Math.ceil(cores / 2);
  const counts = [1, 2, half, cores].map((count) => Math.min(count, cores, MAX_THREADS));
  return [...new Set(counts)].toSorted((a, b) => a - b);
}

/** Beyond this, a step of a small model spends more time in waiting for threads than it saves. */
export const MAX_THREADS = 4;
