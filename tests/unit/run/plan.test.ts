import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/domain/failure.ts';
import { TASK_IDS, type Voice } from '../../../src/domain/model.ts';
import { DEFAULT_PARAMS, type ParamOverrides } from '../../../src/domain/params.ts';
import type { CellState } from '../../../src/run/cell.ts';
import { rowsOf, type Experiment, type Prompt } from '../../../src/run/experiment.ts';
import { followUp } from '../../../src/run/follow-up.ts';
import { grid, messagesOf, plan } from '../../../src/run/plan.ts';
import { CATALOGUE, CPU_DEVICE, fakeModel } from '../../fakes/catalogue.ts';
import { doneState, partial } from '../../fakes/record.ts';

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

describe('what a task asks beside its text', () => {
  const asked = (task: Experiment['task'], prompt: Partial<Prompt>): Experiment => {
    return { ...experiment([UNO], [prompt]), task };
  };
  const reader = { ...CATALOGUE, models: [fakeModel('uno', { tasks: TASK_IDS })] };
  const first = (wanted: Experiment) => plan(wanted, reader, CPU_DEVICE);

  it('has its variables filled in, and goes with the job', () => {
    const { batches, cells } = first(
      asked('question-answering', {
        text: '¿Dónde vive {{quién}}?',
        fields: { context: '{{quién}} vive en {{dónde}}.' },
        table: [{ quién: 'Ana', dónde: 'Lima' }],
      }),
    );
    expect(cells[0]).toMatchObject({ fields: { context: 'Ana vive en Lima.' }, failure: null });
    expect(batches[0]).toMatchObject({ task: 'question-answering' });
    expect(batches[0]?.jobs[0]).toMatchObject({
      prompt: '¿Dónde vive Ana?',
      fields: { context: 'Ana vive en Lima.' },
      history: [],
    });
  });

  it.each<[string, Experiment['task'], Partial<Prompt>, Failure]>([
    [
      'a field that must be there',
      'question-answering',
      { text: 'a', fields: { context: ' ' } },
      { code: 'field-empty', field: 'context' },
    ],
    [
      'a value of a field',
      'question-answering',
      { text: 'a', fields: { context: '{{x}}' } },
      { code: 'variables-missing', names: ['x'] },
    ],
    [
      'a voice that answers through a template',
      'chat',
      { text: 'a' },
      { code: 'task-unsupported' },
    ],
  ])('without %s the cell fails', (_, task, prompt, failure) => {
    const { cells, batches } = first(asked(task, prompt));
    expect([cells[0]?.failure, batches]).toEqual([failure, []]);
  });

  it('a model that was not made for the task fails its own column alone', () => {
    const mixed = { ...reader, models: [...reader.models, fakeModel('dos')] };
    const wanted = { ...experiment([UNO, DOS], [{ text: 'a' }]), task: 'fill-mask' } as const;
    const { cells, batches } = plan(wanted, mixed, CPU_DEVICE);
    expect(cells.map(({ failure }) => failure)).toEqual([null, { code: 'task-unsupported' }]);
    expect(batches).toHaveLength(1);
  });
});

describe('a conversation', () => {
  const history = [
    { text: 'Hola', answers: { c0: 'Buenas', c1: 'Qué tal' } },
    { text: '¿Y?', answers: { c0: 'Pues' } },
  ];

  it("is each column's own; a turn without an answer never was", () => {
    const user = (content: string) => ({ role: 'user', content });
    const assistant = (content: string) => ({ role: 'assistant', content });
    expect(messagesOf(history, 'c0')).toEqual([
      ...[user('Hola'), assistant('Buenas'), user('¿Y?'), assistant('Pues')],
    ]);
    expect(messagesOf(history, 'c1')).toEqual([user('Hola'), assistant('Qué tal')]);
    expect(messagesOf(history, 'toString')).toEqual([]);
  });

  it('goes on from a run: filled in, one prompt per row, rows without any answer left out', () => {
    const prompt = { text: 'Hola, {{quién}}', fields: { system: 'A {{quién}}' }, history };
    const table = [{ quién: 'Ana' }];
    const talk = experiment([UNO, DOS], [{ ...prompt, table }, { text: 'Nadie' }]);
    const states: Record<string, CellState> = {
      'p0.0/c0': doneState(' Hola.'),
      'p0.0/c1': { status: 'cancelled', partial: partial('A med'), at: 1 },
      'p1/c0': { status: 'failed', failure: { code: 'out-of-memory' }, partial: null, at: 1 },
      'p1/c1': doneState('  '),
    };
    const next = followUp(
      { ...talk, task: 'chat' },
      (id) => states[id],
      () => 'nuevo',
    );
    const turn = { text: 'Hola, Ana', answers: { c0: ' Hola.', c1: 'A med' } };
    expect(next?.prompts).toEqual([
      {
        id: 'nuevo',
        text: '',
        table: [],
        fields: { system: 'A Ana' },
        history: [...history, turn],
      },
    ]);
    expect(next?.columns).toEqual(talk.columns);
    const silent = followUp(
      talk,
      () => undefined,
      () => 'x',
    );
    expect(silent).toBeNull();
  });
});
