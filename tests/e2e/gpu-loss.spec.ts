import type { Worker } from '@playwright/test';
import { LAUNCH_WITH_GPU } from './support/browser.ts';
import { BASE, expectStatus, textOf } from './support/patio.ts';
import { expect, test } from './support/test.ts';

test.use({ launchOptions: LAUNCH_WITH_GPU });

/** The stop string ends the first answer soon; the others are then written together. */
const SAMPLED = { temperature: 0.8, seed: 7, maxTokens: 8, stop: [' lobo'] };
const PROMPTS = ['Había una vez', 'La niña dijo', 'En una casa'];

/** Devices that a Worker asks for from here on are within reach of `lose`. */
async function watchDevices(worker: Worker): Promise<void> {
  await worker.evaluate(() => {
    const given: GPUDevice[] = [];
    Object.assign(globalThis, { given });
    const { requestDevice } = GPUAdapter.prototype;
    GPUAdapter.prototype.requestDevice = async function (...asked) {
      const device = await requestDevice.apply(this, asked);
      given.push(device);
      return device;
    };
  });
}

async function lose(worker: Worker): Promise<number> {
  return worker.evaluate(() => {
    const { given } = globalThis as unknown as { readonly given: readonly GPUDevice[] };
    for (const device of given) device.destroy();
    return given.length;
  });
}

test('answers written together go on when the GPU is lost, and are the same', async ({
  patio,
  page,
  watch,
}) => {
  test.slow();
  // The runtime says what it thinks of shape arithmetic, and of a device that is gone.
  watch.forgive(/\[[WE]:onnxruntime:/u, /device|GPU|buffer/iu);
  const workers: Worker[] = [];
  page.on('worker', (worker) => {
    workers.push(worker);
    void watchDevices(worker);
  });
  await patio.open({ prompts: PROMPTS, voices: [BASE], params: SAMPLED, backend: 'gpu' });
  await patio.run();
  await patio.allDone();
  const whole = await patio.texts();

  await patio.run();
  const [short, , last] = PROMPTS.map((_, at) => patio.cell(BASE, at + 1, PROMPTS.length));
  if (short === undefined || last === undefined) throw new Error('three cells');
  await expectStatus(short, 'done');
  const done = await textOf(short);
  await expectStatus(last, 'running');
  const [first] = workers;
  expect(first && (await lose(first))).toBe(1);
  expect(await textOf(short)).toBe(done);
  await patio.allDone();
  expect(workers).toHaveLength(2);
  expect(await patio.texts()).toEqual(whole);
  await expect(page.getByText(/^El navegador perdió la GPU a mitad/u)).toBeVisible();
});
