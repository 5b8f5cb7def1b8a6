import { cpus, loadavg } from 'node:os';
import { withBrowser, withPage, type Bench, type Measure, type Outcome } from './bench.ts';
import { measureBatch } from './measures/batch.ts';
import { measureCold } from './measures/cold.ts';
import { measureContext } from './measures/context.ts';
import { measureDecode } from './measures/decode.ts';
import { measureLoadMemory } from './measures/load-memory.ts';
import { measureNative } from './measures/native.ts';
import { measureMatrix, measureTurn } from './measures/prefix.ts';
import { measureSoak } from './measures/soak.ts';
import type { MeasureId, Options } from './options.ts';
import type { Site } from './site.ts';

const MEASURED_BY: Record<MeasureId, Measure> = {
  decode: measureDecode,
  batch: measureBatch,
  'prefix.turn': measureTurn,
  'prefix.matrix': measureMatrix,
  context: measureContext,
  cold: measureCold,
  'load.memory': measureLoadMemory,
  'soak.memory': measureSoak,
  native: measureNative,
};

export interface Measured {
  readonly outcomes: ReadonlyMap<MeasureId, Outcome>;
  readonly browser: string;
  readonly cores: number;
  readonly threads: number;
  /** Processes waiting for the machine in the minute before, this bench not yet among them. */
  readonly loadBefore: number;
  readonly minutes: number;
}

export async function measure(options: Options, site: Site): Promise<Measured> {
  const loadBefore = loadavg()[0] ?? 0;
  const start = performance.now();
  return withBrowser(async (context) => {
    const browser = context.browser()?.version() ?? 'unknown';
    const threads = await withPage(context, site, (page) =>
      page.evaluate(() => window.bench.threads()),
    );
    const bench: Bench = { options, site, context, threads };
    const outcomes = new Map<MeasureId, Outcome>();
    for (const id of options.measures) {
      const began = performance.now();
      outcomes.set(id, await MEASURED_BY[id](bench));
      console.log(`${id}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
    }
    const minutes = (performance.now() - start) / 60_000;
    return { outcomes, browser, cores: cpus().length, threads, loadBefore, minutes };
  });
}
