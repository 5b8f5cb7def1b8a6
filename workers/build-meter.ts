/** How far a build has come: bytes read and written, and the time that is left. */
import type { FileSet } from '../src/checkpoint/byte-source.ts';
import type { BuildPhase } from '../src/domain/build.ts';
import type { Tell } from '../src/engine/build-channel.ts';
import type { FileWriter, PackageSink } from '../src/graph/package.ts';

const TELL_EVERY_MS = 120;
/** Before this a guess at the time left would jump about. */
const GUESS_AFTER_MS = 2_000;

export interface MeterOptions {
  /** What bytes that are read come from: the network, or a file. */
  readonly reading: Extract<BuildPhase, 'download' | 'read'>;
  /** Bytes that the whole build reads. */
  readonly totalBytes: number;
  readonly tell: Tell;
  readonly now: () => number;
}

export class BuildMeter {
  readonly #options: MeterOptions;
  readonly #startedAt: number;
  #doneBytes = 0;
  #toldAt = -Infinity;

  constructor(options: MeterOptions) {
    this.#options = options;
    this.#startedAt = options.now();
  }

  /** Files whose reading is counted. Between two reads the weights are being quantised. */
  reading(files: FileSet): FileSet {
    const { reading } = this.#options;
    return new Map(
      [...files].map(([path, file]) => [
        path,
        {
          name: file.name,
          size: file.size,
          read: async (start, end, signal) => {
            this.#say(reading);
            const bytes = await file.read(start, end, signal);
            this.#doneBytes += bytes.byteLength;
            this.#say('quantise');
            return bytes;
          },
        },
      ]),
    );
  }

  /** A sink that says when something is being stored. */
  writing(sink: PackageSink): PackageSink {
    return { open: async (path) => this.#counted(await sink.open(path)) };
  }

  #counted(writer: FileWriter): FileWriter {
    return {
      write: (chunk) => {
        this.#say('store');
        return writer.write(chunk);
      },
      close: () => writer.close(),
    };
  }

  #say(phase: BuildPhase): void {
    const { totalBytes, tell, now } = this.#options;
    const at = now();
    if (at - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = at;
    // Some tensors are read twice, a shared table for one, so the count may run past what was promised.
    const doneBytes = Math.min(this.#doneBytes, totalBytes);
    tell({ phase, doneBytes, totalBytes, secondsLeft: this.#secondsLeft(at - this.#startedAt) });
  }

  #secondsLeft(elapsedMs: number): number | null {
    const left = this.#options.totalBytes - this.#doneBytes;
    if (elapsedMs < GUESS_AFTER_MS || this.#doneBytes === 0 || left < 0) return null;
    return (elapsedMs / 1000) * (left / this.#doneBytes);
  }
}
