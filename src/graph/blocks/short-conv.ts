/** A short causal convolution, each channel on its own, that remembers its last inputs. */
import { requireShape } from '../../checkpoint/tensor-source';
import type { StatePort } from '../architecture';
import type { Workbench } from '../arithmetic/arithmetic';
import { bytesOf } from '../elements';
import type { GraphBuilder, Value } from '../graph-builder';
import type { Frame } from './frame';
import { vector } from './layer-norm';

export interface ShortConv {
  readonly layer: number;
  /** Tensor of shape `[channels, 1, taps]`. */
  readonly weight: string;
  /** Tensor of shape `[channels]`. */
  readonly bias?: string | undefined;
  readonly channels: number;
  /** How many inputs an output depends on, its own among them. */
  readonly taps: number;
}

/** The last inputs of each channel, by the names that stock loaders use. */
export function convStates(layer: number, channels: number, taps: number): StatePort[] {
  const dims = [channels, taps];
  return [{ past: `past_conv.${layer}`, present: `present_conv.${layer}`, dims }];
}

/**
 * Which inputs a row remembers: the last `taps` up to its last real token, whatever padding comes
 * after. int64 `[batch, taps, 1]`, counted in the state followed by the new inputs; laid once for
 * every layer.
 */
export function lastTaps(g: GraphBuilder, frame: Frame, taps: number): Value {
  const steps = Array.from({ length: taps }, (_, tap) => tap + 1);
  const places = g.node('Add', 'conv.last', [frame.lastIndex, g.int64(steps, [1, taps])]);
  return g.node('Unsqueeze', 'conv.last.places', [places, g.int64([2])]);
}

/**
 * `[rows, channels]` → the same; a sum of shifted inputs, one for each tap, because a runtime's own
 * convolution works channel by channel. Takes in and leaves the state `[batch, channels, taps]`.
 */
export function shortConv(
  bench: Workbench,
  x: Value,
  conv: ShortConv,
  frame: Frame,
  last: Value,
): Value {
  const { g } = bench;
  const { layer, channels } = conv;
  const state = frame.past.get(`past_conv.${layer}`);
  if (state === undefined) throw new RangeError(`no state of layer ${layer}`);
  const past = turned(g, state, `${layer}.conv.past`);
  const fresh = g.node('Reshape', `${layer}.conv.fresh`, [x, frame.batchShape]);
  const inputs = g.node('Concat', `${layer}.conv.inputs`, [past, fresh], {
    attributes: { axis: { int: 1 } },
  });
  remember(g, inputs, conv, last);
  const outputs = sumOfTaps(bench, inputs, conv);
  return g.node('Reshape', `${layer}.conv.rows`, [outputs, g.int64([-1, channels])]);
}

function remember(g: GraphBuilder, inputs: Value, { layer, channels, taps }: ShortConv, at: Value) {
  const kept = g.node('GatherND', `${layer}.conv.kept`, [inputs, at], {
    attributes: { batch_dims: { int: 1 } },
  });
  const name = `present_conv.${layer}`;
  g.output(name, turned(g, kept, name), 'float32', ['batch_size', channels, taps]);
}

/** `[batch, taps + seq, channels]` → `[batch, seq, channels]`. The oldest input has no tap left. */
function sumOfTaps(bench: Workbench, inputs: Value, conv: ShortConv): Value {
  const { g } = bench;
  const { layer, taps, channels, bias } = conv;
  const products = tapWeights(bench, conv).map((weight, tap) => {
    const name = `${layer}.conv.tap${tap}`;
    const after = taps - 1 - tap;
    const range = [g.int64([tap + 1]), g.int64([after === 0 ? 2 ** 31 : -after]), g.int64([1])];
    return g.node('Mul', name, [g.node('Slice', `${name}.in`, [inputs, ...range]), weight]);
  });
  const terms = bias === undefined ? products : [...products, vector(bench, bias, channels)];
  return terms.reduce((sum, term, index) =>
    g.node('Add', `${layer}.conv.sum${index}`, [sum, term]),
  );
}

/** Each tap's weights by channel, `[channels]`. */
function tapWeights({ g, tensors }: Workbench, conv: ShortConv): readonly Value[] {
  const { weight, channels, taps } = conv;
  requireShape(tensors, weight, [channels, 1, taps]);
  const parts = Array.from({ length: taps }, (_, tap) => ({
    name: `${weight}.${tap}`,
    element: 'float32' as const,
    dims: [channels],
  }));
  return g.weights(parts, async (signal) => {
    const values = await tensors.read(weight, signal);
    return parts.map((_, tap) =>
      bytesOf(
        Float32Array.from({ length: channels }, (_, at) => values[at * taps + tap] as number),
      ),
    );
  });
}

/** `[batch, a, b]` → `[batch, b, a]`. */
function turned(g: GraphBuilder, value: Value, name: string): Value {
  return g.node('Transpose', name, [value], { attributes: { perm: { ints: [0, 2, 1] } } });
}
