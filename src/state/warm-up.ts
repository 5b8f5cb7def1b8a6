import { fit, fitTogether, type BackendChoice, type Device } from '../domain/device.ts';
import { findModel, type Catalogue } from '../domain/model.ts';
import type { Preparing, Provision, Warming } from '../engine/engine.ts';
import type { ActiveRun } from './active-run.svelte.ts';
import type { DeviceState } from './device.svelte.ts';
import type { Lab } from './lab.svelte.ts';
import type { Library } from './library.svelte.ts';

export interface WarmUpDeps {
  readonly engine: Warming & Preparing;
  readonly device: Pick<DeviceState, 'load'>;
  readonly lab: Pick<Lab, 'experiment'>;
  readonly run: Pick<ActiveRun, 'status'>;
  readonly library: Pick<Library, 'load'>;
  readonly catalogue: Catalogue;
}

/**
 * Loads the first column's model with all its voices before anybody asks, and beside it the next model
 * that memory takes: the first answers come sooner, and the page goes on when the network is cut. A
 * third model waits for its run, out of the browser's own storage. Never throws.
 */
export async function warmUp(deps: WarmUpDeps): Promise<void> {
  const { engine, run } = deps;
  const [device] = await Promise.all([deps.device.load(), deps.library.load()]);
  const [first, ...others] = provisionsOf(deps, device);
  if (first === undefined) return;
  await engine.warm(first);
  const second = others.find((other) => fitTogether(first, other, device));
  // A run that came meanwhile loads what it needs itself.
  if (second === undefined || run.status === 'running') return;
  await engine.prepare(second, new AbortController().signal);
}

/** One for each model that the columns name and that runs here, in their order. */
function provisionsOf(
  { lab, catalogue }: Pick<WarmUpDeps, 'lab' | 'catalogue'>,
  device: Device,
): Provision[] {
  const { columns, backend } = lab.experiment;
  const ids = new Set(columns.map(({ voice }) => voice.model));
  return [...ids].flatMap((id) => provisionOf(id, catalogue, device, backend) ?? []);
}

function provisionOf(
  id: string,
  catalogue: Catalogue,
  device: Device,
  choice: BackendChoice,
): Provision | null {
  const model = findModel(catalogue, id);
  const place = model && fit(model, device, choice);
  if (!model || !place?.ok) return null;
  const adapters = catalogue.adapters.filter((adapter) => adapter.base === id);
  return { model, adapters, backend: place.backend, variant: place.variant };
}
