import type { Device } from '../domain/device.ts';
import type { Engine } from '../engine/engine.ts';

/** What this machine offers, probed once. */
export class DeviceState {
  readonly #engine: Pick<Engine, 'probe'>;
  #device = $state.raw<Device | null>(null);
  #probing: Promise<Device> | null = null;

  constructor(engine: Pick<Engine, 'probe'>) {
    this.#engine = engine;
  }

  /** null until it is known. */
  get device(): Device | null {
    return this.#device;
  }

  load(): Promise<Device> {
    this.#probing ??= this.#probe();
    return this.#probing;
  }

  async #probe(): Promise<Device> {
    const device = await this.#engine.probe();
    this.#device = device;
    return device;
  }
}
