import { fireEvent, screen } from '@testing-library/svelte';
import { expect, test } from 'vitest';
import { DEFAULT_PARAMS, type Params } from '../../src/domain/params.ts';
import { MESSAGES } from '../support/messages.ts';
import { readNumber, writeNumber } from '../../src/ui/number-text.ts';
import { TASKS } from '../../src/tasks/index.ts';
import { overrideChips, paramsSummary } from '../../src/ui/params-summary.ts';
import { readStops, writeStops } from '../../src/ui/stop-lines.ts';
import ParamsSheet from '../../src/ui/compare/ParamsSheet.svelte';
import { renderIn, testApp } from './in-app.ts';

const { es, en } = MESSAGES;

const SUMMARIES: readonly [string, Partial<Params>, string][] = [
  ['as it begins', {}, 'T 0,8 · top-k 40 · top-p 0,95 · rep. 1,1 · semilla 42 · 120 tokens'],
  [
    'nothing cut',
    { topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 },
    'T 0,8 · semilla 42 · 120 tokens',
  ],
  ['greedy', { temperature: 0 }, 'T 0 (sin azar) · rep. 1,1 · 120 tokens'],
  [
    'everything',
    { minP: 0.05, maxTokens: 1, seed: 1234567, stop: ['\n', 'Fin'] },
    'T 0,8 · top-k 40 · top-p 0,95 · min-p 0,05 · rep. 1,1 · semilla 1234567 · 1 token · 2 paradas',
  ],
];

test.each(SUMMARIES)('the summary, %s', (_, patch, line) => {
  expect(paramsSummary({ ...DEFAULT_PARAMS, ...patch }, es, TASKS['text-generation'])).toBe(line);
});

test('the summary in English', () => {
  expect(paramsSummary(DEFAULT_PARAMS, en, TASKS['text-generation'])).toBe(
    'T 0.8 · top-k 40 · top-p 0.95 · rep. 1.1 · seed 42 · 120 tokens',
  );
});

test('chips name what a column sets', () => {
  const chips = overrideChips({ seed: 7, temperature: 1.2, stop: [] }, es);
  expect(chips.map((chip) => chip.text)).toEqual(['T 1,2', 'semilla 7', '0 paradas']);
});

test.each([
  ['0,8', 0.8],
  ['0.8', 0.8],
  [' 12 ', 12],
  [',5', 0.5],
  ['1,', 1],
  ['1,2,3', null],
  ['uno', null],
  ['', null],
  ['1e3', null],
])('reads %j as %j', (text, number) => {
  expect(readNumber(text)).toBe(number);
});

test('writes numbers without thousands', () => {
  expect(writeNumber(4294967295, 'es')).toBe('4294967295');
  expect(writeNumber(0.05, 'es')).toBe('0,05');
  expect(writeNumber(0.05, 'en')).toBe('0.05');
});

test('stop texts come back as they were', () => {
  const stops = ['\n', 'Fin', 'a\\n', '\\', ' '];
  expect(readStops(writeStops(stops))).toEqual(stops);
  expect(readStops('\\n\n\nFin')).toEqual(['\n', 'Fin']);
});

function openSheet(column: string | null) {
  const app = testApp();
  renderIn(app, ParamsSheet, { open: true, column, onclose: () => undefined });
  return app;
}

test('a field takes a comma and keeps within the limits', async () => {
  const { lab } = openSheet(null);
  const field = screen.getByLabelText<HTMLInputElement>('Temperatura');
  expect(field.value).toBe('0,8');
  await fireEvent.change(field, { target: { value: '1,25' } });
  expect(lab.experiment.params.temperature).toBe(1.25);
  await fireEvent.change(field, { target: { value: '99' } });
  expect(lab.experiment.params.temperature).toBe(2);
  expect(field.value).toBe('2');
  await fireEvent.change(field, { target: { value: 'mucho' } });
  expect(field.value).toBe('2');
});

test('slider and field are one value, and it goes back to the first one', async () => {
  const { lab } = openSheet(null);
  await fireEvent.input(screen.getByLabelText('Top-k, deslizador'), { target: { value: '5' } });
  expect(screen.getByLabelText<HTMLInputElement>('Top-k').value).toBe('5');
  await fireEvent.click(screen.getByRole('button', { name: 'Valor inicial: Top-k' }));
  expect(lab.experiment.params.topK).toBe(DEFAULT_PARAMS.topK);
});

test('every parameter has its hint', () => {
  openSheet(null);
  for (const field of screen.getAllByRole('textbox')) {
    const hint = document.getElementById(field.getAttribute('aria-describedby') ?? '');
    expect(hint?.textContent.length).toBeGreaterThan(30);
  }
});

test('in a column, what changes is an override and leaves the others alone', async () => {
  const app = testApp();
  const column = app.lab.experiment.columns[1]?.id ?? '';
  renderIn(app, ParamsSheet, { open: true, column, onclose: () => undefined });
  expect(screen.getByRole('dialog', { name: 'Ajustes de Voz rima' })).toBeTruthy();
  await fireEvent.change(screen.getByLabelText('Semilla'), { target: { value: '7' } });
  expect(app.lab.experiment.columns[1]?.overrides).toEqual({ seed: 7 });
  expect(app.lab.experiment.params.seed).toBe(DEFAULT_PARAMS.seed);
  await fireEvent.click(screen.getByRole('button', { name: 'Como las demás: Semilla' }));
  expect(app.lab.experiment.columns[1]?.overrides).toEqual({});
});
