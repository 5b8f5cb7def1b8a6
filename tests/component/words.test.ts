import { expect, test } from 'vitest';
import { en } from '../../src/i18n/en.ts';
import { es } from '../../src/i18n/es.ts';
import { MESSAGES } from '../support/messages.ts';
import { endWords } from '../../src/ui/cell-words.ts';
import { keyAction } from '../../src/ui/keys.ts';
import { screenOf } from '../../src/ui/router.svelte.ts';
import { doneState, partial } from '../fakes/record.ts';

const failed = { status: 'failed', failure: { code: 'gpu-lost' }, partial: null, at: 1 } as const;
const stopped = { status: 'cancelled', partial: partial('a medias'), at: 1 } as const;

test('the end of a run is told in one breath', () => {
  const t = MESSAGES.es;
  expect(endWords([doneState('uno')], t)).toBe('Listo, 1 palabra.');
  expect(endWords([doneState('uno dos'), doneState('tres')], t)).toBe(
    'Listo: 2 respuestas, 3 palabras.',
  );
  expect(endWords([doneState('uno'), failed], t)).toBe('Listo, 1 palabra. 1 respuesta falló.');
  expect(endWords([stopped, stopped], t)).toBe('Detenido.');
  expect(endWords([failed, failed], MESSAGES.en)).toBe('2 answers failed.');
});

/** Every path of a table of messages that ends in words. */
function paths(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, inner]) => paths(inner, `${path}.${key}`));
}

test('the languages have the same words, none blank', () => {
  expect(paths(en).sort()).toEqual(paths(es).sort());
  const blank = (value: unknown): boolean =>
    value === '' ||
    (typeof value === 'object' && value !== null && Object.values(value).some(blank));
  expect(blank(es)).toBe(false);
  expect(blank(en)).toBe(false);
});

test('plurals and decimals follow the language', () => {
  expect(es.device.cpu(1)).toBe('CPU · 1 hilo');
  expect(es.device.cpu(4)).toBe('CPU · 4 hilos');
  expect(en.device.cpu(1)).toBe('CPU · 1 thread');
  expect(es.cell.wordsPerSecond(12.34)).toBe('12,3\u00a0palabras/s');
  expect(en.cell.toFirstToken(1234)).toBe('1.2\u00a0s to the first token');
});

const NONE = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
const stroke = (key: string, code: string, mods = {}) => ({ key, code, ...NONE, ...mods });

test.each([
  [stroke('Enter', 'Enter', { ctrlKey: true }), true, 'run'],
  [stroke('Enter', 'Enter', { metaKey: true }), true, 'run'],
  [stroke('Enter', 'Enter'), true, null],
  [stroke('Escape', 'Escape'), true, 'stop'],
  [stroke('?', 'Minus', { shiftKey: true }), false, 'list'],
  [stroke('?', 'Minus', { shiftKey: true }), true, null],
  [stroke('π', 'KeyP', { altKey: true }), true, 'prompt'],
  [stroke('p', 'KeyP', { altKey: true, ctrlKey: true }), true, null],
  [stroke('a', 'KeyA'), false, null],
])('%j, typing %j, means %j', (keys, typing, action) => {
  expect(keyAction(keys, typing)).toBe(action);
});

test.each([
  ['', 'compare'],
  ['#/', 'compare'],
  ['#/historial', 'history'],
  ['#/nada', 'compare'],
])('the address %j is the screen %j', (hash, screen) => {
  expect(screenOf(hash)).toBe(screen);
});
