import { describe, expect, it } from 'vitest';
import { BeamSearch, type BeamOptions } from '../../../workers/beam-search.ts';
import { rankLazily } from '../../../workers/ranking.ts';

const END = 0;
const OPTIONS: BeamOptions = {
  beams: 2,
  lengthPenalty: 1,
  earlyStopping: false,
  ends: [END],
  maxLength: 6,
  start: 9,
};

/** Log-probabilities of the next token, after a sequence of letters' ids. */
type Model = (ids: readonly number[]) => readonly number[];

function search(model: Model, options: Partial<BeamOptions> = {}) {
  const beams = new BeamSearch<string>({ ...OPTIONS, ...options });
  const agreed: number[] = [];
  for (let step = 0; !beams.isDone; step += 1) {
    if (step > 20) throw new Error('it never ends');
    const rankings = beams.running.map(({ ids }) => rankLazily(Float32Array.from(model(ids))));
    const before = beams.running;
    const origins = beams.advance(rankings, (origin, id) => `${origin}:${id}`);
    for (const [at, origin] of origins.entries()) {
      expect(beams.running[at]?.ids.slice(0, -1)).toEqual(before[origin]?.ids);
    }
    if (!beams.isDone) agreed.push(beams.agreed);
  }
  return { beams, agreed, best: beams.best };
}

/** The likely first word leads nowhere; the other leads to a sure end. */
const garden: Model = (ids) => {
  const [, first] = ids;
  if (first === undefined) return [-9, -0.5, -1, -9];
  if (first === 1) return [-4, -3, -3, -3];
  return [-0.01, -7, -7, -7];
};

describe('a beam search', () => {
  it('finds the answer that greed misses', () => {
    expect(search(garden).best.ids).toEqual([9, 2, END]);
    expect(search(garden, { beams: 1 }).best.ids.slice(0, 2)).toEqual([9, 1]);
  });

  it('remembers of each token what it was told', () => {
    const { marks } = search(garden).best;
    expect(marks).toEqual(['0:2', '1:0']);
  });

  it('prefers long answers with a penalty for length, short ones against it', () => {
    const even: Model = (ids) => (ids.length < 5 ? [-1.2, -0.5, -9] : [-0.1, -5, -9]);
    const lengths = [-1, 3].map((lengthPenalty) => {
      const { best } = search(even, { lengthPenalty, earlyStopping: 'never' });
      return best.ids.length;
    });
    expect(lengths).toEqual([2, 6]);
  });

  it('ends with its first full set of answers only if told so', () => {
    const ending: Model = (ids) => [-0.4, -1.5 + ids.length / 10, -2];
    const steps = (earlyStopping: boolean | 'never') =>
      search(ending, { earlyStopping, lengthPenalty: 2, maxLength: 12 }).agreed.length;
    expect(steps(true)).toBeLessThan(steps('never'));
  });

  it('ends at the limit', () => {
    const endless: Model = () => [-9, -0.1, -4];
    const { best, beams } = search(endless, { maxLength: 4 });
    expect(best.ids).toEqual([9, 1, 1, 1]);
    expect(beams.isDone).toBe(true);
  });

  it('says how much is certain, and never takes it back', () => {
    const fork: Model = (ids) => (ids.length < 3 ? [-9, -0.01, -8] : [-3, -0.7, -0.8]);
    const { agreed, best } = search(fork, { maxLength: 6 });
    expect(agreed.length).toBeGreaterThan(2);
    expect([...agreed].sort((a, b) => a - b)).toEqual(agreed);
    expect(best.ids.slice(0, 2)).toEqual([9, 1]);
  });
});
