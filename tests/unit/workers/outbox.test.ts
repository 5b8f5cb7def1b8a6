import { beforeEach, describe, expect, it, vi } from 'vitest';
import { isWorkerMessage, located, type WorkerMessage } from '../../../src/engine/channel.ts';
import type { RunEvent } from '../../../src/run/cell.ts';
import { Outbox } from '../../../workers/serve.ts';
import { fakeAdapter, fakeModel } from '../../fakes/catalogue.ts';
import { done, says } from '../../fakes/scripted-engine.ts';
import { DEFAULT_PARAMS } from '../../../src/domain/params.ts';

describe('the outbox', () => {
  let posted: WorkerMessage[];
  let outbox: Outbox;
  let time: number;

  beforeEach(() => {
    vi.useFakeTimers();
    posted = [];
    time = 1000;
    outbox = new Outbox(
      (message) => posted.push(message),
      () => time,
    );
  });

  const push = (cell: string, event: RunEvent) => outbox.push({ cell, event });
  const texts = () =>
    posted.flatMap((message) =>
      message.type === 'events'
        ? message.events.map(
            ({ cell, event }) => `${cell}${event.type === 'tokens' ? event.text : ''}`,
          )
        : ['end'],
    );

  it('joins what a cell says of its reading, and posts the latest', () => {
    for (const readTokens of [64, 128, 192])
      push('x', { type: 'reading', readTokens, totalTokens: 400 });
    vi.advanceTimersByTime(20);
    const events = posted.flatMap((message) => (message.type === 'events' ? message.events : []));
    expect(events.map(({ event }) => event)).toEqual([
      { type: 'reading', readTokens: 64, totalTokens: 400 },
      { type: 'reading', readTokens: 192, totalTokens: 400 },
    ]);
    expect(posted.every(isWorkerMessage)).toBe(true);
  });

  it('posts the first token at once and gathers those that follow closely', () => {
    for (const text of ['a', 'b', 'c']) push('x', says(text));
    expect(texts()).toEqual(['xa']);
    vi.advanceTimersByTime(20);
    expect(texts()).toEqual(['xa', 'xbc']);
    expect(posted).toHaveLength(2);
  });

  it('keeps the cells apart and the tokens in order', () => {
    for (const [cell, text] of ['x1', 'x2', 'y1', 'x3', 'y2'])
      push(cell as string, says(text as string));
    vi.advanceTimersByTime(20);
    expect(texts()).toEqual(['x1', 'x23', 'y12']);
  });

  it('posts by the clock when no timer gets its turn', () => {
    push('x', says('a'));
    push('x', says('b'));
    time += 16;
    push('x', says('c'));
    expect(texts()).toEqual(['xa', 'xbc']);
  });

  it('never lets a last event wait, nor pass its tokens', () => {
    push('x', says('a'));
    push('x', says('b'));
    push('x', done('ab'));
    expect(texts()).toEqual(['xa', 'xb', 'x']);
    outbox.end();
    expect(texts().at(-1)).toBe('end');
  });

  it('keeps of several loading reports the newest', () => {
    for (const loadedBytes of [1, 2, 3]) {
      push('x', { type: 'loading', phase: 'weights', loadedBytes, totalBytes: 3 });
    }
    outbox.flush();
    const last = posted.at(-1);
    expect(last?.type === 'events' && last.events).toMatchObject([{ event: { loadedBytes: 3 } }]);
  });
});

describe('the protocol', () => {
  const wrap = (event: unknown) => ({ type: 'events', events: [{ cell: 'x', event }] });

  it.each([
    [{ type: 'end' }, true],
    [{ type: 'events', events: [] }, true],
    [wrap({ type: 'cancelled' }), true],
    [wrap(says('a')), true],
    [wrap(done('a')), true],
    [wrap({ type: 'failed', failure: { code: 'gpu-lost' } }), true],
    [wrap({ type: 'failed' }), false],
    [wrap({ type: 'tokens', text: 'a' }), false],
    [wrap({ type: 'done', finish: 'end' }), false],
    [wrap({ type: 'toString' }), false],
    [wrap(null), false],
    [{ type: 'events', events: {} }, false],
    [{ type: 'events', events: [{ event: { type: 'cancelled' } }] }, false],
    ['end', false],
    [null, false],
  ])('lets in only what holds to it: %j', (message, expected) => {
    expect(isWorkerMessage(message)).toBe(expected);
  });

  it('makes addresses whole, and leaves whole ones as they are', () => {
    const batch = {
      task: 'text-generation',
      model: fakeModel('uno'),
      adapter: fakeAdapter('rima', 'uno'),
      backend: 'cpu',
      variant: 'cpu8',
      params: DEFAULT_PARAMS,
      jobs: [],
    } as const;
    const once = located(batch, 'https://patio.example/app/index.html');
    expect(once.model.source).toEqual({
      kind: 'bundled',
      path: 'https://patio.example/app/models/uno/',
    });
    expect(once.adapter?.source).toEqual({
      kind: 'bundled',
      path: 'https://patio.example/app/models/uno/adapters/rima/',
    });
    expect(located(once, 'https://other.example/')).toEqual(once);
  });
});
