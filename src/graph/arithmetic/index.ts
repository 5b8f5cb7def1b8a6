import { elementCount } from '../../checkpoint/tensor-source';
import type { TensorSource } from '../../checkpoint/tensor-source';
import { WIDENED_UP_TO } from '../../domain/device';
import type { VariantId } from '../../domain/model';
import type { Arithmetic } from './arithmetic';
import { cpu8Integer } from './cpu8-integer';
import { cpu8Widened } from './cpu8-widened';
import { fp32 } from './fp32';
import { gpu4 } from './gpu4';

export const VARIANTS: readonly VariantId[] = ['cpu8', 'gpu4', 'fp32'];

/**
 * Up to this many weights a model is small: it fits widened (128 MB of float32) on the CPU, and has
 * bytes to spare for its sensitive layers on the GPU, where it also feels rounding most. Beyond it
 * memory decides.
 */
export const SMALL_MODEL = WIDENED_UP_TO;

/** The arithmetic of a variant for a model with this many weights. */
export function arithmeticFor(
  id: VariantId,
  weights: number,
  smallModel = SMALL_MODEL,
): Arithmetic {
  switch (id) {
    case 'cpu8':
      return weights <= smallModel ? cpu8Widened : cpu8Integer;
    case 'gpu4':
      return gpu4(weights <= smallModel ? 8 : 4);
    case 'fp32':
      return fp32;
  }
}

export function countWeights(tensors: TensorSource): number {
  return tensors
    .names()
    .reduce((sum, name) => sum + elementCount(tensors.info(name)?.shape ?? []), 0);
}
