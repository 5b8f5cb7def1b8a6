/** Every encoder–decoder family against PyTorch transformers on tiny random checkpoints. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { JsonObject } from '../../src/checkpoint/json-file';
import type { TensorSource } from '../../src/checkpoint/tensor-source';
import { DEFAULT_PARAMS } from '../../src/domain/params';
import type { Params } from '../../src/domain/params';
import { checkSeq2Seq } from '../../workers/check-seq2seq';
import { readGeneration } from '../../workers/generation-settings';
import { TextStream } from '../../workers/text-stream';
import { write } from '../../workers/writing';
import type { Writer, Written } from '../../workers/writing';
import { EXACT, fixture, namesOf, readFixture, references } from './fixtures';
import { meanError, relativeError } from './measures';
import { NEVER } from './runner';
import { QUANTISED, everyCase } from './seq2seq-cases';
import type { Reference } from './seq2seq-cases';
import { buildSeq2Seq } from './seq2seq-runner';
import type { Seq2SeqPackage } from './seq2seq-runner';

// Wasm on one thread, perhaps beside a build: generous, so that only a hang fails.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const MODELS = namesOf('encoder-decoder');

type Generated = Reference['generated'][number];

const decodeIds = (ids: readonly number[]) => ids.map((id) => ` ${id}`).join('');

function writerOf(
  { encoder, decoder, manifest }: Seq2SeqPackage,
  name: string,
  settings: Generated['settings'],
): Writer {
  const own = readFixture<JsonObject>(name, 'generation_config.json');
  const config = readFixture<JsonObject>(name, 'config.json');
  return {
    encoder,
    decoder,
    model: manifest.model,
    adapter: { encoder: {}, decoder: {} },
    settings: readGeneration({ ...own, ...settings }, config, manifest.model),
    topCount: manifest.topK,
    lettering: {
      tokenText: (id) => ` ${id}`,
      stream: (prompt) => new TextStream(decodeIds, prompt),
    },
  };
}

/** What the loop of the page writes; null where it was stopped after `steps`. */
async function generate(
  writer: Writer,
  source: readonly number[],
  params: Partial<Params>,
  steps = Infinity,
): Promise<Written | null> {
  const said: number[] = [];
  let taken = 0;
  const written = await write(
    writer,
    { source, seed: 1, params: { ...DEFAULT_PARAMS, ...params } },
    {
      isStopped: () => taken > steps,
      breathe: () => Promise.resolve(void (taken += 1)),
      now: () => taken,
      onTokens: (_, tokens) => said.push(...tokens.map(({ id }) => id)),
    },
  );
  if (written === null) return null;
  expect(written.ids.slice(1)).toEqual(said);
  expect(written.text).toBe(decodeIds(said));
  return written;
}

function paramsOf(settings: Generated['settings']): Partial<Params> {
  return {
    temperature: 0,
    maxTokens: Number(settings['max_new_tokens']),
    beams: Number(settings['num_beams']),
    repetitionPenalty: Number(settings['repetition_penalty'] ?? 1),
  };
}

describe.each(MODELS)('%s', (name) => {
  let exact: Seq2SeqPackage;
  let last: Seq2SeqPackage;
  let reference: TensorSource;
  const all = readFixture<Reference>(name, 'reference.json');

  beforeAll(async () => {
    exact = await buildSeq2Seq(fixture(name), { variant: 'fp32' });
    last = await buildSeq2Seq(fixture(name), { variant: 'fp32', logits: 'last' });
    reference = await references(name);
  });
  afterAll(async () => {
    await exact.release();
    await last.release();
  });

  test('fp32 is the reference', async () => {
    for (const { label, found, expected } of await everyCase(exact, all, reference)) {
      expect(relativeError(found, expected), label).toBeLessThan(EXACT);
    }
  });

  test.each(QUANTISED)('$name stays within $tolerance', async ({ build, tolerance }) => {
    const model = await buildSeq2Seq(fixture(name), build);
    for (const { label, found, expected } of await everyCase(model, all, reference)) {
      expect(meanError(found, expected), label).toBeLessThan(tolerance);
    }
    await model.release();
  });

  test.each(all.generated.map((each) => [JSON.stringify(each.settings), each] as const))(
    'writes what the reference writes: %s',
    async (_, { source, settings, ids }) => {
      const written = await generate(writerOf(last, name, settings), source, paramsOf(settings));
      const ends = settings['eos_token_id'] as number[];
      const isEnded = ends.includes(ids.at(-1) ?? -1);
      expect(written?.ids).toEqual(isEnded ? ids.slice(0, -1) : ids);
      expect(written?.finish).toBe(isEnded ? 'end' : 'length');
    },
  );

  test('draws the same for the same seed, and ends where it is stopped', async () => {
    const [first] = all.generated;
    if (first === undefined) throw new Error('nothing generated');
    const writer = writerOf(last, name, { ...first.settings, eos_token_id: 3 });
    const chance = { temperature: 1.5, topK: 0, maxTokens: 12, beams: 1 };
    const once = await generate(writer, first.source, chance);
    expect((await generate(writer, first.source, chance))?.ids).toEqual(once?.ids);
    expect(await generate(writer, first.source, chance, 3)).toBeNull();
    expect(await generate(writer, first.source, { ...chance, beams: 3 }, 3)).toBeNull();
  });

  test('finds nothing wrong with itself', async () => {
    const writer = writerOf(last, name, {});
    expect(await checkSeq2Seq(writer, all.turn.source, NEVER)).toEqual([]);
  });
});
