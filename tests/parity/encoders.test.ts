/** Encoders and their heads against PyTorch transformers on tiny random checkpoints. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readAdapter } from '../../src/checkpoint/adapter';
import type { JsonObject } from '../../src/checkpoint/json-file';
import type { TensorSource } from '../../src/checkpoint/tensor-source';
import { openFolder } from '../../scripts/lib/folder';
import { QUANTISED, everyRow, outputsOf, together } from './encoder-cases';
import type { Cases } from './encoder-cases';
import { buildEncoder } from './encoder-runner';
import type { EncoderRunner } from './encoder-runner';
import { EXACT, fixture, fixtures, readFixture, references } from './fixtures';
import { meanError, relativeError } from './measures';
import { NEVER } from './runner';

// Wasm on one thread, perhaps beside a build: generous, so that only a hang fails.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const TYPED = ['input_ids', 'attention_mask', 'token_type_ids'];
const PLAIN = ['input_ids', 'attention_mask'];
/** Families whose reference takes the texts of a pair apart, wherever the table has two rows. */
const PAIRED = ['bert', 'electra', 'deberta-v2'];

const CASES = fixtures()
  .filter(({ kind }) => kind === 'encoder')
  .map(({ name, family, head }) => {
    const types = readFixture<JsonObject>(name, 'config.json')['type_vocab_size'];
    const isTyped = PAIRED.includes(family) && Number(types) > 1;
    return { name, inputs: isTyped ? TYPED : PLAIN, outputs: outputsOf(head) };
  });

describe.each(CASES)('$name', ({ name, inputs, outputs }) => {
  const folder = fixture(name);
  let cases: Cases;
  let reference: TensorSource;
  let exact: EncoderRunner;

  beforeAll(async () => {
    cases = readFixture<Cases>(name, 'reference.json');
    reference = await references(name);
    exact = await buildEncoder(folder, { variant: 'fp32' });
  });
  afterAll(() => exact.release());

  test('fp32 is the reference, each row of a batch as if alone', async () => {
    const rows = await everyRow(exact, cases, reference, outputs);
    expect(rows.length).toBeGreaterThan(0);
    for (const { label, found, expected } of rows) {
      expect(relativeError(found, expected), label).toBeLessThan(EXACT);
    }
  });

  test('what fills a row is of no consequence', async () => {
    const batch = { batch: cases['batch'] ?? { ids: [] } };
    for (const { label, found, expected } of await everyRow(exact, batch, reference, outputs, 5)) {
      expect(relativeError(found, expected), label).toBeLessThan(EXACT);
    }
  });

  test('inputs and outputs are those of stock loaders', () => {
    expect([...exact.inputs].sort()).toEqual([...inputs].sort());
    expect([...exact.outputs].sort()).toEqual(Object.keys(outputs).sort());
    expect(exact.manifest.ports).toEqual([]);
  });

  test.each(QUANTISED)('$name stays within $tolerance', async ({ build, tolerance }) => {
    const runner = await buildEncoder(folder, build);
    const rows = await everyRow(runner, cases, reference, outputs);
    const { found, expected } = together(rows);
    expect(meanError(found, expected)).toBeLessThan(tolerance);
    await runner.release();
  });
});

test('an adapter and its own head, merged into the weights, are what PEFT computes', async () => {
  const name = 'roberta-classification';
  const folder = fixture(name);
  const merged = await readAdapter(await openFolder(`${folder}/adapter`), NEVER);
  const runner = await buildEncoder(folder, { variant: 'fp32', merged });
  const reference = await references(`${name}/adapter`);
  const rows = await everyRow(runner, readFixture<Cases>(name, 'reference.json'), reference, {
    logits: 'text',
  });
  for (const { label, found, expected } of rows) {
    expect(relativeError(found, expected), label).toBeLessThan(EXACT);
  }
  await runner.release();
});
