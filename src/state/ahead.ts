import { fitTogether, type Device } from '../domain/device.ts';
import type { Provision } from '../engine/engine.ts';
import type { Batch } from '../run/plan.ts';

/**
 * What to load while a batch runs: the next model of the plan, with the adapters that it will be asked
 * with. null where none follows, or where memory does not hold both.
 *
 * @param coming batches after the one that runs, in their order
 */
export function nextProvision(
  running: Batch,
  coming: readonly Batch[],
  device: Device,
): Provision | null {
  const next = coming.find((batch) => batch.model.id !== running.model.id);
  if (next === undefined || !fitTogether(running, next, device)) return null;
  const { model, backend, variant } = next;
  const adapters = coming.flatMap((batch) =>
    batch.model.id === model.id && batch.adapter !== null ? [batch.adapter] : [],
  );
  return { model, backend, variant, adapters: [...new Set(adapters)] };
}
