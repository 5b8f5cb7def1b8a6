/** A decoder's graph run by Patio's own kernels: weights and states lie in their memory and stay there. */
import { crossing } from '../boundary.ts';
import type { Copy, Feeds, GraphSession, GraphTensor } from '../session.ts';
import type { WeightsFile } from '../weights.ts';
import { Frame, Rooms } from './frame.ts';
import { kernelFailure } from './kernel-failure.ts';
import type { Kernels } from './kernels.ts';
import type { Placed } from './link.ts';
import { fixedValues, placeWeights } from './place-weights.ts';
import { planFor, type Plan, type Program } from './program.ts';
import { HostTensor, PortTensor, StateTensor } from './tensors.ts';
import { sizeOf, type Value } from './values.ts';

/** Short enough that a stop is heard within 200 ms on a slow machine. */
const CHUNK_TOKENS = 64;
/** Room behind the states of rows that step together; a row alone may be kept, and never grow. */
const SPARE_TOKENS = 64;

/** @param recurrent outputs that the next run takes in again */
export async function openKernelSession(
  program: Program,
  weights: WeightsFile,
  recurrent: readonly string[],
  kernels: Kernels,
  signal: AbortSignal,
): Promise<GraphSession> {
  const placed = await crossing(
    () => placeWeights(program, weights, kernels, signal),
    kernelFailure,
  );
  return new KernelSession(program, placed, recurrent, kernels);
}

export class KernelSession implements GraphSession {
  readonly inputs: readonly string[];
  readonly chunkTokens = CHUNK_TOKENS;
  readonly threads: number;
  readonly #program: Program;
  readonly #placed: Placed;
  readonly #kernels: Kernels;
  readonly #rooms: Rooms;
  readonly #recurrent: ReadonlySet<string>;
  readonly #fixed: readonly (Value | undefined)[];
  readonly #plans = new Map<string, Plan>();

  constructor(program: Program, placed: Placed, recurrent: readonly string[], kernels: Kernels) {
    this.threads = kernels.threads;
    this.inputs = program.file.inputs.map(({ name }) => name);
    this.#program = program;
    this.#placed = placed;
    this.#kernels = kernels;
    this.#rooms = new Rooms(kernels);
    this.#recurrent = new Set(recurrent);
    this.#fixed = fixedValues(program, placed);
  }

  get memoryBytes(): number {
    return this.#kernels.memory.buffer.byteLength;
  }

  async run(feeds: Feeds, fetches: readonly string[]): Promise<Feeds> {
    return crossing(() => this.#run(feeds, fetches), kernelFailure);
  }

  int64(data: BigInt64Array, dims: readonly number[]): GraphTensor {
    return new HostTensor(data, dims);
  }

  float32(data: Float32Array, dims: readonly number[]): GraphTensor {
    return new HostTensor(data, dims);
  }

  resident(data: Float32Array, dims: readonly number[]): GraphTensor {
    return new PortTensor(this.#kernels, data, dims);
  }

  pickRows(tensor: GraphTensor, rows: readonly number[]): GraphTensor {
    const { dims } = tensor;
    const size = sizeOf(dims.slice(1));
    const copies = rows.map((row, at) => ({
      source: tensor,
      from: row * size,
      to: at * size,
      count: size,
    }));
    return this.assemble(copies, dims.with(0, rows.length));
  }

  assemble(copies: readonly Copy[], dims: readonly number[]): GraphTensor {
    const [rows = 1, , steps = 0] = dims;
    const spare = rows > 1 ? SPARE_TOKENS : 0;
    const made = StateTensor.zeros(this.#kernels, dims, dims.length === 4 ? steps + spare : 1);
    for (const { source, from, to, count } of copies) made.take(to, source, from, count);
    return made;
  }

  #run(feeds: Feeds, fetches: readonly string[]): Feeds {
    const { steps, roomOf } = this.#planFor(fetches);
    const frame = new Frame(this.#kernels, this.#rooms, roomOf, this.#fixed);
    const passing: GraphTensor[] = [];
    try {
      for (const { name, isWhole } of this.#program.file.inputs) {
        const tensor = feeds[name];
        if (tensor === undefined) throw new RangeError(`the input ${name} is missing`);
        this.#feed(frame, name, tensor, isWhole, passing);
      }
      for (const { run } of steps) run(frame);
      return this.#results(frame, fetches);
    } finally {
      for (const tensor of passing) tensor.dispose();
    }
  }

  /** One for each choice of outputs: a prompt's first chunks want no scores. */
  #planFor(fetches: readonly string[]): Plan {
    const key = fetches.join('\n');
    const known = this.#plans.get(key);
    if (known !== undefined) return known;
    const plan = planFor(this.#program, this.#placed, fetches);
    this.#plans.set(key, plan);
    return plan;
  }

  /** @param passing tensors made for this run alone */
  #feed(
    frame: Frame,
    name: string,
    tensor: GraphTensor,
    isWhole: boolean,
    passing: GraphTensor[],
  ): void {
    const slot = this.#program.slots.get(name) as number;
    if (isWhole) {
      frame.putWhole(slot, tensor.dims, lowWords(tensor.data));
    } else if (tensor instanceof PortTensor) {
      frame.ports.set(slot, tensor);
    } else if (this.#isPort(name)) {
      const port = new PortTensor(this.#kernels, floatsIn(tensor), tensor.dims);
      passing.push(port);
      frame.ports.set(slot, port);
    } else {
      const state = this.#stateOf(tensor, passing);
      frame.states.set(slot, state);
      frame.put(slot, { kind: 'floats', dims: tensor.dims, at: state.at });
    }
  }

  #isPort(name: string): boolean {
    return this.#program.ports.has(name);
  }

  #stateOf(tensor: GraphTensor, passing: GraphTensor[]): StateTensor {
    if (tensor instanceof StateTensor) return tensor;
    const state = StateTensor.of(this.#kernels, floatsIn(tensor), tensor.dims);
    passing.push(state);
    return state;
  }

  #results(frame: Frame, fetches: readonly string[]): Feeds {
    const results: Feeds = {};
    for (const name of fetches) results[name] = this.#result(frame, name);
    for (const [slot, state] of frame.states) {
      if (this.#isLeft(slot, results, state)) state.dispose();
    }
    return results;
  }

  /** States that were made, but are not wanted. */
  #isLeft(slot: number, results: Feeds, state: StateTensor): boolean {
    return this.#program.presents.has(slot) && !Object.values(results).includes(state);
  }

  #result(frame: Frame, name: string): GraphTensor {
    const slot = this.#program.slots.get(name) as number;
    const state = frame.states.get(slot);
    if (state !== undefined) return state;
    const value = frame.get(slot);
    if (value.kind === 'answer') return new HostTensor(value.data, value.dims);
    const values = frame.view(frame.floats(slot));
    if (!this.#recurrent.has(name)) return new HostTensor(values.slice(), value.dims);
    return StateTensor.of(this.#kernels, values.slice(), value.dims);
  }
}

/** Ids, places and masks are far below 2³², so that their low words are all of them. */
function lowWords(data: unknown): Int32Array {
  if (!(data instanceof BigInt64Array)) throw new TypeError('expected an int64 tensor');
  const words = new Int32Array(data.buffer, data.byteOffset, data.length * 2);
  const low = new Int32Array(data.length);
  for (let at = 0; at < low.length; at += 1) low[at] = words[2 * at] as number;
  return low;
}

function floatsIn({ data }: GraphTensor): Float32Array {
  if (data instanceof Float32Array) return data;
  throw new TypeError('expected a float32 tensor in memory');
}
