import { fireEvent, screen } from '@testing-library/svelte';
import { expect, test } from 'vitest';
import type { TaskId } from '../../src/domain/model.ts';
import type { TaskOutput } from '../../src/domain/output.ts';
import { DEFAULT_PARAMS, type Params } from '../../src/domain/params.ts';
import type { AnswerProps } from '../../src/ui/compare/answer-props.ts';
import { OUTPUTS } from '../../src/ui/compare/outputs.ts';
import { highlight } from '../../src/ui/highlight.ts';
import { renderIn, testApp } from './in-app.ts';

function show(task: TaskId, output: TaskOutput | null, patch: Partial<AnswerProps> = {}) {
  const props: AnswerProps = {
    prompt: 'Ana vive en Lima',
    fields: {},
    history: [],
    prompting: 'completion',
    text: '',
    writing: false,
    output,
    params: DEFAULT_PARAMS,
    ...patch,
  };
  return renderIn(testApp(), OUTPUTS[task], props);
}

const plain = (element: Element | null | undefined) =>
  element?.textContent.replace(/[\s\u00a0]+/gu, ' ').trim();
const items = () => screen.getAllByRole('listitem').map(plain);

function labels(
  scores: readonly number[],
  problem: 'single-label' | 'regression' = 'single-label',
) {
  const named = scores.map((score, index) => ({ label: `clase ${index}`, score }));
  return { kind: 'labels', problem, labels: named, unread: 0 } as const;
}

test.each(['text-classification', 'zero-shot-classification'] as const)(
  '%s: classes are ranked, and those that reach the threshold are said to',
  (task) => {
    const { container } = show(task, labels([0.2, 0.7, 0.0001]));
    expect(items()).toEqual([
      'clase 1 70 %, llega al umbral',
      'clase 0 20 %, no llega al umbral',
      'clase 2 < 0,1 %, no llega al umbral',
    ]);
    expect(plain(container.querySelector('.note'))).toBe('Umbral: 50 %');
    expect(container.querySelectorAll('.line')).toHaveLength(3);
  },
);

test('a threshold that nothing reaches is said', () => {
  const params: Params = { ...DEFAULT_PARAMS, threshold: 0.9 };
  const { container } = show('text-classification', labels([0.2, 0.8]), { params });
  expect(plain(container.querySelector('.note'))).toBe(
    'Umbral: 90 %. Ninguna etiqueta llega al umbral.',
  );
});

test('many classes are shown on request, and an unread end is told', async () => {
  const many = { ...labels(Array.from({ length: 10 }, () => 0.1)), unread: 12 };
  const { container } = show('text-classification', many);
  expect(items()).toHaveLength(8);
  await fireEvent.click(screen.getByRole('button', { name: 'Ver las 10' }));
  expect(items()).toHaveLength(10);
  expect(container.querySelector('.warning')?.textContent).toContain('12 tokens');
});

test('a measure is a number, not a share', () => {
  show('text-classification', labels([-1.2345], 'regression'));
  expect(screen.getByText('-1,235')).toBeTruthy();
  expect(screen.queryByText(/%/u)).toBeNull();
});

test('a blank is filled with the word that is pressed', async () => {
  const blank = (first: string) => ({
    options: [
      { text: ` ${first}`, score: 0.9 },
      { text: ' nadie', score: 0.1 },
    ],
  });
  const output = { kind: 'fill', blanks: [blank('Ana'), blank('Lima')] } as const;
  const { container } = show('fill-mask', output, { prompt: '___ vive en ___.' });
  const sentence = () => plain(container.querySelector('.sentence'));
  expect(sentence()).toBe('Ana vive en Lima.');
  expect(screen.getByRole('group', { name: 'Hueco 2' })).toBeTruthy();
  const [, second] = screen.getAllByRole('button', { name: /Completar con «nadie»/u });
  if (!second) throw new Error('two blanks');
  await fireEvent.click(second);
  expect(sentence()).toBe('Ana vive en nadie.');
  expect(second.getAttribute('aria-pressed')).toBe('true');
});

test('entities are marked with their class and listed', () => {
  const entities = [
    { label: 'PER', start: 0, end: 3, score: 0.987 },
    { label: 'LOC', start: 12, end: 16, score: 0.5 },
  ];
  const { container } = show('token-classification', { kind: 'entities', entities });
  expect([...container.querySelectorAll('mark')].map(plain)).toEqual(['Ana PER', 'Lima LOC']);
  const cells = screen.getAllByRole('cell').map(plain);
  expect(cells).toEqual(['Ana', 'PER', '98,7 %', 'Lima', 'LOC', '50 %']);
});

test('a text without entities is said to have none', () => {
  show('token-classification', { kind: 'entities', entities: [] });
  expect(screen.getByText('No marcó nada en este texto.')).toBeTruthy();
});

test('the answer is marked where it stands, and another one when it is pressed', async () => {
  const fields = { context: 'Nació en 1889 y murió en 1957.' };
  const answers = [
    { start: 9, end: 13, score: 0.8 },
    { start: 25, end: 29, score: 0.1 },
  ];
  const { container } = show('question-answering', { kind: 'spans', answers }, { fields });
  expect(container.querySelector('mark')?.textContent).toBe('1889');
  await fireEvent.click(screen.getByRole('button', { name: /1957/u }));
  expect(container.querySelector('mark')?.textContent).toBe('1957');
  expect(plain(screen.getByRole('group'))).toBe(fields.context);
});

test('sentences are ranked by likeness', () => {
  const like = [
    { text: 'lejos', score: -0.2 },
    { text: 'cerca', score: 0.912 },
  ];
  show('sentence-similarity', { kind: 'similarity', items: like, unread: 0 });
  expect(items()).toEqual(['cerca 0,91', 'lejos -0,2']);
});

test('a conversation is read turn by turn', () => {
  const history = [
    { role: 'user', content: 'Hola' },
    { role: 'assistant', content: ' Buenas.' },
  ] as const;
  const { container } = show('chat', { kind: 'text' }, { history, prompt: '¿Sigue?', text: 'Sí.' });
  expect([...container.querySelectorAll('p')].map(plain)).toEqual([
    'Pregunta: Hola',
    'Respuesta: Buenas.',
    'Pregunta: ¿Sigue?',
    'Sí.',
  ]);
});

test('a rewriting stands under its source', () => {
  const { container } = show(
    'text2text-generation',
    { kind: 'text' },
    { text: 'Ana lives in Lima' },
  );
  expect([...container.querySelectorAll('p')].map(plain)).toEqual([
    'Ana vive en Lima',
    'Ana lives in Lima',
  ]);
});

const HOSTILE = '<img src=x onerror=alert(1)>';
const HOSTILE_OUTPUTS: readonly [TaskId, TaskOutput][] = [
  ['chat', { kind: 'text' }],
  ['text2text-generation', { kind: 'text' }],
  [
    'text-classification',
    { kind: 'labels', problem: 'single-label', labels: [{ label: HOSTILE, score: 1 }], unread: 0 },
  ],
  ['fill-mask', { kind: 'fill', blanks: [{ options: [{ text: HOSTILE, score: 1 }] }] }],
  [
    'token-classification',
    { kind: 'entities', entities: [{ label: HOSTILE, start: 0, end: 9, score: 1 }] },
  ],
  ['question-answering', { kind: 'spans', answers: [{ start: 0, end: 9, score: 1 }] }],
  ['sentence-similarity', { kind: 'similarity', items: [{ text: HOSTILE, score: 1 }], unread: 0 }],
];

test.each(HOSTILE_OUTPUTS)('%s: nothing of an answer is markup', (task, output) => {
  const prompt = `${HOSTILE} ___`;
  const fields = { context: HOSTILE };
  const { container } = show(task, output, { prompt, fields, text: HOSTILE });
  expect(container.querySelector('img')).toBeNull();
  expect(container.textContent).toContain('<img');
});

test.each(Object.keys(OUTPUTS) as TaskId[])(
  '%s: what is asked is shown before any answer',
  (task) => {
    const { container } = show(task, null);
    expect(container.textContent).toContain('Ana vive en Lima');
  },
);

test('a text is cut at its spans; what overlaps or lies outside is left out', () => {
  const span = (start: number, end: number) => ({ start, end, score: 1 });
  const parts = highlight('abcdef', [span(4, 9), span(2, 4), span(0, 1), span(3, 5), span(5, 5)]);
  expect(parts.map(({ text, span: found }) => [text, found !== null])).toEqual([
    ['a', true],
    ['b', false],
    ['cd', true],
    ['ef', false],
  ]);
});
