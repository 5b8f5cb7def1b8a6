/** The builder of the page: a Worker for each verb, because ending it is what gives memory back. */
import * as Comlink from 'comlink';
import { fit, type Device } from '../domain/device.ts';
import { FailureError, type Failure } from '../domain/failure.ts';
import type { Preflight } from '../domain/preflight.ts';
import { adapterEntryOf, modelEntryOf } from '../storage/entries.ts';
import type { StoredPackage } from '../storage/packages.ts';
import {
  locatedCheck,
  type BuilderSurface,
  type CheckOrder,
  type Outcome,
} from './build-channel.ts';
import type { Builder, BuildOrder } from './builder.ts';
import type { EngineWorker } from './host.ts';

export interface BuilderOptions {
  readonly spawn: () => EngineWorker;
  /** Address that bundled paths of the catalogue are relative to; the page's own. */
  readonly baseUrl: string;
  /** How long a cancelled Worker may take to clean up before it is terminated. */
  readonly graceMs?: number;
}

type Verb<T> = (surface: Comlink.Remote<BuilderSurface>) => Promise<Outcome<T>>;

export function createBuilder({ spawn, baseUrl, graceMs = 1500 }: BuilderOptions): Builder {
  const work = <T>(signal: AbortSignal, verb: Verb<T>) => inWorker(spawn, graceMs, signal, verb);
  return {
    inspect: (origin, device, signal) =>
      work<Preflight>(signal, (surface) => surface.inspect(origin, device)),
    build: async (order, device, signal, onProgress) => {
      const tell = Comlink.proxy(onProgress);
      const built = await work<StoredPackage>(signal, (surface) => surface.build(order, tell));
      const place = checkOf(order, built, device);
      if (place === null) return built;
      const located = locatedCheck(place, baseUrl);
      const check = await work(signal, (surface) => surface.check(located, tell));
      return { ...built, check };
    },
  };
}

/** Null where it cannot run on this device, of which its preflight told. */
function checkOf({ adapter }: BuildOrder, built: StoredPackage, device: Device): CheckOrder | null {
  const stays = adapter?.kind === 'stays';
  const model = stays ? adapter.base : modelEntryOf(built);
  const place = fit(model, device, 'auto');
  if (!place.ok) return null;
  const { backend, variant } = place;
  return {
    stored: built.id,
    model,
    backend,
    variant,
    adapter: stays ? adapterEntryOf(built) : null,
  };
}

async function inWorker<T>(
  spawn: () => EngineWorker,
  graceMs: number,
  signal: AbortSignal,
  verb: Verb<T>,
): Promise<T> {
  signal.throwIfAborted();
  const worker = spawn();
  const surface = Comlink.wrap<BuilderSurface>(worker);
  const ending = new AbortController();
  try {
    const outcome = await Promise.race([
      verb(surface),
      death(worker, ending.signal),
      cancelled(signal, graceMs, () => void surface.cancel(), ending.signal),
    ]);
    return valueOf(outcome, signal);
  } finally {
    ending.abort();
    worker.terminate();
  }
}

function valueOf<T>(outcome: Outcome<T>, signal: AbortSignal): T {
  if (outcome.status === 'done') return outcome.value;
  if (outcome.status === 'failed') throw new FailureError(outcome.failure);
  signal.throwIfAborted();
  throw new DOMException('cancelled', 'AbortError');
}

/** A Worker that dies says so by an event, or by its lifeline; what it wrote is swept later. */
function death(worker: EngineWorker, until: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (event: Event) => {
      const detail = event instanceof ErrorEvent ? event.message : event.type;
      reject(new FailureError(crash(detail)));
    };
    for (const type of ['error', 'messageerror']) {
      worker.addEventListener(type, fail, { once: true, signal: until });
    }
  });
}

function crash(detail: string): Failure {
  return { code: 'worker-crashed', detail };
}

/** Asks, and stops waiting after the grace. */
function cancelled(
  signal: AbortSignal,
  graceMs: number,
  ask: () => void,
  until: AbortSignal,
): Promise<Outcome<never>> {
  return new Promise((resolve) => {
    const stop = () => {
      ask();
      const timer = setTimeout(() => resolve({ status: 'cancelled' }), graceMs);
      until.addEventListener('abort', () => clearTimeout(timer), { once: true });
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true, signal: until });
  });
}
