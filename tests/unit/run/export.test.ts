import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import type { TaskOutput } from '../../../src/domain/output.ts';
import type { CellState } from '../../../src/run/cell.ts';
import type { Experiment } from '../../../src/run/experiment.ts';
import { toCsv, toJson, toMarkdown, type MarkdownWords } from '../../../src/run/export.ts';
import { parseRecord } from '../../../src/run/import.ts';
import { itemLines } from '../../../src/run/items.ts';
import { doneState, EXPERIMENT, fakeRecord } from '../../fakes/record.ts';

type Line = Record<string, string>;

const readCsv = (csv: string) => Papa.parse<Line>(csv, { header: true });
const withAnswer = (text: string) => fakeRecord({}, { 'p1/c1': doneState(text) });

describe('CSV', () => {
  it('reads back as it was, one line per cell', () => {
    const { data, errors } = readCsv(toCsv(fakeRecord()));
    expect(errors).toEqual([]);
    expect(data).toHaveLength(6);
    expect(data[0]).toEqual({
      prompt: 'Había una vez',
      '{{nombre}}': '',
      '{{qué}}': '',
      voice: 'Gorrión',
      model: 'uno',
      adapter: '',
      status: 'done',
      text: ' un gorrión.',
      failure: '',
      finish: 'end',
      tokens: '3',
      first_token_ms: '12.5',
      tokens_per_second: '10',
      words_per_second: String(20 / 3),
      backend: 'cpu',
      variant: 'cpu8',
      threads: '2',
      temperature: '0.8',
      topK: '40',
      topP: '0.95',
      minP: '0',
      repetitionPenalty: '1.1',
      maxTokens: '120',
      seed: '42',
      stop: '',
    });
    expect(data[4]).toMatchObject({
      prompt: 'Hola, José, el "Cojo". línea\notra',
      '{{nombre}}': 'José, el "Cojo"',
      '{{qué}}': 'línea\notra',
    });
  });

  it("tells each column's own seed and stop strings", () => {
    const { data } = readCsv(toCsv(fakeRecord()));
    expect(data[1]).toMatchObject({ voice: 'Rima', adapter: 'rima', seed: '7', stop: '["\\n"]' });
  });

  it.each([
    [1, 'failed', '', '{"code":"context-exceeded","promptTokens":900,"contextTokens":512}'],
    [2, 'cancelled', 'a medias', ''],
    [3, 'cancelled', '', ''],
    [5, 'cancelled', '', ''],
  ])('line %d is %s', (line, status, text, failure) => {
    expect(readCsv(toCsv(fakeRecord())).data[line]).toMatchObject({ status, text, failure });
  });

  it.each(['=1+1', '+34', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '=HYPERLINK("a")\nb', '＝1'])(
    'is no formula: %j',
    (text) => {
      expect(readCsv(toCsv(withAnswer(text))).data[0]?.['text']).toBe(`'${text}`);
    },
  );

  it.each(['a=1', '—Hola', '1-2', "'x", '"', ',', 'a;b', '', ' =1'])(
    'is left alone: %j',
    (text) => {
      expect(readCsv(toCsv(withAnswer(text))).data[0]?.['text']).toBe(text);
    },
  );

  it('names its encoding, for spreadsheets', () => {
    expect(toCsv(fakeRecord()).startsWith('\uFEFFprompt,')).toBe(true);
  });

  it('keeps a variable apart from a field of the same name', () => {
    const prompts = [
      { id: 'p1', text: '{{text}}', table: [{ text: 'valor' }], fields: {}, history: [] },
    ];
    const record = fakeRecord({}, {}, { ...EXPERIMENT, prompts });
    expect(readCsv(toCsv(record)).data[0]).toMatchObject({ '{{text}}': 'valor', text: '' });
  });
});

const WORDS: MarkdownWords = {
  prompt: 'Texto',
  seed: 'semilla',
  tokensPerSecond: 'tokens/s',
  state: (state) => state.status,
};

describe('Markdown', () => {
  it('has a section per row and a quotation per voice', () => {
    const lines = toMarkdown(withAnswer('Era un\ngorrión'), WORDS).split('\n');
    expect(lines.slice(0, 12)).toEqual([
      '# Había una vez',
      '',
      '## Texto 1',
      '',
      '> Había una vez',
      '',
      '### Gorrión',
      '',
      '> Era un\\',
      '> gorrión',
      '',
      'done · semilla 42 · cpu8 · cpu · 10.0 tokens/s',
    ]);
  });

  it.each([
    ['# título', String.raw`> \# título`],
    ['<img src=x onerror=alert(1)>', String.raw`> \<img src=x onerror=alert(1)\>`],
    ['[a](javascript:b)', String.raw`> \[a\](javascript:b)`],
    ['**a** _b_ ~c~ `d`', '> \\*\\*a\\*\\* \\_b\\_ \\~c\\~ \\`d\\`'],
    ['- a', String.raw`> \- a`],
    ['12. a', String.raw`> 12\. a`],
    ['---', String.raw`> \---`],
    ['===', String.raw`> \===`],
    ['&lt;', String.raw`> \&lt;`],
    ['| a |', String.raw`> \| a \|`],
    ['https://a.b www.a.b', String.raw`> https\://a.b www\.a.b`],
    ['a\\', String.raw`> a\\`],
    ['    código', '> código'],
    ['a\n\nb', '> a\n>\n> b'],
    ['a\r\nb', '> a\\\n> b'],
    ['a\\\nb', '> a\\\\\\\n> b'],
  ])('has no markup in an answer: %j', (text, quoted) => {
    expect(toMarkdown(withAnswer(text), WORDS)).toContain(`### Gorrión\n\n${quoted}\n\ndone`);
  });

  it('has no markup in a title', () => {
    const markdown = toMarkdown(fakeRecord({ title: '[x](y)\n# z' }), WORDS);
    expect(markdown.split('\n')[0]).toBe(String.raw`# \[x\](y) \# z`);
  });
});

describe('answers that are not text', () => {
  const fields = { aggregation: 'simple' };
  const experiment: Experiment = {
    ...EXPERIMENT,
    task: 'token-classification',
    prompts: [{ id: 'p1', text: 'Ana vive en Lima', table: [], fields, history: [] }],
  };
  const entities = [
    { label: 'PER', start: 0, end: 3, score: 0.9 },
    { label: 'LOC', start: 12, end: 16, score: 0.5 },
  ];
  const state = { ...doneState(''), output: { kind: 'entities', entities } } as CellState;
  const record = fakeRecord({}, { 'p1/c1': state }, experiment);

  it('have one line each in CSV, and a cell without any has one too', () => {
    const { data } = readCsv(toCsv(record));
    const facts = data.map(({ voice, label, text, start, end, score }) => [
      ...[voice, label, text, start, end, score],
    ]);
    expect(facts).toEqual([
      ['Gorrión', 'PER', 'Ana', '0', '3', '0.9'],
      ['Gorrión', 'LOC', 'Lima', '12', '16', '0.5'],
      ['Rima', '', '', '', '', ''],
    ]);
    expect(data[0]).toMatchObject({ aggregation: 'simple' });
    expect(Object.keys(data[0] ?? {})).not.toContain('temperature');
  });

  it('are listed in Markdown, and come back from JSON', () => {
    expect(toMarkdown(record, WORDS)).toContain('- PER · Ana · 0.900\n- LOC · Lima · 0.500');
    expect(parseRecord(toJson(record))).toMatchObject({
      ok: true,
      record: { cells: [{ state }, {}] },
    });
  });

  it.each<[TaskOutput, string[]]>([
    [{ kind: 'text' }, []],
    [
      {
        kind: 'labels',
        problem: 'single-label',
        labels: [
          { label: 'a', score: 0.1 },
          { label: 'b', score: 0.9 },
        ],
        unread: 0,
      },
      ['b · 0.900', 'a · 0.100'],
    ],
    [{ kind: 'fill', blanks: [{ options: [{ text: ' sol', score: 1 }] }] }, ['1 · sol · 1.000']],
    [{ kind: 'spans', answers: [{ start: 0, end: 3, score: 0.25 }] }, ['Eva · 0.250']],
    [{ kind: 'similarity', items: [{ text: 'x', score: -0.5 }], unread: 0 }, ['x · -0.500']],
  ])('%j in lines', (output, lines) => {
    expect(itemLines(output, 'Ana', { context: 'Eva' })).toEqual(lines);
  });
});
