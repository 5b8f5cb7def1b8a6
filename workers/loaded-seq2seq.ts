/** A model that reads a text and writes another: two graphs, and how its authors meant it to write. */
import { isObject, type Json, type JsonObject } from '../src/checkpoint/json-file.ts';
import type { Manifest } from '../src/graph/manifest.ts';
import type { Conditions } from '../src/run/cell.ts';
import type { Batch } from '../src/run/plan.ts';
import { runTask } from '../src/tasks/run.ts';
import type { Seq2SeqVoice } from '../src/tasks/text2text-generation/run.ts';
import { checkSeq2Seq, sampleSeq2Seq } from './check-seq2seq.ts';
import { SAMPLE, type CheckName } from './checks.ts';
import { readGeneration, type GenerationSettings } from './generation-settings.ts';
import type { PackageLettering } from './lettering.ts';
import type { RunContext } from './loaded-model.ts';
import { fetchJson, fetchTextIfThere } from './package.ts';
import type { PackageFiles } from './package-files.ts';
import type { GraphSession } from './session.ts';

const GENERATION_FILE = 'generation_config.json';

export interface Seq2SeqParts {
  readonly manifest: Manifest;
  readonly encoder: GraphSession;
  readonly decoder: GraphSession;
  readonly lettering: PackageLettering;
  readonly settings: GenerationSettings;
  readonly conditions: Omit<Conditions, 'seed'>;
}

export class LoadedSeq2Seq {
  readonly #voice: Seq2SeqVoice;

  constructor({ manifest, lettering, ...parts }: Seq2SeqParts) {
    const { codec } = lettering;
    this.#voice = {
      ...parts,
      kind: 'encoder-decoder',
      model: manifest.model,
      topCount: manifest.topK,
      adapter: { encoder: {}, decoder: {} },
      lettering: codec,
      encode: (text) => codec.encode(text),
    };
  }

  run(batch: Batch, { controls, emit }: RunContext): Promise<void> {
    return runTask(batch, this.#voice, controls, emit);
  }

  check(_: unknown, signal: AbortSignal): Promise<CheckName[]> {
    return checkSeq2Seq(this.#voice, this.#voice.encode(SAMPLE), signal);
  }

  sample(_: unknown, signal: AbortSignal): Promise<readonly Float32Array[]> {
    return sampleSeq2Seq(this.#voice, this.#voice.encode(SAMPLE), signal);
  }
}

/** What the package says of writing, beside the tokens that the manifest knows. */
export async function fetchGeneration(
  files: PackageFiles,
  { model }: Manifest,
  signal: AbortSignal,
): Promise<GenerationSettings> {
  const [config, text] = await Promise.all([
    fetchJson<JsonObject>(files, 'config.json', signal),
    fetchTextIfThere(files, GENERATION_FILE, signal),
  ]);
  const generation: Json = text === null ? null : (JSON.parse(text) as Json);
  return readGeneration(isObject(generation) ? generation : null, config, model);
}
