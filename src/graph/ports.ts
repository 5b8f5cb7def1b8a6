/** Adapters as the values of a graph's ports. */
import type { AdaptedModule, Adapter } from '../checkpoint/adapter';
import { refuse } from '../domain/failure';
import type { LoraPort } from './manifest';

export interface PortValue {
  readonly dims: readonly [number, number];
  readonly data: Float32Array;
}

/** By the name of the graph's input. */
export type PortValues = ReadonlyMap<string, PortValue>;

/** No adapter: rank 1 and all zeros, because GPU runtimes fail on empty tensors. */
export function zeroAdapter(ports: readonly LoraPort[]): PortValues {
  return layAdapter(ports, { modules: new Map(), saved: new Map() });
}

/**
 * Lays an adapter out over the ports. The modules that share a port share its rank dimension one
 * after another, and each writes only its own columns of B. Refuses an adapter that reaches a
 * module without a port, that replaces whole weights, or whose matrices are not of the base's sizes.
 */
export function layAdapter(ports: readonly LoraPort[], adapter: Adapter): PortValues {
  refuseStrangers(ports, adapter);
  return new Map(ports.flatMap((port) => layPort(port, adapter)));
}

function refuseStrangers(ports: readonly LoraPort[], { modules, saved }: Adapter): void {
  if (saved.size > 0) refuse({ code: 'adapter-needs-merge', tensors: [...saved.keys()] });
  const known = new Set(ports.flatMap((port) => port.projections.map(({ module }) => module)));
  const stranger = [...modules.keys()].find((module) => !known.has(module));
  if (stranger !== undefined) refuse({ code: 'adapter-unsupported', detail: stranger });
}

function layPort(port: LoraPort, { modules }: Adapter): [string, PortValue][] {
  const present = port.projections.flatMap((projection) => {
    const module = modules.get(projection.module);
    return module === undefined
      ? []
      : [{ ...projection, adapted: fitting(port, projection, module) }];
  });
  const rank = present.reduce((sum, { adapted }) => sum + adapted.rank, 0) || 1;
  const A = new Float32Array(port.in * rank);
  const B = new Float32Array(rank * port.out);
  let first = 0;
  for (const { adapted, offset } of present) {
    transposeInto(A, adapted.A, adapted.rank, port.in, rank, first);
    transposeInto(
      B.subarray(first * port.out),
      adapted.B,
      adapted.out,
      adapted.rank,
      port.out,
      offset,
    );
    first += adapted.rank;
  }
  return [
    [port.a, { dims: [port.in, rank], data: A }],
    [port.b, { dims: [rank, port.out], data: B }],
  ];
}

function fitting(
  port: LoraPort,
  projection: { module: string; out: number },
  module: AdaptedModule,
): AdaptedModule {
  if (module.in !== port.in || module.out !== projection.out) {
    const detail = `${projection.module} is [${module.out}, ${module.in}] in the adapter`;
    refuse({ code: 'adapter-unsupported', detail });
  }
  return module;
}

/** Writes the transpose of `source` `[rows, columns]` into `target`, from column `at` on. */
function transposeInto(
  target: Float32Array,
  source: Float32Array,
  rows: number,
  columns: number,
  targetWidth: number,
  at: number,
): void {
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      target[column * targetWidth + at + row] = source[row * columns + column] as number;
    }
  }
}
