/** What a checkpoint holds, told from its headers: no weights are read. */
import type { Dtype } from './dtype';
import { elementCount } from './tensor-source';
import type { TensorInfo, TensorSource } from './tensor-source';

/** Buffers such as positions are integers; parameters are not, unless they are quantised. */
const PARAMETER_DTYPES: ReadonlySet<Dtype> = new Set(['F64', 'F32', 'F16', 'BF16']);

/** The number of weights; those that several names share count once. */
export function countParameters(source: TensorSource): number {
  return parameters(source).reduce((sum, { shape }) => sum + elementCount(shape), 0);
}

/** What people call the storage of a tensor: `BF16`, `F32`, `nf4`… */
export function dtypeName({ dtype, quantised }: TensorInfo): string {
  return quantised ?? dtype;
}

/** The storage that most weights have, or null for a source without weights. */
export function mainDtype(source: TensorSource): string | null {
  const counts = new Map<string, number>();
  for (const info of parameters(source)) {
    const name = dtypeName(info);
    counts.set(name, (counts.get(name) ?? 0) + elementCount(info.shape));
  }
  const [first] = [...counts].sort(([, a], [, b]) => b - a);
  return first?.[0] ?? null;
}

function parameters(source: TensorSource): TensorInfo[] {
  return source
    .names()
    .map((name) => source.info(name))
    .filter((info) => info !== undefined)
    .filter((info) => info.sameAs === undefined)
    .filter((info) => info.quantised !== undefined || PARAMETER_DTYPES.has(info.dtype));
}
