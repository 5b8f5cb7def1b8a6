/** Patio as the page uses it: its client, its protocol, its Worker; tokens are counted where they arrive. */
import { createEngine } from '../../../src/engine/client.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import type { Manifest } from '../../../src/graph/manifest.ts';
import type { RunEvent } from '../../../src/run/cell.ts';
import type { Batch } from '../../../src/run/plan.ts';
import type { Contender, Group, Request, Row, Sample, Swap, Task } from './contract.ts';
import { adapterEntry, GREEDY, modelAt } from './patio-entries.ts';
import { PatioGroup } from './patio-group.ts';
import { Stopwatch } from './stopwatch.ts';

/** Another draw in each round. */
let seed = 0;

export function startEngine(): Engine {
  const spawn = () =>
    new Worker(new URL('../../../workers/engine.worker.ts', import.meta.url), { type: 'module' });
  return createEngine({ spawn, baseUrl: location.href });
}

export class Patio implements Contender, Group {
  readonly #engine = startEngine();
  readonly #group = new PatioGroup(this.#engine);

  async threads(): Promise<number> {
    return (await this.#engine.probe()).threads;
  }

  async prepare(task: Task): Promise<void> {
    await lastEvent(this.#engine, batchOf(task, null));
  }

  async generate(task: Task): Promise<Sample> {
    const watch = new Stopwatch();
    const batch = batchOf(task, null);
    const done = await lastEvent(this.#engine, batch, (event) => {
      if (event.type === 'tokens') watch.tokens(event.tokens.length);
    });
    return watch.sample(done.text);
  }

  answer(request: Request): Promise<Row[]> {
    return this.#group.answer(request);
  }

  async swaps(task: Task): Promise<Swap[]> {
    const { adapters } = (await (await fetch(`${task.model}patio.json`)).json()) as Manifest;
    const swaps: Swap[] = [];
    for (const adapter of adapters) {
      const firstMs = await this.#swapMs(task, adapter);
      await this.#swapMs(task, null);
      const againMs = await this.#swapMs(task, adapter);
      await this.#swapMs(task, null);
      swaps.push({ adapter, firstMs, againMs });
    }
    return swaps;
  }

  /** Fails where weights or session are loaded again: that is no swap. */
  async #swapMs(task: Task, adapter: string | null): Promise<number> {
    const start = performance.now();
    let ready = NaN;
    await lastEvent(this.#engine, batchOf({ ...task, tokens: 1 }, adapter), (event) => {
      if (event.type === 'ready') ready = performance.now();
      if (event.type === 'loading' && event.phase !== 'adapter') {
        throw new Error(`a swap to ${String(adapter)} loaded ${event.phase}`);
      }
    });
    return ready - start;
  }
}

/** Runs a batch of one cell to its end. */
export async function lastEvent(
  engine: Engine,
  batch: Batch,
  hear: (event: RunEvent) => void = () => undefined,
): Promise<Extract<RunEvent, { type: 'done' }>> {
  let last: RunEvent | null = null;
  for await (const { event } of engine.run(batch, new AbortController().signal)) {
    hear(event);
    last = event;
  }
  if (last?.type === 'done') return last;
  throw new Error(`Patio did not finish: ${JSON.stringify(last)}`);
}

export function batchOf(task: Task, adapter: string | null): Batch {
  const { backend = 'cpu' } = task;
  return {
    task: 'text-generation',
    model: modelAt(task.model),
    adapter: adapter === null ? null : adapterEntry(task.model, adapter),
    backend,
    variant: backend === 'gpu' ? 'gpu4' : 'cpu8',
    params: { ...GREEDY, ...task.sampling, maxTokens: task.tokens },
    jobs: [{ cell: 'bench', prompt: task.prompt, fields: {}, history: [], seed: (seed += 1) }],
  };
}
