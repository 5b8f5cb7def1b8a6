/** Endings of file names, by the name that transformers.js 4.3.1 gives to each kind of weights (`src/utils/dtypes.js`). */
export const ONNX_SUFFIXES = {
  q8: '_quantized',
  int8: '_int8',
  uint8: '_uint8',
  q4f16: '_q4f16',
  q4: '_q4',
  bnb4: '_bnb4',
  fp16: '_fp16',
  fp32: '',
} as const;

export type OnnxDtypeId = keyof typeof ONNX_SUFFIXES;
export const ONNX_DTYPE_IDS = Object.keys(ONNX_SUFFIXES) as readonly OnnxDtypeId[];
