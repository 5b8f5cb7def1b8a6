import { screen } from '@testing-library/svelte';
import { expect, test } from 'vitest';
import type { CellState } from '../../src/run/cell.ts';
import { Cell } from '../../src/state/active-run.svelte.ts';
import CellView from '../../src/ui/compare/CellView.svelte';
import { CATALOGUE, fakeModel } from '../fakes/catalogue.ts';
import { doneState, partial } from '../fakes/record.ts';
import { renderIn, testApp } from './in-app.ts';

const loading = { status: 'loading', phase: 'weights', loadedBytes: 4, totalBytes: 10 } as const;
const failure = { code: 'out-of-memory' } as const;

/** State, words of its line, text of the answer, buttons. */
const CASES: readonly [string, CellState | null, string, string, readonly string[]][] = [
  ['never run', null, 'Aún sin generar', '', []],
  ['queued', { status: 'queued' }, 'En cola', '', ['Detener']],
  ['loading', loading, 'Cargando UNO… 40\u00a0%', '', ['Detener']],
  ['loading, size unknown', { ...loading, totalBytes: 0 }, 'Cargando UNO…', '', ['Detener']],
  ['reading', { status: 'running', partial: partial('') }, 'Leyendo el prompt…', '', ['Detener']],
  [
    'reading what is long',
    {
      status: 'running',
      partial: partial(''),
      reading: { readTokens: 128, totalTokens: 512 },
    },
    'Leyendo el prompt… 25\u00a0%',
    '',
    ['Detener'],
  ],
  [
    'writing',
    { status: 'running', partial: partial(' un rey') },
    'Escribiendo…',
    ' un rey',
    ['Detener'],
  ],
  ['done', doneState(' un rey.'), 'Listo', ' un rey.', ['Repetir', 'Editar', 'Copiar']],
  [
    'failed halfway',
    { status: 'failed', failure, partial: partial(' un'), at: 1 },
    'Falló',
    ' un',
    ['Repetir', 'Editar', 'Copiar'],
  ],
  [
    'stopped before it wrote',
    { status: 'cancelled', partial: null, at: 1 },
    'Detenido',
    '',
    ['Repetir', 'Editar'],
  ],
  [
    'stopped halfway',
    { status: 'cancelled', partial: partial(' un'), at: 1 },
    'Detenido',
    ' un',
    ['Repetir', 'Editar', 'Copiar'],
  ],
];

const prompt = { id: 'p', text: 'Había una vez', table: [], fields: {}, history: [] };
const row = { id: 'p', prompt, values: {} };
const column = { id: 'c', voice: { model: 'uno', adapter: null }, overrides: {} };

function show(state: CellState | null, { catalogue = CATALOGUE, text = prompt.text } = {}) {
  const planned = { id: 'p/c', row, column, prompt: prompt.text, fields: {}, failure: null };
  const cell = state && new Cell(planned, state);
  const now = { ...row, prompt: { ...prompt, text } };
  return renderIn(testApp({ catalogue }), CellView, {
    row: now,
    column,
    cell,
    number: 1,
    total: 1,
  });
}

test.each(CASES)('%s', (_, state, words, answer, buttons) => {
  const { container } = show(state);
  expect(container.querySelector('.status')?.textContent.trim()).toBe(words);
  expect(screen.getByRole('log').textContent.trimEnd()).toBe(`Había una vez${answer}`.trimEnd());
  const names = screen.queryAllByRole('button').map((button) => button.textContent.trim());
  expect(names).toEqual(buttons);
});

test('a finished cell says under what conditions it was made', () => {
  const { container } = show(doneState(' un rey bueno.'));
  const summary = container.querySelector('summary')?.textContent.replace(/\s+/gu, ' ').trim();
  expect(summary).toBe('Detalles: 3 palabras · 10 palabras/s · 13 ms hasta el primer token');
  const details = container.querySelector('dl')?.textContent.replace(/\s+/gu, ' ') ?? '';
  for (const part of ['UNO', '3 leídos, 3 escritos', 'CPU, 2 hilos', '8 bits', '42']) {
    expect(details).toContain(part);
  }
});

test('a finished cell says what it shared with others, and nothing where it did not', () => {
  const own = doneState(' un rey.');
  if (own.status !== 'done') throw new Error('not done');
  const timing = { ...own.timing, promptTokens: 430, reusedTokens: 412, together: 4 };
  const shared = show({ ...own, timing }).container.querySelector('dl')?.textContent ?? '';
  expect(shared).toContain('412 de 430 tokens reutilizados');
  expect(shared).toContain('4 respuestas en la misma pasada');
  const alone = show(own).container.querySelector('dl')?.textContent ?? '';
  expect(alone).not.toContain('reutilizados');
  expect(alone).not.toContain('misma pasada');
});

test('a finished cell says how much memory it had, where that is known', () => {
  const own = doneState(' un rey.');
  if (own.status !== 'done') throw new Error('not done');
  const { partial } = own;
  const conditions = { ...partial.conditions, memoryBytes: 52_428_800 };
  const told = show({ ...own, partial: { ...partial, conditions } }).container;
  const details = told.querySelector('dl')?.textContent.replace(/\s+/gu, ' ') ?? '';
  expect(details).toMatch(/Memoria de WebAssembly 52 MB/u);
  expect(show(own).container.querySelector('dl')?.textContent).not.toContain('Memoria');
});

test('a failure says what happened and what to do', () => {
  show({ status: 'failed', failure, partial: null, at: 1 });
  expect(screen.getByText(/No alcanzó la memoria/u)).toBeTruthy();
  expect(screen.getByText(/elegir un modelo más pequeño/u)).toBeTruthy();
});

test('an answer to an older prompt keeps that prompt and says so', () => {
  const { container } = show(doneState(' un rey.'), { text: 'Otra cosa' });
  expect(screen.getByRole('log').textContent).toContain('Había una vez un rey.');
  expect(container.querySelector('.status')?.textContent).toContain('De antes del último cambio');
});

test('a chat voice is shown as question and answer', () => {
  const models = [fakeModel('uno', { prompting: 'chat' })];
  const { container } = show(doneState('Bien.'), { catalogue: { ...CATALOGUE, models } });
  expect(container.querySelector('.question')?.textContent).toBe('Pregunta: Había una vez');
  expect(container.querySelector('.answer')?.textContent).toBe('Bien.');
});

test('model output is never markup, and the log keeps silent', () => {
  const { container } = show(doneState('<img src=x onerror=alert(1)>'));
  expect(container.querySelector('img')).toBeNull();
  expect(screen.getByRole('log').getAttribute('aria-live')).toBe('off');
});
