import { fit } from '../domain/device.ts';
import { findModel, type Catalogue } from '../domain/model.ts';
import type { Warming } from '../engine/engine.ts';
import type { DeviceState } from './device.svelte.ts';
import type { Lab } from './lab.svelte.ts';
import type { Library } from './library.svelte.ts';

export interface WarmUpDeps {
  readonly engine: Warming;
  readonly device: DeviceState;
  readonly lab: Pick<Lab, 'experiment'>;
  readonly library: Pick<Library, 'load'>;
  readonly catalogue: Catalogue;
}

/**
 * Loads the first column's model and all its voices before anybody asks: the first answer comes
 * sooner, and the page goes on when the network is cut. Never throws.
 */
export async function warmUp({
  engine,
  device,
  lab,
  library,
  catalogue,
}: WarmUpDeps): Promise<void> {
  const [found] = await Promise.all([device.load(), library.load()]);
  const { columns, backend: choice } = lab.experiment;
  const model = findModel(catalogue, columns[0]?.voice.model ?? '');
  const place = model && fit(model, found, choice);
  if (!model || !place?.ok) return;
  const adapters = catalogue.adapters.filter((adapter) => adapter.base === model.id);
  await engine.warm({ model, adapters, backend: place.backend, variant: place.variant });
}
