/** Rotary positions of whole rows, for attention that keeps no cache. */
import { bytesOf } from '../elements';
import { MICROSOFT } from '../graph-builder';
import type { GraphBuilder, Value } from '../graph-builder';
import type { EncoderFrame } from './encoder-frame';
import { rotaryAngles, rotaryFrequencies } from './rotary';

export interface RotaryShape {
  /** Unique in the graph. */
  readonly name: string;
  readonly theta: number;
  /** Rows of the table: the longest sequence. */
  readonly context: number;
  readonly headDim: number;
}

/** Turns `[batch · sequence, heads · headDim]`, each row from its place 0 on; the shape stays. */
export type Turn = (x: Value, name: string) => Value;

export function rowRotary(g: GraphBuilder, frame: EncoderFrame, shape: RotaryShape): Turn {
  const { name, context, headDim } = shape;
  const dims = [context, headDim / 2];
  const tables = g.weights(
    [
      { name: `${name}.cos`, element: 'float32', dims },
      { name: `${name}.sin`, element: 'float32', dims },
    ],
    () => {
      const frequencies = rotaryFrequencies(shape.theta, headDim);
      const angles = rotaryAngles({ context, frequencies });
      return Promise.resolve([bytesOf(angles.map(Math.cos)), bytesOf(angles.map(Math.sin))]);
    },
  );
  return (x, node) => {
    const batched = g.node('Reshape', `${node}.rows`, [x, frame.batchShape]);
    return g.node('RotaryEmbedding', node, [batched, g.int64([0]), ...tables], {
      domain: MICROSOFT,
    });
  };
}
