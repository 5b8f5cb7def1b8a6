/** Tables of the rotary position embedding (Su et al., 2021). */
import { bytesOf } from '../elements';
import type { GraphBuilder, Value } from '../graph-builder';

export interface Rotary {
  readonly context: number;
  readonly headDim: number;
  readonly theta: number;
}

export interface RotaryTables {
  /** float32 `[context, headDim / 2]`. */
  readonly cos: Value;
  readonly sin: Value;
}

export function rotaryTables(g: GraphBuilder, rotary: Rotary): RotaryTables {
  const dims = [rotary.context, rotary.headDim / 2];
  const [cos, sin] = g.weights(
    [
      { name: 'rotary.cos', element: 'float32', dims },
      { name: 'rotary.sin', element: 'float32', dims },
    ],
    () => {
      const angles = rotaryAngles(rotary);
      return Promise.resolve([bytesOf(angles.map(Math.cos)), bytesOf(angles.map(Math.sin))]);
    },
  );
  return { cos, sin };
}

/** `position · θ^(−2i / headDim)`, rounded to float32 at the steps where the reference rounds. */
export function rotaryAngles({ context, headDim, theta }: Rotary): Float32Array {
  const half = headDim / 2;
  const frequencies = Float32Array.from(
    { length: half },
    (_, i) => 1 / Math.fround(theta ** ((2 * i) / headDim)),
  );
  return Float32Array.from({ length: context * half }, (_, index) => {
    return Math.floor(index / half) * (frequencies[index % half] as number);
  });
}
