import type { Page } from '@playwright/test';
import { BASE, tuned, type Patio } from './support/patio.ts';
import { expect, test } from './support/test.ts';

const HOSTILE = '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>{{<b>n</b>}}';
const VALUE = '<svg onload="window.hurt=1">';

interface Violations {
  readonly violations: string[];
}

/** Every refusal of the browser, also those that a library swallows. */
async function listen(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const violations: string[] = [];
    Object.assign(window, { violations });
    document.addEventListener('securitypolicyviolation', (event) => {
      violations.push(`${event.effectiveDirective} ${event.blockedURI}`);
    });
  });
}

/** What code from a string gives; in a task of the page, since a debugger's own may do more. */
function evaluated(page: Page): Promise<string> {
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        setTimeout(() => {
          try {
            resolve(String(new Function('return 1')()));
          } catch (error) {
            resolve((error as Error).name);
          }
        });
      }),
  );
}

function violationsOf(page: Page): Promise<string[]> {
  return page.evaluate(() => (window as unknown as Violations).violations);
}

async function expectUnhurt(page: Page): Promise<void> {
  expect(await page.evaluate(() => 'hurt' in window)).toBe(false);
}

test('the built page carries a strict policy, and a whole run keeps to it', async ({
  patio,
  page,
}) => {
  await listen(page);
  await patio.open({ voices: [BASE, tuned('quijote')], params: { maxTokens: 8 } });
  const policy = page.locator('meta[http-equiv="Content-Security-Policy"]');
  const content = (await policy.getAttribute('content')) ?? '';
  const directives = new Map(
    content.split('; ').map((line) => [line.split(' ')[0], line.split(' ').slice(1)] as const),
  );
  expect(directives.get('script-src')).toEqual(["'self'", "'wasm-unsafe-eval'"]);
  expect(directives.get('worker-src')).toEqual(["'self'"]);
  const mirrors = ['https:', 'http://localhost:*', 'http://127.0.0.1:*'];
  expect(directives.get('connect-src')).toEqual(["'self'", ...mirrors]);
  expect(directives.get('default-src')).toEqual(["'self'"]);
  expect(directives.get('object-src')).toEqual(["'none'"]);
  // The policy holds only for what comes after it.
  expect(await policy.evaluate((meta) => meta === document.head.firstElementChild)).toBe(true);

  await patio.run();
  await patio.allDone();
  await patio.goTo('history');
  expect(await violationsOf(page)).toEqual([]);
});

test('a script of somebody else does not run', async ({ patio, page, watch }) => {
  watch.forgive(/Content Security Policy/u);
  await listen(page);
  await patio.open();
  await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.hurt = 1';
    document.body.append(script);
    const blob = document.createElement('script');
    blob.src = URL.createObjectURL(new Blob(['window.hurt = 1'], { type: 'text/javascript' }));
    document.body.append(blob);
    const image = document.createElement('div');
    image.innerHTML = '<img src="data:," onerror="window.hurt = 1">';
    document.body.append(image);
  });
  await expect.poll(async () => (await violationsOf(page)).length).toBe(3);
  await expectUnhurt(page);
  expect(await evaluated(page)).toBe('EvalError');
});

test('hostile text is text: typed, in a table, in a title, imported', async ({ patio, page }) => {
  await patio.open({ prompts: [HOSTILE], voices: [BASE], params: { maxTokens: 4 } });
  await patio.page.getByRole('textbox', { name: /fila 1$/u }).fill(VALUE);
  await patio.run();
  await patio.allDone();
  const written = HOSTILE.replace('{{<b>n</b>}}', VALUE);
  expect((await patio.texts())[0]?.startsWith(written)).toBe(true);

  await patio.goTo('history');
  const text = await exportedJson(patio);
  const title = `${HOSTILE} título`;
  await page.locator('input[type="file"]').setInputFiles({
    name: `${VALUE}.json`,
    mimeType: 'application/json',
    buffer: hostile(text, title),
  });
  await patio.button(patio.t.history.open(title)).click();
  await patio.allDone();
  await expect(page.getByText(HOSTILE.replace('{{<b>n</b>}}', '')).first()).toBeVisible();
  expect((await patio.texts())[0]).toContain(`${written}${HOSTILE}`);
  await expectUnhurt(page);
  await expect(page.locator('main img, main script, main b')).toHaveCount(0);
});

async function exportedJson(patio: Patio): Promise<string> {
  const download = patio.page.waitForEvent('download');
  await patio.page.getByRole('button', { name: /^Opciones de/u }).click();
  await patio.pick(patio.t.history.exportAs('JSON'));
  const chunks: Buffer[] = [];
  for await (const chunk of await (await download).createReadStream()) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** The same run with a title, an answer and a voice of ill will. */
function hostile(text: string, title: string): Buffer {
  const record = JSON.parse(text) as {
    id: string;
    title: string;
    voices: string[];
    cells: { state: { partial: { text: string } } }[];
  };
  record.title = title;
  record.id = 'otro';
  record.voices = [VALUE];
  for (const { state } of record.cells) state.partial.text = HOSTILE;
  return Buffer.from(JSON.stringify(record));
}
