/** The rotary position embedding (Su et al., 2021), over whole heads or their first dimensions. */
import { bytesOf } from '../elements';
import type { GraphBuilder, Value } from '../graph-builder';
import type { Frame } from './frame';

export interface Rotary {
  /** Of the table's tensors, unique in the graph. */
  readonly name: string;
  /** Rows of the table: the longest sequence. */
  readonly context: number;
  readonly headDim: number;
  /** Angle per position of each pair of dimensions; twice as many dimensions turn. */
  readonly frequencies: Float32Array;
  /** Factor of cosines and sines; YaRN and LongRoPE temper attention with it. */
  readonly attentionFactor?: number;
  /** Whether a layer's scores are bent, for which queries and keys have to come turned. */
  readonly isCapped?: boolean;
}

/** Turned inside the runtime's attention, where it can, or by nodes before it. */
export type RotaryTables =
  | {
      readonly place: 'attention';
      /** float32 `[context, pairs]`. */
      readonly cos: Value;
      readonly sin: Value;
    }
  | {
      readonly place: 'before';
      readonly pairs: number;
      /** float32 `[batch · sequence, 1, pairs]`: the rows of the tokens fed now. */
      readonly cos: Value;
      readonly sin: Value;
    };

export function rotaryTables(g: GraphBuilder, frame: Frame, rotary: Rotary): RotaryTables {
  const pairs = rotary.frequencies.length;
  const dims = [rotary.context, pairs];
  const [cos, sin] = g.weights(
    [
      { name: `${rotary.name}.cos`, element: 'float32', dims },
      { name: `${rotary.name}.sin`, element: 'float32', dims },
    ],
    () => {
      const { attentionFactor = 1 } = rotary;
      const angles = rotaryAngles(rotary);
      const table = (turn: (angle: number) => number): Uint8Array =>
        bytesOf(angles.map((angle) => Math.fround(turn(angle)) * attentionFactor));
      return Promise.resolve([table(Math.cos), table(Math.sin)]);
    },
  );
  if (!rotary.isCapped && attentionTurns(rotary.headDim, pairs))
    return { place: 'attention', cos, sin };
  const rows = (table: Value): Value => {
    const flat = g.node('Gather', `${table.name}.flat`, [table, frame.positions()]);
    return g.node('Unsqueeze', `${table.name}.rows`, [flat, g.int64([1])]);
  };
  return { place: 'before', pairs, cos: rows(cos), sin: rows(sin) };
}

/** The runtime's attention turns pairs eight by eight, in heads of sixteens. */
function attentionTurns(headDim: number, pairs: number): boolean {
  return headDim % 16 === 0 && pairs % 8 === 0;
}

/** `position · frequency`, rounded to float32 at the steps where the reference rounds. */
export function rotaryAngles({
  context,
  frequencies,
}: Pick<Rotary, 'context' | 'frequencies'>): Float32Array {
  const pairs = frequencies.length;
  const angles = new Float32Array(context * pairs);
  for (let index = 0; index < angles.length; index += 1) {
    angles[index] = Math.floor(index / pairs) * (frequencies[index % pairs] as number);
  }
  return angles;
}

/** `θ^(−2i / dimensions)` for each pair of dimensions that turn, rounded where the reference rounds. */
export function rotaryFrequencies(theta: number, dimensions: number): Float32Array {
  return Float32Array.from(
    { length: Math.ceil(dimensions / 2) },
    (_, i) => 1 / Math.fround(theta ** Math.fround((2 * i) / dimensions)),
  );
}

/** Turns the first dimensions of each head of `x` `[batch · sequence, heads, headDim]`. */
export function turn(
  g: GraphBuilder,
  x: Value,
  headDim: number,
  { pairs, cos, sin }: Extract<RotaryTables, { place: 'before' }>,
  name: string,
): Value {
  const rest = headDim - 2 * pairs;
  const sizes = rest > 0 ? [pairs, pairs, rest] : [pairs, pairs];
  const [left, right, ...still] = g.nodes(
    'Split',
    sizes.map((_, index) => `${name}.part.${index}`),
    [x, g.int64(sizes)],
    { attributes: { axis: { int: -1 } } },
  ) as [Value, Value, ...Value[]];
  const times = (a: Value, b: Value, part: string): Value =>
    g.node('Mul', `${name}.${part}`, [a, b]);
  const turnedLeft = g.node('Sub', `${name}.left`, [
    times(left, cos, 'left.cos'),
    times(right, sin, 'right.sin'),
  ]);
  const turnedRight = g.node('Add', `${name}.right`, [
    times(right, cos, 'right.cos'),
    times(left, sin, 'left.sin'),
  ]);
  return g.node('Concat', `${name}.turned`, [turnedLeft, turnedRight, ...still], {
    attributes: { axis: { int: -1 } },
  });
}
