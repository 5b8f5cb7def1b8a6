import type { Voice } from '../../src/domain/model.ts';
import { BASE, nameOf, tuned } from './support/patio.ts';
import { expect, test } from './support/test.ts';
import { traceOf, watchCells, type Moment } from './support/trace.ts';

// What the service worker keeps passes it too, and would be counted twice.
test.use({ serviceWorkers: 'block' });

const VOICES = [BASE, tuned('quijote'), tuned('recetas'), tuned('sonetos')];
const SWAP_BAR_MS = 100;
const TRIES = 3;

test('one base in memory serves every voice, and changing voice is quick', async ({
  patio,
  page,
  watch,
}) => {
  await patio.open({ voices: VOICES, params: { maxTokens: 12 } });
  await patio.run();
  await patio.allDone();
  const weights = () => watch.requestsFor('.onnx_data');
  const adapters = () => watch.requestsFor('adapter_model.safetensors');
  expect(weights()).toHaveLength(1);
  expect(adapters().length).toBeGreaterThanOrEqual(3);
  expect(new Set(adapters()).size).toBe(adapters().length);
  const asked = watch.requests.length;

  await watchCells(page);
  const swaps: number[] = [];
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const from = (await traceOf(page)).length;
    await patio.run();
    await patio.allDone();
    swaps.push(...swapTimes((await traceOf(page)).slice(from)));
  }
  // Nothing at all is asked for again: the voices were laid over the base from memory.
  expect(watch.requests.slice(asked)).toEqual([]);
  const description = swaps.map(Math.round).join(', ');
  test.info().annotations.push({ type: 'swap, ms', description });
  // The quickest: others may be caught behind another program of this machine.
  expect(swaps).not.toContain(NaN);
  expect(Math.min(...swaps)).toBeLessThan(SWAP_BAR_MS);
});

/** From one voice's last word on screen to the next voice at work. */
function swapTimes(trace: readonly Moment[]): number[] {
  const first = (voice: Voice, status: string) =>
    trace.find((moment) => moment.cell === nameOf(voice) && moment.status === status)?.at ?? NaN;
  return VOICES.slice(1).map(
    (voice, index) => first(voice, 'running') - first(VOICES[index] ?? BASE, 'done'),
  );
}
