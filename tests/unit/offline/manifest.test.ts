import { expect, it } from 'vitest';
import { tierOf, tiersFor } from '../../../src/offline/manifest.ts';

it.each([
  ['index.html', 'shell'],
  ['assets/index-B2qTwmSK.js', 'shell'],
  ['assets/ort.wasm.min-C00iMjut.js', 'shell'],
  ['assets/archivo-latin-wght-normal-E0tuGl4L.woff2', 'shell'],
  ['assets/ort-wasm-simd-threaded-4byDm7i3.wasm', 'app'],
  ['assets/ort-wasm-simd-threaded-BQJNh0bu.mjs', 'app'],
  ['assets/kernels-BQJNh0bu.wasm', 'app'],
  ['models/gorrion/onnx/model_quantized.onnx_data', 'app'],
  ['models/gorrion/adapters/quijote/adapter_model.safetensors', 'app'],
  ['models/gorrion/onnx/model_q4.onnx_data', 'gpu'],
  ['models/gorrion/onnx/model_q4_ports.onnx', 'gpu'],
  ['assets/ort-wasm-simd-threaded.jspi-CP6SXO_B.wasm', 'jspi'],
  ['assets/ort.jspi.min-DkE9MrW5.js', 'jspi'],
  ['assets/ort-wasm-simd-threaded.asyncify-DXIbolS2.mjs', 'asyncify'],
  ['assets/ort.webgpu.min-ClQnFyzy.js', 'asyncify'],
  ['sw.js', null],
  ['_headers', null],
])('%s is kept with %s', (path, tier) => {
  expect(tierOf(path)).toBe(tier);
});

it('a machine keeps the runtime that it uses', () => {
  expect(tiersFor({ gpu: false, jspi: true })).toEqual(['shell', 'app']);
  expect(tiersFor({ gpu: true, jspi: true })).toContain('jspi');
  expect(tiersFor({ gpu: true, jspi: false })).toContain('asyncify');
});
