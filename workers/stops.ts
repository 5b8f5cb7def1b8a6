/**
 * Ends a text before the first stop string that is complete, wherever tokens begin and end. Text
 * that may be the beginning of a stop string is held back until it is known not to be one.
 */
export class StopGate {
  readonly #stops: readonly string[];
  #held = '';
  #hit = false;

  constructor(stops: readonly string[]) {
    this.#stops = stops.filter((stop) => stop !== '');
  }

  /** A stop string appeared; everything after it is swallowed. */
  get hit(): boolean {
    return this.#hit;
  }

  /** The text that may be shown now. */
  push(text: string): string {
    if (this.#hit) return '';
    this.#held += text;
    const at = this.#firstStop();
    this.#hit = at !== -1;
    return this.#release(this.#hit ? at : this.#held.length - this.#pendingLength());
  }

  /** What was held back, once it is clear that nothing follows. */
  flush(): string {
    return this.#hit ? '' : this.#release(this.#held.length);
  }

  #release(length: number): string {
    const text = this.#held.slice(0, length);
    this.#held = this.#held.slice(length);
    return text;
  }

  #firstStop(): number {
    const found = this.#stops.map((stop) => this.#held.indexOf(stop)).filter((at) => at !== -1);
    return found.length === 0 ? -1 : Math.min(...found);
  }

  /** Length of the longest end of the text that is the beginning of a stop string. */
  #pendingLength(): number {
    const lengths = this.#stops.map((stop) => overlap(this.#held, stop));
    return Math.max(0, ...lengths);
  }
}

function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length -= 1) {
    if (text.endsWith(stop.slice(0, length))) return length;
  }
  return 0;
}
