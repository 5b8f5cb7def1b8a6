/** The only door to onnxruntime-web: which build runs, and sessions as the decoder wants them. */
import type * as Ort from 'onnxruntime-web';
import plainMjs from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url';
import plainWasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import jspiMjs from 'onnxruntime-web/ort-wasm-simd-threaded.jspi.mjs?url';
import jspiWasm from 'onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?url';
import asyncifyMjs from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url';
import asyncifyWasm from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import type { Backend } from '../src/domain/device.ts';
import { refuse } from '../src/domain/failure.ts';
import { crossing } from './boundary.ts';
import { externalData, type ExternalData } from './external-data.ts';
import { openingFailure, runtimeFailure } from './runtime-failure.ts';
import type { Copy, Feeds, GraphSession, GraphTensor } from './session.ts';
import type { WeightsFile } from './weights.ts';

/** Short enough that a stop is heard within 200 ms on a slow machine. */
const CHUNK_TOKENS = 64;
/**
 * From 32 tokens on, the runtime's attention goes through a shader that counts on wide subgroups:
 * on an adapter with narrow ones (SwiftShader: 4) its results were wrong, while shorter runs were
 * right. Narrower than this, prompts go in by short chunks.
 */
const WIDE_SUBGROUP = 16;
const NARROW_CHUNK_TOKENS = 24;

/** A build of the runtime; only the one that is chosen is fetched. */
interface Build {
  readonly load: () => Promise<typeof Ort>;
  readonly mjs: string;
  readonly wasm: string;
}

/** No WebGPU in it, and the fastest on the CPU: nothing has to be suspended. */
const PLAIN: Build = {
  load: () => import('onnxruntime-web/wasm'),
  mjs: plainMjs,
  wasm: plainWasm,
};
const JSPI: Build = {
  load: () => import('onnxruntime-web/jspi'),
  mjs: jspiMjs,
  wasm: jspiWasm,
};
/** Suspends by rewritten code: larger and slower, for browsers that cannot do it themselves. */
const ASYNCIFY: Build = {
  load: () => import('onnxruntime-web/webgpu'),
  mjs: asyncifyMjs,
  wasm: asyncifyWasm,
};

export interface Runtime {
  readonly backend: Backend;
  open(files: SessionFiles, signal: AbortSignal): Promise<GraphSession>;
}

export interface SessionFiles {
  readonly model: Uint8Array;
  /** Taken here, and held once. */
  readonly weights: WeightsFile;
  /** Outputs that the next run takes in again; on a GPU they stay there. */
  readonly recurrent: readonly string[];
}

export function canSuspend(): boolean {
  return 'Suspending' in WebAssembly;
}

/** @param threads of WebAssembly; more than one needs a cross-origin isolated page */
export async function loadRuntime(backend: Backend, threads: number): Promise<Runtime> {
  const build = backend === 'cpu' ? PLAIN : canSuspend() ? JSPI : ASYNCIFY;
  const ort = await crossing(build.load, (detail) => ({ code: 'runtime-failed', detail }));
  ort.env.wasm.wasmPaths = { mjs: absolute(build.mjs), wasm: absolute(build.wasm) };
  ort.env.wasm.numThreads = threads;
  const takesBlobs = build === JSPI;
  const open: Runtime['open'] = async (files, signal) => {
    const data = await externalData(files.weights, takesBlobs, signal);
    return openSession(ort, backend, files, data);
  };
  return { backend, open };
}

/** Where transformers.js, which brings a build of its own choice, finds that build's files. */
export function suspendingBuild(): { readonly mjs: string; readonly wasm: string } {
  return { mjs: absolute(ASYNCIFY.mjs), wasm: absolute(ASYNCIFY.wasm) };
}

/** The dev server gives addresses without an origin, which a module import may misread. */
function absolute(url: string): string {
  return new URL(url, import.meta.url).href;
}

async function openSession(
  ort: typeof Ort,
  backend: Backend,
  files: SessionFiles,
  weights: ExternalData,
): Promise<GraphSession> {
  const session = await crossing(
    () => ort.InferenceSession.create(files.model, sessionOptions(backend, files, weights)),
    openingFailure,
  );
  const device = backend === 'gpu' ? await ort.env.webgpu.device : null;
  return device === null ? new OrtSession(ort, session) : new GpuSession(ort, session, device);
}

function sessionOptions(
  backend: Backend,
  files: SessionFiles,
  weights: ExternalData,
): Ort.InferenceSession.SessionOptions {
  const shared = { externalData: [weights] };
  if (backend === 'cpu') return { ...shared, executionProviders: ['wasm'] };
  const places = files.recurrent.map((name) => [name, 'gpu-buffer'] as const);
  return {
    ...shared,
    executionProviders: ['webgpu'],
    preferredOutputLocation: Object.fromEntries(places),
  };
}

class OrtSession implements GraphSession {
  readonly chunkTokens: number = CHUNK_TOKENS;
  readonly inputs: readonly string[];
  protected readonly ort: typeof Ort;
  readonly #session: Ort.InferenceSession;

  constructor(ort: typeof Ort, session: Ort.InferenceSession) {
    this.ort = ort;
    this.#session = session;
    this.inputs = session.inputNames;
  }

  async run(feeds: Feeds, fetches: readonly string[]): Promise<Feeds> {
    const run = () =>
      this.#session.run(feeds as Ort.InferenceSession.FeedsType, fetches as string[]);
    return crossing(() => this.guard(run()), runtimeFailure);
  }

  /** What a run is held against while it is under way. */
  protected guard<T>(run: Promise<T>): Promise<T> {
    return run;
  }

  int64(data: BigInt64Array, dims: readonly number[]): GraphTensor {
    return new this.ort.Tensor('int64', data, dims);
  }

  float32(data: Float32Array, dims: readonly number[]): GraphTensor {
    return new this.ort.Tensor('float32', data, dims);
  }

  resident(data: Float32Array, dims: readonly number[]): GraphTensor {
    return this.float32(data, dims);
  }
}

/** A run that failed because its GPU was lost may hear of the cause only a moment later. */
const LOSS_IS_TOLD_MS = 100;

class GpuSession extends OrtSession {
  override readonly chunkTokens: number;
  readonly largestTensorBytes: number;
  readonly #device: GPUDevice;
  /** Rejects once the device is lost: a run of it may then fail in any words, or never end. */
  readonly #lost: Promise<never>;

  constructor(ort: typeof Ort, session: Ort.InferenceSession, device: GPUDevice) {
    super(ort, session);
    this.#device = device;
    const isWide = (device.adapterInfo.subgroupMinSize ?? 0) >= WIDE_SUBGROUP;
    this.chunkTokens = isWide ? CHUNK_TOKENS : NARROW_CHUNK_TOKENS;
    // The runtime asks its device for all that the adapter has.
    const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
    this.largestTensorBytes = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    this.#lost = device.lost.then(() => refuse({ code: 'gpu-lost' }));
    this.#lost.catch(() => undefined);
  }

  protected override guard<T>(run: Promise<T>): Promise<T> {
    const told = run.catch(async (error: unknown) => {
      await Promise.race([this.#lost, pause(LOSS_IS_TOLD_MS)]);
      throw error;
    });
    return Promise.race([this.#lost, told]);
  }

  override resident(data: Float32Array, dims: readonly number[]): GraphTensor {
    const buffer = this.#buffer(data.byteLength, true);
    new Float32Array(buffer.getMappedRange()).set(data);
    buffer.unmap();
    return this.#tensor(buffer, dims);
  }

  /** The runtime has handed its own commands in by the time a run is over, so this copy follows them. */
  pickRows(tensor: GraphTensor, rows: readonly number[]): GraphTensor {
    const source = (tensor as Ort.Tensor).gpuBuffer as unknown as GPUBuffer;
    const [, ...rest] = tensor.dims;
    const rowBytes = rest.reduce((product, size) => product * size, Float32Array.BYTES_PER_ELEMENT);
    const buffer = this.#buffer(rows.length * rowBytes, false);
    const commands = this.#device.createCommandEncoder();
    for (const [at, row] of rows.entries()) {
      commands.copyBufferToBuffer(source, row * rowBytes, buffer, at * rowBytes, rowBytes);
    }
    this.#device.queue.submit([commands.finish()]);
    return this.#tensor(buffer, [rows.length, ...rest]);
  }

  /** Copies follow the runtime's own commands, as those of `pickRows` do. */
  assemble(copies: readonly Copy[], dims: readonly number[]): GraphTensor {
    const { BYTES_PER_ELEMENT: size } = Float32Array;
    const buffer = this.#buffer(
      dims.reduce((all, length) => all * length, size),
      false,
    );
    const commands = this.#device.createCommandEncoder();
    for (const { source, from, to, count } of copies) {
      const held = (source as Ort.Tensor).gpuBuffer as unknown as GPUBuffer;
      commands.copyBufferToBuffer(held, from * size, buffer, to * size, count * size);
    }
    this.#device.queue.submit([commands.finish()]);
    return this.#tensor(buffer, dims);
  }

  #buffer(bytes: number, mappedAtCreation: boolean): GPUBuffer {
    const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
    // ONNX Runtime works on whole vectors of four floats.
    const size = Math.ceil(bytes / 16) * 16;
    return this.#device.createBuffer({
      size,
      usage: STORAGE | COPY_SRC | COPY_DST,
      mappedAtCreation,
    });
  }

  #tensor(buffer: GPUBuffer, dims: readonly number[]): GraphTensor {
    return this.ort.Tensor.fromGpuBuffer(buffer, {
      dataType: 'float32',
      dims,
      dispose: () => buffer.destroy(),
    });
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
