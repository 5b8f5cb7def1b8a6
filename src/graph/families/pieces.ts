/** What families that write their own layers say of them. */
import type { Matrix, Piece } from '../arithmetic/arithmetic';
import type { Frame } from '../blocks/frame';
import { ropeAttention, ropeFrequencies } from '../blocks/rope';
import type { Rope } from '../blocks/rope';
import { rotaryTables } from '../blocks/rotary';
import type { RotaryTables } from '../blocks/rotary';
import type { GraphBuilder } from '../graph-builder';

/** Projections of one layer that share their input. */
export function matrix(layer: number, name: string, inSize: number, ...pieces: Piece[]): Matrix {
  return { name: `${layer}.${name}`, in: inSize, sensitive: true, pieces };
}

/** The weight of a module without a bias. */
export function bare(module: string, out: number): Piece {
  return { tensor: `${module}.weight`, out };
}

/** Weight and bias of a module. */
export function biased(module: string, out: number): Piece {
  return { ...bare(module, out), bias: `${module}.bias` };
}

export interface Turning {
  readonly context: number;
  readonly headDim: number;
  readonly rope: Rope;
}

/** The tables of a model whose layers all turn positions alike. */
export function soleRotary(
  g: GraphBuilder,
  frame: Frame,
  { context, headDim, rope }: Turning,
): RotaryTables {
  return rotaryTables(g, frame, {
    name: 'rotary',
    context,
    headDim,
    frequencies: ropeFrequencies(rope),
    attentionFactor: ropeAttention(rope),
  });
}
