/** The llama family against PyTorch transformers on tiny random checkpoints. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readAdapter } from '../../src/checkpoint/adapter';
import type { Adapter } from '../../src/checkpoint/adapter';
import { openSafetensors } from '../../src/checkpoint/safetensors';
import type { TensorSource } from '../../src/checkpoint/tensor-source';
import { openFolder } from '../../scripts/lib/folder';
import { joined, meanError, relativeError } from './measures';
import { NEVER, buildRunner } from './runner';
import type { Build, Runner, Scores } from './runner';

// Wasm on one thread, perhaps beside a build: generous, so that only a hang fails.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));
const EXACT = 1e-4;
/** Random weights make every rounding count: real models stay far below these. */
const QUANTISED: readonly { name: string; build: Build; tolerance: number }[] = [
  { name: 'cpu8, widened', build: { variant: 'cpu8' }, tolerance: 0.03 },
  { name: 'cpu8, integer', build: { variant: 'cpu8', smallModel: 0 }, tolerance: 0.06 },
  { name: 'gpu4, small', build: { variant: 'gpu4' }, tolerance: 0.15 },
  { name: 'gpu4, large', build: { variant: 'gpu4', smallModel: 0 }, tolerance: 0.25 },
];

interface Sequences {
  readonly cases: Readonly<Record<string, readonly number[][]>>;
  readonly turns: readonly [number[], number[]];
}

function sequences(name: string): Sequences {
  return JSON.parse(readFileSync(`${FIXTURES}${name}/reference.json`, 'utf8')) as Sequences;
}

async function references(folder: string): Promise<TensorSource> {
  return openSafetensors(await openFolder(`${FIXTURES}${folder}`), 'reference', NEVER);
}

/** Every reference beside what the runner says, as `[name, found, expected]`. */
async function everyCase(
  runner: Runner,
  { cases, turns }: Sequences,
  reference: TensorSource,
  adapter?: Adapter,
): Promise<[string, Float32Array, Float32Array][]> {
  const via = adapter === undefined ? {} : { adapter };
  const found: [string, Float32Array, Float32Array][] = [];
  const compare = async (name: string, row: Float32Array[] | undefined, length: number) => {
    const expected = await reference.read(name, NEVER);
    found.push([name, joined(row?.slice(0, length) ?? []), expected]);
  };
  for (const [name, rows] of Object.entries(cases)) {
    const { logits } = await runner.run(rows, via);
    for (const [at, row] of rows.entries()) await compare(`${name}.${at}`, logits[at], row.length);
  }
  const first = await runner.run([turns[0]], via);
  const second = await runner.run([turns[1]], { past: first.past, ...via });
  await compare('turn.0', first.logits[0], turns[0].length);
  await compare('turn.1', second.logits[0], turns[1].length);
  return found;
}

describe.each(['llama-tied', 'llama-untied'])('%s', (name) => {
  let exact: Runner;
  let reference: TensorSource;
  const all = sequences(name);

  beforeAll(async () => {
    exact = await buildRunner(`${FIXTURES}${name}`, { variant: 'fp32' });
    reference = await references(name);
  });
  afterAll(() => exact.release());

  test('fp32 is the reference', async () => {
    for (const [label, found, expected] of await everyCase(exact, all, reference)) {
      expect(relativeError(found, expected), label).toBeLessThan(EXACT);
    }
  });

  test.each(QUANTISED)('$name stays within $tolerance', async ({ build, tolerance }) => {
    const runner = await buildRunner(`${FIXTURES}${name}`, build);
    for (const [label, found, expected] of await everyCase(runner, all, reference)) {
      expect(meanError(found, expected), label).toBeLessThan(tolerance);
    }
    await runner.release();
  });

  test('a padded batch goes on over its cache as each row would alone', async () => {
    const rows = all.cases['batch'] ?? [];
    const before = await exact.run(rows.map((row) => row.slice(0, -1)));
    const after = await exact.run(
      rows.map((row) => row.slice(-1)),
      { past: before.past },
    );
    for (const at of rows.keys()) {
      const expected = (await reference.read(`batch.${at}`, NEVER)).slice(-211);
      expect(relativeError(joined(after.logits[at] ?? []), expected)).toBeLessThan(EXACT);
    }
  });

  test('the last position alone, its best tokens and its normaliser agree with all logits', async () => {
    const last = await buildRunner(`${FIXTURES}${name}`, { variant: 'fp32', logits: 'last' });
    const rows = all.cases['batch'] ?? [];
    const scores = await last.run(rows);
    for (const [at, row] of rows.entries()) {
      const expected = (await reference.read(`batch.${at}`, NEVER)).slice((row.length - 1) * 211);
      expect(relativeError(joined(scores.logits[at] ?? []), expected)).toBeLessThan(EXACT);
      expectSummary(scores, at, expected);
    }
    await last.release();
  });
});

function expectSummary(scores: Scores, row: number, logits: Float32Array): void {
  const order = [...logits.keys()].sort((a, b) => (logits[b] as number) - (logits[a] as number));
  expect(scores.topIds[row]).toEqual(order.slice(0, 64));
  const normaliser = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
  expect(scores.logNormalizer[row]).toBeCloseTo(normaliser, 4);
  expect(scores.topLogits[row]?.[0]).toBeCloseTo(logits[order[0] as number] as number, 4);
}

describe('an adapter', () => {
  const folder = `${FIXTURES}llama-tied`;
  let adapter: Adapter;
  let reference: TensorSource;
  const all = sequences('llama-tied');

  beforeAll(async () => {
    adapter = await readAdapter(await openFolder(`${folder}/adapter`), NEVER);
    reference = await references('llama-tied/adapter');
  });

  test('through the ports is what PEFT computes, and leaves no trace', async () => {
    const runner = await buildRunner(folder, { variant: 'fp32' });
    for (const [label, found, expected] of await everyCase(runner, all, reference, adapter)) {
      expect(relativeError(found, expected), label).toBeLessThan(EXACT);
    }
    const base = await references('llama-tied');
    for (const [label, found, expected] of await everyCase(runner, all, base)) {
      expect(relativeError(found, expected), label).toBeLessThan(EXACT);
    }
    await runner.release();
  });

  test('merged into the weights is the same', async () => {
    const runner = await buildRunner(folder, { variant: 'fp32', ports: false, merged: adapter });
    expect(runner.manifest.ports).toEqual([]);
    for (const [label, found, expected] of await everyCase(runner, all, reference)) {
      expect(relativeError(found, expected), label).toBeLessThan(EXACT);
    }
    await runner.release();
  });
});
