import type {
  AttentionRow,
  AttentionShape,
  Pointer,
  Rotation,
  ScoreBias,
  Strided,
} from './kernels.ts';

export interface AttentionWork {
  readonly q: Strided;
  readonly k: Strided;
  readonly v: Strided;
  readonly rows: readonly AttentionRow[];
  readonly shape: AttentionShape;
  readonly into: Pointer;
  readonly bias: ScoreBias | undefined;
}

/** Query vectors that read keys together: heads that share a key times queries. */
const VECTORS = 8;
/** Fields of `Plan`, `Row` and `Unit` in `assembly/attention-plan.ts`, 4 bytes each. */
const PLAN_FIELDS = 25;
const ROW_FIELDS = 5;
const UNIT_FIELDS = 5;

/** Queries of a row and heads that share a key: `[row, head, heads, query, queries]`. */
type Unit = readonly [number, number, number, number, number];

export interface AttentionUnits {
  readonly units: readonly Unit[];
  /** Bytes of a plan that holds these. */
  readonly planBytes: number;
  /** Bytes that each thread needs to work in. */
  readonly scratchBytes: number;
  /** Products of a query's and a key's values, roughly. */
  readonly products: number;
}

/** Throws a RangeError where a head's values are no multiple of 4 or heads do not share keys evenly. */
export function unitsOf(
  rows: readonly AttentionRow[],
  shape: AttentionShape,
  threads: number,
): AttentionUnits {
  if (shape.headDim % 4 !== 0 || shape.heads % shape.kvHeads !== 0) {
    throw new RangeError(`Attention of ${shape.heads} / ${shape.kvHeads} × ${shape.headDim}`);
  }
  const together = headsTogether(rows, shape, threads);
  const units = rows.flatMap((row, index) => unitsOfRow(row, index, shape, together));
  const longest = rows.reduce((most, row) => Math.max(most, row.past + row.count), 0);
  const scores = rows.reduce((sum, row) => sum + row.count * (row.past + row.count), 0);
  return {
    units,
    planBytes: 4 * (PLAN_FIELDS + ROW_FIELDS * rows.length + UNIT_FIELDS * units.length),
    scratchBytes: 4 * VECTORS * (2 * shape.headDim + longest + 8),
    products: scores * shape.heads * shape.headDim,
  };
}

/** Heads that read a key together: fewer where there would be no unit for each thread. */
function headsTogether(
  rows: readonly AttentionRow[],
  { heads, kvHeads }: AttentionShape,
  threads: number,
): number {
  const keys = kvHeads * rows.reduce((sum, row) => sum + row.count, 0);
  const parts = Math.max(1, Math.floor(threads / Math.max(keys, 1)));
  return Math.min(VECTORS, Math.ceil(heads / kvHeads / parts));
}

function unitsOfRow(
  row: AttentionRow,
  index: number,
  shape: AttentionShape,
  together: number,
): Unit[] {
  const group = shape.heads / shape.kvHeads;
  const queries = Math.max(1, Math.floor(VECTORS / group));
  const units: Unit[] = [];
  for (let query = 0; query < row.count; query += queries) {
    const some = Math.min(queries, row.count - query);
    for (let key = 0; key < shape.kvHeads; key++) {
      for (let head = 0; head < group; head += together) {
        const heads = Math.min(together, group - head);
        units.push([index, key * group + head, heads, query, some]);
      }
    }
  }
  return units;
}

/** Writes the plan; pointers above 2 GiB wrap to what wasm takes them for. */
export function writePlan(
  memory: WebAssembly.Memory,
  at: Pointer,
  work: AttentionWork,
  units: readonly Unit[],
): void {
  const { q, k, v, rows, shape, into, bias } = work;
  const rowsAt = at + 4 * PLAN_FIELDS;
  const unitsAt = rowsAt + 4 * ROW_FIELDS * rows.length;
  const whole = new Int32Array(
    memory.buffer,
    at,
    unitsAt / 4 - at / 4 + UNIT_FIELDS * units.length,
  );
  const floats = new Float32Array(memory.buffer, at, PLAN_FIELDS);
  whole.set([shape.heads, shape.kvHeads, shape.headDim, shape.capacity, shape.window]);
  floats.set([shape.scale, shape.softcap], 5);
  whole.set(rotationFields(shape.rotation), 7);
  whole.set([q.at, q.stride, k.at, k.stride, v.at, v.stride, into], 11);
  whole.set([bias?.at ?? 0, bias?.rowStride ?? 0, bias?.headStride ?? 0, bias?.stride ?? 0], 18);
  whole.set([rowsAt, rows.length, unitsAt], 22);
  rows.forEach((row, i) => {
    whole.set([row.first, row.count, row.past, row.key, row.value], PLAN_FIELDS + ROW_FIELDS * i);
  });
  units.forEach((unit, i) => whole.set(unit, (unitsAt - at) / 4 + UNIT_FIELDS * i));
}

function rotationFields(rotation: Rotation | null): [number, number, number, number] {
  if (rotation === null) return [0, 0, 0, 0];
  return [rotation.cos, rotation.sin, rotation.width, rotation.interleaved ? 1 : 0];
}
