import { wrap, type Endpoint, type Remote } from 'comlink';
import type { Failure } from '../domain/failure.ts';
import type { EngineSurface } from './channel.ts';

/** The part of a Worker that the engine needs; worker threads of Node can be dressed as one. */
export interface EngineWorker extends Endpoint {
  terminate(): unknown;
}

/** One Worker, from its start to its end. */
export class Host {
  readonly surface: Remote<EngineSurface>;
  readonly #worker: EngineWorker;
  readonly #mourners = new Set<(reason: Failure) => void>();
  #dead = false;
  /** What it has loaded; null while it is fresh. */
  #key: string | null = null;
  /** Its model has its place in memory: what runs beside it has been seen to fit. */
  settled = false;

  constructor(worker: EngineWorker) {
    this.#worker = worker;
    this.surface = wrap<EngineSurface>(worker);
    worker.addEventListener('error', (event) => this.kill(crash(event)));
    worker.addEventListener('messageerror', () => this.kill(crash('unreadable message')));
  }

  /** Keeps this Worker for one model; false where it is dead or holds another. */
  claim(key: string): boolean {
    if (this.#dead || (this.#key !== null && this.#key !== key)) return false;
    this.#key = key;
    return true;
  }

  holds(key: string): boolean {
    return !this.#dead && this.#key === key;
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** Calls back once if the Worker dies; the answer takes the wish back. */
  onDeath(mourn: (reason: Failure) => void): () => void {
    this.#mourners.add(mourn);
    return () => this.#mourners.delete(mourn);
  }

  /** Whoever waits for this Worker learns the reason. */
  kill(reason: Failure): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#worker.terminate();
    for (const mourn of this.#mourners) mourn(reason);
    this.#mourners.clear();
  }
}

export function crash(cause: unknown): Failure {
  const detail = typeof cause === 'string' ? cause : messageOf(cause);
  return { code: 'worker-crashed', detail };
}

/** An ErrorEvent carries a message; where a script could not be loaded it is a bare Event. */
function messageOf(cause: unknown): string {
  const message = (cause as { message?: unknown } | null)?.message;
  return typeof message === 'string' && message !== '' ? message : 'no reason given';
}
