import { expect, test } from 'vitest';
import { FailureError } from '../../../src/domain/failure';
import { parseManifest } from '../../../src/graph/manifest';
import type { Manifest } from '../../../src/graph/manifest';

const FILE = { path: 'onnx/model.onnx', bytes: 3, sha256: 'ab' };
const MANIFEST: Manifest = {
  version: 1,
  family: 'llama',
  model: { vocab: 9, layers: 1, kvHeads: 1, headDim: 16, context: 8, bos: null, eos: [0] },
  variants: [{ id: 'fp32', model: FILE, data: FILE }],
  ports: [{ a: 'A', b: 'B', in: 2, out: 3, projections: [{ module: 'q', offset: 0, out: 3 }] }],
  topK: 9,
  tokenizer: ['tokenizer.json'],
  adapters: ['verso'],
};

test('a manifest survives its file', () => {
  expect(parseManifest(JSON.parse(JSON.stringify(MANIFEST)))).toEqual(MANIFEST);
});

test.each([
  [null, 'manifest'],
  [{ ...MANIFEST, version: 2 }, 'version'],
  [{ ...MANIFEST, variants: {} }, 'variants'],
  [{ ...MANIFEST, variants: [{ id: 'gpu2', model: FILE, data: FILE }] }, 'id'],
  [
    { ...MANIFEST, variants: [{ id: 'cpu8', model: { ...FILE, path: '../x' }, data: FILE }] },
    'path',
  ],
  [{ ...MANIFEST, model: { ...MANIFEST.model, layers: -1 } }, 'layers'],
  [{ ...MANIFEST, ports: [{ a: 1 }] }, 'a'],
  [{ ...MANIFEST, adapters: [3] }, 'adapters'],
])('refuses %j', (value, detail) => {
  expect(() => parseManifest(value)).toThrow(FailureError);
  try {
    parseManifest(value);
  } catch (error) {
    expect((error as FailureError).failure).toEqual({
      code: 'file-damaged',
      file: 'patio.json',
      detail,
    });
  }
});
