import { refuse } from '../domain/failure';
import type { ByteSource, FileSet } from './byte-source';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** Larger than any real configuration or shard index, small enough to parse without a thought. */
const MAX_JSON_BYTES = 25_000_000;

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object a JSON text holds; anything else is a damaged file. */
export function parseObject(file: string, bytes: Uint8Array): JsonObject {
  return asObject(file, parseJson(file, bytes));
}

export async function readJsonObject(file: ByteSource, signal: AbortSignal): Promise<JsonObject> {
  return asObject(file.name, await readJson(file, signal));
}

/** Whatever a JSON file holds. */
export async function readJson(file: ByteSource, signal: AbortSignal): Promise<Json> {
  if (file.size > MAX_JSON_BYTES) {
    refuse({ code: 'checkpoint-damaged', file: file.name, detail: `${file.size} bytes of JSON` });
  }
  return parseJson(file.name, await file.read(0, file.size, signal));
}

function parseJson(file: string, bytes: Uint8Array): Json {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Json;
  } catch (error) {
    return refuse({ code: 'checkpoint-damaged', file, detail: String(error) });
  }
}

function asObject(file: string, value: Json): JsonObject {
  return isObject(value)
    ? value
    : refuse({ code: 'checkpoint-damaged', file, detail: 'not an object' });
}

export function requireFile(files: FileSet, path: string): ByteSource {
  return files.get(path) ?? refuse({ code: 'checkpoint-missing', file: path });
}
