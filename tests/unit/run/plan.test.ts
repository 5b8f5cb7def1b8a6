import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/domain/failure.ts';
import type { Voice } from '../../../src/domain/model.ts';
import { DEFAULT_PARAMS, type ParamOverrides } from '../../../src/domain/params.ts';
import { rowsOf, type Experiment, type Prompt } from '../../../src/run/experiment.ts';
import { grid, plan } from '../../../src/run/plan.ts';
import { CATALOGUE, CPU_DEVICE } from '../../fakes/catalogue.ts';

const UNO: Voice = { model: 'uno', adapter: null };
const RIMA: Voice = { model: 'uno', adapter: 'rima' };
const DOS: Voice = { model: 'dos', adapter: null };

function experiment(
  columns: readonly (Voice | [Voice, ParamOverrides])[],
  prompts: readonly Partial<Prompt>[] = [{ text: 'Hola' }],
): Experiment {
  return {
    task: 'text-generation',
    prompts: prompts.map((prompt, index) => ({
      id: `p${String(index)}`,
      text: '',
      table: [],
      fields: {},
      history: [],
      ...prompt,
    })),
    columns: columns.map((column, index) => {
      const [voice, overrides] = Array.isArray(column)
        ? (column as [Voice, ParamOverrides])
        : [column as Voice, {}];
      return { id: `c${String(index)}`, voice, overrides };
    }),
    params: DEFAULT_PARAMS,
    backend: 'auto',
  };
}

const planned = (asked: Experiment) => plan(asked, CATALOGUE, CPU_DEVICE);
const shape = (asked: Experiment) =>
  planned(asked).batches.map((batch) => [
    batch.model.id,
    batch.adapter?.id ?? null,
    batch.jobs.map((job) => job.cell),
  ]);

describe('rows', () => {
  it.each<[string, Partial<Prompt>, string[]]>([
    ['one without variables, whatever its table', { text: 'a', table: [{ x: '1' }] }, ['p0']],
    [
      'one per line of the table',
      { text: '{{x}}', table: [{ x: '1' }, { x: '2' }] },
      ['p0.0', 'p0.1'],
    ],
    ['one where the table is empty', { text: '{{x}}' }, ['p0.0']],
  ])('%s', (_, prompt, ids) => {
    expect(rowsOf(experiment([UNO], [prompt])).map((row) => row.id)).toEqual(ids);
  });
});

describe('plan', () => {
  it('runs cells of one voice as one batch', () => {
    expect(shape(experiment([UNO], [{ text: 'a' }, { text: 'b' }]))).toEqual([
      ['uno', null, ['p0/c0', 'p1/c0']],
    ]);
  });

  it('keeps a model and its adapters together, in order of first appearance', () => {
    expect(shape(experiment([UNO, DOS, RIMA]))).toEqual([
      ['uno', null, ['p0/c0']],
      ['uno', 'rima', ['p0/c2']],
      ['dos', null, ['p0/c1']],
    ]);
  });

  it('separates other parameters, but not another seed', () => {
    const asked = experiment([UNO, [UNO, { seed: 7 }], [UNO, { temperature: 0 }]]);
    expect(shape(asked)).toEqual([
      ['uno', null, ['p0/c0', 'p0/c1']],
      ['uno', null, ['p0/c2']],
    ]);
    expect(planned(asked).batches[0]?.jobs.map((job) => job.seed)).toEqual([42, 7]);
  });

  it('fills in the variables', () => {
    const asked = experiment([UNO], [{ text: '¿{{qué año}}?', table: [{ 'qué año': '1605' }] }]);
    expect(planned(asked).batches[0]?.jobs[0]?.prompt).toBe('¿1605?');
  });

  it.each<[string, Experiment, Failure]>([
    ['a blank prompt', experiment([UNO], [{ text: ' \n' }]), { code: 'prompt-empty' }],
    [
      'a missing value',
      experiment([UNO], [{ text: '{{a}} {{b}}', table: [{ a: 'x' }] }]),
      { code: 'variables-missing', names: ['b'] },
    ],
    [
      'an unknown model',
      experiment([{ model: 'ido', adapter: null }]),
      { code: 'model-unknown', model: 'ido' },
    ],
    [
      'an unknown adapter',
      experiment([{ model: 'uno', adapter: 'ida' }]),
      { code: 'model-unknown', model: 'ida' },
    ],
    [
      "another model's adapter",
      experiment([{ model: 'dos', adapter: 'rima' }]),
      { code: 'model-unknown', model: 'rima' },
    ],
    [
      'a GPU that is not there',
      { ...experiment([UNO]), backend: 'gpu' },
      { code: 'gpu-unavailable' },
    ],
  ])('%s fails from the start', (_, asked, failure) => {
    const { cells, batches } = planned(asked);
    expect(cells.map((cell) => cell.failure)).toEqual([failure]);
    expect(batches).toEqual([]);
  });

  it('lets a misfit spoil nothing beside it', () => {
    const asked = experiment([UNO, { model: 'ido', adapter: null }], [{ text: 'a' }, { text: '' }]);
    expect(planned(asked).cells.map((cell) => cell.failure?.code ?? null)).toEqual([
      null,
      'model-unknown',
      'prompt-empty',
      'prompt-empty',
    ]);
    expect(shape(asked)).toEqual([['uno', null, ['p0/c0']]]);
  });

  it('shows the same grid before and after judging it', () => {
    const asked = experiment([UNO, DOS], [{ text: 'a' }, { text: '{{x}}', table: [{ x: '1' }] }]);
    const judged = planned(asked);
    expect(judged.rows).toEqual(grid(asked).rows);
    expect(judged.cells).toEqual(grid(asked).cells);
  });
});
