/** What every family says of a model, whatever its layers are. */

/** How a model is run: step by step, in one pass, or one pass and then step by step. */
export type ModelKind = 'decoder' | 'encoder' | 'encoder-decoder';

/** The graphs of a package. An encoder–decoder has two, every other model has one. */
export type GraphRole = 'model' | 'encoder' | 'decoder';

/**
 * What one step of a decoder leaves for the next: keys, values, or the state of a convolution. The
 * first axis is the batch and is not written here; null is the axis that grows by the tokens read.
 */
export interface StatePort {
  /** Input of the graph. */
  readonly past: string;
  /** Output of the graph, the next step's `past`. */
  readonly present: string;
  readonly dims: readonly (number | null)[];
}

/** The part of a family's architecture that the rest of the house reads; families extend it. */
export interface Architecture {
  readonly family: string;
  readonly kind: ModelKind;
  readonly vocab: number;
  /** Width of the hidden states. */
  readonly hidden: number;
  readonly layers: number;
  /** Longest sequence it can run, in tokens. */
  readonly context: number;
  readonly bos: number | null;
  readonly eos: readonly number[];
  readonly pad: number | null;
  /** First token of an encoder–decoder's answer; null for every other model. */
  readonly decoderStart: number | null;
  /** In the order of the graph's inputs; empty for an encoder. */
  readonly states: readonly StatePort[];
}

export const ROLES: Readonly<Record<ModelKind, readonly GraphRole[]>> = {
  decoder: ['model'],
  encoder: ['model'],
  'encoder-decoder': ['encoder', 'decoder'],
};

export interface CacheShape {
  readonly layers: number;
  readonly kvHeads: number;
  readonly headDim: number;
}

/** The cache of a decoder whose layers all have keys and values of one shape. */
export function keyValueStates({ layers, kvHeads, headDim }: CacheShape): StatePort[] {
  return Array.from({ length: layers }, (_, layer) => layerStates(layer, kvHeads, headDim)).flat();
}

/** Keys and values of one layer, by the names that stock loaders use. */
export function layerStates(layer: number, kvHeads: number, headDim: number): StatePort[] {
  return ['key', 'value'].map((part) => ({
    past: `past_key_values.${layer}.${part}`,
    present: `present.${layer}.${part}`,
    dims: [kvHeads, null, headDim],
  }));
}
