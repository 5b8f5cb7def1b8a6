/** How far a download has come, told a few times a second. */
import type { BuildNote, BuildPhase } from '../src/domain/build.ts';
import type { Tell } from '../src/engine/build-channel.ts';

const TELL_EVERY_MS = 120;
const GUESS_AFTER_MS = 2_000;

export class DownloadMeter {
  readonly #totalBytes: number;
  readonly #tell: Tell;
  readonly #startedAt = performance.now();
  /** On disk, before this visit and now. */
  #hadBytes = 0;
  #fetchedBytes = 0;
  #verifiedBytes = 0;
  #toldAt = -Infinity;
  #waitUntil = 0;
  #note: BuildNote | null = null;

  constructor(totalBytes: number, tell: Tell) {
    this.#totalBytes = totalBytes;
    this.#tell = tell;
  }

  had(bytes: number): void {
    this.#hadBytes += bytes;
  }

  /** What was thought to be there must be fetched again. */
  lost(bytes: number): void {
    this.#hadBytes -= bytes;
  }

  fetched(bytes: number): void {
    this.#hadBytes += bytes;
    this.#fetchedBytes += bytes;
    this.#waitUntil = 0;
    this.#say('download', this.#hadBytes, this.#secondsLeft());
  }

  verified(bytes: number): void {
    this.#verifiedBytes += bytes;
    // Files are verified while others still come; only the last of them keeps a person waiting.
    if (this.#hadBytes >= this.#totalBytes) this.#say('verify', this.#verifiedBytes, null);
  }

  note(note: BuildNote): void {
    this.#note = note;
  }

  /** A server asks for a pause; shown while nothing comes. */
  waiting(ms: number): void {
    this.#waitUntil = performance.now() + ms;
    this.#toldAt = -Infinity;
    this.#say('wait', this.#hadBytes, Math.ceil(ms / 1000));
  }

  /** The first word, before anything comes. */
  begin(): void {
    this.#say('download', this.#hadBytes, null);
  }

  #say(phase: BuildPhase, doneBytes: number, secondsLeft: number | null): void {
    const now = performance.now();
    if (now - this.#toldAt < TELL_EVERY_MS) return;
    if (phase === 'download' && now < this.#waitUntil) return;
    this.#toldAt = now;
    const totalBytes = this.#totalBytes;
    const note = this.#note === null ? {} : { note: this.#note };
    this.#tell({
      ...{ phase, totalBytes, secondsLeft, ...note },
      doneBytes: Math.min(Math.max(0, doneBytes), totalBytes),
    });
  }

  #secondsLeft(): number | null {
    const elapsedMs = performance.now() - this.#startedAt;
    if (elapsedMs < GUESS_AFTER_MS || this.#fetchedBytes === 0) return null;
    const left = Math.max(0, this.#totalBytes - this.#hadBytes);
    return (elapsedMs / 1000) * (left / this.#fetchedBytes);
  }
}
