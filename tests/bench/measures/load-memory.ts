/**
 * How high a page's memory rises while a model loads, per byte of its package. What a page and a
 * runtime weigh by themselves is taken away by loading a small package as well, in a browser of its
 * own: only the difference counts.
 */
import { withBrowser, withPage, taskOf, type Bench, type Figures, type Outcome } from '../bench.ts';
import { HEAVY, LONG, makePackage, type Made } from '../checkpoints.ts';
import type { ContenderId } from '../page/contract.ts';
import { CAN_READ_MEMORY, residentOf } from '../resident.ts';
import { median, Rounds } from '../statistics.ts';

/** Each opens two browsers for every contender; memory varies less than time. */
const MOST_RUNS = 3;

export async function measureLoadMemory(bench: Bench): Promise<Outcome> {
  if (!CAN_READ_MEMORY) return { figures: {}, raw: null };
  const packages = {
    small: await makePackage('long', LONG),
    large: await makePackage('heavy', HEAVY),
  };
  const { contenders, runs } = bench.options;
  const ids = (['patio', 'transformers'] as const).filter((id) => contenders.includes(id));
  const rounds = new Rounds();
  for (let round = 0; round < Math.min(runs, MOST_RUNS); round += 1) {
    for (const id of ids) {
      for (const [name, made] of Object.entries(packages)) {
        const { peak, after } = await load(bench, id, made);
        rounds.note(`${id}.${name}.peak`, peak);
        rounds.note(`${id}.${name}.after`, after);
      }
    }
  }
  const bytes = packages.large.bytes - packages.small.bytes;
  const figures: Figures = {};
  for (const id of ids) {
    const name = id === 'patio' ? 'load.memory' : `load.memory.${id}`;
    figures[name] = perByte(rounds, id, 'peak', bytes);
    figures[`${name}.after`] = perByte(rounds, id, 'after', bytes);
  }
  return { figures, raw: { ...rounds.raw, packages } };
}

function perByte(rounds: Rounds, id: string, when: 'peak' | 'after', bytes: number): number {
  const { raw } = rounds;
  const small = raw[`${id}.small.${when}`] ?? [];
  return median((raw[`${id}.large.${when}`] ?? []).map((at, i) => at - (small[i] ?? NaN))) / bytes;
}

function load(bench: Bench, id: ContenderId, { path }: Made) {
  const { site } = bench;
  const task = { ...taskOf(bench, 'Había una vez'), tokens: 2, model: site.url + path };
  return withBrowser((context) =>
    withPage(context, site, async (page) => {
      const browser = context.browser();
      if (browser === null) throw new Error('the browser is not to be asked');
      await page.evaluate(([who, what]) => window.bench.prepare(who, what), [id, task] as const);
      const resident = await residentOf(browser);
      return { peak: resident.peak(), after: resident.now() };
    }),
  );
}
