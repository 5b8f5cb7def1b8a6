import type { Failure } from '../../src/domain/failure.ts';
import { DEFAULT_PARAMS } from '../../src/domain/params.ts';
import type { CellState, Partial } from '../../src/run/cell.ts';
import type { Experiment } from '../../src/run/experiment.ts';
import { toRecord, type RunHeader, type RunRecord } from '../../src/run/record.ts';

export const EXPERIMENT: Experiment = {
  task: 'text-generation',
  prompts: [
    { id: 'p1', text: 'Había una vez', table: [], fields: {}, history: [] },
    {
      id: 'p2',
      text: 'Hola, {{nombre}}. {{qué}}',
      table: [
        { nombre: 'Ana', qué: '¿Sí?' },
        { nombre: 'José, el "Cojo"', qué: 'línea\notra' },
      ],
      fields: {},
      history: [],
    },
  ],
  columns: [
    { id: 'c1', voice: { model: 'uno', adapter: null }, overrides: {} },
    {
      id: 'c2',
      voice: { model: 'uno', adapter: 'rima' },
      overrides: { seed: 7, stop: ['\n'] },
    },
  ],
  params: DEFAULT_PARAMS,
  backend: 'auto',
};

const conditions = { backend: 'cpu', variant: 'cpu8', threads: 2, seed: 42 } as const;
const timing = { firstTokenMs: 12.5, decodeMs: 200, promptTokens: 3, generatedTokens: 3 };
const failure: Failure = { code: 'context-exceeded', promptTokens: 900, contextTokens: 512 };

export function partial(text: string): Partial {
  const alternatives = [
    { id: 5, text, logprob: -0.25 },
    { id: 6, text: 'otra', logprob: -3 },
  ];
  const tokens = [{ id: 5, text, logprob: -0.25, alternatives }];
  return { conditions, promptTokens: 3, text, tokens };
}

export function doneState(text: string): CellState {
  const output = { kind: 'text' } as const;
  const at = 1_700_000_000_000;
  return { status: 'done', partial: partial(text), finish: 'end', timing, output, at };
}

/** Every way a cell can be, one after another over the grid's six cells. */
export const STATES: Readonly<Record<string, CellState>> = {
  'p1/c1': doneState(' un gorrión.'),
  'p1/c2': { status: 'failed', failure, partial: null, at: 5 },
  'p2.0/c1': { status: 'cancelled', partial: partial('a medias'), at: 6 },
  'p2.0/c2': { status: 'cancelled', partial: null, at: 7 },
  'p2.1/c1': { status: 'failed', failure: { code: 'out-of-memory' }, partial: partial('x'), at: 8 },
};

export const HEADER: RunHeader = { id: 'r1', title: 'Había una vez', createdAt: 1_700_000_000_000 };

export function fakeRecord(
  header: Readonly<globalThis.Partial<RunHeader>> = {},
  states: Readonly<Record<string, CellState>> = STATES,
  experiment: Experiment = EXPERIMENT,
): RunRecord {
  const stateOf = (id: string): CellState => states[id] ?? { status: 'queued' };
  return toRecord({ ...HEADER, ...header }, experiment, ['Gorrión', 'Rima'], stateOf);
}
