import { expect, test } from 'vitest';
import { FailureError } from '../../../src/domain/failure';
import type { Head } from '../../../src/graph/head';
import { keyValueStates } from '../../../src/graph/architecture';
import { parseManifest } from '../../../src/graph/manifest';
import type { Manifest } from '../../../src/graph/manifest';

const FILE = { path: 'onnx/model.onnx', bytes: 3, sha256: 'ab' };
const MANIFEST: Manifest = {
  version: 2,
  family: 'llama',
  kind: 'decoder',
  head: { kind: 'causal-lm' },
  model: {
    vocab: 9,
    context: 8,
    bos: null,
    eos: [0],
    pad: null,
    decoderStart: null,
    states: keyValueStates({ layers: 1, kvHeads: 1, headDim: 16 }),
  },
  variants: [{ id: 'fp32', graphs: [{ role: 'model', model: FILE, data: FILE }] }],
  ports: [{ a: 'A', b: 'B', in: 2, out: 3, projections: [{ module: 'q', offset: 0, out: 3 }] }],
  topK: 9,
  tokenizer: ['tokenizer.json'],
  adapters: ['verso'],
};

const HEADS: Head[] = [
  { kind: 'causal-lm' },
  { kind: 'sequence-classification', labels: ['sí', 'no'], problem: 'multi-label' },
  { kind: 'token-classification', labels: ['O', 'B-PER'] },
  { kind: 'embedding', pooling: ['cls', 'mean'], normalize: true },
];

test.each(HEADS)('a manifest with $kind survives its file', (head) => {
  const manifest = { ...MANIFEST, head };
  expect(parseManifest(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest);
});

test.each([
  [null, 'manifest'],
  [{ ...MANIFEST, version: 1 }, 'version'],
  [{ ...MANIFEST, variants: {} }, 'variants'],
  [{ ...MANIFEST, variants: [{ id: 'gpu2', graphs: [] }] }, 'id'],
  [
    {
      ...MANIFEST,
      variants: [
        { id: 'cpu8', graphs: [{ role: 'model', model: { ...FILE, path: '../x' }, data: FILE }] },
      ],
    },
    'path',
  ],
  [{ ...MANIFEST, model: { ...MANIFEST.model, vocab: -1 } }, 'vocab'],
  [{ ...MANIFEST, head: { kind: 'crystal-ball' } }, 'head'],
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
