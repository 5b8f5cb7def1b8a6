import { describe, expect, it } from 'vitest';
import { TASK_IDS } from '../../../src/domain/model.ts';
import { DEFAULT_PARAMS } from '../../../src/domain/params.ts';
import { LIMITS } from '../../../src/run/limits.ts';
import { Lab } from '../../../src/state/lab.svelte.ts';
import { memorySettings, type SmallStorage } from '../../../src/storage/settings.ts';
import { TASKS } from '../../../src/tasks/index.ts';
import { CATALOGUE } from '../../fakes/catalogue.ts';
import { countingIds, manualLater } from '../../fakes/clock.ts';
import { EXPERIMENT } from '../../fakes/record.ts';

function setUp(storage: SmallStorage = memorySettings()) {
  const { later, run } = manualLater();
  const lab = new Lab({ catalogue: CATALOGUE, storage, ids: countingIds(), later });
  return { lab, storage, passTime: run };
}

const RIMA = { model: 'uno', adapter: 'rima' };
const names = (lab: Lab) => lab.experiment.columns.map(({ voice }) => voice.adapter ?? voice.model);
const texts = (lab: Lab) => lab.experiment.prompts.map((prompt) => prompt.text);
const firstPrompt = (lab: Lab) => lab.experiment.prompts[0]?.id ?? '';
const column = (lab: Lab, index: number) => lab.experiment.columns[index]?.id ?? '';

describe('the first visit', () => {
  it('has one empty prompt and the first two voices', () => {
    const { lab } = setUp();
    expect(texts(lab)).toEqual(['']);
    expect(names(lab)).toEqual(['uno', 'rima']);
    expect(lab.experiment).toMatchObject({ params: DEFAULT_PARAMS, backend: 'auto' });
  });
});

describe('prompts', () => {
  it('are written, added and removed; the last one is emptied', () => {
    const { lab } = setUp();
    lab.setPromptText(firstPrompt(lab), 'uno');
    const added = lab.addPrompt('dos') ?? '';
    expect(texts(lab)).toEqual(['uno', 'dos']);
    lab.removePrompt(firstPrompt(lab));
    expect(texts(lab)).toEqual(['dos']);
    lab.removePrompt(added);
    expect(texts(lab)).toEqual(['']);
  });

  it('keep to their limits', () => {
    const { lab } = setUp();
    lab.setPromptText(firstPrompt(lab), 'x'.repeat(LIMITS.textChars + 5));
    expect(texts(lab)[0]).toHaveLength(LIMITS.textChars);
    for (let index = 0; index < LIMITS.prompts + 5; index++) lab.addPrompt();
    expect(texts(lab)).toHaveLength(LIMITS.prompts);
    expect(lab.addPrompt()).toBeNull();
  });

  it('make rows from their tables', () => {
    const { lab } = setUp();
    lab.setPromptText(firstPrompt(lab), 'Hola, {{nombre}}');
    expect(lab.rows).toHaveLength(1);
    const pasted = lab.pasteTable(firstPrompt(lab), 'nombre\nAna\nLuis');
    expect(pasted).toMatchObject({ header: true, names: ['nombre'] });
    expect(lab.rows.map((row) => row.values)).toEqual([{ nombre: 'Ana' }, { nombre: 'Luis' }]);
    lab.setTable(firstPrompt(lab), [{ nombre: 'Eva' }]);
    expect(lab.rows.map((row) => row.values)).toEqual([{ nombre: 'Eva' }]);
  });

  it('keep their table when nothing pasted was understood', () => {
    const { lab } = setUp();
    lab.setPromptText(firstPrompt(lab), '{{a}}');
    lab.setTable(firstPrompt(lab), [{ a: '1' }]);
    lab.pasteTable(firstPrompt(lab), '');
    expect(lab.rows.map((row) => row.values)).toEqual([{ a: '1' }]);
  });
});

describe('columns', () => {
  it('are added, changed and removed; the last one stays', () => {
    const { lab } = setUp();
    const added = lab.addColumn({ model: 'dos', adapter: null }) ?? '';
    expect(names(lab)).toEqual(['uno', 'rima', 'dos']);
    lab.setVoice(added, RIMA);
    lab.removeColumn(column(lab, 0));
    expect(names(lab)).toEqual(['rima', 'rima']);
    lab.removeColumn(column(lab, 0));
    lab.removeColumn(column(lab, 0));
    expect(names(lab)).toEqual(['rima']);
  });

  it.each([
    [0, 1, ['rima', 'uno', 'dos']],
    [2, -2, ['dos', 'uno', 'rima']],
    [2, 1, ['uno', 'rima', 'dos']],
    [0, -1, ['uno', 'rima', 'dos']],
    [0, 99, ['rima', 'dos', 'uno']],
  ])('column %d moves by %d', (index, delta, order) => {
    const { lab } = setUp();
    lab.addColumn({ model: 'dos', adapter: null });
    lab.moveColumn(column(lab, index), delta);
    expect(names(lab)).toEqual(order);
  });

  it('ignore an id they do not have', () => {
    const { lab } = setUp();
    const before = lab.experiment.columns;
    lab.moveColumn('none', 1);
    lab.setVoice('none', RIMA);
    lab.removeColumn('none');
    expect(lab.experiment.columns).toEqual(before);
  });
});

describe('parameters', () => {
  it('are clamped, and reset', () => {
    const { lab } = setUp();
    lab.setParam('temperature', 9);
    lab.setStop(['', '\n', '\n', ...Array.from({ length: 20 }, (_, index) => String(index))]);
    expect(lab.experiment.params.temperature).toBe(2);
    expect(lab.experiment.params.stop).toEqual(['\n', '0', '1', '2', '3', '4', '5', '6']);
    lab.resetParams();
    expect(lab.experiment.params).toEqual(DEFAULT_PARAMS);
  });

  it('are overridden in one column, and no longer', () => {
    const { lab } = setUp();
    const id = column(lab, 1);
    lab.setOverride(id, { topK: 999, seed: 7 });
    lab.setOverride(id, { stop: [''] });
    expect(lab.experiment.columns.map(({ overrides }) => overrides)).toEqual([
      {},
      { topK: 200, seed: 7, stop: [] },
    ]);
    lab.clearOverride(id, 'topK');
    expect(lab.experiment.columns[1]?.overrides).toEqual({ seed: 7, stop: [] });
  });
});

it('changes nothing that was handed out before', () => {
  const { lab } = setUp();
  const before = lab.experiment;
  const copy = structuredClone(before);
  lab.setPromptText(firstPrompt(lab), 'otro');
  lab.setParam('topK', 1);
  lab.removeColumn(column(lab, 0));
  expect(before).toEqual(copy);
  expect(lab.experiment).not.toBe(before);
});

it('takes an example whole, with the parameters as they are', () => {
  const { lab } = setUp();
  lab.setParam('topK', 3);
  for (const example of CATALOGUE.examples) lab.useExample(example);
  expect([texts(lab), names(lab)]).toEqual([['Había una vez'], ['dos']]);
  expect(lab.experiment.params.topK).toBe(3);
});

it('takes the table of an example along', () => {
  const { lab } = setUp();
  const table = [{ quién: 'un gato' }, { quién: 'una farera' }];
  const voices = [RIMA];
  const title = { es: '', en: '' };
  lab.useExample({ id: 'x', task: 'text-generation', title, text: 'Era {{quién}}', table, voices });
  expect(lab.rows.map((row) => row.values)).toEqual(table);
});

describe('tasks', () => {
  it('have a draft each, and the last one comes back', () => {
    const { lab, storage } = setUp();
    lab.setPromptText(firstPrompt(lab), 'Había una vez');
    lab.setTask('question-answering');
    expect(lab.experiment.prompts[0]).toMatchObject({ text: '', fields: { context: '' } });
    lab.setPromptText(firstPrompt(lab), '¿Quién?');
    lab.setField(firstPrompt(lab), 'context', 'Ana vive en Lima.');
    lab.flush();
    const again = setUp(storage).lab;
    expect([again.task, texts(again)]).toEqual(['question-answering', ['¿Quién?']]);
    expect(again.experiment.prompts[0]?.fields).toEqual({ context: 'Ana vive en Lima.' });
    again.setTask('text-generation');
    expect(texts(again)).toEqual(['Había una vez']);
  });

  it('begin with the values and the parameters of their own', () => {
    const { lab } = setUp();
    for (const task of TASK_IDS) {
      lab.setTask(task);
      const { fields, initial } = TASKS[task];
      expect(lab.experiment.params).toEqual(initial);
      expect(Object.keys(lab.experiment.prompts[0]?.fields ?? {})).toEqual(
        fields.map(({ id }) => id),
      );
      expect(lab.experiment.columns.length).toBeGreaterThan(0);
    }
  });

  it('take only fields of theirs, as long as they may be', () => {
    const { lab } = setUp();
    lab.setTask('zero-shot-classification');
    lab.setField(firstPrompt(lab), 'context', 'x');
    lab.setField(firstPrompt(lab), 'hypothesis', 'h'.repeat(5000));
    const { fields } = lab.experiment.prompts[0] ?? {};
    expect(fields?.['context']).toBeUndefined();
    expect(fields?.['hypothesis']).toHaveLength(400);
    lab.addPrompt('otro');
    expect(lab.experiment.prompts[1]?.fields).toEqual(fields);
  });

  it('an example brings its own, and leaves columns where it names no voice', () => {
    const { lab } = setUp();
    lab.setTask('fill-mask');
    const before = names(lab);
    lab.setTask('text-generation');
    const title = { es: '', en: '' };
    lab.useExample({ id: 'x', task: 'fill-mask', title, text: 'a ___', voices: [] });
    expect([lab.task, texts(lab), names(lab)]).toEqual(['fill-mask', ['a ___'], before]);
  });
});

describe('the draft', () => {
  it('survives a reload once time has passed', () => {
    const { lab, storage, passTime } = setUp();
    lab.load(EXPERIMENT);
    lab.setBackend('cpu');
    expect(storage.read('draft')).toBeNull();
    passTime();
    expect(setUp(storage).lab.experiment).toEqual({ ...EXPERIMENT, backend: 'cpu' });
  });

  it('is written at once when the page goes away, and only then', () => {
    const { lab, storage } = setUp();
    lab.flush();
    expect(storage.read('draft')).toBeNull();
    lab.setBackend('gpu');
    lab.flush();
    expect(setUp(storage).lab.experiment.backend).toBe('gpu');
  });

  it('loses the columns whose voice is gone', () => {
    const { lab, storage } = setUp();
    lab.load(EXPERIMENT);
    lab.addColumn({ model: 'ido', adapter: null });
    lab.addColumn({ model: 'dos', adapter: 'rima' });
    lab.flush();
    expect(names(setUp(storage).lab)).toEqual(['uno', 'rima']);
  });

  it.each(['', '{', '{"task":"other"}', 'null'])('starts afresh from %j', (text) => {
    const storage = memorySettings();
    storage.write('draft', text);
    expect(texts(setUp(storage).lab)).toEqual(['']);
  });
});
