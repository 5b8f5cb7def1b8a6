/** Decoder fixtures: which there are, and every reference of one beside what a runner says. */
import type { Adapter } from '../../src/checkpoint/adapter';
import type { TensorSource } from '../../src/checkpoint/tensor-source';
import { namesOf, quantised, readFixture } from './fixtures';
import type { Compared } from './fixtures';
import { joined } from './measures';
import { NEVER } from './runner';
import type { Past, Runner } from './runner';

/** Folders of `tests/fixtures`, each with what `make_decoder` writes. */
export const DECODERS = namesOf('decoder');

/**
 * Random weights make every rounding count: real models stay far below these, a broken product is
 * far above.
 */
export const QUANTISED = quantised([0.03, 0.06, 0.2, 0.4]);

export interface Sequences {
  /** Batches of rows, by name. */
  readonly cases: Readonly<Record<string, readonly number[][]>>;
  /** The second is read over the cache of the first. */
  readonly turns: readonly [number[], number[]];
}

export function sequences(name: string): Sequences {
  return readFixture<Sequences>(name, 'reference.json');
}

export async function everyCase(
  runner: Runner,
  { cases, turns }: Sequences,
  reference: TensorSource,
  adapter?: Adapter,
): Promise<Compared[]> {
  const via = adapter === undefined ? {} : { adapter };
  const compared: Compared[] = [];
  const compare = async (label: string, row: Float32Array[] | undefined, length: number) => {
    const expected = await reference.read(label, NEVER);
    compared.push({ label, found: joined(row?.slice(0, length) ?? []), expected });
  };
  for (const [name, rows] of Object.entries(cases)) {
    const { logits } = await runner.run(rows, via);
    for (const [at, row] of rows.entries()) await compare(`${name}.${at}`, logits[at], row.length);
  }
  const first = await runner.run([turns[0]], via);
  const second = await runner.run([turns[1]], { past: first.past, ...via });
  await compare('turn.0', first.logits[0], turns[0].length);
  await compare('turn.1', second.logits[0], turns[1].length);
  return compared;
}

/** A text of one row, `count` tokens at a time over what those before have left. */
export async function byChunks(
  runner: Runner,
  row: readonly number[],
  count: number,
): Promise<Float32Array> {
  const found: Float32Array[] = [];
  let past: Past | undefined;
  for (let start = 0; start < row.length; start += count) {
    const options = past === undefined ? {} : { past };
    const scores = await runner.run([row.slice(start, start + count)], options);
    found.push(...(scores.logits[0] ?? []));
    ({ past } = scores);
  }
  return joined(found);
}

/** The last `steps` tokens of each row of a padded batch, one at a time over the batch's cache. */
export async function stepByStep(
  runner: Runner,
  rows: readonly number[][],
  reference: TensorSource,
  steps: number,
): Promise<Compared[]> {
  const { vocab } = runner.manifest.model;
  let { past } = await runner.run(rows.map((row) => row.slice(0, -steps)));
  const compared: Compared[] = [];
  for (let left = steps; left > 0; left -= 1) {
    const next = rows.map((row) => row.slice(row.length - left, row.length - left + 1));
    const scores = await runner.run(next, { past });
    ({ past } = scores);
    for (const [at, row] of rows.entries()) {
      const all = await reference.read(`batch.${at}`, NEVER);
      const end = (row.length - left + 1) * vocab;
      const expected = all.slice(end - vocab, end);
      compared.push({
        label: `step ${left} of ${at}`,
        found: joined(scores.logits[at] ?? []),
        expected,
      });
    }
  }
  return compared;
}
