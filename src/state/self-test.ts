/** Measures this machine once, when nobody waits for anything. */
import { choose, trials, type Measurement, type Trial } from '../domain/tuning.ts';
import type { Catalogue, ModelEntry } from '../domain/model.ts';
import type { CellEvent, Engine } from '../engine/engine.ts';
import type { DeviceState } from './device.svelte.ts';
import type { Later } from './lab.svelte.ts';
import type { Notices } from './notices.svelte.ts';

export type Measure = (
  model: ModelEntry,
  planned: readonly Trial[],
  signal: AbortSignal,
) => Promise<Measurement[] | null>;

export interface SelfTestDeps {
  /** Runs each trial by itself; null once it was aborted. */
  readonly measure: Measure;
  readonly device: DeviceState;
  readonly bundled: Catalogue;
  readonly notices: Pick<Notices, 'push'>;
  readonly cores: number;
  readonly later: Later;
  /** Nothing else computes, and somebody is looking. */
  readonly isFree: () => boolean;
}

/** So long has nothing to be asked before measuring begins: nobody is about to press the button. */
const QUIET_MS = 10_000;

export class SelfTest {
  readonly #deps: SelfTestDeps;
  #work: AbortController | null = null;
  #ready = false;
  /** Runs under way. */
  #runs = 0;
  #unplan: () => void = () => undefined;

  constructor(deps: SelfTestDeps) {
    this.#deps = deps;
  }

  /** From here on it may measure. */
  begin(): void {
    this.#ready = true;
    this.#plan();
  }

  /** The same engine; whatever it is asked ends a measurement at once, which is tried again later. */
  yieldingTo(engine: Engine): Engine {
    const pause = () => this.#pause();
    const resume = () => this.#resume();
    return {
      probe: () => engine.probe(),
      dispose: () => engine.dispose(),
      async *run(...asked): AsyncGenerator<CellEvent, void> {
        pause();
        try {
          yield* engine.run(...asked);
        } finally {
          resume();
        }
      },
    };
  }

  #pause(): void {
    this.#runs += 1;
    this.#unplan();
    this.#work?.abort();
  }

  #resume(): void {
    this.#runs -= 1;
    this.#plan();
  }

  #plan(): void {
    this.#unplan();
    const { device, later } = this.#deps;
    if (!this.#ready || this.#runs > 0 || device.device?.tuning !== undefined) return;
    this.#unplan = later(() => void this.#measure(), QUIET_MS);
  }

  async #measure(): Promise<void> {
    const { measure, device, bundled, cores, isFree } = this.#deps;
    const found = await device.load();
    const model = bundled.models.find(isMeasurable);
    const planned = trials(found, cores);
    if (model === undefined || planned.length === 0 || this.#runs > 0) return;
    if (!isFree()) return this.#plan();
    this.#work = new AbortController();
    const measured = await measure(model, planned, this.#work.signal);
    this.#work = null;
    const tuning = measured && choose(measured, model.variants.cpu8 ?? 0);
    if (!tuning) return;
    device.adopt(tuning);
    if (tuning.gpu?.status === 'wrong') this.#deps.notices.push({ code: 'gpu-wrong' });
  }
}

/** Both variants of one model, which the page has by now. */
function isMeasurable({ runtime, tasks, source, variants }: ModelEntry): boolean {
  const isWhole = variants.cpu8 !== undefined && variants.gpu4 !== undefined;
  const writes = runtime === 'patio' && tasks.includes('text-generation');
  return isWhole && writes && source.kind === 'bundled';
}
