/** Speed of one row and time to its first token, for every contender; adapter swaps. */
import type { Page } from '@playwright/test';
import { taskOf, withPage, type Bench, type Figures, type Outcome } from '../bench.ts';
import type { ContenderId, Sample, Sampling, Swap, Task } from '../page/contract.ts';
import { median, ratio, tokensPerSecond } from '../statistics.ts';

/** What sampling contenders are asked for: Patio's initial cuts, as far as all of them know them. */
const SAMPLING: Sampling = { temperature: 0.8, topK: 40 };
/** The bare loop has no sampler. */
const SAMPLERS: readonly ContenderId[] = ['patio', 'transformers', 'wllama'];
/** An answer that ends by itself before this says little of speed, and another is drawn. */
const MIN_SAMPLED_TOKENS = 32;
const OPENINGS = ['Cuentan', 'Dicen', 'Recuerdan', 'Escriben', 'Aseguran', 'Repiten', 'Murmuran'];
const PLACES = ['en Toledo', 'en el sur', 'los viejos', 'en la plaza', 'los marineros', 'en Lima'];

type Samples = ReadonlyMap<ContenderId, Sample[]>;

/** Another in each round: nobody may have read its beginning before. */
function prompt(at: number): string {
  const opening = OPENINGS[at % OPENINGS.length] as string;
  const place = PLACES[Math.floor(at / OPENINGS.length) % PLACES.length] as string;
  return `${opening} ${place} que había una vez una niña que vivía con su abuela en una casa blanca cerca del mar. Una mañana, cuando salió al patio, encontró`;
}

export function measureDecode(bench: Bench): Promise<Outcome> {
  return withPage(bench.context, bench.site, async (page) => {
    const { contenders, runs } = bench.options;
    for (const id of contenders) {
      const first = taskOf(bench, prompt(0));
      await page.evaluate(([who, what]) => window.bench.prepare(who, what), [id, first] as const);
      console.log(`${id}: ready`);
    }
    const greedy: Samples = new Map(contenders.map((id) => [id, []]));
    const sampled: Samples = new Map(
      contenders.filter((id) => SAMPLERS.includes(id)).map((id) => [id, []]),
    );
    let next = 1;
    for (let round = 0; round < runs; round += 1) {
      // Side by side in time, so that whatever else the machine does falls on all alike.
      while (!(await greedyRound(page, taskOf(bench, prompt(next)), greedy))) next += 1;
      const task = taskOf(bench, prompt(next));
      for (const [id, own] of sampled) own.push(await draw(page, id, task));
      next += 1;
    }
    const swaps = contenders.includes('patio')
      ? await page.evaluate((what) => window.bench.swaps(what), taskOf(bench, prompt(0)))
      : [];
    const figures = { ...speeds(greedy, sampled), ...swapFigures(swaps) };
    const raw = {
      samples: Object.fromEntries(greedy) as Record<string, unknown>,
      sampled: Object.fromEntries(sampled) as Record<string, unknown>,
      swaps,
    };
    return { figures, raw, agreement: agreementOf(greedy) };
  });
}

/** False, and nothing noted, where a text ends by itself too early to say much of speed. */
async function greedyRound(page: Page, task: Task, greedy: Samples): Promise<boolean> {
  const round = new Map<ContenderId, Sample>();
  for (const id of greedy.keys()) {
    const sample = await generate(page, id, task);
    if (sample.decoded < task.tokens / 2) {
      if (task.prompt === prompt(OPENINGS.length * PLACES.length)) {
        throw new Error(`${id} ends every text early; the prompts do not serve`);
      }
      return false;
    }
    round.set(id, sample);
  }
  for (const [id, sample] of round) greedy.get(id)?.push(sample);
  return true;
}

async function draw(page: Page, id: ContenderId, task: Task): Promise<Sample> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const sample = await generate(page, id, { ...task, sampling: SAMPLING });
    if (sample.decoded >= MIN_SAMPLED_TOKENS) return sample;
  }
  throw new Error(`${id} ends every answer early; the prompt does not serve`);
}

function generate(page: Page, id: ContenderId, task: Task): Promise<Sample> {
  return page.evaluate(([who, what]) => window.bench.generate(who, what), [id, task] as const);
}

function speeds(greedy: Samples, sampled: Samples): Figures {
  const figures: Figures = {};
  const speedsOf = (samples: readonly Sample[] = []) => samples.map(tokensPerSecond);
  for (const [id, samples] of greedy) {
    figures[`decode.${id}`] = median(speedsOf(samples));
    figures[`ttft.${id}`] = median(samples.map(({ firstTokenMs }) => firstTokenMs));
    if (id !== 'patio' && greedy.has('patio')) {
      figures[`patio/${id}`] = ratio(speedsOf(greedy.get('patio')), speedsOf(samples));
    }
  }
  for (const [id, samples] of sampled) {
    figures[`sampled.${id}`] = median(speedsOf(samples));
    if (id !== 'patio' && sampled.has('patio')) {
      figures[`sampled.patio/${id}`] = ratio(speedsOf(sampled.get('patio')), speedsOf(samples));
    }
  }
  if (greedy.has('bare') && greedy.has('transformers')) {
    figures['bare/transformers'] = ratio(
      speedsOf(greedy.get('bare')),
      speedsOf(greedy.get('transformers')),
    );
  }
  return figures;
}

function swapFigures(swaps: readonly Swap[]): Figures {
  if (swaps.length === 0) return {};
  return {
    'swap.patio': median(swaps.map(({ firstMs }) => firstMs)),
    'swap.patio.max': Math.max(...swaps.map(({ firstMs }) => firstMs)),
    'swap.patio.again': median(swaps.map(({ againMs }) => againMs)),
  };
}

function agreementOf(samples: Samples): Record<string, string> {
  const own = samples.get('patio')?.[0]?.text ?? samples.get('bare')?.[0]?.text ?? '';
  const entries = [...samples].map(([id, [first]]) => {
    const text = first?.text ?? '';
    return [id, `${String(commonPrefix(own, text))} of ${String(own.length)}`];
  });
  return Object.fromEntries(entries) as Record<string, string>;
}

function commonPrefix(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}
