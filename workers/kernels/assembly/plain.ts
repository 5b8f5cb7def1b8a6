// All kernels, for one thread.
export { float32Product, float32Rows, int8Product, int8Rows, padRows, roundRows } from './products';
export { layerNorm, rmsNorm } from './norms';
export { activate, add, gated, multiply, scaled } from './elementwise';
export { attend, keep } from './attention';
export { logSumExp, topK } from './ranking';

/** Where the compiler's own data end. */
export function heapBase(): usize {
  return __heap_base;
}
