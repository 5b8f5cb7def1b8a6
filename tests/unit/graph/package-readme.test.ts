import { expect, test } from 'vitest';
import { packageReadme } from '../../../src/graph/package-readme';
import type { PackageStory } from '../../../src/graph/package-readme';
import type { Manifest } from '../../../src/graph/manifest';
import { parseCard } from '../../../src/sources/card';

const STORY: PackageStory = {
  name: 'es_text_neutralizer',
  origin: null,
  license: null,
  bases: [],
  languages: [],
  datasets: [],
  pipelineTag: null,
  tags: [],
  adapter: null,
};
const MANIFEST: Manifest = {
  version: 2,
  family: 't5',
  kind: 'encoder-decoder',
  head: { kind: 'seq2seq-lm' },
  model: {
    vocab: 32_128,
    context: 1024,
    bos: null,
    eos: [1],
    pad: 0,
    decoderStart: 0,
    states: [],
  },
  variants: [
    {
      id: 'cpu8',
      graphs: [
        {
          role: 'encoder',
          model: { path: 'onnx/encoder_model_quantized.onnx', bytes: 500_000, sha256: '' },
          data: { path: 'onnx/encoder_model_quantized.onnx_data', bytes: 1_730_000, sha256: '' },
        },
      ],
    },
  ],
  ports: [],
  topK: 64,
  tokenizer: [],
  adapters: [],
};

test('what nobody said is not said either, least of all a licence', () => {
  const readme = packageReadme(STORY, MANIFEST);
  expect(parseCard(readme)).toEqual({
    license: null,
    languages: [],
    datasets: [],
    base: [],
    pipelineTag: 'text2text-generation',
    tags: ['onnx', 'transformers.js', 'patio'],
    damage: null,
  });
  expect(readme).not.toContain('license:');
  expect(readme).toContain('- Del modelo: no consta.');
  expect(readme).toContain('no consta de qué repositorio vienen');
  expect(readme).toContain('2,23 MB');
  expect(readme).toContain(
    "pipeline('text2text-generation', 'usuario/repositorio', { dtype: 'q8' })",
  );
});

test('carries commit, languages, data and the licence of the base', () => {
  const commit = 'a'.repeat(40);
  const readme = packageReadme(
    {
      ...STORY,
      origin: { endpoint: 'https://hub.example', repo: 'alguien/traductor', commit },
      license: 'apache-2.0',
      bases: [{ name: 'casa/base', license: 'lfm1.0' }],
      languages: ['es', 'no'],
      datasets: ['alguien/datos'],
      pipelineTag: 'translation',
      tags: ['hackathon', 'onnx'],
    },
    MANIFEST,
  );
  expect(parseCard(readme)).toMatchObject({
    license: 'apache-2.0',
    languages: ['es', 'no'],
    datasets: ['alguien/datos'],
    base: ['alguien/traductor'],
    pipelineTag: 'translation',
    tags: ['hackathon', 'onnx', 'transformers.js', 'patio'],
  });
  expect(readme).toContain(`[alguien/traductor](https://hub.example/alguien/traductor)`);
  expect(readme).toContain(commit);
  expect(readme).toContain('- Del modelo base casa/base: lfm1.0; sus condiciones siguen valiendo');
  expect(readme).toContain("pipeline('translation'");
});

test.each([
  ['cc-by-nc-sa-4.0', 'license: cc-by-nc-sa-4.0\n'],
  ['gemma', 'license: gemma\n'],
  ['lfm1.0', 'license: other\nlicense_name: lfm1.0\n'],
  ['a: b', 'license: other\nlicense_name: "a: b"\n'],
])('the licence %s is written as the Hub takes it', (license, expected) => {
  const readme = packageReadme({ ...STORY, license }, MANIFEST);
  expect(readme).toContain(expected);
  expect(parseCard(readme).license).toBe(license);
});

test('a stranger’s words stay words', () => {
  const name = 'x\n---\nlicense: mit\n# [a](javascript:b) <img>';
  const tags = ['a: [b', 'no', '#c'];
  const readme = packageReadme(
    { ...STORY, name, tags, bases: [{ name, license: null }] },
    MANIFEST,
  );
  const card = parseCard(readme);
  expect(card.damage).toBeNull();
  expect(card.license).toBeNull();
  expect(card.tags.slice(0, 3)).toEqual(tags);
  expect(readme.split('\n').filter((text) => text.startsWith('# '))).toHaveLength(1);
  expect(readme.slice(readme.indexOf('\n# '))).not.toContain('[a](javascript');
});
