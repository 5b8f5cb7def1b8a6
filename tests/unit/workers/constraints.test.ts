import { describe, expect, it } from 'vitest';
import type { ModelNumbers } from '../../../src/graph/manifest.ts';
import { Constraints, type Rules } from '../../../workers/constraints.ts';
import { readGeneration } from '../../../workers/generation-settings.ts';

const FREE: Rules = {
  ends: [1],
  noRepeatNgram: 0,
  noSourceNgram: 0,
  minLength: 0,
  minNewTokens: 0,
  badWords: [],
  forcedFirst: null,
  forcedLast: [],
};
const VOCAB = 8;

/** Which tokens may not come after `ids`. */
function forbidden(rules: Partial<Rules>, ids: readonly number[], source: readonly number[] = []) {
  const scores = new Float32Array(VOCAB).fill(0.5);
  const found = new Constraints({ ...FREE, ...rules }, source, 6).apply(scores, ids);
  expect(scores).toEqual(new Float32Array(VOCAB).fill(0.5));
  return [...found.keys()].filter((id) => found[id] === -Infinity);
}

describe('constraints', () => {
  it.each([
    ['repeated pairs', { noRepeatNgram: 2 }, [0, 3, 4, 3], [4]],
    ['repeated single tokens', { noRepeatNgram: 1 }, [0, 3], [0, 3]],
    ['nothing before a pair can repeat', { noRepeatNgram: 3 }, [0], []],
    ['an end that comes too early', { minLength: 3 }, [0, 2], [1]],
    ['no end once the answer is long enough', { minLength: 3 }, [0, 2, 2], []],
    ['an end among too few new tokens', { minNewTokens: 2 }, [0, 2], [1]],
    ['a bad token always', { badWords: [[5]] }, [0], [5]],
    ['the last token of a bad word', { badWords: [[2, 3, 5]] }, [0, 2, 3], [5]],
    ['no part of a bad word', { badWords: [[2, 3, 5]] }, [0, 3], []],
    ['never the end as a bad word', { badWords: [[1]] }, [0], []],
  ])('forbid %s', (_, rules, ids, expected) => {
    expect(forbidden(rules, ids)).toEqual(expected);
  });

  it('forbid runs of the source', () => {
    expect(forbidden({ noSourceNgram: 2 }, [0, 4], [4, 6, 4, 7])).toEqual([6, 7]);
  });

  it('force the second token, and the last one at the limit', () => {
    const others = (id: number) => [...Array(VOCAB).keys()].filter((each) => each !== id);
    expect(forbidden({ forcedFirst: 6 }, [0])).toEqual(others(6));
    expect(forbidden({ forcedFirst: 6 }, [0, 6])).toEqual([]);
    expect(forbidden({ forcedLast: [1] }, [0, 2, 2, 2, 2])).toEqual(others(1));
    expect(forbidden({ forcedLast: [1] }, [0, 2, 2, 2])).toEqual([]);
  });

  it('are idle where no rule is given', () => {
    expect(new Constraints(FREE, [], 6).isIdle).toBe(true);
    expect(new Constraints({ ...FREE, badWords: [[5]] }, [], 6).isIdle).toBe(false);
    expect(new Constraints({ ...FREE, forcedLast: [1] }, [], 6).isIdle).toBe(false);
  });
});

describe('the settings of a model', () => {
  const model: ModelNumbers = {
    vocab: VOCAB,
    context: 6,
    bos: null,
    eos: [1],
    pad: 0,
    decoderStart: 0,
    states: [],
  };

  it('are those of the reference where files say nothing', () => {
    expect(readGeneration(null, {}, model)).toEqual({
      ...FREE,
      start: 0,
      beams: 1,
      lengthPenalty: 1,
      earlyStopping: false,
    });
  });

  it('come from the generation file alone where there is one', () => {
    const config = { num_beams: 4, length_penalty: 2, decoder_start_token_id: 7 };
    const generation = { bad_words_ids: [[5]], forced_eos_token_id: 1, early_stopping: 'never' };
    expect(readGeneration(config, {}, model)).toMatchObject({ beams: 4, start: 7 });
    expect(readGeneration(generation, config, model)).toEqual({
      ...FREE,
      start: 0,
      beams: 1,
      lengthPenalty: 1,
      earlyStopping: 'never',
      badWords: [[5]],
      forcedLast: [1],
    });
  });

  it('survive files of other types', () => {
    const odd = { num_beams: 'four', bad_words_ids: 3, early_stopping: 1, eos_token_id: {} };
    expect(readGeneration(odd, {}, model)).toEqual(readGeneration({}, {}, model));
  });
});
