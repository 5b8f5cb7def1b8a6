import type { Device } from '../../src/domain/device.ts';
import type { CellEvent, Engine, Preparing, Provision } from '../../src/engine/engine.ts';
import type { CellId, RunEvent } from '../../src/run/cell.ts';
import type { Batch, Job } from '../../src/run/plan.ts';
import { CPU_DEVICE } from './catalogue.ts';

/** What a cell does: its events, with a gate where the test wants to look around. */
export type Step = RunEvent | { type: 'gate'; open: Promise<void> };
export type Script = (job: Job, batch: Batch) => readonly Step[];

/** An engine that keeps the law and says what a test tells it to. Cells take turns, step by step. */
export class ScriptedEngine implements Engine, Preparing {
  readonly batches: Batch[] = [];
  /** What was asked for ahead of its run, and when it was called off. */
  readonly prepared: { readonly provision: Provision; readonly signal: AbortSignal }[] = [];
  readonly #script: Script;
  readonly #device: Device;
  /** Batches under way; more than one at a time is a fault of the caller. */
  atOnce = 0;
  mostAtOnce = 0;

  constructor(script: Script = sayWords('Hola', ' mundo'), device: Device = CPU_DEVICE) {
    this.#script = script;
    this.#device = device;
  }

  probe(): Promise<Device> {
    return Promise.resolve(this.#device);
  }

  prepare(provision: Provision, signal: AbortSignal): Promise<boolean> {
    this.prepared.push({ provision, signal });
    return Promise.resolve(true);
  }

  async *run(
    batch: Batch,
    signal: AbortSignal,
    cellSignals: ReadonlyMap<CellId, AbortSignal> = new Map(),
  ): AsyncGenerator<CellEvent> {
    this.batches.push(batch);
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.atOnce);
    let lanes = batch.jobs.map((job) => ({
      cell: job.cell,
      steps: [...this.#script(job, batch)],
      signals: [signal, cellSignals.get(job.cell)],
    }));
    while (lanes.length > 0) {
      for (const lane of lanes) {
        const event = await nextEvent(lane.steps, lane.signals);
        if (event) yield { cell: lane.cell, event };
        if (!event || isLast(event)) lanes = lanes.filter((other) => other !== lane);
      }
    }
    this.atOnce--;
  }

  dispose(): void {
    this.batches.length = 0;
  }
}

async function nextEvent(
  steps: Step[],
  signals: readonly (AbortSignal | undefined)[],
): Promise<RunEvent | undefined> {
  for (;;) {
    if (signals.some((signal) => signal?.aborted)) return { type: 'cancelled' };
    const step = steps.shift();
    if (step?.type !== 'gate') return step;
    await Promise.race([step.open, ...signals.map(aborted)]);
  }
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    signal?.addEventListener('abort', () => {
      resolve();
    });
  });
}

function isLast(event: RunEvent): boolean {
  return event.type === 'done' || event.type === 'failed' || event.type === 'cancelled';
}

export function ready(job: Job, batch: Batch): RunEvent {
  const { backend, variant } = batch;
  const conditions = { backend, variant, threads: 2, seed: job.seed };
  return { type: 'ready', conditions, promptTokens: 3 };
}

export function says(text: string): RunEvent {
  const token = { id: 7, text, logprob: -0.5, alternatives: [{ id: 7, text, logprob: -0.5 }] };
  return { type: 'tokens', text, tokens: [token] };
}

export function done(text: string): RunEvent {
  const timing = { firstTokenMs: 10, decodeMs: 100, promptTokens: 3, generatedTokens: 2 };
  return { type: 'done', finish: 'length', timing, text, output: { kind: 'text' } };
}

/** Loads, says each word in turn, and ends. */
export function sayWords(...words: string[]): Script {
  return (job, batch) => [
    { type: 'loading', phase: 'weights', loadedBytes: 1, totalBytes: 2 },
    ready(job, batch),
    ...words.map(says),
    done(words.join('')),
  ];
}

/** A promise and the key to it. */
export function gate(): { step: Step; open: () => void } {
  const key = new AbortController();
  return {
    step: { type: 'gate', open: aborted(key.signal) },
    open: () => {
      key.abort();
    },
  };
}
