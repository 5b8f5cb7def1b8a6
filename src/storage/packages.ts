import type { PackageOrigin } from '../domain/preflight.ts';
import type { Prompting, RuntimeId, TaskId, VariantId } from '../domain/model.ts';
import type { PackageSink } from '../graph/package.ts';

/** Where built packages live. Methods throw a `FailureError` where the browser refuses. */
export interface PackageStore {
  /** Last used first. */
  list(): Promise<readonly StoredPackage[]>;
  /**
   * Begins a package; nothing is listed until it is committed. Holds the lock of its id until
   * `commit` or `abandon`, and refuses with `package-busy` while another tab holds it. A committed
   * package of the same id is replaced at commit.
   * @param needBytes about how much will be written, to refuse early with `storage-full`
   */
  draft(id: string, needBytes?: number): Promise<PackageDraft>;
  /** A file of a committed package. `checkpoint-missing` where there is none. */
  read(id: string, path: string): Promise<Blob>;
  /** Paths and sizes of a committed package's files. */
  files(id: string): Promise<readonly FileFacts[]>;
  /** Changes an entry's own fields; a no-op where there is none of that id. */
  update(id: string, change: EntryChange): Promise<void>;
  /** A no-op where there is none of that id. `package-busy` where a draft of it is being written. */
  remove(id: string): Promise<void>;
  usage(): Promise<StorageUsage>;
  /** Removes what no entry and no lock claims: drafts whose tab was closed. Gives how many. */
  sweep(): Promise<number>;
}

export type EntryChange = Partial<Pick<StoredPackage, 'name' | 'check' | 'integrity' | 'usedAt'>>;

/** A file of a committed package. */
export interface FileFacts {
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hexadecimal, of what was written. */
  readonly sha256: string;
}

export interface StorageUsage {
  /** Bytes of the committed packages. */
  readonly usedBytes: number;
  /** What the browser would still give; null where it does not say. */
  readonly freeBytes: number | null;
}

/** Files are streamed and hashed while they are written; each path once. */
export interface PackageDraft extends PackageSink {
  readonly id: string;
  /** Makes the package visible under its entry, all at once. */
  commit(entry: StoredPackage): Promise<void>;
  /** Removes every byte. Calling it after `commit`, or twice, is a no-op. */
  abandon(): Promise<void>;
}

export interface StoredVariant {
  readonly id: VariantId;
  readonly bytes: number;
  /** Of the largest single weight; absent where it was not counted. */
  readonly largestWeightBytes?: number;
}

export interface StoredPackage {
  readonly id: string;
  readonly name: string;
  readonly origin: PackageOrigin;
  /** What runs it. */
  readonly runtime: RuntimeId;
  readonly family: string;
  readonly head: string;
  /** What it can be asked; the first is what it is for. */
  readonly tasks: readonly TaskId[];
  /** `chat` where there is a chat template to ask through. */
  readonly prompting: Prompting;
  /** Names of the classes, in the order of the outputs; empty for other tasks. */
  readonly labels: readonly string[];
  /** Words that its authors put before a text to say what to do with it. */
  readonly prefixes: readonly string[];
  readonly parameters: number;
  readonly contextTokens: number;
  readonly license: string | null;
  readonly languages: readonly string[];
  /** What the card names as the model it was trained from. */
  readonly base: string | null;
  readonly variants: readonly StoredVariant[];
  /** Id of the model that this adapter belongs to; null for a model. */
  readonly adapterOf: string | null;
  readonly check: PackageCheck;
  /** Whether the bytes are those that were promised; absent where nobody has looked. */
  readonly integrity?: Integrity;
  /** Milliseconds since the epoch. */
  readonly addedAt: number;
  readonly usedAt: number;
}

/**
 * `verified`: what was fetched had the promised hashes, or every stored file still has its own.
 * `damaged` names the stored files that have not.
 */
export type Integrity =
  | { readonly status: 'verified'; readonly at: number }
  | { readonly status: 'damaged'; readonly at: number; readonly files: readonly string[] };

/** What the self-check said after the build. */
export type PackageCheck =
  | { readonly status: 'unchecked' }
  | { readonly status: 'passed'; readonly at: number }
  | { readonly status: 'failed'; readonly at: number; readonly failed: readonly string[] };
