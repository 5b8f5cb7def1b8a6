import { fireEvent, screen, within } from '@testing-library/svelte';
import { tick } from 'svelte';
import { expect, test } from 'vitest';
import { TASK_IDS, type Catalogue } from '../../src/domain/model.ts';
import { TASKS } from '../../src/tasks/index.ts';
import CompareScreen from '../../src/ui/compare/CompareScreen.svelte';
import ParamsSheet from '../../src/ui/compare/ParamsSheet.svelte';
import { nextVoice, voiceGroups } from '../../src/ui/voices.ts';
import { CATALOGUE, fakeModel } from '../fakes/catalogue.ts';
import { renderIn, testApp } from './in-app.ts';

const chatty = { prompting: 'chat', tasks: ['chat', 'text-generation'] } as const;
const ALL: Catalogue = {
  ...CATALOGUE,
  models: [...CATALOGUE.models, fakeModel('charla', chatty), fakeModel('lee', { tasks: TASK_IDS })],
};

function open(catalogue = ALL) {
  const app = testApp({ catalogue });
  const onrun = () => void app.run.start(app.lab.experiment);
  renderIn(app, CompareScreen, { settingsOpen: false, onrun });
  return app;
}

const settled = async () => {
  for (let turn = 0; turn < 30; turn += 1) await Promise.resolve();
  await tick();
};

test.each(TASK_IDS)('%s has its form: every field of its spec, with a hint', async (task) => {
  const { lab, i18n } = open();
  lab.setTask(task);
  await tick();
  for (const { id, initial } of TASKS[task].fields) {
    const { label, hint } = i18n.t.fields[id];
    const field = screen.getByLabelText<HTMLInputElement>(label);
    expect(field.value).toBe(initial);
    const described = document.getElementById(field.getAttribute('aria-describedby') ?? '');
    expect(described?.textContent).toBe(hint);
  }
  const label = i18n.t.tasks[task].label;
  expect(screen.getByLabelText(label).getAttribute('placeholder')).toBe(
    i18n.t.tasks[task].placeholder,
  );
  expect(
    screen.getByRole('button', { name: new RegExp(`^${i18n.t.tasks[task].run}`, 'u') }),
  ).toBeTruthy();
});

test('what is typed into a field belongs to its prompt', async () => {
  const { lab } = open();
  lab.setTask('zero-shot-classification');
  await tick();
  const field = screen.getByLabelText('Etiquetas');
  await fireEvent.input(field, { target: { value: 'deporte\ncocina' } });
  await fireEvent.change(screen.getByLabelText('Cuántas pueden ser ciertas'), {
    target: { value: 'several' },
  });
  expect(lab.experiment.prompts[0]?.fields).toMatchObject({
    labels: 'deporte\ncocina',
    several: 'several',
  });
});

test('a variable in a field has its column in the table', async () => {
  const { lab } = open();
  lab.setTask('question-answering');
  await tick();
  await fireEvent.input(screen.getByLabelText('Texto donde buscar'), {
    target: { value: 'Nació en {{lugar}}.' },
  });
  expect(screen.getByRole('columnheader', { name: 'lugar' })).toBeTruthy();
});

test('a task that no voice does says how to add one', async () => {
  const { lab } = open(CATALOGUE);
  lab.setTask('token-classification');
  await tick();
  expect(screen.getByText('Ninguna voz de este Patio hace esta tarea todavía.')).toBeTruthy();
  expect(screen.getByRole('link', { name: 'Ir a Modelos' }).getAttribute('href')).toBe('#/modelos');
});

test('a column that cannot do the task says so before anything runs', async () => {
  const { lab } = open();
  lab.setTask('fill-mask');
  lab.addColumn({ model: 'uno', adapter: null });
  const [prompt] = lab.experiment.prompts;
  lab.setPromptText(prompt?.id ?? '', 'a ___');
  await tick();
  const columns = screen.getAllByRole('article');
  expect(columns).toHaveLength(2);
  expect(within(columns[0] as HTMLElement).queryByText(/no hace esta tarea/u)).toBeNull();
  expect(within(columns[1] as HTMLElement).getByText('Esta voz no hace esta tarea.')).toBeTruthy();
});

test('voices are those that do the task', () => {
  const names = (task: (typeof TASK_IDS)[number]) =>
    voiceGroups(ALL, task).flatMap(({ choices }) => choices.map(({ key }) => key));
  expect(names('text-generation')).toEqual(['uno', 'uno+rima', 'uno+ley', 'dos', 'charla', 'lee']);
  expect(names('chat')).toEqual(['charla']);
  expect(names('fill-mask')).toEqual(['lee']);
  expect(nextVoice(ALL, 'fill-mask', [{ model: 'lee', adapter: null }])?.model).toBe('lee');
});

test('a conversation goes on with what each voice answered', async () => {
  const { lab, run } = open();
  lab.setTask('chat');
  const [prompt] = lab.experiment.prompts;
  lab.setPromptText(prompt?.id ?? '', 'Hola, {{quién}}');
  lab.setTable(prompt?.id ?? '', [{ quién: 'Ana' }]);
  await run.start(lab.experiment);
  await settled();
  await fireEvent.click(screen.getByRole('button', { name: 'Seguir la conversación' }));
  const [next] = lab.experiment.prompts;
  const [column] = lab.experiment.columns;
  expect(next).toMatchObject({
    text: '',
    table: [],
    history: [{ text: 'Hola, Ana', answers: { [column?.id ?? '']: 'Hola mundo' } }],
  });
  expect(screen.getByRole('log').textContent).toContain('Hola, Ana');
  expect(document.activeElement?.id).toBe(`prompt-${next?.id ?? ''}`);
});

test('the settings are those of the task', async () => {
  const app = testApp({ catalogue: ALL });
  app.lab.setTask('text-classification');
  renderIn(app, ParamsSheet, { open: true, column: null, onclose: () => undefined });
  await tick();
  expect(screen.getByLabelText('Umbral')).toBeTruthy();
  expect(screen.queryByLabelText('Temperatura')).toBeNull();
  expect(screen.queryByLabelText('Textos de parada')).toBeNull();
});
