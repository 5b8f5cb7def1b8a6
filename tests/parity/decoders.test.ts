/** Every decoder family against PyTorch transformers on tiny random checkpoints. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readAdapter } from '../../src/checkpoint/adapter';
import type { Adapter } from '../../src/checkpoint/adapter';
import type { TensorSource } from '../../src/checkpoint/tensor-source';
import { openFolder } from '../../scripts/lib/folder';
import { DECODERS, QUANTISED, byChunks, everyCase, sequences, stepByStep } from './decoder-cases';
import { EXACT, fixture, fixtures, references } from './fixtures';
import type { Compared } from './fixtures';
import { joined, meanError, relativeError } from './measures';
import { ENGINES, type Engine } from './open-session';
import { NEVER, buildRunner } from './runner';
import type { Build, Runner, Scores } from './runner';

// Wasm on one thread, perhaps beside a build: generous, so that only a hang fails.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const ADAPTED = fixtures()
  .filter(({ kind, adapter }) => kind === 'decoder' && adapter)
  .map(({ name }) => name);

/** The 4-bit blocks of GPUs are onnxruntime's. */
function runsIn(engine: Engine, { variant }: Build): boolean {
  return engine === 'onnxruntime' || variant !== 'gpu4';
}

function expectExact(compared: readonly Compared[]): void {
  for (const { label, found, expected } of compared) {
    expect(relativeError(found, expected), label).toBeLessThan(EXACT);
  }
}

const EVERYWHERE = (names: readonly string[]) =>
  ENGINES.flatMap((engine) => names.map((name) => [name, engine] as const));

describe.each(EVERYWHERE(DECODERS))('%s in %s', (name, engine) => {
  let exact: Runner;
  let reference: TensorSource;
  const all = sequences(name);
  const batch = all.cases['batch'] ?? [];

  beforeAll(async () => {
    exact = await buildRunner(fixture(name), { variant: 'fp32' }, engine);
    reference = await references(name);
  });
  afterAll(() => exact.release());

  test('fp32 is the reference', async () => {
    expectExact(await everyCase(exact, all, reference));
  });

  test.each(QUANTISED.filter(({ build }) => runsIn(engine, build)))(
    '$name stays within $tolerance',
    async ({ build, tolerance }) => {
      const runner = await buildRunner(fixture(name), build, engine);
      for (const { label, found, expected } of await everyCase(runner, all, reference)) {
        expect(meanError(found, expected), label).toBeLessThan(tolerance);
      }
      await runner.release();
    },
  );

  test.each([2, 7])('read %i tokens at a time, a text scores the same', async (count) => {
    const [text = []] = all.cases['long'] ?? [];
    const expected = await reference.read('long.0', NEVER);
    expect(relativeError(await byChunks(exact, text, count), expected)).toBeLessThan(EXACT);
  });

  test('a padded batch goes on over its cache as each row would alone', async () => {
    expectExact(await stepByStep(exact, batch, reference, 2));
  });

  test('the last position alone, its best tokens and its normaliser agree with all logits', async () => {
    const last = await buildRunner(fixture(name), { variant: 'fp32', logits: 'last' }, engine);
    const { vocab } = last.manifest.model;
    const scores = await last.run(batch);
    for (const [at, row] of batch.entries()) {
      const expected = (await reference.read(`batch.${at}`, NEVER)).slice((row.length - 1) * vocab);
      expect(relativeError(joined(scores.logits[at] ?? []), expected)).toBeLessThan(EXACT);
      expectSummary(scores, at, expected);
    }
    await last.release();
  });
});

function expectSummary(scores: Scores, row: number, logits: Float32Array): void {
  const best = [...logits].sort((a, b) => b - a).slice(0, 64);
  const ids = scores.topIds[row] ?? [];
  expect(new Set(ids).size).toBe(best.length);
  // Of two tokens that score nearly alike, either may come first.
  for (const [rank, logit] of best.entries()) {
    expect(logits[ids[rank] ?? -1]).toBeCloseTo(logit, 4);
    expect(scores.topLogits[row]?.[rank]).toBeCloseTo(logit, 4);
  }
  const normaliser = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
  expect(scores.logNormalizer[row]).toBeCloseTo(normaliser, 4);
}

describe.each(EVERYWHERE(ADAPTED))('an adapter of %s in %s', (name, engine) => {
  let adapter: Adapter;
  let adapted: TensorSource;
  const all = sequences(name);

  beforeAll(async () => {
    adapter = await readAdapter(await openFolder(`${fixture(name)}/adapter`), NEVER);
    adapted = await references(`${name}/adapter`);
  });

  test('through the ports is what PEFT computes, and leaves no trace', async () => {
    const runner = await buildRunner(fixture(name), { variant: 'fp32' }, engine);
    expectExact(await everyCase(runner, all, adapted, adapter));
    expectExact(await everyCase(runner, all, await references(name)));
    await runner.release();
  });

  test('merged into the weights is the same', async () => {
    const build = { variant: 'fp32', ports: false, merged: adapter } as const;
    const runner = await buildRunner(fixture(name), build, engine);
    expect(runner.manifest.ports).toEqual([]);
    expectExact(await everyCase(runner, all, adapted));
    await runner.release();
  });
});
