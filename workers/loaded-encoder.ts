/** A model that reads a text in one pass. */
import type { Batch } from '../src/run/plan.ts';
import { runTask } from '../src/tasks/run.ts';
import { checkEncoder, sampleEncoder } from './check-encoder.ts';
import type { CheckName } from './checks.ts';
import type { EncoderVoice } from './encoder.ts';
import type { RunContext } from './loaded-model.ts';

export class LoadedEncoder {
  readonly #voice: EncoderVoice;

  constructor(voice: EncoderVoice) {
    this.#voice = voice;
  }

  run(batch: Batch, { controls, emit }: RunContext): Promise<void> {
    return runTask(batch, this.#voice, controls, emit);
  }

  check(_: unknown, signal: AbortSignal): Promise<CheckName[]> {
    return checkEncoder(this.#voice, signal);
  }

  sample(): Promise<readonly Float32Array[]> {
    return sampleEncoder(this.#voice);
  }
}
