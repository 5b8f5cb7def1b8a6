/** From the opening of a page to its first token, with everything cached. */
import { openPage, taskOf, type Bench, type Figures, type Outcome } from '../bench.ts';
import { Rounds } from '../statistics.ts';

/** Openings that are not counted: the browser caches compiled code by and by. */
const WARMUPS = 3;
const PAGES = { patio: 'cold.html', transformers: 'cold-transformers.html' } as const;

export async function measureCold(bench: Bench): Promise<Outcome> {
  const { contenders, runs } = bench.options;
  const ids = (['patio', 'transformers'] as const).filter((id) => contenders.includes(id));
  const rounds = new Rounds();
  for (let visit = 0; visit < WARMUPS + runs; visit += 1) {
    for (const id of ids) {
      const ms = await open(bench, PAGES[id]);
      if (visit >= WARMUPS) rounds.note(id, ms);
    }
  }
  const figures: Figures = {};
  for (const id of ids) figures[`cold.${id}`] = rounds.median(id);
  if (ids.length === 2) figures['cold'] = rounds.ratio('patio', 'transformers');
  return { figures, raw: rounds.raw };
}

async function open(bench: Bench, name: string): Promise<number> {
  const task = taskOf(bench, 'Había una vez una niña que vivía con su abuela');
  const hash = encodeURIComponent(JSON.stringify(task));
  const page = await openPage(bench.context, `${bench.site.url}${name}#${hash}`);
  const ms = await page.evaluate(() => window.cold);
  await page.close();
  return ms;
}
