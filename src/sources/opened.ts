import type { FileSet } from '../checkpoint/byte-source';

/** A source whose files are listed and can be read by range; only metadata was read so far. */
export interface OpenedSource {
  readonly name: string;
  readonly kind: 'files' | 'zip' | 'hub';
  /** Paths are relative to `root`. */
  readonly files: FileSet;
  /** Folder that holds the configuration, inside what was opened; `''` where it is the top. */
  readonly root: string;
  /** The commit that every file is read from; null for what lies on this device. */
  readonly pinned: Pinned | null;
  /** Lower-case hexadecimal SHA-256 by path, for the files whose hash the Hub gives. */
  readonly hashes: ReadonlyMap<string, string>;
  /** Files that must be unpacked before they can be read by range: compressed entries of a zip. */
  readonly packed: ReadonlySet<string>;
}

export interface Pinned {
  readonly endpoint: string;
  /** As the Hub names it today, after any renaming. */
  readonly repo: string;
  /** 40 hexadecimal digits. */
  readonly commit: string;
}
