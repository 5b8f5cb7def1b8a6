import { fireEvent, screen } from '@testing-library/svelte';
import { expect, test } from 'vitest';
import PromptField from '../../src/ui/compare/PromptField.svelte';
import { templateParts } from '../../src/ui/template-parts.ts';
import Harness from './PromptHarness.svelte';
import { renderIn, testApp } from './in-app.ts';

function write(text: string) {
  const app = testApp();
  const prompt = app.lab.experiment.prompts[0];
  if (!prompt) throw new Error('a lab begins with one prompt');
  app.lab.setPromptText(prompt.id, text);
  renderIn(app, Harness, { part: PromptField });
  const table = () => app.lab.experiment.prompts[0]?.table;
  return { app, table };
}

test('without variables there is no table', () => {
  write('Había una vez');
  expect(screen.queryByRole('table')).toBeNull();
});

test('a variable becomes a column as soon as it is written', async () => {
  write('Había una vez');
  const field = screen.getByLabelText('Prompt');
  await fireEvent.input(field, { target: { value: 'Había {{quién}} en {{el país}}' } });
  const headings = screen.getAllByRole('columnheader').map((th) => th.textContent);
  expect(headings).toEqual(['quién', 'el país']);
});

test('values are typed, rows are added and deleted', async () => {
  const { table } = write('Hola, {{nombre}}');
  await fireEvent.input(screen.getByLabelText('nombre, fila 1'), { target: { value: 'Ana' } });
  await fireEvent.click(screen.getByRole('button', { name: 'Otra fila' }));
  await fireEvent.input(screen.getByLabelText('nombre, fila 2'), { target: { value: 'José' } });
  expect(table()).toEqual([{ nombre: 'Ana' }, { nombre: 'José' }]);
  await fireEvent.click(screen.getByRole('button', { name: 'Borrar la fila 1' }));
  expect(table()).toEqual([{ nombre: 'José' }]);
  expect(screen.queryByRole('button', { name: /Borrar la fila/u })).toBeNull();
});

test('what a spreadsheet pastes into a cell fills the table', async () => {
  const { table } = write('{{a}} y {{b}}');
  const data = { getData: () => 'b\ta\n1\t2\n3\t4' };
  await fireEvent.paste(screen.getByLabelText('a, fila 1'), { clipboardData: data });
  expect(table()).toEqual([
    { a: '2', b: '1' },
    { a: '4', b: '3' },
  ]);
});

test('one value is pasted as text', async () => {
  const { table } = write('{{a}}');
  const data = { getData: () => 'uno, dos' };
  const wasHandled = !(await fireEvent.paste(screen.getByLabelText('a, fila 1'), {
    clipboardData: data,
  }));
  expect(wasHandled).toBe(false);
  expect(table()).toEqual([]);
});

test('the dialog says what it understood before it is used', async () => {
  const { table } = write('{{quién}} en {{dónde}}');
  await fireEvent.click(screen.getByRole('button', { name: 'Pegar tabla' }));
  const area = screen.getByLabelText('Tabla');
  await fireEvent.input(area, { target: { value: 'quién,nota\nun faro,x\nuna nube,y' } });
  expect(screen.getByRole('dialog').textContent).toContain('2 filas para quién.');
  expect(screen.getByRole('dialog').textContent).toContain('Sin variable para: nota.');
  await fireEvent.click(screen.getByRole('button', { name: 'Usar esta tabla' }));
  expect(table()?.map((row) => row['quién'])).toEqual(['un faro', 'una nube']);
});

test('a prompt is cut at its variables', () => {
  expect(templateParts('a {{b c}}{{}} d')).toEqual([
    { text: 'a ', variable: false },
    { text: '{{b c}}', variable: true },
    { text: '{{}} d', variable: false },
  ]);
});
