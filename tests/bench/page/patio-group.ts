/** Several prompts to Patio at once: the jobs of one batch, as a comparison asks them. */
import type { Engine } from '../../../src/engine/engine.ts';
import type { RunEvent } from '../../../src/run/cell.ts';
import type { Batch } from '../../../src/run/plan.ts';
import type { Group, Request, Row } from './contract.ts';
import { GREEDY, modelAt } from './patio-entries.ts';
import { Stopwatch } from './stopwatch.ts';

export class PatioGroup implements Group {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async answer(request: Request): Promise<Row[]> {
    const batch = batchOf(request);
    const rows = batch.jobs.map(() => new RowWatch());
    const { signal } = new AbortController();
    for await (const { cell, event } of this.#engine.run(batch, signal)) {
      rows[Number(cell)]?.hear(event);
    }
    return rows.map((row) => row.row());
  }
}

class RowWatch {
  readonly #watch = new Stopwatch();
  #tokens = 0;
  #promptTokens = 0;
  #last: RunEvent | null = null;

  hear(event: RunEvent): void {
    this.#last = event;
    if (event.type === 'ready') this.#promptTokens = event.promptTokens;
    if (event.type !== 'tokens') return;
    this.#tokens += event.tokens.length;
    this.#watch.tokens(event.tokens.length);
  }

  row(): Row {
    const last = this.#last;
    if (last?.type !== 'done') throw new Error(`Patio did not finish: ${JSON.stringify(last)}`);
    const { reusedTokens = 0, together = 1 } = last.timing;
    return {
      sample: this.#watch.sample(last.text),
      tokens: this.#tokens,
      promptTokens: this.#promptTokens,
      reusedTokens,
      together,
    };
  }
}

function batchOf({ kind, asks, tokens, model }: Request): Batch {
  return {
    task: kind,
    model: modelAt(model),
    adapter: null,
    backend: 'cpu',
    variant: 'cpu8',
    params: { ...GREEDY, maxTokens: tokens },
    jobs: asks.map((ask, at) => ({ cell: String(at), ...ask, fields: {}, seed: at })),
  };
}
