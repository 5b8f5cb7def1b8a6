import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/domain/failure.ts';
import {
  advance,
  isTerminal,
  isTerminalEvent,
  partialOf,
  QUEUED,
  type CellState,
  type CellStatus,
  type Partial,
  type RunEvent,
} from '../../../src/run/cell.ts';

const conditions = { backend: 'cpu', variant: 'cpu8', threads: 2, seed: 42 } as const;
const partial: Partial = { conditions, promptTokens: 3, text: 'Era', tokens: [] };
const failure: Failure = { code: 'out-of-memory' };
const timing = { firstTokenMs: 1, decodeMs: 2, promptTokens: 3, generatedTokens: 4 };
const output = { kind: 'text' } as const;
const token = { id: 1, text: ' un', logprob: -1, alternatives: [] };

const STATES: Record<CellStatus, CellState> = {
  queued: QUEUED,
  loading: { status: 'loading', phase: 'weights', loadedBytes: 1, totalBytes: 9 },
  running: { status: 'running', partial },
  done: { status: 'done', partial, finish: 'end', timing, output, at: 1 },
  failed: { status: 'failed', failure, partial, at: 1 },
  cancelled: { status: 'cancelled', partial: null, at: 1 },
};
const EVENTS: { [T in RunEvent['type']]: Extract<RunEvent, { type: T }> } = {
  loading: { type: 'loading', phase: 'session', loadedBytes: 5, totalBytes: 9 },
  ready: { type: 'ready', conditions, promptTokens: 3 },
  reading: { type: 'reading', readTokens: 1, totalTokens: 3 },
  tokens: { type: 'tokens', text: ' un', tokens: [token] },
  done: { type: 'done', finish: 'stop', timing, text: 'Era', output },
  failed: { type: 'failed', failure },
  cancelled: { type: 'cancelled' },
};
const statuses = Object.keys(STATES) as CellStatus[];
const types = Object.keys(EVENTS) as RunEvent['type'][];

/** What each state becomes at each event; terminal states stay as they are. */
const NEXT: Record<'queued' | 'loading' | 'running', Record<RunEvent['type'], CellStatus>> = {
  queued: {
    loading: 'loading',
    ready: 'running',
    reading: 'failed',
    tokens: 'failed',
    done: 'failed',
    failed: 'failed',
    cancelled: 'cancelled',
  },
  loading: {
    loading: 'loading',
    ready: 'running',
    reading: 'failed',
    tokens: 'failed',
    done: 'failed',
    failed: 'failed',
    cancelled: 'cancelled',
  },
  running: {
    loading: 'running',
    ready: 'running',
    reading: 'running',
    tokens: 'running',
    done: 'done',
    failed: 'failed',
    cancelled: 'cancelled',
  },
};

describe('advance', () => {
  const open = (['queued', 'loading', 'running'] as const).flatMap((status) =>
    types.map((type) => [status, type, NEXT[status][type]] as const),
  );
  it.each(open)('%s at %s becomes %s', (status, type, next) => {
    expect(advance(STATES[status], EVENTS[type], 7).status).toBe(next);
  });

  const ended = (['done', 'failed', 'cancelled'] as const).flatMap((status) =>
    types.map((type) => [status, type] as const),
  );
  it.each(ended)('%s drops a late %s', (status, type) => {
    expect(advance(STATES[status], EVENTS[type], 7)).toBe(STATES[status]);
  });

  it('appends text and tokens', () => {
    expect(partialOf(advance(STATES.running, EVENTS.tokens, 7))).toEqual({
      ...partial,
      text: 'Era un',
      tokens: [token],
    });
  });

  it('takes the whole answer from the last event, a stop string cut off', () => {
    const running = advance(STATES.running, EVENTS.tokens, 7);
    expect(advance(running, EVENTS.done, 8)).toMatchObject({
      finish: 'stop',
      timing,
      at: 8,
      partial: { text: 'Era', tokens: [token] },
    });
  });

  it.each(['failed', 'cancelled'] as const)('keeps what was written when %s', (type) => {
    expect(advance(STATES.running, EVENTS[type], 7)).toMatchObject({ partial, at: 7 });
    expect(advance(STATES.loading, EVENTS[type], 7)).toMatchObject({ partial: null });
  });

  it('says which word came too early', () => {
    expect(advance(QUEUED, EVENTS.tokens, 7)).toMatchObject({
      failure: { code: 'unexpected', detail: expect.stringContaining('tokens') as string },
    });
  });

  it('never changes the state it is given', () => {
    for (const status of statuses) {
      const before = structuredClone(STATES[status]);
      for (const type of types) advance(STATES[status], EVENTS[type], 7);
      expect(STATES[status]).toEqual(before);
    }
  });
});

it('knows its ends', () => {
  expect(statuses.filter((status) => isTerminal(STATES[status]))).toEqual([
    'done',
    'failed',
    'cancelled',
  ]);
  expect(types.filter((type) => isTerminalEvent(EVENTS[type]))).toEqual([
    'done',
    'failed',
    'cancelled',
  ]);
});
