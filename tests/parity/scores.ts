/** The errors of a fixture, variant by variant: the rows of the table of `npm run parity`. */
import { readAdapter } from '../../src/checkpoint/adapter';
import type { Adapter } from '../../src/checkpoint/adapter';
import { openFolder } from '../../scripts/lib/folder';
import * as decoder from './decoder-cases';
import * as encoder from './encoder-cases';
import { buildEncoder } from './encoder-runner';
import { EXACT, fixture, readFixture, references } from './fixtures';
import type { Compared, Fixture, Quantised } from './fixtures';
import { meanError, relativeError } from './measures';
import { NEVER, buildRunner } from './runner';
import type { Build } from './runner';
import * as seq2seq from './seq2seq-cases';
import { buildSeq2Seq } from './seq2seq-runner';

export interface Score {
  /** Name of the build, such as `cpu8, integer`. */
  readonly name: string;
  readonly error: number;
  readonly tolerance: number;
}

export interface Row {
  readonly fixture: Fixture;
  /** In one order for all fixtures: fp32, its merged adapter where there is one, the quantised. */
  readonly scores: readonly Score[];
}

export const BUILDS = [
  'fp32',
  'adapter merged',
  ...decoder.QUANTISED.map(({ name }) => name),
] as const;

export function isWithin({ error, tolerance }: Score): boolean {
  return error < tolerance;
}

export async function scoreFixture(each: Fixture): Promise<Row> {
  const scores: Score[] = [await exactScore('fp32', each, null)];
  if (each.adapter) {
    const adapter = await readAdapter(await openFolder(`${fixture(each.name)}/adapter`), NEVER);
    scores.push(await exactScore('adapter merged', each, adapter));
  }
  for (const { name, build, tolerance } of METHODS[each.kind].quantised) {
    const compared = await compare(each, build);
    const error = METHODS[each.kind].mean(compared);
    scores.push({ name, error, tolerance });
  }
  return { fixture: each, scores };
}

async function exactScore(name: string, each: Fixture, merged: Adapter | null): Promise<Score> {
  const build = merged === null ? {} : { merged, ports: false };
  const compared = await compare(each, { variant: 'fp32', ...build });
  return { name, error: worst(compared, relativeError), tolerance: EXACT };
}

interface Method {
  readonly quantised: readonly Quantised[];
  mean(compared: readonly Compared[]): number;
}

const METHODS: Readonly<Record<Fixture['kind'], Method>> = {
  decoder: { quantised: decoder.QUANTISED, mean: (all) => worst(all, meanError) },
  encoder: {
    quantised: encoder.QUANTISED,
    mean: (all) => worst([encoder.together(all)], meanError),
  },
  'encoder-decoder': { quantised: seq2seq.QUANTISED, mean: (all) => worst(all, meanError) },
};

type Measure = (found: Float32Array, expected: Float32Array) => number;

/** Of the case that is furthest off; not a number, where one is none, is the worst of all. */
function worst(compared: readonly Compared[], measure: Measure): number {
  if (compared.length === 0) throw new Error('nothing was compared');
  return Math.max(...compared.map(({ found, expected }) => measure(found, expected)));
}

/** Every case of the fixture's reference; of its adapter's, where that is merged. */
async function compare({ name, kind, head }: Fixture, build: Build): Promise<Compared[]> {
  const folder = fixture(name);
  const reference = await references(build.merged === undefined ? name : `${name}/adapter`);
  if (kind === 'encoder') {
    const runner = await buildEncoder(folder, build);
    const cases = readFixture<encoder.Cases>(name, 'reference.json');
    const outputs = encoder.outputsOf(head);
    const answered = build.merged === undefined ? outputs : { logits: outputs['logits'] ?? 'text' };
    return encoder.everyRow(runner, cases, reference, answered).finally(() => runner.release());
  }
  if (kind === 'decoder') {
    const runner = await buildRunner(folder, build);
    const cases = decoder.sequences(name);
    return decoder.everyCase(runner, cases, reference).finally(() => runner.release());
  }
  const model = await buildSeq2Seq(folder, build);
  const cases = readFixture<seq2seq.Reference>(name, 'reference.json');
  return seq2seq.everyCase(model, cases, reference).finally(() => model.release());
}
