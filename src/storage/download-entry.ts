/** What is recorded of downloads, held against its shape whenever it is read back. */
import * as v from 'valibot';
import type { VariantId } from '../domain/model.ts';
import type { Range } from './ranges.ts';

/** What was asked for, so that it can be gone on with after a reload. Never a token. */
export interface DownloadJob {
  /** Id of the package that will come of it. */
  readonly id: string;
  readonly name: string;
  readonly endpoint: string;
  readonly repo: string;
  readonly commit: string;
  readonly variants: readonly VariantId[];
  readonly adapter:
    | null
    | { readonly kind: 'stays'; readonly base: string }
    | {
        readonly kind: 'merged';
        readonly endpoint: string;
        readonly repo: string;
        readonly revision: string | null;
      };
  /** Folders of its files: one for each repository at a commit. */
  readonly sources: readonly string[];
  /** Of all the files that it downloads. */
  readonly totalBytes: number;
  /** Milliseconds since the epoch. */
  readonly usedAt: number;
}

/** One file of a repository at a commit. */
export interface DownloadFile {
  readonly source: string;
  /** In its repository. */
  readonly path: string;
  readonly size: number;
  /** What the Hub or a manifest says that it must be; null where nobody does. */
  readonly sha256: string | null;
  readonly etag: string | null;
  /** What is on disk for certain. */
  readonly had: readonly Range[];
  /** `checked`: whole, and its hash is the one that was promised; `whole`: as long as was promised. */
  readonly state: 'partial' | 'whole' | 'checked';
}

type Schema<T> = v.GenericSchema<unknown, T>;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const text = v.pipe(v.string(), v.maxLength(4000));
const name = v.pipe(text, v.minLength(1));

const job: Schema<DownloadJob> = v.object({
  id: name,
  name: text,
  endpoint: text,
  repo: text,
  commit: text,
  variants: v.array(v.picklist(['cpu8', 'gpu4', 'fp32'])),
  adapter: v.nullable(
    v.variant('kind', [
      v.object({ kind: v.literal('stays'), base: text }),
      v.object({
        kind: v.literal('merged'),
        endpoint: text,
        repo: text,
        revision: v.nullable(text),
      }),
    ]),
  ),
  sources: v.array(name),
  totalBytes: count,
  usedAt: v.pipe(v.number(), v.finite()),
});

const file: Schema<DownloadFile> = v.object({
  source: name,
  path: name,
  size: count,
  sha256: v.nullable(text),
  etag: v.nullable(text),
  had: v.array(v.tuple([count, count])),
  state: v.picklist(['partial', 'whole', 'checked']),
});

export function parseJob(value: unknown): DownloadJob | null {
  const parsed = v.safeParse(job, value);
  return parsed.success ? parsed.output : null;
}

export function parseFile(value: unknown): DownloadFile | null {
  const parsed = v.safeParse(file, value);
  return parsed.success ? parsed.output : null;
}
