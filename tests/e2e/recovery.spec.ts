import type { Page, Worker } from '@playwright/test';
import { failureText } from '../../src/i18n/index.ts';
import type { Failure } from '../../src/domain/failure.ts';
import { BASE, expectStatus, tuned, type Patio } from './support/patio.ts';
import { expect, test } from './support/test.ts';

// Answers are spoilt on their way to the page, which a service worker would stand before.
test.use({ serviceWorkers: 'block' });

/** Long enough to break something in the middle, however fast the machine. */
const LONG = { voices: [BASE, BASE, BASE, BASE, BASE, BASE], params: { maxTokens: 450 } };
const WEIGHTS = '**/model_quantized.onnx_data';

/** The engine's own Worker; the threads of the runtime are its children. */
function engineOf(page: Page): Worker {
  const worker = page.workers().find((other) => other.url().includes('engine.worker'));
  if (!worker) throw new Error('no engine');
  return worker;
}

async function writing(patio: Patio): Promise<void> {
  await patio.open(LONG);
  await patio.run();
  await expect(patio.cells.first()).toHaveAttribute('data-status', /running|done/u);
}

/** Without a reload: a short answer, from a fresh engine where the old one is gone. */
async function works(patio: Patio): Promise<void> {
  await patio.button(new RegExp(`^${patio.t.params.open}:`, 'u')).click();
  const length = patio.t.params.maxTokens.label;
  await patio.dialog.getByRole('textbox', { name: length, exact: true }).fill('8');
  await patio.page.keyboard.press('Tab');
  await patio.page.keyboard.press('Escape');
  await patio.run();
  await patio.allDone();
}

async function expectFailure(patio: Patio, failure: Failure): Promise<void> {
  const cell = patio.cells.last();
  await expectStatus(cell, 'failed');
  const { what, todo } = failureText(patio.t.failures, failure);
  await expect(cell.getByText(what)).toBeVisible();
  await expect(cell.getByText(todo)).toBeVisible();
}

test('an engine that is gone without a word', async ({ patio, page }) => {
  await writing(patio);
  await engineOf(page).evaluate(() => {
    self.close();
  });
  await expectStatus(patio.cells.last(), 'failed');
  await expect(patio.cells.last()).toContainText(/El proceso que ejecutaba el modelo se cerró/u);
  await works(patio);
});

test('an engine that throws', async ({ patio, page, watch }) => {
  watch.forgive(/se rompió/u);
  await writing(patio);
  await engineOf(page).evaluate(() => {
    setTimeout(() => {
      throw new Error('se rompió');
    });
  });
  await expectFailure(patio, { code: 'worker-crashed', detail: 'Uncaught Error: se rompió' });
  await works(patio);
});

test('an engine that hangs is ended by a stop', async ({ patio, page }) => {
  await writing(patio);
  await engineOf(page).evaluate(() => {
    setTimeout(() => {
      for (;;);
    });
  });
  await patio.stopButton.click();
  await expectStatus(patio.cells.last(), 'cancelled');
  await works(patio);
});

test('weights that arrive cut short', async ({ patio, page }) => {
  await page.route(WEIGHTS, async (route) => {
    const response = await route.fetch();
    const body = await response.body();
    await route.fulfill({ status: 200, body: body.subarray(0, body.length / 2) });
  });
  await patio.open({ ...LONG, voices: [BASE] });
  await patio.run();
  const file = 'onnx/model_quantized.onnx_data';
  await expectFailure(patio, { code: 'file-damaged', file, detail: 'it ends too early' });
  await page.unroute(WEIGHTS);
  await works(patio);
});

test('a file that the host does not have', async ({ patio, page, watch }) => {
  watch.forgive(/Failed to load resource/u);
  await page.route('**/quijote/adapter_model.safetensors', (route) =>
    route.fulfill({ status: 404 }),
  );
  await patio.open({ voices: [BASE, tuned('quijote')], params: { maxTokens: 8 } });
  await patio.run();
  const file = 'adapter_model.safetensors';
  await expectFailure(patio, { code: 'file-unreachable', file, status: 404 });
  await expectStatus(patio.cell(BASE), 'done');
  await page.unroute('**/quijote/adapter_model.safetensors');
  await works(patio);
});
