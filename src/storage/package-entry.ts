/** What is kept of a package beside its files, held against its shape whenever it is read back. */
import * as v from 'valibot';
import { TASK_IDS } from '../domain/model.ts';
import type { StoredPackage } from './packages.ts';

/** One record of the index: an entry, and where its files lie. */
export interface PackageRecord {
  readonly entry: StoredPackage;
  /** Folder of the files; a draft writes into one of its own. */
  readonly folder: string;
  readonly files: readonly StoredFile[];
}

export interface StoredFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

type Schema<T> = v.GenericSchema<unknown, T>;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const moment = v.pipe(v.number(), v.finite());
const text = v.pipe(v.string(), v.maxLength(4000));

const entry: Schema<StoredPackage> = v.object({
  id: v.pipe(text, v.minLength(1)),
  name: text,
  origin: v.object({
    kind: v.picklist(['files', 'zip', 'hub']),
    endpoint: v.nullable(text),
    repo: v.nullable(text),
    commit: v.nullable(text),
  }),
  runtime: v.picklist(['patio', 'transformers']),
  family: text,
  head: text,
  tasks: v.array(v.picklist(TASK_IDS)),
  prompting: v.picklist(['completion', 'chat']),
  labels: v.array(text),
  prefixes: v.optional(v.array(text), []),
  parameters: count,
  contextTokens: count,
  license: v.nullable(text),
  languages: v.array(text),
  base: v.nullable(text),
  variants: v.array(
    v.object({
      id: v.picklist(['cpu8', 'gpu4', 'fp32']),
      bytes: count,
      largestWeightBytes: v.exactOptional(count),
    }),
  ),
  adapterOf: v.nullable(text),
  check: v.variant('status', [
    v.object({ status: v.literal('unchecked') }),
    v.object({ status: v.literal('passed'), at: moment }),
    v.object({ status: v.literal('failed'), at: moment, failed: v.array(text) }),
  ]),
  integrity: v.exactOptional(
    v.variant('status', [
      v.object({ status: v.literal('verified'), at: moment }),
      v.object({ status: v.literal('damaged'), at: moment, files: v.array(text) }),
    ]),
  ),
  addedAt: moment,
  usedAt: moment,
});

const record: Schema<PackageRecord> = v.object({
  entry,
  folder: v.pipe(text, v.minLength(1)),
  files: v.array(v.object({ path: text, bytes: count, sha256: text })),
});

/** Null for what this Patio cannot read: damaged, or written by another version. */
export function parseRecord(value: unknown): PackageRecord | null {
  const parsed = v.safeParse(record, value);
  return parsed.success ? parsed.output : null;
}

/** An entry from a file of another machine; null for what is none. */
export function parseEntry(value: unknown): StoredPackage | null {
  const parsed = v.safeParse(entry, value);
  return parsed.success ? parsed.output : null;
}
