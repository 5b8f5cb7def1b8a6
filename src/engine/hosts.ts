import { crash, Host, type EngineWorker } from './host.ts';

/**
 * The Workers of the page. One model, one Worker: terminating it is the only way the browser gives
 * memory back. Beside the one in use there may be a spare: the model whose turn comes next, or the one
 * that was in use before it.
 */
export class Hosts {
  readonly #spawn: () => EngineWorker;
  #host: Host | null = null;
  #spare: Host | null = null;
  /** null where nobody measured: the Worker decides by itself. */
  #threads: number | null = null;

  constructor(spawn: () => EngineWorker) {
    this.#spawn = spawn;
  }

  tune(threads: number): void {
    this.#threads = threads;
    for (const host of [this.#host, this.#spare]) if (host?.dead === false) this.#tell(host);
  }

  /** The Worker in use, whatever it holds. */
  living(): Host {
    if (this.#host !== null && !this.#host.dead) return this.#host;
    return (this.#host = this.#fresh());
  }

  isInUse(key: string): boolean {
    return this.#host?.holds(key) === true;
  }

  /** The Worker to use for a model from here on. */
  take(key: string): Host {
    if (this.#host?.holds(key)) return this.#host;
    if (this.#spare?.holds(key)) return this.#swap(this.#spare);
    this.#dropSpare();
    const host = this.living();
    if (host.claim(key)) return host;
    host.kill(crash('another model takes its place'));
    const next = this.living();
    next.claim(key);
    return next;
  }

  /** The spare, for a model that is to be loaded beside the one in use. */
  beside(key: string): Host {
    if (this.#spare?.holds(key)) return this.#spare;
    this.#dropSpare();
    this.#spare = this.#fresh();
    this.#spare.claim(key);
    return this.#spare;
  }

  /** Gives up a spare; one that was taken into use in the meantime stays. */
  drop(host: Host): void {
    if (host === this.#spare) this.#dropSpare();
  }

  dispose(): void {
    this.#host?.kill(crash('the engine was disposed of'));
    this.#host = null;
    this.#dropSpare();
  }

  /** Memory was seen to hold both only where the second had come to the end of its load. */
  #swap(spare: Host): Host {
    const last = this.#host;
    [this.#host, this.#spare] = [spare, last];
    if (!spare.settled) this.#dropSpare();
    else if (last !== null) last.settled = true;
    return spare;
  }

  #dropSpare(): void {
    this.#spare?.kill(crash('its place is needed'));
    this.#spare = null;
  }

  #fresh(): Host {
    const host = new Host(this.#spawn());
    this.#tell(host);
    return host;
  }

  /** Messages keep their order: whatever is asked of this Worker from here on comes after it. */
  #tell({ surface }: Host): void {
    if (this.#threads !== null) void surface.tune(this.#threads).catch(() => undefined);
  }
}
