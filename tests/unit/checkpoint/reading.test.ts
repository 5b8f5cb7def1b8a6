import { describe, expect, test } from 'vitest';
import { readAdapter } from '../../../src/checkpoint/adapter';
import { underPrefix } from '../../../src/checkpoint/alternative-names';
import { countParameters, mainDtype } from '../../../src/checkpoint/census';
import { openCheckpoint } from '../../../src/checkpoint/checkpoint';
import { readRows } from '../../../src/checkpoint/tensor-source';
import type { TensorSource } from '../../../src/checkpoint/tensor-source';
import { openTorchFile } from '../../../src/checkpoint/torch-file';
import { mergeAdapter } from '../../../src/graph/merge-adapter';
import { errorOf, fixture, fixtureFile, reference, signal, watched } from './fixture';

const model = (folder: string) => openCheckpoint(fixture(folder), 'model', signal);

async function expectSame(
  source: TensorSource,
  expected: TensorSource,
  names = expected.names(),
  tolerance = 0,
): Promise<void> {
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) {
    expect([name, source.info(name)?.shape]).toEqual([name, expected.info(name)?.shape]);
    expect([name, await errorOf(source, expected, name)]).toSatisfy(
      ([, error]: [string, number]) => error <= tolerance,
      name,
    );
    await expectSameRows(source, name);
  }
}

/** Rows read alone are the rows of the whole. */
async function expectSameRows(source: TensorSource, name: string): Promise<void> {
  const shape = source.info(name)?.shape ?? [];
  const [rows = 0] = shape;
  if (rows < 2) return;
  const whole = await source.read(name, signal);
  const width = whole.length / rows;
  const [first, count] = [1, rows - 1];
  const alone = await readRows(source, name, first, count, signal);
  expect([name, alone]).toEqual([name, whole.slice(first * width, (first + count) * width)]);
}

describe('a file of torch.save', () => {
  test.each(['zip', 'protocol5', 'legacy', 'training'])('%s', async (form) => {
    const source = await openTorchFile(fixtureFile(`torch/${form}.bin`), signal);
    const expected = await reference('torch');
    expect([...source.names()].sort()).toEqual([...expected.names()].sort());
    await expectSame(source, expected);
    expect(source.info('tied')?.sameAs).toBe('plain');
    expect(source.info('transposed')?.sameAs).toBeUndefined();
    expect(source.info('bfloat16')?.dtype).toBe('BF16');
  });

  test.each(['zip', 'legacy'])('%s is read by range', async (form) => {
    const { file, ranges } = watched(fixtureFile(`torch/${form}.bin`));
    const source = await openTorchFile(file, signal);
    ranges.length = 0;
    await source.read('window', signal);
    const bytes = ranges.reduce((sum, [start, end]) => sum + end - start, 0);
    // A header, and the elements from the window's first to its last.
    expect(bytes).toBeLessThanOrEqual(30 + 23 * 4);
  });

  test('nothing of the caller reaches the file', async () => {
    const source = await openTorchFile(fixtureFile('torch/zip.bin'), signal);
    (await source.read('plain', signal)).fill(0);
    await expectSame(source, await reference('torch'), ['plain', 'tied']);
  });
});

test('shards of pytorch_model.bin with the oldest names, under a base model', async () => {
  const source = await model('bert-bin-shards');
  expect(source.info('bert.embeddings.LayerNorm.weight')).toBeDefined();
  await expectSame(underPrefix(source, 'bert'), await reference('bert-bin-shards'));
  await expectSame(underPrefix(source, 'bert'), source);
});

test('a base model under the names of a head class', async () => {
  const source = underPrefix(await model('bert-base'), 'bert');
  await expectSame(source, await reference('bert-base'));
  expect(source.info('classifier.weight')).toBeUndefined();
  expect(source.resolve?.('bert.embeddings.LayerNorm.weight')).toBe('embeddings.LayerNorm.weight');
});

test('the names under two wrappers', async () => {
  const source = await model('wrapped');
  expect(source.names()).toEqual(['0.weight', '0.bias', '1.weight', '1.bias']);
  await expectSame(source, await reference('wrapped'));
});

describe('bitsandbytes', () => {
  test('gives back the weights it stands for', async () => {
    const source = await model('bitsandbytes');
    const expected = await reference('bitsandbytes');
    expect([...source.names()].sort()).toEqual([...expected.names()].sort());
    await expectSame(source, expected, expected.names(), 2e-7);
  });

  test('is counted as what it stands for', async () => {
    const source = await model('bitsandbytes');
    expect(source.info('nf4.double.weight')).toMatchObject({ shape: [37, 45], quantised: 'nf4' });
    expect(source.info('int8.weight')).toMatchObject({ shape: [6, 11], quantised: 'int8' });
    expect(source.info('nf4.double.weight.absmax')).toBeUndefined();
    const elements = 2 * (37 * 45 + 37) + 2 * (9 * 21 + 9) + 6 * 11 + 6;
    expect(countParameters(source)).toBe(elements);
    expect(mainDtype(await model('bert-base'))).toBe('F32');
  });
});

describe('a merged adapter', () => {
  test.each([
    ['adapter-patterns', 'regular expressions and rank-stabilised scales'],
    ['adapter-tables', 'an embedding table and a head of its own'],
    ['adapter-head', 'a classifier, from adapter_model.bin'],
    ['adapter-gpt2', 'weights that lie the other way round'],
  ])('%s: %s', async (folder) => {
    const base = await model(folder);
    const merged = mergeAdapter(base, await readAdapter(fixture(`${folder}/adapter`), signal));
    const expected = await reference(folder);
    const tied = folder === 'adapter-gpt2' ? ['lm_head.weight'] : [];
    const names = expected.names().filter((name) => !tied.includes(name));
    expect(merged.untouched().length).toBeGreaterThan(0);
    await expectSame(merged, expected, names, 1e-6);
    expect(merged.untouched()).toEqual([]);
    const changed = await Promise.all(names.map((name) => errorOf(base, expected, name)));
    expect(Math.max(...changed)).toBeGreaterThan(0.01);
  });

  test('reaches a base that was saved without its prefix', async () => {
    const base = underPrefix(await model('bert-base'), 'bert');
    const adapter = await readAdapter(fixture('adapter-head/adapter'), signal);
    const merged = underPrefix(mergeAdapter(base, adapter), 'bert');
    const name = 'encoder.layer.0.attention.self.query.weight';
    expect(merged.names()).toContain(name);
    const [plain, short, long] = await Promise.all([
      base.read(name, signal),
      merged.read(name, signal),
      merged.read(`bert.${name}`, signal),
    ]);
    expect(short).toEqual(long);
    expect(short).not.toEqual(plain);
    expect(merged.info('classifier.weight')?.shape).toEqual([3, 20]);
  });
});
