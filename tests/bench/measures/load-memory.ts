/**
 * How high a page's memory rises while a model loads, per byte of its package. What a page and a
 * runtime weigh by themselves is taken away by loading two packages, one twice as large, each in a
 * browser of its own: only the difference counts.
 */
import { withBrowser, withPage, taskOf, type Bench, type Figures, type Outcome } from '../bench.ts';
import { HEAVIER, HEAVY, makePackage, type Made } from '../checkpoints.ts';
import type { ContenderId } from '../page/contract.ts';
import { CAN_READ_MEMORY, residentOf } from '../resident.ts';
import { median, Rounds } from '../statistics.ts';

/** Each opens two browsers for every contender; memory varies less than time. */
const MOST_RUNS = 3;

export async function measureLoadMemory(bench: Bench): Promise<Outcome> {
  if (!CAN_READ_MEMORY) return { figures: {}, raw: null };
  const packages = {
    small: await makePackage('heavy', HEAVY),
    large: await makePackage('heavier', HEAVIER),
  };
  const { contenders, runs } = bench.options;
  const ids = (['patio', 'transformers'] as const).filter((id) => contenders.includes(id));
  const rounds = new Rounds();
  for (let round = 0; round < Math.min(runs, MOST_RUNS); round += 1) {
    for (const id of ids) {
      for (const [name, made] of Object.entries(packages)) {
        rounds.note(`${id}.${name}`, await peakOf(bench, id, made));
      }
    }
  }
  const bytes = packages.large.bytes - packages.small.bytes;
  const figures: Figures = {};
  for (const id of ids) {
    const { [`${id}.small`]: small = [], [`${id}.large`]: large = [] } = rounds.raw;
    const name = id === 'patio' ? 'load.memory' : `load.memory.${id}`;
    figures[name] = (median(large) - median(small)) / bytes;
  }
  return { figures, raw: { ...rounds.raw, packages } };
}

function peakOf(bench: Bench, id: ContenderId, { path }: Made): Promise<number> {
  const { site } = bench;
  const task = { ...taskOf(bench, 'Había una vez'), tokens: 2, model: site.url + path };
  return withBrowser((context) =>
    withPage(context, site, async (page) => {
      const browser = context.browser();
      if (browser === null) throw new Error('the browser is not to be asked');
      await page.evaluate(([who, what]) => window.bench.prepare(who, what), [id, task] as const);
      return (await residentOf(browser)).peak();
    }),
  );
}
