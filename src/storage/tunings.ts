/** What was measured on this machine, kept for the next visits. */
import * as v from 'valibot';
import type { Tuning } from '../domain/tuning.ts';
import type { SmallStorage } from './settings.ts';

const KEY = 'tuning';

const finite = v.pipe(v.number(), v.finite());

const kept = v.object({
  /** What it was measured with: another browser, GPU or number of cores measures again. */
  machine: v.string(),
  tuning: v.object({
    threads: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
    threadGain: v.nullable(finite),
    gpu: v.nullable(
      v.variant('status', [
        v.object({ status: v.literal('wrong') }),
        v.object({ status: v.literal('right'), cpuGain: finite, cpuUpToBytes: finite }),
      ]),
    ),
  }),
});

/** null where nothing was measured on such a machine, or nothing can be read. */
export function readTuning(storage: SmallStorage, machine: string): Tuning | null {
  const parsed = v.safeParse(kept, parse(storage.read(KEY)));
  return parsed.success && parsed.output.machine === machine ? parsed.output.tuning : null;
}

/** A storage that is full costs another measurement, and nobody is told. */
export function writeTuning(storage: SmallStorage, machine: string, tuning: Tuning): void {
  storage.write(KEY, JSON.stringify({ machine, tuning }));
}

function parse(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}
