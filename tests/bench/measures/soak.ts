/** Whether memory stays flat over many runs, each with prompts of its own. */
import { withBrowser, withPage, type Bench, type Outcome } from '../bench.ts';
import type { Request } from '../page/contract.ts';
import { CAN_READ_MEMORY, residentOf } from '../resident.ts';
import { Texts } from '../texts.ts';

/** Runs before memory is taken for settled. */
const SETTLED = 5;
const PROMPTS = 4;
const PROMPT_TOKENS = 24;
const TOKENS = 16;
const POINTS = 20;

export function measureSoak(bench: Bench): Promise<Outcome> {
  if (!CAN_READ_MEMORY) return Promise.resolve({ figures: {}, raw: null });
  const { options, site, threads } = bench;
  const texts = new Texts(5);
  const request = (): Request => ({
    kind: 'text-generation',
    asks: texts.many(PROMPTS, PROMPT_TOKENS).map((prompt) => ({ prompt, history: [] })),
    ...{ tokens: TOKENS, threads, model: site.model, gguf: null },
  });
  return withBrowser((context) =>
    withPage(context, site, async (page) => {
      const devtools = await context.newCDPSession(page);
      const browser = context.browser();
      if (browser === null) throw new Error('the browser is not to be asked');
      const bytes: number[] = [];
      for (let run = 1; run <= options.soakRuns; run += 1) {
        await page.evaluate((what) => window.bench.answer('patio', what), request());
        await devtools.send('HeapProfiler.collectGarbage');
        bytes.push((await residentOf(browser)).now());
      }
      const curve = curveOf(bytes);
      const last = curve.at(-1)?.megabytes ?? NaN;
      // The first point may still hold what loading left, which would hide a growth after it.
      const settled = Math.min(...curve.slice(0, 2).map(({ megabytes }) => megabytes));
      return { figures: { 'soak.memory': last / settled }, raw: { curve } };
    }),
  );
}

/** The least memory of each few runs: what is more was garbage that waited to be collected. */
function curveOf(bytes: readonly number[]): { run: number; megabytes: number }[] {
  const every = Math.max(1, Math.round(bytes.length / POINTS / SETTLED)) * SETTLED;
  const runs = bytes.map((_, at) => at + 1);
  const shown = runs.filter((run) => run === SETTLED || run % every === 0 || run === bytes.length);
  return shown.map((run) => {
    const least = Math.min(...bytes.slice(Math.max(0, run - SETTLED), run));
    return { run, megabytes: Math.round(least / 1e5) / 10 };
  });
}
