/** `patio.json`: what a package holds and how to run it. */
import type { VariantId } from '../domain/model';

export const MANIFEST_VERSION = 1;
export const MANIFEST_FILE = 'patio.json';

export interface PackagedFile {
  /** Relative to the package's folder. */
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

export interface PackagedVariant {
  readonly id: VariantId;
  readonly model: PackagedFile;
  readonly data: PackagedFile;
}

/** A pair of graph inputs, A `[in, R]` and B `[R, out]`, shared by projections with one input. */
export interface LoraPort {
  readonly a: string;
  readonly b: string;
  readonly in: number;
  readonly out: number;
  /** Modules of the checkpoint, and which columns of the output are theirs. */
  readonly projections: readonly {
    readonly module: string;
    readonly offset: number;
    readonly out: number;
  }[];
}

export interface ModelNumbers {
  readonly vocab: number;
  readonly layers: number;
  readonly kvHeads: number;
  readonly headDim: number;
  /** Longest sequence in tokens. */
  readonly context: number;
  readonly bos: number | null;
  readonly eos: readonly number[];
}

export interface Manifest {
  readonly version: typeof MANIFEST_VERSION;
  readonly family: string;
  readonly model: ModelNumbers;
  readonly variants: readonly PackagedVariant[];
  /** Empty when the graphs take no adapter. */
  readonly ports: readonly LoraPort[];
  /** How many logits `topk_logits` holds. */
  readonly topK: number;
  /** Tokenizer files present in the package. */
  readonly tokenizer: readonly string[];
  /** Folders under `adapters/`. */
  readonly adapters: readonly string[];
}
