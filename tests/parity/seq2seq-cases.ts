/** Encoder–decoder fixtures: every reference of one beside what a package says. */
import type { Json } from '../../src/checkpoint/json-file';
import type { TensorSource } from '../../src/checkpoint/tensor-source';
import { floatsOf } from '../../workers/session';
import type { Feeds, GraphTensor } from '../../workers/session';
import { quantised } from './fixtures';
import type { Compared } from './fixtures';
import { NEVER } from './runner';
import type { Seq2SeqPackage } from './seq2seq-runner';

/**
 * Two stacks of random weights whose attention is as sharp as it gets: every rounding counts, and
 * counts twice. Real models stay far below these, a broken product is far above.
 */
export const QUANTISED = quantised([0.1, 0.2, 0.4, 0.7]);

interface Batch {
  readonly sources: readonly number[][];
  /** All of one length. */
  readonly targets: readonly number[][];
}

export interface Reference {
  readonly cases: Readonly<Record<string, Batch>>;
  readonly generated: readonly {
    readonly source: number[];
    readonly settings: Readonly<Record<string, Json>>;
    readonly ids: number[];
  }[];
  readonly turn: { readonly source: number[]; readonly targets: readonly [number[], number[]] };
}

/** Sources of different lengths, padded on the right. */
export async function encode(model: Seq2SeqPackage, sources: readonly number[][]): Promise<Feeds> {
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

export async function decode(
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

export async function everyCase(
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
