import { describe, expect, it } from 'vitest';
import { alignTokens, type TokenStyle } from '../../../workers/offsets.ts';
import { byteCodec } from '../../fakes/engine-tokenizer.ts';
import { wordPieceCodec } from '../../fakes/encoder-graph.ts';

/** The stretches of the text that the tokens are laid on. */
function pieces(text: string, tokens: readonly string[], style: TokenStyle, unknown = '<unk>') {
  const offsets = alignTokens(text, tokens, style, (token) => token === unknown);
  return offsets.map(([start, end]) => text.slice(start, end));
}

const CASES: readonly [string, string, readonly string[], TokenStyle, readonly string[]][] = [
  [
    'upper case and accents',
    'Él vio ÁRBOLES',
    ['el', 'vio', 'arbol', '##es'],
    'wordpiece',
    ['Él', 'vio', 'ÁRBOL', 'ES'],
  ],
  ['marks of their own', 'cafe\u0301 sí', ['cafe', 'si'], 'wordpiece', ['cafe\u0301', 'sí']],
  [
    'punctuation and spaces',
    '¿Qué,  tal?\n',
    ['¿', 'que', ',', 'tal', '?'],
    'wordpiece',
    ['¿', 'Qué', ',', 'tal', '?'],
  ],
  ['an unknown word', 'un 🐦 vuela', ['un', '<unk>', 'vuela'], 'wordpiece', ['un', '🐦', 'vuela']],
  [
    'two unknown words',
    'ab 🐦 🌳🌳 ab',
    ['ab', '<unk>', '<unk>', 'ab'],
    'wordpiece',
    ['ab', '🐦', '🌳🌳', 'ab'],
  ],
  [
    'an unknown word with known letters',
    'a ☃ab b',
    ['a', '<unk>', 'b'],
    'wordpiece',
    ['a', '☃ab', 'b'],
  ],
  [
    'an unknown word before punctuation',
    '🐦. Sí',
    ['<unk>', '.', 'si'],
    'wordpiece',
    ['🐦', '.', 'Sí'],
  ],
  ['a low line for a space', 'La niña', ['▁La', '▁ni', 'ña'], 'plain', ['La', 'ni', 'ña']],
  ['a low line alone', 'a b', ['▁', 'a', '▁b'], 'plain', ['', 'a', 'b']],
  [
    'compatibility forms',
    'ﬁn del № 2',
    ['▁fin', '▁del', '▁No', '▁2'],
    'plain',
    ['ﬁn', 'del', '№', '2'],
  ],
  [
    'unknown among known',
    'sí 🐦🐦 no',
    ['▁sí', '▁', '<unk>', '▁no'],
    'plain',
    ['sí', '', '🐦🐦', 'no'],
  ],
  [
    'bytes of a letter apart',
    'año',
    ['<0x61>', '<0xC3>', '<0xB1>', 'o'],
    'plain',
    ['a', 'ñ', 'ñ', 'o'],
  ],
  ['bytes', 'El niño', ['El', 'Ġni', 'Ã±', 'o'], 'bytes', ['El', 'ni', 'ñ', 'o']],
  [
    'an emoji over four bytes',
    'a🐦b',
    ['a', 'ð', 'Ł', 'Ĳ', '¦', 'b'],
    'bytes',
    ['a', '🐦', '🐦', '🐦', '🐦', 'b'],
  ],
  ['an end of word', 'El sol', ['el</w>', 'so', 'l</w>'], 'plain', ['El', 'so', 'l']],
  [
    'a sign that the normaliser dropped',
    'uno\u0000dos',
    ['uno', '##dos'],
    'wordpiece',
    ['uno\u0000', 'dos'],
  ],
  ['quotes that the normaliser changed', '«a»', ['▁"', 'a', '"'], 'plain', ['', 'a', '']],
  [
    'unknown Chinese characters, a word each',
    '日本 y',
    ['<unk>', '<unk>', 'y'],
    'wordpiece',
    ['日', '本', 'y'],
  ],
  ['nothing', '', [], 'plain', []],
];

describe('tokens are laid along their text', () => {
  it.each(CASES)('%s: %j', (_, text, tokens, style, expected) => {
    expect(pieces(text, tokens, style)).toEqual(expected);
  });

  it('a token that stands for nothing lies where the next one begins', () => {
    const offsets = alignTokens('en  Lima ', ['▁en', '▁', 'Li', 'ma', '▁'], 'plain', () => false);
    expect(offsets).toEqual([
      [0, 2],
      [4, 4],
      [4, 6],
      [6, 8],
      [8, 8],
    ]);
  });

  it('through a real tokenizer of bytes', async () => {
    const codec = await byteCodec();
    const text = 'Óleo 🐦';
    const { offsets } = codec.pieces(text);
    expect(offsets.map(([start, end]) => text.slice(start, end))).toEqual([
      ...['Ó', 'Ó', 'l', 'e', 'o', '', '🐦', '🐦', '🐦', '🐦'],
    ]);
  });

  it('through a real tokenizer of word pieces, which drops case and accents', async () => {
    const codec = await wordPieceCodec(['arbol', '##es', 'el', '.']);
    const text = 'ÁRBOLES, el.';
    const { offsets, continues } = codec.pieces(text);
    const words = offsets.map(([start, end]) => text.slice(start, end));
    expect(words).toEqual(['ÁRBOL', 'ES', ',', 'el', '.']);
    expect(continues).toEqual([false, true, false, false, false]);
  });
});
