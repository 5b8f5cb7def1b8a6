/** Encoders and their heads against PyTorch transformers on tiny random checkpoints. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readAdapter } from '../../src/checkpoint/adapter';
import { openSafetensors } from '../../src/checkpoint/safetensors';
import type { TensorSource } from '../../src/checkpoint/tensor-source';
import { openFolder } from '../../scripts/lib/folder';
import { buildEncoder, rowOf } from './encoder-runner';
import type { EncoderInput, EncoderRunner } from './encoder-runner';
import { meanError, relativeError } from './measures';
import { NEVER } from './runner';
import type { Build } from './runner';

// Wasm on one thread, perhaps beside a build: generous, so that only a hang fails.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));
const EXACT = 1e-4;
/** Random weights make every rounding count: real models stay far below these. */
const QUANTISED: readonly { name: string; build: Build; tolerance: number }[] = [
  { name: 'cpu8, widened', build: { variant: 'cpu8' }, tolerance: 0.05 },
  { name: 'cpu8, integer', build: { variant: 'cpu8', smallModel: 0 }, tolerance: 0.1 },
  { name: 'gpu4, small', build: { variant: 'gpu4' }, tolerance: 0.05 },
  { name: 'gpu4, large', build: { variant: 'gpu4', smallModel: 0 }, tolerance: 0.45 },
];

const TYPED = ['input_ids', 'attention_mask', 'token_type_ids'];
const PLAIN = ['input_ids', 'attention_mask'];

type Outputs = Readonly<Record<string, 'token' | 'text'>>;

/** What each head answers: a value or vector for every token, or for the text. */
const OUTPUTS = {
  'masked-lm': { logits: 'token' },
  classification: { logits: 'text' },
  tokens: { logits: 'token' },
  question: { start_logits: 'token', end_logits: 'token' },
  embedding: { last_hidden_state: 'token', sentence_embedding: 'text' },
} as const satisfies Readonly<Record<string, Outputs>>;

/** By what begins the folders' names: the graph's inputs, and how the folders' names end. */
const MODELS: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  [
    'bert',
    TYPED,
    ['masked-lm', 'masked-lm-untied', 'classification', 'tokens', 'question', 'embedding'],
  ],
  ['roberta', PLAIN, ['masked-lm', 'classification', 'tokens', 'question', 'embedding']],
  ['xlm-roberta', PLAIN, ['classification']],
  ['distilbert', PLAIN, ['masked-lm', 'classification', 'tokens', 'question', 'embedding']],
  ['electra', TYPED, ['masked-lm', 'classification', 'tokens', 'question', 'embedding']],
  ['deberta-v2', PLAIN, ['masked-lm', 'classification', 'tokens']],
  ['deberta-v2-old', TYPED, ['masked-lm', 'question']],
  ['modernbert', PLAIN, ['masked-lm', 'classification', 'tokens', 'question', 'embedding']],
];

const CASES = MODELS.flatMap(([family, inputs, endings]) =>
  endings.map((ending) => ({ name: `${family}-${ending}`, inputs, outputs: outputsOf(ending) })),
);

function outputsOf(ending: string): Outputs {
  const head = Object.entries(OUTPUTS).find(([name]) => ending.startsWith(name));
  if (head === undefined) throw new Error(`no head ${ending}`);
  return head[1];
}

type Cases = Readonly<Record<string, EncoderInput>>;

function casesOf(folder: string): Cases {
  return JSON.parse(readFileSync(`${folder}/reference.json`, 'utf8')) as Cases;
}

interface Compared {
  readonly label: string;
  readonly found: Float32Array;
  readonly expected: Float32Array;
}

/** Every row of every case beside its reference, which PyTorch computed for the row alone. */
async function everyRow(
  runner: EncoderRunner,
  cases: Cases,
  reference: TensorSource,
  outputs: Outputs,
  pad?: number,
): Promise<Compared[]> {
  const compared: Compared[] = [];
  for (const [name, input] of Object.entries(cases)) {
    const answer = await runner.run(input, pad);
    for (const [output, per] of Object.entries(outputs)) {
      const values = answer[output];
      if (values === undefined) throw new Error(`no output ${output}`);
      for (const [row, ids] of input.ids.entries()) {
        const label = `${name}.${row}.${output}`;
        const expected = await reference.read(label, NEVER);
        compared.push({ label, found: rowOf(values, row, per === 'token', ids.length), expected });
      }
    }
  }
  return compared;
}

describe.each(CASES)('$name', ({ name, inputs, outputs }) => {
  const folder = `${FIXTURES}${name}`;
  let cases: Cases;
  let reference: TensorSource;
  let exact: EncoderRunner;

  beforeAll(async () => {
    cases = casesOf(folder);
    reference = await openSafetensors(await openFolder(folder), 'reference', NEVER);
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
    // A text of few labels has few values: all of them are weighed together.
    const found = Float32Array.from(rows.flatMap((row) => Array.from(row.found)));
    const expected = Float32Array.from(rows.flatMap((row) => Array.from(row.expected)));
    const error = meanError(found, expected);
    if (process.env['PATIO_ERRORS'] !== undefined) console.log(name, build, error.toFixed(4));
    expect(error).toBeLessThan(tolerance);
    await runner.release();
  });
});

test('an adapter and its own head, merged into the weights, are what PEFT computes', async () => {
  const folder = `${FIXTURES}roberta-classification`;
  const merged = await readAdapter(await openFolder(`${folder}/adapter`), NEVER);
  const runner = await buildEncoder(folder, { variant: 'fp32', merged });
  const reference = await openSafetensors(
    await openFolder(`${folder}/adapter`),
    'reference',
    NEVER,
  );
  const rows = await everyRow(runner, casesOf(folder), reference, { logits: 'text' });
  for (const { label, found, expected } of rows) {
    expect(relativeError(found, expected), label).toBeLessThan(EXACT);
  }
  await runner.release();
});
