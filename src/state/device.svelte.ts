import type { Device } from '../domain/device.ts';
import type { Tuning } from '../domain/tuning.ts';
import type { Engine, Tunable } from '../engine/engine.ts';
import type { SmallStorage } from '../storage/settings.ts';
import { readTuning, writeTuning } from '../storage/tunings.ts';

/** Where measurements are kept, and what tells one machine from another beside its GPU. */
export interface Machine {
  readonly small: SmallStorage;
  /** The browser, with its version. */
  readonly agent: string;
  readonly cores: number;
}

/** What this machine offers, probed once, and what was measured on it. */
export class DeviceState {
  readonly #engine: Pick<Engine, 'probe'> & Partial<Tunable>;
  readonly #machine: Machine | null;
  #device = $state.raw<Device | null>(null);
  #probing: Promise<Device> | null = null;

  /** @param machine null where nothing is kept */
  constructor(engine: Pick<Engine, 'probe'> & Partial<Tunable>, machine: Machine | null = null) {
    this.#engine = engine;
    this.#machine = machine;
  }

  /** null until it is known. */
  get device(): Device | null {
    return this.#device;
  }

  load(): Promise<Device> {
    this.#probing ??= this.#probe();
    return this.#probing;
  }

  /** Keeps what was measured; the next load of a model goes by it. */
  adopt(tuning: Tuning): void {
    if (this.#device === null) return;
    if (this.#machine) writeTuning(this.#machine.small, this.#name(this.#device), tuning);
    this.#probing = Promise.resolve(this.#tuned(this.#device, tuning));
  }

  async #probe(): Promise<Device> {
    const device = await this.#engine.probe();
    const tuning = this.#machine && readTuning(this.#machine.small, this.#name(device));
    if (tuning) return this.#tuned(device, tuning);
    this.#device = device;
    return device;
  }

  #tuned(device: Device, tuning: Tuning): Device {
    const threads = device.isolated ? tuning.threads : 1;
    this.#engine.tune?.(threads);
    this.#device = { ...device, threads, tuning };
    return this.#device;
  }

  #name({ isolated, jspi, gpu }: Device): string {
    const { agent, cores } = this.#machine ?? {};
    return JSON.stringify([agent, cores, isolated, jspi, gpu?.description ?? null]);
  }
}
