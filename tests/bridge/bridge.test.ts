import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../src/engine/client.ts';
import type { CellEvent, Engine, Preparing, Tunable, Warming } from '../../src/engine/engine.ts';
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
let engine: Engine & Warming & Preparing & Tunable;
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

const provision = (model: string) => ({ ...batch([], model), adapters: [] });

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

describe('a second model, prepared while the first is in use', () => {
  const runOf = (model: string) => collect(engine.run(batch(['ok'], model), never));
  const prepare = (model: string, signal = never) => engine.prepare(provision(model), signal);

  it('is taken over by its run, and the first waits for its next turn', async () => {
    start();
    await runOk();
    expect(await prepare('dos')).toBe(true);
    expect(workers).toHaveLength(2);
    for (const model of ['dos', 'uno', 'dos']) {
      expect(last(await runOf(model))).toMatchObject(OK);
    }
    expect(workers).toHaveLength(2);
  });

  it('is loaded while a run is under way', async () => {
    start();
    const stop = new AbortController();
    let isLoaded = false;
    const events = await collect(engine.run(batch(['slow']), stop.signal), ({ event }) => {
      if (event.type !== 'ready') return;
      void prepare('dos').then((loaded) => {
        isLoaded = loaded;
        stop.abort();
      });
    });
    expect(last(events)).toEqual({ type: 'cancelled' });
    expect(isLoaded).toBe(true);
    expect(last(await runOf('dos'))).toMatchObject(OK);
    expect(workers).toHaveLength(2);
  });

  it('takes the place of one that was in use before', async () => {
    start();
    await runOk();
    await prepare('dos');
    await runOf('dos');
    await prepare('tres');
    await workers[0]?.gone;
    expect(last(await runOf('tres'))).toMatchObject(OK);
    expect(workers).toHaveLength(3);
  });

  it('gives its memory back to any other model', async () => {
    start();
    await runOk();
    await prepare('dos');
    expect(last(await runOf('tres'))).toMatchObject(OK);
    expect(workers).toHaveLength(3);
    await Promise.all([workers[0]?.gone, workers[1]?.gone]);
  });

  it('is not loaded twice', async () => {
    start();
    await runOk();
    expect(await prepare('uno')).toBe(true);
    await Promise.all([prepare('dos'), prepare('dos')]);
    expect(workers).toHaveLength(2);
  });

  it('ends with its signal while it loads, and the one in use goes on', async () => {
    start();
    await runOk();
    const stop = new AbortController();
    const loading = prepare('lento', stop.signal);
    expect(workers).toHaveLength(2);
    stop.abort();
    expect(await loading).toBe(false);
    await workers[1]?.gone;
    await runOk();
    expect(workers).toHaveLength(2);
    expect(await prepare('dos', stop.signal)).toBe(false);
    expect(workers).toHaveLength(2);
  });

  it('stays after its signal once it is loaded', async () => {
    start();
    await runOk();
    const stop = new AbortController();
    await prepare('dos', stop.signal);
    stop.abort();
    await prepare('dos', stop.signal);
    expect(last(await runOf('dos'))).toMatchObject(OK);
    expect(workers).toHaveLength(2);
  });

  it('leaves nothing behind where it could not be loaded', async () => {
    start();
    await runOk();
    expect(await prepare('roto')).toBe(false);
    await workers[1]?.gone;
    expect(last(await runOf('roto'))).toMatchObject(OK);
    expect(workers).toHaveLength(3);
  });

  it('gets the memory of the first where its run comes before it is loaded', async () => {
    start();
    await runOk();
    const loading = prepare('lento');
    expect(last(await runOf('lento'))).toMatchObject(OK);
    await workers[0]?.gone;
    expect(workers).toHaveLength(2);
    engine.dispose();
    expect(await loading).toBe(false);
  });

  it('is made anew by its run where its Worker died', async () => {
    start();
    await runOk();
    expect(await prepare('fatal')).toBe(false);
    expect(last(await runOf('fatal'))).toMatchObject(OK);
    expect(workers).toHaveLength(3);
  });

  it('survives the loss of the first one, whose place it keeps free', async () => {
    start();
    const events = await collect(engine.run(batch(['crash']), never), ({ event }) => {
      if (event.type === 'ready') void prepare('dos');
    });
    expect(last(events)).toMatchObject({ type: 'failed' });
    expect(last(await runOf('dos'))).toMatchObject(OK);
    expect(workers).toHaveLength(2);
  });

  it('learns of the threads, and cannot always be made', async () => {
    start();
    await runOk();
    await prepare('dos');
    engine.tune(2);
    await runOf('dos');
    expect((await engine.probe()).threads).toBe(2);
    start(() => {
      throw new Error('no Worker here');
    });
    expect(await prepare('dos')).toBe(false);
    expect(await engine.warm(provision('uno'))).toBe(false);
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
    expect(last(events)).toEqual({ type: 'failed', failure: { code: 'gpu-lost', again: true } });
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
