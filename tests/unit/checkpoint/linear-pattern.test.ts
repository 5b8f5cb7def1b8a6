import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linearPattern } from '../../../src/checkpoint/linear-pattern';

const matches = (pattern: string, text: string) => linearPattern(pattern)?.matches(text);

test.each([
  ['q_proj', 'q_proj', true],
  ['q_proj', 'q_projs', false],
  ['layers\\.(0|1|11)\\.q', 'layers.11.q', true],
  ['layers\\.(0|1|11)\\.q', 'layers.2.q', false],
  ['.*\\.layers\\.[5-9]\\..*(q|v)_proj', 'model.layers.7.self_attn.v_proj', true],
  ['.*\\.layers\\.[5-9]\\..*(q|v)_proj', 'model.layers.4.self_attn.v_proj', false],
  ['layer\\.\\d+\\.\\w+', 'layer.12.query', true],
  ['[^.]+\\.x', 'a.b.x', false],
  ['a{2,3}', 'aaa', true],
  ['a{2,3}', 'aaaa', false],
  ['a{2}', 'a', false],
  ['a{2,}b', 'aaaaab', true],
  ['(?:ab)+?c?', 'ababc', true],
  ['(a|)b', 'b', true],
  ['^a$', 'a', true],
  ['a^b', 'ab', false],
  ['[]x-]+', 'x]-', true],
  ['', '', true],
])('%s and %s: %s', (pattern, text, expected) => {
  expect(matches(pattern, text)).toBe(expected);
});

test.each([
  ...['(?=a)', '(?i)a', '(a)\\1', '\\bx', 'a**', '*a', '(a', 'a)', '[a', 'a{1', 'a{9999}'],
  ...['[z-a]', '\\', 'a'.repeat(2_000), '(((a{200}){200}){200}){200}', '(((){200}){200}){200}'],
  '(((a{0}){200}){200}){200}',
])('does not know %s', (pattern) => {
  expect(linearPattern(pattern)).toBeNull();
});

test('takes no longer over a pattern that makes other engines try for ever', () => {
  const start = performance.now();
  expect(matches('(a+)+(a|aa)*$', `${'a'.repeat(2_000)}b`)).toBe(false);
  expect(matches('.*.*.*.*.*.*x', 'a'.repeat(2_000))).toBe(false);
  expect(performance.now() - start).toBeLessThan(1_000);
});

test('agrees with the engine of the browser', () => {
  const atom = fc.constantFrom('a', 'b', '\\.', '.', '[ab]', '[^a]', '(a|b.)', '(ab?)', '\\w');
  const part = fc
    .tuple(atom, fc.constantFrom('', '', '*', '+', '?', '{1,2}'))
    .map((x) => x.join(''));
  const pattern = fc.array(part, { maxLength: 5 }).map((parts) => parts.join(''));
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 7 });
  fc.assert(
    fc.property(pattern, text, (given, letters) => {
      expect(matches(given, letters)).toBe(new RegExp(`^(?:${given})$`).test(letters));
    }),
    { numRuns: 3_000 },
  );
});
