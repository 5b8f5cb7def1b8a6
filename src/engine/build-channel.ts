/** The wire between the page and the Worker that builds packages. */
import type { Device } from '../domain/device.ts';
import type { Failure } from '../domain/failure.ts';
import type { AdapterEntry, Source } from '../domain/model.ts';
import type { Preflight } from '../domain/preflight.ts';
import type { Batch } from '../run/plan.ts';
import type { Origin } from '../sources/origin.ts';
import type { PackageCheck, StoredPackage } from '../storage/packages.ts';
import type { BuildProgress } from '../domain/build.ts';
import type { BuildOrder } from './builder.ts';
import { whole } from './channel.ts';

/** Errors are data on the wire: a thrown one would lose its fields. */
export type Outcome<T> =
  | { readonly status: 'done'; readonly value: T }
  | { readonly status: 'failed'; readonly failure: Failure }
  | { readonly status: 'cancelled' };

export type Tell = (progress: BuildProgress) => void;

/** A stored package where it will run, an adapter together with its base. */
export interface CheckOrder extends Pick<Batch, 'model' | 'backend' | 'variant'> {
  readonly adapter: AdapterEntry | null;
  /** Id of the stored package that the outcome is written to. */
  readonly stored: string;
}

/** What the Worker exposes. One Worker serves one verb and is terminated after it. */
export interface BuilderSurface {
  inspect(origin: Origin, device: Device): Promise<Outcome<Preflight>>;
  build(order: BuildOrder, tell: Tell): Promise<Outcome<StoredPackage>>;
  /** Loads the package, asks it what it must answer alike twice, and writes what came out. */
  check(order: CheckOrder, tell: Tell): Promise<Outcome<PackageCheck>>;
  /** Ends what is under way, and takes back what it wrote. */
  cancel(): void;
}

/** A Worker needs the addresses of bundled packages whole. */
export function locatedCheck(order: CheckOrder, baseUrl: string): CheckOrder {
  const { model, adapter } = order;
  const locate = <T extends { readonly source: Source }>(entry: T) => whole(entry, baseUrl);
  return { ...order, model: locate(model), adapter: adapter && locate(adapter) };
}
