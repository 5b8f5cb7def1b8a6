import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StopGate } from '../../../workers/stops.ts';

function feed(stops: readonly string[], pieces: readonly string[]) {
  const gate = new StopGate(stops);
  const shown = pieces.map((piece) => gate.push(piece));
  return { shown, rest: gate.flush(), hit: gate.hit };
}

describe('stop strings', () => {
  const cases: readonly [string, string[], string[], ReturnType<typeof feed>][] = [
    ['none', [], ['a', 'b'], { shown: ['a', 'b'], rest: '', hit: false }],
    ['inside a piece', ['FIN'], ['uno FIN dos'], { shown: ['uno '], rest: '', hit: true }],
    ['across pieces', ['FIN'], ['a F', 'I', 'N b'], { shown: ['a ', '', ''], rest: '', hit: true }],
    [
      'a false start',
      ['FIN'],
      ['a F', 'I', 'E'],
      { shown: ['a ', '', 'FIE'], rest: '', hit: false },
    ],
    ['a start at the end', ['FIN'], ['a FI'], { shown: ['a '], rest: 'FI', hit: false }],
    ['a start within a start', ['aab'], ['aa', 'ab'], { shown: ['', 'a'], rest: '', hit: true }],
    ['the earliest of two', ['\n', 'dos'], ['uno dos\n'], { shown: ['uno '], rest: '', hit: true }],
    ['after the hit', ['x'], ['ax', 'bx'], { shown: ['a', ''], rest: '', hit: true }],
    ['an empty one is none', [''], ['a'], { shown: ['a'], rest: '', hit: false }],
  ];
  it.each(cases)('%s', (_, stops, pieces, expected) => {
    expect(feed(stops, pieces)).toEqual(expected);
  });

  it('shows the text before the first complete stop, however it is cut into pieces', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 12 });
    const stop = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 });
    const property = fc.property(fc.array(letters), fc.array(stop), (pieces, stops) => {
      const texts = pieces.map((_, index) => pieces.slice(0, index + 1).join(''));
      // The answer ends with the first piece that completes a stop string.
      const ending = texts.find((text) => stops.some((one) => text.includes(one)));
      const starts = stops.map((one) => ending?.indexOf(one) ?? -1).filter((at) => at !== -1);
      const { shown, rest, hit } = feed(stops, pieces);
      expect(hit).toBe(ending !== undefined);
      const expected = ending?.slice(0, Math.min(...starts)) ?? texts.at(-1) ?? '';
      expect(shown.join('') + rest).toBe(expected);
    });
    fc.assert(property, { numRuns: 500 });
  });
});
