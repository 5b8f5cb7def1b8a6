import { fireEvent, screen } from '@testing-library/svelte';
import { expect, test, vi } from 'vitest';
import { toJson } from '../../src/run/export.ts';
import { fileName } from '../../src/ui/download.ts';
import HistoryScreen from '../../src/ui/history/HistoryScreen.svelte';
import { fakeRecord } from '../fakes/record.ts';
import { renderIn, testApp } from './in-app.ts';

const RECORD = toJson(fakeRecord());

function file(name: string, text: string) {
  return new File([text], name, { type: 'application/json' });
}

async function pick(...files: File[]) {
  const input = screen.getByLabelText<HTMLInputElement>('Importar', { selector: 'input' });
  Object.defineProperty(input, 'files', { value: files, configurable: true });
  await fireEvent.change(input);
}

test('an empty history says so and shows the way', async () => {
  renderIn(testApp(), HistoryScreen, {});
  expect(await screen.findByText('Todavía no hay pruebas guardadas.')).toBeTruthy();
  expect(screen.getByRole('link', { name: 'Ir a Comparar' })).toBeTruthy();
});

const REFUSED: readonly [string, string, RegExp][] = [
  ['a foreign file', '{"hello":1}', /no es una prueba de Patio/u],
  ['no JSON at all', 'hola', /no es una prueba de Patio/u],
  ['a file cut short', RECORD.slice(0, -40), /incompleto o dañado/u],
  ['a newer format', RECORD.replace(/"version": 1/u, '"version": 99'), /formato 99/u],
];

test.each(REFUSED)('%s is refused with its reason', async (_, text, reason) => {
  const app = testApp();
  renderIn(app, HistoryScreen, {});
  await pick(file('prueba.json', text));
  const said = await screen.findByText('No se importó prueba.json.');
  expect(said.parentElement?.textContent).toMatch(reason);
  expect(app.history.entries).toEqual([]);
});

test('of several files each is judged by itself', async () => {
  renderIn(testApp(), HistoryScreen, {});
  await pick(file('buena.json', RECORD), file('mala.json', '[]'));
  expect(await screen.findByText('1 prueba importada.')).toBeTruthy();
  expect(await screen.findByText('No se importó mala.json.')).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Abrir «Había una vez»' })).toBeTruthy();
});

test('a run is opened where it was made, with its experiment', async () => {
  const app = testApp();
  const record = fakeRecord();
  await app.history.put(record);
  renderIn(app, HistoryScreen, {});
  await fireEvent.click(await screen.findByRole('button', { name: 'Abrir «Había una vez»' }));
  await vi.waitFor(() => expect(app.run.header?.id).toBe(record.id));
  expect(app.lab.experiment).toEqual(record.experiment);
});

test.each([
  ['Había una vez… ¿sí?', 'habia-una-vez-si'],
  ['../../etc', 'etc'],
  ['…', 'patio'],
])('%j is saved as %j', (title, name) => {
  expect(fileName(title)).toBe(name);
});
