import type { AdaptedModule, Adapter, SavedTensor } from '../checkpoint/adapter';
import { elementCount, readRows, resolveName } from '../checkpoint/tensor-source';
import type { TensorInfo, TensorSource } from '../checkpoint/tensor-source';
import { refuse } from '../domain/failure';

export interface MergedSource extends TensorSource {
  /**
   * The adapter's tensors that nobody has asked for yet. Once a graph is laid out, one left here is
   * a part of the adapter that the result would silently lack.
   */
  untouched(): readonly string[];
}

/** An adapted weight with the way its base keeps it: `[out, in]`, or `[in, out]` when transposed. */
interface Update {
  readonly matrices: AdaptedModule;
  readonly transposed: boolean;
}

/**
 * The checkpoint with `W + scale · B · A` in place of each adapted weight, computed on reading, and
 * the adapter's whole tensors in place of the base's, or beside them where the base has none.
 */
export function mergeAdapter(source: TensorSource, adapter: Adapter): MergedSource {
  const resolve = (name: string): string => resolveName(source, name);
  const saved = new Map([...adapter.saved].map(([name, tensor]) => [resolve(name), tensor]));
  const infoOf = (name: string): TensorInfo | undefined => {
    const whole = saved.get(name);
    return whole ? { dtype: 'F32', shape: whole.shape } : source.info(name);
  };
  const updates = new Map(
    [...adapter.modules].map(([module, matrices]) => {
      const name = resolve(`${module}.weight`);
      return [name, updateOf(name, infoOf(name)?.shape, matrices)] as const;
    }),
  );
  const changes = (name: string): boolean => updates.has(name) || saved.has(name);
  const untouched = new Set([...saved.keys(), ...updates.keys()]);
  const adapted = (name: string, weights: Float32Array, first: number): Float32Array => {
    const update = updates.get(name);
    if (update !== undefined) addProduct(weights, update, first);
    return weights;
  };
  return {
    names: () => [...new Set([...source.names(), ...saved.keys()])],
    resolve,
    info: (name) => {
      untouched.delete(resolve(name));
      return withoutTwin(infoOf(resolve(name)), resolve(name), changes);
    },
    read: async (asked, signal) => {
      const name = resolve(asked);
      const whole = saved.get(name)?.data.slice();
      return adapted(name, whole ?? (await source.read(name, signal)), 0);
    },
    readRows: async (asked, first, count, signal) => {
      const name = resolve(asked);
      const whole = saved.get(name);
      const rows = whole
        ? rowsOf(whole, first, count)
        : await readRows(source, name, first, count, signal);
      return adapted(name, rows, first);
    },
    untouched: () => [...untouched].filter((name) => !hasTwin(name, saved, untouched)),
  };
}

/** Of a tied model PEFT saves table and head alike, and its graph asks for one of them. */
function hasTwin(
  name: string,
  saved: ReadonlyMap<string, SavedTensor>,
  untouched: ReadonlySet<string>,
): boolean {
  const own = saved.get(name)?.data;
  return (
    own !== undefined &&
    [...saved].some(([other, { data }]) => !untouched.has(other) && isSame(own, data))
  );
}

function isSame(one: Float32Array, other: Float32Array): boolean {
  return one.length === other.length && one.every((value, at) => value === other[at]);
}

/** Two weights are no longer the same once an adapter changes either. */
function withoutTwin(
  info: TensorInfo | undefined,
  name: string,
  changes: (name: string) => boolean,
): TensorInfo | undefined {
  if (info?.sameAs === undefined || !(changes(name) || changes(info.sameAs))) return info;
  const { sameAs: _, ...own } = info;
  return own;
}

function updateOf(
  name: string,
  shape: readonly number[] | undefined,
  matrices: AdaptedModule,
): Update {
  const { in: inSize, out, transposed = false } = matrices;
  const fits = (rows: number, columns: number): boolean =>
    shape?.length === 2 && shape[0] === rows && shape[1] === columns;
  // A square weight fits both ways, and then the adapter's word decides.
  if (transposed ? fits(inSize, out) : fits(out, inSize)) return { matrices, transposed };
  if (transposed ? fits(out, inSize) : fits(inSize, out)) {
    return { matrices, transposed: !transposed };
  }
  return refuse({ code: 'adapter-unsupported', detail: `${name} of the base does not fit` });
}

function rowsOf({ shape, data }: SavedTensor, first: number, count: number): Float32Array {
  const width = elementCount(shape.slice(1));
  return data.slice(first * width, (first + count) * width);
}

/** Adds the update to the rows of a weight that begin with row `first`. */
function addProduct(weights: Float32Array, { matrices, transposed }: Update, first: number): void {
  const { rank, in: inSize, out, A, B } = matrices;
  const width = transposed ? out : inSize;
  const rows = weights.length / width;
  for (let row = 0; row < rows; row += 1) {
    for (let r = 0; r < rank; r += 1) {
      const at = first + row;
      const factor = (transposed ? A[r * inSize + at] : B[at * rank + r]) as number;
      const [from, start, step] = transposed ? [B, r, rank] : [A, r * inSize, 1];
      for (let column = 0; column < width; column += 1) {
        const value = from[start + column * step] as number;
        weights[row * width + column] = (weights[row * width + column] as number) + factor * value;
      }
    }
  }
}
