import type { BuildProgress } from '../domain/build.ts';
import type { Device } from '../domain/device.ts';
import type { ModelEntry, VariantId } from '../domain/model.ts';
import type { Preflight } from '../domain/preflight.ts';
import type { Origin } from '../sources/origin.ts';
import type { StoredPackage } from '../storage/packages.ts';

/** What a person asked to add, after having seen its preflight. */
export interface BuildOrder {
  readonly origin: Origin;
  /** What was inspected: the build reads the same commit and refuses another model. */
  readonly preflight: Preflight;
  /** Name shown for it. */
  readonly name: string;
  readonly variants: readonly VariantId[];
  /**
   * Of an adapter alone. `stays` keeps it beside a model that takes adapters while it runs; `merged`
   * builds a model of its own from the base's checkpoint and the adapter.
   */
  readonly adapter: AdapterPlan | null;
}

export type AdapterPlan =
  | { readonly kind: 'stays'; readonly base: ModelEntry }
  | { readonly kind: 'merged'; readonly base: Origin };

/**
 * Turns what a person points to into a package in this browser's storage. Both verbs throw a
 * `FailureError` for what is expected to fail, and the signal's reason when they are aborted, after
 * which nothing is left behind.
 */
export interface Builder {
  /** Reads headers and small files only. */
  inspect(origin: Origin, device: Device, signal: AbortSignal): Promise<Preflight>;
  /** Ends with a package that is stored and checked; what the check said is in its entry. */
  build(
    order: BuildOrder,
    device: Device,
    signal: AbortSignal,
    onProgress: (progress: BuildProgress) => void,
  ): Promise<StoredPackage>;
}
