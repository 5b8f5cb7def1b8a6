import { expect, it } from 'vitest';
import { voiceName, voices, type Voice } from '../../../src/domain/model.ts';
import { FailureError, refuse, toFailure } from '../../../src/domain/failure.ts';
import { CATALOGUE } from '../../fakes/catalogue.ts';

it('lists each model alone, then with its adapters', () => {
  expect(voices(CATALOGUE)).toEqual([
    { model: 'uno', adapter: null },
    { model: 'uno', adapter: 'rima' },
    { model: 'uno', adapter: 'ley' },
    { model: 'dos', adapter: null },
  ]);
});

it.each<[Voice, string]>([
  [{ model: 'uno', adapter: null }, 'UNO'],
  [{ model: 'uno', adapter: 'rima' }, 'Voz rima'],
  [{ model: 'ido', adapter: null }, 'ido'],
  [{ model: 'uno', adapter: 'ida' }, 'ida'],
])('%j is called %s', (voice, name) => {
  expect(voiceName(CATALOGUE, voice)).toBe(name);
});

it('carries a failure through what throws', () => {
  expect(() => refuse({ code: 'out-of-memory' })).toThrow(FailureError);
  expect(toFailure(new FailureError({ code: 'gpu-lost' }))).toEqual({ code: 'gpu-lost' });
});

it.each([
  [new TypeError('bad'), 'TypeError: bad'],
  ['text', 'text'],
  [null, 'null'],
])('keeps what an unknown error says: %s', (error, detail) => {
  expect(toFailure(error)).toEqual({ code: 'unexpected', detail });
});
