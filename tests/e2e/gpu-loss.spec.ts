import type { Worker } from '@playwright/test';
import { LAUNCH_WITH_GPU } from './support/browser.ts';
import { BASE, textOf } from './support/patio.ts';
import { expect, test } from './support/test.ts';

test.use({ launchOptions: LAUNCH_WITH_GPU });

const SAMPLED = { temperature: 0.8, seed: 7, maxTokens: 24 };

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

test('an answer goes on when the GPU is lost, and is the same', async ({ patio, page, watch }) => {
  test.slow();
  // The runtime says what it thinks of shape arithmetic, and of a device that is gone.
  watch.forgive(/\[[WE]:onnxruntime:/u, /device|GPU|buffer/iu);
  const workers: Worker[] = [];
  page.on('worker', (worker) => {
    workers.push(worker);
    void watchDevices(worker);
  });
  await patio.open({ voices: [BASE], params: SAMPLED, backend: 'gpu' });
  await patio.run();
  await patio.allDone();
  const cell = patio.cell(BASE);
  const whole = await textOf(cell);

  await patio.run();
  await expect(cell.getByRole('log')).not.toBeEmpty();
  const [first] = workers;
  expect(first && (await lose(first))).toBe(1);
  await patio.allDone();
  expect(workers).toHaveLength(2);
  expect(await textOf(cell)).toBe(whole);
  await expect(page.getByText(/^El navegador perdió la GPU a mitad/u)).toBeVisible();
});
