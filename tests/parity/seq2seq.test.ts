/** Every encoder–decoder family against PyTorch transformers on tiny random checkpoints. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Json, JsonObject } from '../../src/checkpoint/json-file';
import type { TensorSource } from '../../src/checkpoint/tensor-source';
import { DEFAULT_PARAMS } from '../../src/domain/params';
import type { Params } from '../../src/domain/params';
import { checkSeq2Seq } from '../../workers/check-seq2seq';
import { readGeneration } from '../../workers/generation-settings';
import { floatsOf } from '../../workers/session';
import type { Feeds, GraphTensor } from '../../workers/session';
import { TextStream } from '../../workers/text-stream';
import { write } from '../../workers/writing';
import type { Writer, Written } from '../../workers/writing';
import { fixture, references } from './decoder-cases';
import { meanError, relativeError } from './measures';
import { NEVER } from './runner';
import type { Build } from './runner';
import { buildSeq2Seq } from './seq2seq-runner';
import type { Seq2SeqPackage } from './seq2seq-runner';

// Wasm on one thread, perhaps beside a build: generous, so that only a hang fails.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const EXACT = 1e-4;
const MODELS = ['t5-tied', 't5-gated', 'mt5', 'bart', 'marian', 'mbart', 'm2m'];

/**
 * Two stacks of random weights whose attention is as sharp as it gets: every rounding counts, and
 * counts twice. Real models stay far below these, a broken product is far above.
 */
const QUANTISED: readonly { name: string; build: Build; tolerance: number }[] = [
  { name: 'cpu8, widened', build: { variant: 'cpu8' }, tolerance: 0.1 },
  { name: 'cpu8, integer', build: { variant: 'cpu8', smallModel: 0 }, tolerance: 0.2 },
  { name: 'gpu4, small', build: { variant: 'gpu4' }, tolerance: 0.4 },
  { name: 'gpu4, large', build: { variant: 'gpu4', smallModel: 0 }, tolerance: 0.7 },
];

interface Batch {
  readonly sources: readonly number[][];
  /** All of one length. */
  readonly targets: readonly number[][];
}

interface Reference {
  readonly cases: Readonly<Record<string, Batch>>;
  readonly generated: readonly {
    readonly source: number[];
    readonly settings: Readonly<Record<string, Json>>;
    readonly ids: number[];
  }[];
  readonly turn: { readonly source: number[]; readonly targets: readonly [number[], number[]] };
}

interface Compared {
  readonly label: string;
  readonly found: Float32Array;
  readonly expected: Float32Array;
}

function readFixture<T>(name: string, file: string): T {
  return JSON.parse(readFileSync(`${fixture(name)}/${file}`, 'utf8')) as T;
}

/** Sources of different lengths, padded on the right. */
async function encode(model: Seq2SeqPackage, sources: readonly number[][]): Promise<Feeds> {
  const length = Math.max(...sources.map((row) => row.length));
  const pad = model.manifest.model.pad ?? 0;
  const grid = (rows: readonly number[][], fill: number): GraphTensor => {
    const flat = rows.flatMap((row) => [...row, ...Array<number>(length - row.length).fill(fill)]);
    return model.encoder.int64(BigInt64Array.from(flat, BigInt), [rows.length, length]);
  };
  const mask = sources.map((row) => row.map(() => 1));
  const feeds = { input_ids: grid(sources, pad), attention_mask: grid(mask, 0) };
  const { last_hidden_state: states } = await model.encoder.run(feeds, ['last_hidden_state']);
  if (states === undefined) throw new Error('no states');
  return { encoder_hidden_states: states, encoder_attention_mask: feeds.attention_mask };
}

async function decode(
  { decoder, manifest }: Seq2SeqPackage,
  source: Feeds,
  targets: readonly number[][],
  past: Feeds | null,
): Promise<{ logits: GraphTensor; past: Feeds; results: Feeds }> {
  const { states } = manifest.model;
  const batch = targets.length;
  const empty = states.map(({ past: name, dims }): [string, GraphTensor] => {
    const whole = [batch, ...dims.map((size) => size ?? 0)];
    return [name, decoder.float32(new Float32Array(0), whole)];
  });
  const ids = BigInt64Array.from(targets.flat(), BigInt);
  const feeds = {
    ...source,
    ...(past ?? Object.fromEntries(empty)),
    input_ids: decoder.int64(ids, [batch, targets[0]?.length ?? 0]),
  };
  const fetches = ['logits', 'topk_ids', 'topk_logits', 'log_normalizer'];
  const results = await decoder.run(feeds, [...fetches, ...states.map(({ present }) => present)]);
  const kept = states.map(({ past: name, present }) => [name, results[present]] as const);
  const logits = results['logits'];
  if (logits === undefined) throw new Error('no logits');
  return { logits, past: Object.fromEntries(kept) as Feeds, results };
}

/** The values of one row of an output's first axis. */
function rowOf(tensor: GraphTensor | undefined, row: number): Float32Array {
  const values = floatsOf(tensor);
  const size = values.length / (tensor?.dims[0] ?? 1);
  return values.subarray(row * size, (row + 1) * size);
}

async function everyCase(
  model: Seq2SeqPackage,
  { cases, turn }: Reference,
  reference: TensorSource,
): Promise<Compared[]> {
  const compared: Compared[] = [];
  const add = async (label: string, found: Float32Array) =>
    compared.push({ label, found, expected: await reference.read(label, NEVER) });
  for (const [name, { sources, targets }] of Object.entries(cases)) {
    const source = await encode(model, sources);
    const { logits } = await decode(model, source, targets, null);
    for (const row of sources.keys()) {
      const states = rowOf(source['encoder_hidden_states'], row);
      const length = (sources[row]?.length ?? 0) * (source['encoder_hidden_states']?.dims[2] ?? 0);
      await add(`${name}.${row}.states`, states.subarray(0, length));
      await add(`${name}.${row}.logits`, rowOf(logits, row));
    }
  }
  const source = await encode(model, [turn.source]);
  const first = await decode(model, source, [turn.targets[0]], null);
  const second = await decode(model, source, [turn.targets[1]], first.past);
  await add('turn.0', rowOf(first.logits, 0));
  await add('turn.1', rowOf(second.logits, 0));
  return compared;
}

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
