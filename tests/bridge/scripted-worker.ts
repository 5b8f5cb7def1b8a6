/** The far side of the bridge: the real `serve`, with engines that misbehave on request. */
import { parentPort } from 'node:worker_threads';
import nodeEndpoint, { type NodeEndpoint } from 'comlink/dist/esm/node-adapter';
import type { CellEvent, Provision } from '../../src/engine/engine.ts';
import type { CellId, RunEvent } from '../../src/run/cell.ts';
import type { Batch, Job } from '../../src/run/plan.ts';
import { serve } from '../../workers/serve.ts';
import { done, ready, says } from '../fakes/scripted-engine.ts';
import type { Scenario } from './scenarios.ts';

type Signals = readonly (AbortSignal | undefined)[];
type Script = (job: Job, batch: Batch, signals: Signals) => AsyncGenerator<RunEvent>;

/** Set for ever by the scenario `poison`, as a runtime that never recovers would. */
let poisoned = false;

const SCRIPTS: { readonly [S in Scenario]: Script } = {
  async *ok(job, batch) {
    yield* [ready(job, batch), says('Hola'), says(' mundo'), done('Hola mundo')];
  },
  async *slow(job, batch, signals) {
    yield ready(job, batch);
    while (!signals.some((signal) => signal?.aborted)) {
      yield says('.');
      await pause(5);
    }
    yield { type: 'cancelled' };
  },
  /** Never lets a message in again. */
  async *hang(job, batch) {
    yield ready(job, batch);
    for (;;);
  },
  /** Hears everything and answers nothing. */
  async *deaf(job, batch) {
    yield ready(job, batch);
    for (;;) await pause(5);
  },
  async *crash(job, batch) {
    yield ready(job, batch);
    queueMicrotask(() => {
      throw new Error('out of the blue');
    });
    await pause(60_000);
  },
  async *poison(job, batch) {
    poisoned = true;
    yield ready(job, batch);
    yield { type: 'failed', failure: { code: 'runtime-failed', detail: 'first' } };
  },
  async *throw(job, batch) {
    yield ready(job, batch);
    throw new Error('engines should not do this');
  },
  async *exit(job, batch) {
    yield ready(job, batch);
    await pause(20);
    process.exit(0);
  },
  async *forget(job, batch) {
    yield ready(job, batch);
  },
  async *garbage(job, batch) {
    yield ready(job, batch);
    yield { type: 'tokens', text: 7 } as unknown as RunEvent;
  },
  /** A cause that lies in what was asked. */
  async *refuse() {
    const failure = { code: 'context-exceeded', promptTokens: 9, contextTokens: 8 } as const;
    yield { type: 'failed', failure };
  },
  /** Loses its GPU among others, and writes once it is asked alone. */
  async *lose(job, batch) {
    yield* [ready(job, batch), says('Ho')];
    if (batch.jobs.length > 1) yield { type: 'failed', failure: { code: 'gpu-lost' } };
    else yield* [says('la mundo'), done('Hola mundo')];
  },
  async *'lose-always'(job, batch) {
    yield ready(job, batch);
    yield { type: 'failed', failure: { code: 'gpu-lost' } };
  },
  /** Loses its GPU and never comes to an end, until it is asked alone. */
  async *'lose-and-hang'(job, batch) {
    yield* SCRIPTS.lose(job, batch, []);
    if (batch.jobs.length > 1) await pause(60_000);
  },
  /** Keeps talking after its last event, and about cells that nobody asked for. */
  async *chatter(job, batch) {
    yield* [ready(job, batch), done('fin'), says('tarde'), done('otra vez')];
  },
};

async function* run(
  batch: Batch,
  signal: AbortSignal,
  cellSignals: ReadonlyMap<CellId, AbortSignal> = new Map(),
): AsyncGenerator<CellEvent> {
  for (const job of batch.jobs) {
    const signals = [signal, cellSignals.get(job.cell)];
    if (poisoned && job.prompt !== 'poison') throw new Error('poisoned');
    const script = SCRIPTS[job.prompt as Scenario];
    for await (const event of script(job, batch, signals)) yield { cell: job.cell, event };
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Models whose load never ends, fails, or takes the Worker with it. */
function warm({ model }: Provision): Promise<boolean> {
  if (model.id === 'lento') return new Promise(() => undefined);
  if (model.id === 'fatal') {
    setTimeout(() => {
      throw new Error('no memory left');
    });
    return new Promise(() => undefined);
  }
  return Promise.resolve(model.id !== 'roto');
}

let threads = 3;
const device = { isolated: true, jspi: false, memoryBytes: null, gpu: null };
if (parentPort === null) throw new Error('this file runs in a worker thread');
serve(
  {
    probe: async () => ({ ...device, threads }),
    tune: (count) => void (threads = count),
    warm,
    run,
  },
  nodeEndpoint(parentPort as unknown as NodeEndpoint),
);
