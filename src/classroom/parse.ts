import * as v from 'valibot';
import type { Failure } from '../domain/failure.ts';
import { HANDIN_FORMAT, HANDIN_VERSION, type HandIn } from './hand-in.ts';
import { CLASS_LIMITS } from './limits.ts';
import { CLASS_FORMAT, CLASS_VERSION, packageOf, type ClassPack } from './pack.ts';
import { handInSchema, packSchema } from './schema.ts';

export type Read<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

/** A class from the text of its `clase.json`. */
export function parsePack(text: string): Read<ClassPack> {
  const read = parse(text, packSchema, CLASS_FORMAT, CLASS_VERSION, 'class');
  const fault = read.ok ? inconsistency(read.value) : null;
  return fault === null ? read : refused({ code: 'class-damaged', detail: fault });
}

/** A student's work from the text of its file. */
export function parseHandIn(text: string): Read<HandIn> {
  return parse(text, handInSchema, HANDIN_FORMAT, HANDIN_VERSION, 'handin');
}

type Kind = 'class' | 'handin';

function parse<T>(
  text: string,
  schema: v.GenericSchema<unknown, T>,
  format: string,
  version: number,
  kind: Kind,
): Read<T> {
  if (text.length > CLASS_LIMITS.fileChars) return refused(damaged(kind, 'file too large'));
  const json = parseJson(text);
  if (!json.ok) return refused(json.failure(kind));
  const stamp = stampFault(json.value, format, version, kind);
  if (stamp) return refused(stamp);
  const result = v.safeParse(schema, json.value);
  if (result.success) return { ok: true, value: result.output };
  const [issue] = result.issues;
  const where = v.getDotPath(issue) ?? kind;
  return refused(damaged(kind, `${where}: ${issue.message}`.slice(0, 400)));
}

type Json =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly failure: (kind: Kind) => Failure };

function parseJson(text: string): Json {
  try {
    return { ok: true, value: JSON.parse(text.replace(/^\uFEFF/u, '')) as unknown };
  } catch (error) {
    const detail = error instanceof Error ? error.message.slice(0, 200) : '';
    // A file of ours that was cut short still names its format near its beginning.
    const isOurs = /"format"\s*:\s*"patio\.(?:class|handin)"/u.test(text.slice(0, 200));
    return { ok: false, failure: (kind) => (isOurs ? damaged(kind, detail) : foreign(kind)) };
  }
}

function stampFault(value: unknown, format: string, version: number, kind: Kind): Failure | null {
  if (typeof value !== 'object' || value === null) return foreign(kind);
  const stamp = value as { format?: unknown; version?: unknown };
  if (stamp.format !== format) return foreign(kind);
  const isNewer = typeof stamp.version === 'number' && stamp.version > version;
  return isNewer ? { code: 'record-newer', version: stamp.version as number } : null;
}

/** What no single field shows. */
function inconsistency({ exercises, runs, models }: ClassPack): string | null {
  const known = new Set(runs.map((run) => run.id));
  const asked = exercises.flatMap(({ steps }) => steps.map(({ work }) => work?.run ?? null));
  const missing = asked.find((run) => run !== null && !known.has(run));
  if (missing !== undefined) return `runs: ${String(missing)}`;
  const packages = models.map(packageOf);
  if (new Set(packages).size < packages.length) return 'models: repeated';
  const folders = models.flatMap((model) => (model.kind === 'package' ? [model.folder] : []));
  return new Set(folders).size < folders.length ? 'models: repeated folder' : null;
}

function damaged(kind: Kind, detail: string): Failure {
  return { code: kind === 'class' ? 'class-damaged' : 'handin-damaged', detail };
}

function foreign(kind: Kind): Failure {
  return { code: kind === 'class' ? 'class-foreign' : 'handin-foreign' };
}

function refused(failure: Failure): { ok: false; failure: Failure } {
  return { ok: false, failure };
}
