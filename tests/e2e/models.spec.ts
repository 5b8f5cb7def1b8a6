import { readFile, writeFile } from 'node:fs/promises';
import { Uint8ArrayReader, ZipReader, type FileEntry } from '@zip.js/zip.js';
import { filesOf, fixture, zipOf } from './support/folders.ts';
import { Asking, Models } from './support/models.ts';
import { BASE, expectStatus } from './support/patio.ts';
import { expect, test } from './support/test.ts';

/** What decoders compute with, for one thread or for several. */
const KERNELS = /\/(?:plain|shared)-[^/]+\.js$/u;
const NAME = 'Azar';
const PROMPT = 'Había una vez un gorrión';
const GREEDY = { temperature: 0, maxTokens: 10 };

test('a folder from save_pretrained is looked at, prepared, checked, and runs beside Gorrión, also offline', async ({
  patio,
  page,
  context,
  watch,
}) => {
  watch.forgive(/ERR_INTERNET_DISCONNECTED|ERR_FAILED/u);
  await patio.open({ voices: [BASE], params: GREEDY });
  const models = new Models(patio);
  await models.open();
  await models.bringFolder(fixture('llama'));
  await expect(models.fact(models.t.facts.family)).toHaveText('llama');
  await expect(models.fact(models.t.facts.kind)).toHaveText(models.t.kinds.checkpoint);
  await expect(models.fact(models.t.facts.license)).toHaveText('apache-2.0');
  await expect(models.fact(models.t.facts.parameters)).toHaveText('74 k');
  await expect(models.arrival).toContainText('equipo/base');
  // Looking is not keeping.
  await models.expectNothingKept();

  await models.prepare(NAME);
  await models.ready(NAME);
  await models.expectChecked(NAME);
  await models.tryIt(NAME);
  const asking = new Asking(patio, 'text-generation');
  await asking.ask(PROMPT);
  await expect(patio.cells).toHaveCount(2);
  const [own, gorrion] = [await asking.answer(NAME), await asking.answer('Gorrión')];
  expect(own).not.toBe(gorrion);
  expect(own.length).toBeGreaterThan(PROMPT.length);

  const kernels = () => watch.requests.filter((url) => KERNELS.test(url)).length;
  const fetched = kernels();
  await page.reload();
  await expect(patio.prompt()).toHaveValue(PROMPT);
  // The model of the first column is loaded, and with it all that computes, before anybody asks.
  await expect.poll(kernels).toBeGreaterThan(fetched);
  await expect.poll(() => watch.open).toBe(0);
  await context.setOffline(true);
  await patio.run();
  await expectStatus(asking.cell(NAME), 'done');
  expect(await asking.answer(NAME)).toBe(own);
});

test('a folder and a zip let go over the page', async ({ patio }, info) => {
  await patio.open({ voices: [BASE], params: GREEDY });
  const models = new Models(patio);
  await models.open();
  await models.drop(fixture('gpt2'));
  await expect(models.fact(models.t.facts.family)).toHaveText('gpt2');
  // Weights that were pickled, in two shards, are read as data.
  await models.prepare('Partido');
  await models.ready('Partido');
  await models.expectChecked('Partido');

  for (const [level, name] of [
    [0, 'Guardado'],
    [6, 'Comprimido'],
  ] as const) {
    const zip = info.outputPath(`${name}.zip`);
    const files = Object.entries(await filesOf(fixture('llama')));
    const inside = Object.fromEntries(files.map(([path, bytes]) => [`modelo/${path}`, bytes]));
    await writeFile(zip, await zipOf(inside, level));
    await models.drop(zip);
    await expect(models.fact(models.t.facts.family)).toHaveText('llama');
    await models.prepare(name);
    await models.ready(name);
    await models.expectChecked(name);
  }
  await models.tryIt('Partido');
  const asking = new Asking(patio, 'text-generation');
  await asking.ask(PROMPT);
  expect((await asking.answer('Partido')).length).toBeGreaterThan(PROMPT.length);
});

test('an exported zip holds what a stock loader opens', async ({ patio, page }) => {
  await patio.open({ voices: [BASE], params: GREEDY });
  const models = new Models(patio);
  await models.open();
  await models.add(fixture('llama'), NAME);
  const download = page.waitForEvent('download');
  await patio.button(models.t.here.exportOne(NAME)).click();
  const saved = await download;
  expect(saved.suggestedFilename()).toMatch(/\.zip$/u);
  const zip = new ZipReader(new Uint8ArrayReader(await readFile(await saved.path())));
  const entries = (await zip.getEntries()) as FileEntry[];
  await zip.close();
  const paths = entries.map(({ filename }) => filename);
  for (const path of ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'patio.json']) {
    expect(paths).toContain(path);
  }
  expect(paths.filter((path) => /^onnx\/model.*\.onnx$/u.test(path))).toEqual([
    'onnx/model_quantized.onnx',
    'onnx/model_quantized_ports.onnx',
  ]);
  expect(paths).toContain('README.md');
});

test('what was removed is gone, and its column says so', async ({ patio }) => {
  await patio.open({ voices: [BASE], params: GREEDY });
  const models = new Models(patio);
  await models.open();
  await models.add(fixture('llama'), NAME);
  await models.tryIt(NAME);
  await models.open();
  await patio.button(models.t.here.removeOne(NAME)).click();
  await patio.dialog.getByRole('button', { name: models.t.here.remove, exact: true }).click();
  await expect(models.stored(NAME)).toHaveCount(0);
  await models.expectNothingKept();
  await patio.goTo('compare');
  await patio.prompt().fill(PROMPT);
  await patio.run();
  await patio.settled();
  const { what } = patio.t.failures['model-unknown']({ code: 'model-unknown', model: '' });
  const [before = ''] = what.split('«');
  await expect(patio.cells.filter({ hasText: before })).toHaveCount(1);
});
