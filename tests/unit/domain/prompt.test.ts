import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  expand,
  missingValues,
  normalizeName,
  variableNames,
  type Values,
} from '../../../src/domain/prompt.ts';

describe('variableNames', () => {
  it.each<[string, string[]]>([
    ['Sin nada', []],
    ['Hola, {{nombre}}', ['nombre']],
    ['{{a}} {{b}} {{a}}', ['a', 'b']],
    ['{{ año de  nacimiento }}', ['año de nacimiento']],
    ['{{Ciudad}} y {{ciudad}}', ['Ciudad', 'ciudad']],
    // The same letter written with a combining accent.
    ['{{año}} {{an\u0303o}}', ['año']],
    ['{{¿quién?}}', ['¿quién?']],
    ['{{}} {{ }}', []],
    ['{{a\nb}}', []],
    ['{a} {{a} {a}}', []],
    ['{{{a}}}', ['a']],
    ['{{a}}{{b}}', ['a', 'b']],
    ['{{__proto__}} {{constructor}}', ['__proto__', 'constructor']],
  ])('%j has %j', (template, names) => {
    expect(variableNames(template)).toEqual(names);
  });
});

describe('expand', () => {
  it.each<[string, Values, string]>([
    ['Hola, {{nombre}}.', { nombre: 'Ana' }, 'Hola, Ana.'],
    ['{{ año }}', { año: '1605' }, '1605'],
    ['{{a}}{{a}}', { a: 'x' }, 'xx'],
    ['{{a}}', {}, ''],
    ['{{}}', {}, '{{}}'],
    ['{{{a}}}', { a: 'x' }, '{x}'],
    // A value is text: neither a variable nor a replacement pattern.
    ['{{a}} {{b}}', { a: '{{b}}', b: 'B' }, '{{b}} B'],
    ['{{a}}', { a: '$& $1 $$' }, '$& $1 $$'],
    // What every object inherits is no value.
    ['{{constructor}}{{toString}}{{__proto__}}', {}, ''],
    ['{{__proto__}}', JSON.parse('{"__proto__":"propio"}') as Values, 'propio'],
  ])('%j with %j is %j', (template, values, text) => {
    expect(expand(template, values)).toBe(text);
  });

  it('leaves text without double braces as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const plain = text.replaceAll('{', '');
        expect(expand(plain, { a: 'x' })).toBe(plain);
      }),
    );
  });
});

it.each<[string, Values, string[]]>([
  ['{{a}} {{b}}', { a: 'x' }, ['b']],
  ['{{a}}', { a: '  \n' }, ['a']],
  ['{{a}}', { a: 'x' }, []],
  ['{{toString}}', {}, ['toString']],
])('missing in %j with %j: %j', (template, values, names) => {
  expect(missingValues(template, values)).toEqual(names);
});

it('normalises names once and for all', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (name) => {
      expect(normalizeName(normalizeName(name))).toBe(normalizeName(name));
    }),
  );
});
