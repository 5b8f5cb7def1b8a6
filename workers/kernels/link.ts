/** What steps are laid with: where values are, and where weights will be. */
import type { Frame } from './frame.ts';
import type { Float32Matrix, Int8Matrix, Pointer } from './kernels.ts';
import type { MatrixRef } from './operations.ts';

export type Run = (frame: Frame) => void;

/** Weights as products take them. */
export type Matrix =
  | { readonly kind: 'int8'; readonly matrix: Int8Matrix }
  | { readonly kind: 'float32'; readonly matrix: Float32Matrix };

/** Filled while weights come in; asked when a step runs. */
export interface Placed {
  matrix(ref: MatrixRef): Matrix;
  /** float32 values as they are. */
  values(name: string): Pointer;
}

export interface Link {
  readonly placed: Placed;
  /** The place of a value in a frame. */
  slot(name: string): number;
}

/** One operation, ready to run. */
export interface Step {
  readonly reads: readonly number[];
  readonly writes: readonly number[];
  /** Its one output lies where its first input does. */
  readonly isView: boolean;
  readonly run: Run;
}
