/** Runs the same few tokens in every way that is worth trying here, each in a Worker of its own. */
import { tokensPerSecond, type Timing } from '../domain/metrics.ts';
import type { ModelEntry } from '../domain/model.ts';
import { DEFAULT_PARAMS } from '../domain/params.ts';
import type { Token } from '../domain/token.ts';
import type { Measurement, Trial } from '../domain/tuning.ts';
import type { Batch } from '../run/plan.ts';
import type { Engine, Tunable } from './engine.ts';

/** The first run of a Worker also warms it up; the best counts. */
const RUNS = 3;
/** Greedy: always the same tokens. */
const PARAMS = { ...DEFAULT_PARAMS, temperature: 0, repetitionPenalty: 1, maxTokens: 40 };
const PROMPT = 'Había una vez un gorrión que vivía en el patio de una casa muy antigua.';

interface Written {
  readonly tokens: readonly Token[];
  readonly timing: Timing;
}

/**
 * @param create an engine that has not been used yet; it is disposed of here
 * @param signal ends it at once
 * @returns what could be measured; what could not run is left out. null when it was aborted
 */
export async function measureTrials(
  create: () => Engine & Tunable,
  model: ModelEntry,
  trials: readonly Trial[],
  signal: AbortSignal,
): Promise<Measurement[] | null> {
  const measured: Measurement[] = [];
  for (const trial of trials) {
    const one = await measure(create(), model, trial, signal);
    if (signal.aborted) return null;
    if (one !== null) measured.push(one);
  }
  return measured;
}

async function measure(
  engine: Engine & Tunable,
  model: ModelEntry,
  { timed, ...place }: Trial,
  signal: AbortSignal,
): Promise<Measurement | null> {
  const kill = () => engine.dispose();
  signal.addEventListener('abort', kill, { once: true });
  try {
    engine.tune(place.threads);
    let best: number | null = null;
    for (let run = 0; ; run += 1) {
      const written = await write(engine, batchOf(model, place), signal);
      if (written === null) return null;
      const { tokens, timing } = written;
      if (timed) best = Math.max(best ?? 0, tokensPerSecond(timing) ?? 0);
      if (!timed || run + 1 === RUNS) return { ...place, tokensPerSecond: best, tokens };
    }
  } finally {
    signal.removeEventListener('abort', kill);
    engine.dispose();
  }
}

function batchOf(model: ModelEntry, { backend, variant }: Omit<Trial, 'timed'>): Batch {
  const job = { cell: 'self-test', prompt: PROMPT, fields: {}, history: [], seed: PARAMS.seed };
  const task = 'text-generation';
  return { task, model, adapter: null, backend, variant, params: PARAMS, jobs: [job] };
}

/** null where it failed or was stopped. */
async function write(engine: Engine, batch: Batch, signal: AbortSignal): Promise<Written | null> {
  const tokens: Token[] = [];
  let timing: Timing | null = null;
  for await (const { event } of engine.run(batch, signal)) {
    if (event.type === 'tokens') tokens.push(...event.tokens);
    if (event.type === 'done') timing = event.timing;
  }
  return timing && { tokens, timing };
}
