/** A GPU that goes away, through everything but the runtime: page, wire, engine, model, rows. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { refuse } from '../../src/domain/failure.ts';
import { DEFAULT_PARAMS } from '../../src/domain/params.ts';
import { createEngine } from '../../src/engine/client.ts';
import type { CellEvent } from '../../src/engine/engine.ts';
import { MANIFEST_VERSION } from '../../src/graph/manifest.ts';
import { advance, isTerminalEvent, QUEUED, type CellState } from '../../src/run/cell.ts';
import type { Batch } from '../../src/run/plan.ts';
import type { OnLoading } from '../../workers/kept.ts';
import type { Served } from '../../workers/serve.ts';
import { fakeModel } from '../fakes/catalogue.ts';
import { FAKE_NUMBERS, FakeGraph, winding } from '../fakes/engine-graph.ts';
import { byteCodec } from '../fakes/engine-tokenizer.ts';
import { serveHere } from '../fakes/engine-worker.ts';

type LoadModel = (
  place: unknown,
  store: unknown,
  signal: AbortSignal,
  onLoading: OnLoading,
) => Promise<unknown>;

const loadModel = vi.hoisted(() => vi.fn<LoadModel>());
vi.mock('../../workers/loaded-model.ts', () => ({ loadModel }));
vi.mock('../../workers/device.ts', () => ({ probeDevice: vi.fn(), computeOn: vi.fn() }));

// Not by import: their types lead to the runtime's, which are those of a Worker.
const { createWorkerEngine } = await vi.importActual<{
  createWorkerEngine(store: () => never): Served;
}>('../../workers/engine.ts');
const { LoadedDecoder } = await vi.importActual<{
  LoadedDecoder: new (parts: object) => object;
}>('../../workers/loaded-decoder.ts');

/** What becomes of a Worker's GPU: lost while the model loads, in a run of the graph, or never. */
type Fate = 'load' | number | 'never';

const never = new AbortController().signal;
const lose = () => refuse({ code: 'gpu-lost' });

/** Graphs of the Workers that came to have one. */
let graphs: FakeGraph[];
let workers: ReturnType<typeof serveHere>[];
let restarts: number;

/** @param fates of the first Workers; the GPUs of those after them stay */
function start(fates: readonly Fate[], whileLoading = (_load: number) => Promise.resolve()) {
  [graphs, workers, restarts] = [[], [], 0];
  let loads = 0;
  loadModel.mockImplementation(async (_place, _store, _signal, onLoading) => {
    const fate = fates[loads] ?? 'never';
    loads += 1;
    return load(fate, onLoading, () => whileLoading(loads));
  });
  return createEngine({
    spawn: () => {
      const worker = serveHere(createWorkerEngine(() => expect.fail('nothing is stored here')));
      workers.push(worker);
      return worker;
    },
    baseUrl: 'https://patio.example/app/',
    graceMs: 200,
    onRestart: () => (restarts += 1),
  });
}

async function load(fate: Fate, onLoading: OnLoading, wait: () => Promise<void>) {
  onLoading('weights', 1, 2);
  await wait();
  if (fate === 'load') lose();
  const graph = new FakeGraph(winding, 128, (run) => {
    if (run === fate) lose();
  });
  graphs.push(graph);
  return new LoadedDecoder({
    manifest: {
      ...{
        version: MANIFEST_VERSION,
        family: 'llama',
        kind: 'decoder',
        head: { kind: 'causal-lm' },
      },
      ...{ model: FAKE_NUMBERS, variants: [], ports: [], topK: 64, tokenizer: [], adapters: [] },
    },
    session: graph,
    lettering: { codec: await byteCodec(), template: null },
    conditions: { backend: 'gpu', variant: 'gpu4', threads: 1 },
    keepsRowsApart: true,
    filesOf: () => expect.fail('there is no adapter'),
  });
}

let engine: ReturnType<typeof createEngine> | undefined;
afterEach(() => engine?.dispose());

const PROMPTS = ['Una', 'Había una vez', 'Un', 'Una niña', 'y', 'Dos', 'o tres más', 'ñ', 'Había'];

function batch(prompts: readonly string[] = PROMPTS): Batch {
  const jobs = prompts.map((prompt, at) => ({
    ...{ cell: `c${at}`, prompt, fields: {}, history: [] },
    seed: 7 + at,
  }));
  const place = { backend: 'gpu', variant: 'gpu4' } as const;
  const params = { ...DEFAULT_PARAMS, temperature: 1, topK: 20, maxTokens: 25 };
  const task = 'text-generation';
  return { task, model: fakeModel('uno'), adapter: null, ...place, params, jobs };
}

interface Outcome {
  readonly entries: readonly CellEvent[];
  /** As the page would show each cell. */
  readonly cells: ReadonlyMap<string, CellState>;
}

async function collect(
  run: AsyncIterable<CellEvent>,
  watch: (entry: CellEvent) => void = () => undefined,
): Promise<Outcome> {
  const entries: CellEvent[] = [];
  const cells = new Map<string, CellState>();
  for await (const entry of run) {
    entries.push(entry);
    cells.set(entry.cell, advance(cells.get(entry.cell) ?? QUEUED, entry.event, 0));
    watch(entry);
  }
  for (const cell of cells.keys()) {
    const ends = entries.filter((entry) => entry.cell === cell && isTerminalEvent(entry.event));
    expect(ends, cell).toHaveLength(1);
  }
  return { entries, cells };
}

async function runWith(fates: readonly Fate[]): Promise<Outcome> {
  engine = start(fates);
  return collect(engine.run(batch(), never));
}

const idsOf = (state: CellState | undefined) =>
  state !== undefined && 'partial' in state ? state.partial?.tokens.map(({ id }) => id) : undefined;
const answersOf = ({ cells }: Outcome) =>
  [...cells].map(([cell, state]) => [cell, state.status, idsOf(state)]).sort();
const cellsThat = ({ entries }: Outcome, type: CellEvent['event']['type']) =>
  entries.filter(({ event }) => event.type === type).map(({ cell }) => cell);
const beginnings = (outcome: Outcome, cell: string) =>
  cellsThat(outcome, 'ready').filter((other) => other === cell).length;

describe('a GPU that is lost while rows step together', () => {
  /** Late enough that some rows have left. */
  const IN_THE_MIDDLE = 32;

  it('leaves what is done, and begins the rest again to the same end', async () => {
    const calm = await runWith([]);
    const runsOfCalm = graphs[0]?.runs.length ?? 0;
    expect(new Set([...calm.cells.values()].map(({ status }) => status))).toEqual(
      new Set(['done']),
    );

    const shaken = await runWith([IN_THE_MIDDLE]);
    expect(IN_THE_MIDDLE).toBeLessThan(runsOfCalm);
    expect(graphs[0]?.together.at(-1)).toBeGreaterThan(2);
    expect(answersOf(shaken)).toEqual(answersOf(calm));
    expect([restarts, workers.length]).toEqual([1, 2]);
    expect(workers[0]?.terminated()).toBe(true);
  });

  it('asks the fresh Worker for nothing but what is not finished', async () => {
    const doneBefore: string[] = [];
    engine = start([IN_THE_MIDDLE]);
    const shaken = await collect(engine.run(batch(), never), ({ cell, event }) => {
      if (event.type === 'done' && restarts === 0) doneBefore.push(cell);
    });
    expect(doneBefore.length).toBeGreaterThan(0);
    const begun = PROMPTS.map((_, at) => [`c${at}`, beginnings(shaken, `c${at}`)] as const);
    const twice = begun.flatMap(([cell, times]) => (times === 2 ? [cell] : []));
    expect(twice).toHaveLength(graphs[0]?.together.at(-1) ?? 0);
    expect(twice.filter((cell) => doneBefore.includes(cell))).toEqual([]);
    expect(doneBefore.length + twice.length).toBe(PROMPTS.length);
  });

  it('says so where the fresh one is lost too, and keeps what is done', async () => {
    const calm = await runWith([]);
    const twice = await runWith([IN_THE_MIDDLE, 12]);
    const failure = { code: 'gpu-lost', again: true };
    const kept = [...twice.cells].filter(([, { status }]) => status === 'done');
    expect(kept.length).toBeGreaterThan(0);
    for (const [cell, state] of twice.cells) {
      if (state.status === 'done') expect(idsOf(state)).toEqual(idsOf(calm.cells.get(cell)));
      else expect(state).toMatchObject({ status: 'failed', failure });
    }
    expect(kept.length).toBeLessThan(PROMPTS.length);
    expect([restarts, workers.length]).toEqual([1, 2]);

    const after = await collect((engine as ReturnType<typeof createEngine>).run(batch(), never));
    expect(answersOf(after)).toEqual(answersOf(calm));
    expect(workers).toHaveLength(3);
  });
});

describe('a GPU that is lost before the first token', () => {
  it('while the model loads: a fresh Worker loads it again', async () => {
    const calm = await runWith([]);
    const shaken = await runWith(['load']);
    expect(answersOf(shaken)).toEqual(answersOf(calm));
    expect([restarts, workers.length, graphs.length]).toEqual([1, 2, 1]);
    expect(PROMPTS.map((_, at) => beginnings(shaken, `c${at}`))).toEqual(PROMPTS.map(() => 1));
  });

  it('in the first run of the graph', async () => {
    const calm = await runWith([]);
    expect(answersOf(await runWith([1]))).toEqual(answersOf(calm));
    expect(restarts).toBe(1);
  });

  it('while it loads, and again in a run: that is said', async () => {
    const twice = await runWith(['load', 1]);
    const failure = { code: 'gpu-lost', again: true };
    for (const state of twice.cells.values()) {
      expect(state).toMatchObject({ status: 'failed', failure });
    }
    expect([restarts, workers.length]).toEqual([1, 2]);
  });

  it('while it loads in vain twice', async () => {
    const twice = await runWith(['load', 'load']);
    expect(new Set([...twice.cells.values()].map(({ status }) => status))).toEqual(
      new Set(['failed']),
    );
    expect(restarts).toBe(1);
  });

  it('while it was warmed: the run does not notice', async () => {
    const calm = await runWith([]);
    engine = start(['load']);
    await engine.warm({ ...batch(), adapters: [] });
    expect(answersOf(await collect(engine.run(batch(), never)))).toEqual(answersOf(calm));
  });
});

describe('stopping while the model is loaded again', () => {
  /** Longer than the grace: nobody may be blamed for a load that takes its time. */
  const SLOW_MS = 300;
  const slowly = () => new Promise<void>((resolve) => setTimeout(resolve, SLOW_MS));

  it('ends a cell at once, though its text had begun, and the others go on', async () => {
    const calm = await runWith([]);
    const stops = new Map(PROMPTS.map((_, at) => [`c${at}`, new AbortController()]));
    const begun = new Set<string>();
    const stopOne = () => {
      const [cell = ''] = begun;
      stops.get(cell)?.abort();
      return slowly();
    };
    engine = start([10], (load) => (load === 1 ? Promise.resolve() : stopOne()));
    const signals = new Map([...stops].map(([cell, { signal }]) => [cell, signal]));
    let graphsThen = 0;
    const { cells } = await collect(engine.run(batch(), never, signals), ({ cell, event }) => {
      if (event.type === 'ready') begun.add(cell);
      if (isTerminalEvent(event)) begun.delete(cell);
      if (event.type === 'cancelled') graphsThen = graphs.length;
    });
    const stopped = [...stops].flatMap(([cell, { signal }]) => (signal.aborted ? [cell] : []));
    expect(stopped).toHaveLength(1);
    expect(graphsThen).toBe(1);
    for (const [cell, state] of cells) {
      if (stopped.includes(cell)) expect(state.status).toBe('cancelled');
      else expect(idsOf(state)).toEqual(idsOf(calm.cells.get(cell)));
    }
    expect([...cells.values()].filter(({ status }) => status === 'done')).toHaveLength(8);
    expect(workers).toHaveLength(2);
  });

  it('ends them all', async () => {
    const stop = new AbortController();
    engine = start([20], (load) => {
      if (load === 1) return Promise.resolve();
      stop.abort();
      return slowly();
    });
    const { cells } = await collect(engine.run(batch(), stop.signal));
    const statuses = [...cells.values()].map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set(['done', 'cancelled']));
  });
});
