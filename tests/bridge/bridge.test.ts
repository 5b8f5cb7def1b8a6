import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../src/engine/client.ts';
import type { CellEvent, Engine, Tunable, Warming } from '../../src/engine/engine.ts';
import type { EngineWorker } from '../../src/engine/host.ts';
import { DEFAULT_PARAMS } from '../../src/domain/params.ts';
import { isTerminalEvent, type RunEvent } from '../../src/run/cell.ts';
import type { Batch } from '../../src/run/plan.ts';
import { fakeModel } from '../fakes/catalogue.ts';
import { bundleScriptedWorker, spawnNodeWorker } from './node-worker.ts';
import type { Scenario } from './scenarios.ts';

const GRACE_MS = 500;
const never = new AbortController().signal;

let code: string;
let engine: Engine & Warming & Tunable;
let restarts: number;
let workers: ReturnType<typeof spawnNodeWorker>[];

beforeAll(async () => {
  code = await bundleScriptedWorker();
});

function start(spawn?: () => EngineWorker): void {
  workers = [];
  restarts = 0;
  const keep = () => {
    const worker = spawnNodeWorker(code);
    workers.push(worker);
    return worker;
  };
  engine = createEngine({
    spawn: spawn ?? keep,
    baseUrl: 'https://patio.example/app/',
    graceMs: GRACE_MS,
    onRestart: () => (restarts += 1),
  });
}

afterEach(async () => {
  engine.dispose();
  await Promise.all(workers.map((worker) => worker.gone));
});

const PLAIN = { fields: {}, history: [] } as const;

function batch(scenarios: readonly Scenario[], model = 'uno'): Batch {
  const jobs = scenarios.map((prompt, index) => ({
    cell: `c${index}`,
    prompt,
    ...PLAIN,
    seed: index,
  }));
  const place = { backend: 'cpu', variant: 'cpu8' } as const;
  const task = 'text-generation';
  return { task, model: fakeModel(model), adapter: null, ...place, params: DEFAULT_PARAMS, jobs };
}

/** Reads a run to its end; `watch` sees each event as it comes. */
async function collect(
  run: AsyncIterable<CellEvent>,
  watch: (entry: CellEvent) => void = () => undefined,
): Promise<Map<string, RunEvent[]>> {
  const events = new Map<string, RunEvent[]>();
  for await (const entry of run) {
    events.set(entry.cell, [...(events.get(entry.cell) ?? []), entry.event]);
    watch(entry);
  }
  return events;
}

function last(events: ReadonlyMap<string, RunEvent[]>, cell = 'c0'): unknown {
  return events.get(cell)?.at(-1);
}

function expectLaw(events: ReadonlyMap<string, RunEvent[]>, cells: number): void {
  expect(events.size).toBe(cells);
  for (const list of events.values()) {
    expect(list.filter(isTerminalEvent)).toHaveLength(1);
    expect(isTerminalEvent(list.at(-1) as RunEvent)).toBe(true);
  }
}

const OK = { type: 'done', text: 'Hola mundo' };
const runOk = () => collect(engine.run(batch(['ok']), never));

describe('a Worker that does its work', () => {
  it('tells its device', async () => {
    start();
    expect((await engine.probe()).threads).toBe(3);
  });

  it('learns of how many threads it computes on before anything else', async () => {
    start();
    engine.tune(2);
    expect((await engine.probe()).threads).toBe(2);
    await runOk();
    expect(workers).toHaveLength(1);
  });

  it('streams every cell to its last event', async () => {
    start();
    const events = await collect(engine.run(batch(['ok', 'ok', 'ok']), never));
    expectLaw(events, 3);
    expect(last(events, 'c2')).toMatchObject(OK);
    const text = events.get('c1')?.map((event) => (event.type === 'tokens' ? event.text : ''));
    expect(text?.join('')).toBe('Hola mundo');
  });

  it('is kept from run to run, and for the probe', async () => {
    start();
    await engine.probe();
    await runOk();
    await runOk();
    expect(workers).toHaveLength(1);
  });

  it('makes room for another model', async () => {
    start();
    await runOk();
    expect(last(await collect(engine.run(batch(['ok'], 'dos'), never)))).toMatchObject(OK);
    expect(workers).toHaveLength(2);
    await workers[0]?.gone;
  });

  it('is warmed for the run to come, and left to a model that it holds', async () => {
    start();
    const provision = (model: string) => ({ ...batch([], model), adapters: [] });
    await engine.warm(provision('uno'));
    await runOk();
    await engine.warm(provision('dos'));
    await runOk();
    expect(workers).toHaveLength(1);
  });

  it('is kept after a failure that lies in what was asked', async () => {
    start();
    const events = await collect(engine.run(batch(['refuse', 'ok']), never));
    expect(last(events)).toMatchObject({ type: 'failed', failure: { code: 'context-exceeded' } });
    expect(last(events, 'c1')).toMatchObject(OK);
    await runOk();
    expect(workers).toHaveLength(1);
  });

  it('runs one batch at a time', async () => {
    start();
    const order: string[] = [];
    const track = (name: string) => (entry: CellEvent) => order.push(`${name} ${entry.event.type}`);
    await Promise.all([
      collect(engine.run(batch(['ok']), never), track('first')),
      collect(engine.run(batch(['ok']), never), track('second')),
    ]);
    expect(order.indexOf('first done')).toBeLessThan(order.indexOf('second ready'));
  });

  it('is not believed after its last word', async () => {
    start();
    const events = await collect(engine.run(batch(['chatter']), never));
    expectLaw(events, 1);
    expect(last(events)).toMatchObject({ type: 'done', text: 'fin' });
  });
});

describe('a Worker that fails', () => {
  const cases: readonly [Scenario, object][] = [
    ['crash', { code: 'worker-crashed', detail: 'out of the blue' }],
    ['poison', { code: 'runtime-failed', detail: 'first' }],
    ['throw', { code: 'unexpected' }],
    ['exit', { code: 'worker-crashed' }],
    ['forget', { code: 'worker-crashed' }],
    ['garbage', { code: 'worker-crashed' }],
  ];
  it.each(cases)('%s: every cell fails, and the next run works', async (scenario, failure) => {
    start();
    const events = await collect(engine.run(batch([scenario, scenario]), never));
    expectLaw(events, 2);
    expect(last(events)).toMatchObject({ type: 'failed', failure });
    expect(last(await runOk())).toMatchObject(OK);
    expect(workers).toHaveLength(2);
    await workers[0]?.gone;
  });

  it('cannot even be made: the run fails and the next may try again', async () => {
    let tries = 0;
    start(() => {
      tries += 1;
      throw new Error('no Worker here');
    });
    const events = await runOk();
    expect(last(events)).toMatchObject({ type: 'failed', failure: { code: 'unexpected' } });
    await runOk();
    expect(tries).toBe(2);
  });

  it('dies before the probe: the least is assumed, and asked again later', async () => {
    start();
    const first = engine.probe();
    await workers[0]?.terminate();
    engine.dispose();
    expect((await first).threads).toBe(1);
    expect((await engine.probe()).threads).toBe(3);
  });
});

describe('a GPU that goes away', () => {
  it.each(['lose', 'lose-and-hang'] as const)(
    '%s: what is not finished begins again in a fresh Worker',
    async (scenario) => {
      start();
      const events = await collect(engine.run(batch(['ok', scenario]), never));
      expectLaw(events, 2);
      expect(last(events)).toMatchObject(OK);
      expect(last(events, 'c1')).toMatchObject(OK);
      const types = (cell: string) => events.get(cell)?.map(({ type }) => type);
      expect(types('c0')?.filter((type) => type === 'ready')).toHaveLength(1);
      expect(types('c1')?.filter((type) => type === 'ready')).toHaveLength(2);
      expect([workers.length, restarts]).toEqual([2, 1]);
      await workers[0]?.gone;
    },
  );

  it('is believed to be lost for good the second time', async () => {
    start();
    const events = await collect(engine.run(batch(['lose-always', 'ok']), never));
    expectLaw(events, 2);
    expect(last(events)).toEqual({ type: 'failed', failure: { code: 'gpu-lost' } });
    expect(last(events, 'c1')).toMatchObject(OK);
    expect([workers.length, restarts]).toEqual([2, 1]);
    expect(last(await runOk())).toMatchObject(OK);
  });

  it('brings nothing back that was stopped', async () => {
    start();
    const stop = new AbortController();
    const jobs = batch(['lose-and-hang', 'lose-and-hang']);
    const events = await collect(engine.run(jobs, stop.signal), ({ event }) => {
      if (event.type === 'tokens') stop.abort();
    });
    expectLaw(events, 2);
    expect(last(events)).toEqual({ type: 'cancelled' });
    expect(restarts).toBe(0);
  });
});

describe('stopping', () => {
  /** Aborts once the first cell is at work. */
  async function stopped(scenarios: readonly Scenario[]) {
    start();
    const stop = new AbortController();
    let askedAt = 0;
    const events = await collect(engine.run(batch(scenarios), stop.signal), ({ event }) => {
      if (event.type === 'loading' || askedAt !== 0) return;
      askedAt = performance.now();
      stop.abort();
    });
    return { events, waitedMs: performance.now() - askedAt };
  }

  it('is answered by a Worker that listens, which is kept', async () => {
    const { events, waitedMs } = await stopped(['slow', 'slow']);
    expectLaw(events, 2);
    expect(last(events)).toEqual({ type: 'cancelled' });
    expect(last(events, 'c1')).toEqual({ type: 'cancelled' });
    expect(waitedMs).toBeLessThan(GRACE_MS);
    expect(last(await runOk())).toMatchObject(OK);
    expect(workers).toHaveLength(1);
  });

  it.each(['hang', 'deaf'] as const)(
    'kills a Worker that does not answer: %s',
    async (scenario) => {
      const { events, waitedMs } = await stopped([scenario, 'ok']);
      expectLaw(events, 2);
      expect(last(events)).toEqual({ type: 'cancelled' });
      expect(waitedMs).toBeGreaterThan(GRACE_MS - 20);
      expect(last(await runOk())).toMatchObject(OK);
      expect(workers).toHaveLength(2);
      await workers[0]?.gone;
    },
  );

  it('ends one cell while the next goes on', async () => {
    start();
    const stop = new AbortController();
    const signals = new Map([['c0', stop.signal]]);
    const events = await collect(engine.run(batch(['slow', 'ok']), never, signals), ({ event }) => {
      if (event.type === 'tokens') stop.abort();
    });
    expectLaw(events, 2);
    expect(last(events)).toEqual({ type: 'cancelled' });
    expect(last(events, 'c1')).toMatchObject(OK);
    expect(workers).toHaveLength(1);
  });

  it('fails the neighbours of a cell that had to be killed', async () => {
    start();
    const stop = new AbortController();
    const signals = new Map([['c0', stop.signal]]);
    const events = await collect(engine.run(batch(['deaf', 'ok']), never, signals), () =>
      stop.abort(),
    );
    expectLaw(events, 2);
    expect(last(events)).toEqual({ type: 'cancelled' });
    const failure = { code: 'worker-unresponsive', afterMs: GRACE_MS };
    expect(last(events, 'c1')).toEqual({ type: 'failed', failure });
  });

  it('answers at once for cells that have not begun', async () => {
    start();
    const stop = new AbortController();
    const signals = new Map([['c1', stop.signal]]);
    const all = new AbortController();
    const seen: string[] = [];
    await collect(engine.run(batch(['slow', 'ok']), all.signal, signals), ({ cell, event }) => {
      seen.push(`${cell} ${event.type}`);
      if (event.type === 'ready') stop.abort();
      if (event.type === 'cancelled') all.abort();
    });
    expect(seen.indexOf('c1 cancelled')).toBeLessThan(seen.indexOf('c0 cancelled'));
  });

  it('before the start spawns nothing', async () => {
    start();
    const events = await collect(engine.run(batch(['ok', 'ok']), AbortSignal.abort()));
    expectLaw(events, 2);
    expect(last(events)).toEqual({ type: 'cancelled' });
    expect(workers).toHaveLength(0);
  });

  it('does not wait for the turn of a queued run', async () => {
    start();
    const first = new AbortController();
    const running = collect(engine.run(batch(['slow']), first.signal));
    const queued = new AbortController();
    const waiting = collect(engine.run(batch(['ok']), queued.signal));
    queued.abort();
    expect(last(await waiting)).toEqual({ type: 'cancelled' });
    first.abort();
    expect(last(await running)).toEqual({ type: 'cancelled' });
  });

  it('happens when the reader walks away', async () => {
    start();
    for await (const { event } of engine.run(batch(['slow']), never)) {
      if (event.type === 'tokens') break;
    }
    expect(last(await runOk())).toMatchObject(OK);
    expect(workers).toHaveLength(1);
  });
});
