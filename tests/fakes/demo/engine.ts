import type { Device } from '../../../src/domain/device.ts';
import type { CellEvent, Engine } from '../../../src/engine/engine.ts';
import type { RunEvent } from '../../../src/run/cell.ts';
import type { Batch, Job } from '../../../src/run/plan.ts';
import { demoOutput } from './tasks.ts';

/** Words to fill an answer with; what is looked at is the page, not the prose. */
const WORDS =
  `quería volver a casa antes de que cayera la noche. La puerta estaba abierta y dentro se oía
el agua de la fuente, despacio, como si alguien contara las horas. Nadie había regado los geranios, pero la
tierra olía a lluvia; sobre el brocal dormía un gato del color de la ceniza. «No lo despiertes», dijo la
abuela desde la sombra, y siguió pelando naranjas con una paciencia antigua.`.split(/\s+/u);

interface Pace {
  readonly tokenMs: number;
  readonly tokens: number;
  readonly loadMs: number;
}

/** `?ms=20&tokens=60&load=600&threads=1&fail=recetas`: an engine to look at the page with. */
export function demoEngine(query: URLSearchParams): Engine {
  const number = (key: string, otherwise: number) => Number(query.get(key) ?? otherwise);
  const pace = {
    tokenMs: number('ms', 25),
    tokens: number('tokens', 60),
    loadMs: number('load', 600),
  };
  const threads = number('threads', 2);
  const device: Device = {
    threads,
    isolated: threads > 1,
    jspi: true,
    memoryBytes: null,
    gpu: null,
  };
  const failing = query.get('fail') ?? '';
  let loaded = false;
  return {
    probe: () => Promise.resolve(device),
    dispose: () => undefined,
    async *run(batch, signal, cellSignals = new Map()) {
      if (!loaded) yield* load(batch, pace);
      loaded = true;
      let lanes = batch.jobs.map((job) => {
        const stopped = () => signal.aborted || cellSignals.get(job.cell)?.aborted === true;
        const fails = failing !== '' && batch.adapter?.id.includes(failing) === true;
        return { cell: job.cell, events: fails ? failed() : speak(batch, job, pace, stopped) };
      });
      // The rows of a batch step together, as in the real decoder.
      while (lanes.length > 0) {
        const steps = await Promise.all(lanes.map(({ events }) => events.next()));
        for (const [index, { cell }] of lanes.entries()) {
          const step = steps[index];
          if (step && !step.done) yield { cell, event: step.value };
        }
        lanes = lanes.filter((_, index) => steps[index]?.done !== true);
      }
    },
  };
}

async function* load(batch: Batch, { loadMs }: Pace): AsyncGenerator<CellEvent> {
  const totalBytes = batch.model.variants.cpu8 ?? 1;
  for (let step = 1; step <= 10; step++) {
    await wait(loadMs / 10);
    const loadedBytes = (totalBytes * step) / 10;
    for (const { cell } of batch.jobs) {
      yield { cell, event: { type: 'loading', phase: 'weights', loadedBytes, totalBytes } };
    }
  }
}

async function* speak(
  batch: Batch,
  job: Job,
  pace: Pace,
  stopped: () => boolean,
): AsyncGenerator<RunEvent> {
  const { backend, variant } = batch;
  yield {
    type: 'ready',
    conditions: { backend, variant, threads: 2, seed: job.seed },
    promptTokens: 24,
  };
  await wait(pace.tokenMs * 4);
  const output = demoOutput(batch, job);
  if (output) {
    const timing = { firstTokenMs: 83, decodeMs: 0, promptTokens: 24, generatedTokens: 0 };
    return yield { type: 'done', finish: 'end', timing, text: '', output };
  }
  const start = performance.now();
  let text = '';
  for (let index = 0; index < pace.tokens; index++) {
    if (stopped()) return yield { type: 'cancelled' };
    const piece = ` ${WORDS[(index + job.prompt.length * 7) % WORDS.length] ?? ''}`;
    text += piece;
    const alternatives = [{ id: index, text: piece, logprob: -0.5 }];
    yield {
      type: 'tokens',
      text: piece,
      tokens: [{ id: index, text: piece, logprob: -0.5, alternatives }],
    };
    await wait(pace.tokenMs);
  }
  const timing = {
    firstTokenMs: pace.tokenMs * 4,
    decodeMs: performance.now() - start,
    promptTokens: 24,
    generatedTokens: pace.tokens,
  };
  yield { type: 'done', finish: 'length', timing, text, output: { kind: 'text' } };
}

async function* failed(): AsyncGenerator<RunEvent> {
  await wait(50);
  yield { type: 'failed', failure: { code: 'worker-crashed', detail: 'guion' } };
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
