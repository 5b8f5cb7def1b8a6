import { expect, it } from 'vitest';
import { parseCard } from '../../../src/sources/card.ts';

const CARD = `---
license: apache-2.0
language: [es, no]
base_model:
  - autor/base
datasets: oscar
pipeline_tag: text-classification
tags:
- hackathon
model-index:
- name: x
  results: [{task: {type: t}}]
---
# Modelo
---
license: mit
---
`;

it('reads what the authors say', () => {
  expect(parseCard(CARD)).toEqual({
    license: 'apache-2.0',
    languages: ['es', 'no'],
    base: ['autor/base'],
    datasets: ['oscar'],
    pipelineTag: 'text-classification',
    tags: ['hackathon'],
    damage: null,
  });
});

it.each([
  ['no front matter', '# Modelo\nlicense: mit'],
  ['an empty file', ''],
  ['front matter that never ends', '---\nlicense: mit\n'],
  ['front matter further down', 'hola\n---\nlicense: mit\n---\n'],
])('finds nothing in %s', (_, text) => {
  expect(parseCard(text)).toMatchObject({ license: null, damage: null });
});

it('takes the name of a licence of its own', () => {
  expect(parseCard('---\nlicense: other\nlicense_name: lfm1.0\n---\n').license).toBe('lfm1.0');
  expect(parseCard('---\nlicense: other\n---\n').license).toBe('other');
  expect(parseCard('---\r\nlicense: mit\r\n---\r\n').license).toBe('mit');
});

const BOMB = [
  'a: &a [x,x,x,x,x,x,x,x,x]',
  ...['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map((name, i) => {
    const before = String.fromCharCode(97 + i);
    return `${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(',')}]`;
  }),
].join('\n');

it.each([
  ['no YAML', 'license: [mit'],
  ['a list', '- a\n- b'],
  ['aliases that grow without end', BOMB],
  ['nesting without end', 'a: ' + '['.repeat(100_000)],
])('says so of %s, at once', (_, matter) => {
  const began = performance.now();
  const card = parseCard(`---\n${matter}\n---\n`);
  expect(card.damage).toEqual(expect.any(String));
  expect(card.license).toBeNull();
  expect(performance.now() - began).toBeLessThan(2000);
});

it('never takes what is no word, nor the keys of every object', () => {
  const card = parseCard(
    '---\nlicense: {a: 1}\nlanguage: [1, null, "a\\tb\\u202ec"]\n__proto__: 1\n---\n',
  );
  expect(card).toMatchObject({ license: null, languages: ['1', 'a b c'], damage: null });
  expect(parseCard('---\nx: 1\n---\n').tags).toEqual([]);
});
