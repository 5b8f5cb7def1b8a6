import { refuse } from '../domain/failure';
import type { ByteSource, FileSet } from './byte-source';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** Larger than any real configuration or shard index, small enough to parse without a thought. */
const MAX_JSON_BYTES = 25_000_000;

/** Real files nest a dozen deep. */
const MAX_DEPTH = 200;
const MAX_SHOWN = 100;
const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const [OPEN_LIST, CLOSE_LIST, OPEN_MAP, CLOSE_MAP] = [0x5b, 0x5d, 0x7b, 0x7d];

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

/** A value in a few letters, for a refusal. A stranger's object may not know how to be text. */
export function shown(value: Json | undefined): string {
  if (typeof value === 'string') return value.slice(0, MAX_SHOWN);
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? '[…]' : '{…}';
}

function parseJson(file: string, bytes: Uint8Array): Json {
  if (isDeep(bytes)) refuse({ code: 'checkpoint-damaged', file, detail: 'JSON within JSON' });
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Json;
  } catch (error) {
    return refuse({ code: 'checkpoint-damaged', file, detail: String(error) });
  }
}

/** Whether brackets outside of texts stand too deep for what walks over them afterwards. */
function isDeep(bytes: Uint8Array): boolean {
  let depth = 0;
  let within = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) within = !within;
    else if (within) at += byte === BACKSLASH ? 1 : 0;
    else if (byte === OPEN_LIST || byte === OPEN_MAP) depth += 1;
    else if (byte === CLOSE_LIST || byte === CLOSE_MAP) depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

function asObject(file: string, value: Json): JsonObject {
  return isObject(value)
    ? value
    : refuse({ code: 'checkpoint-damaged', file, detail: 'not an object' });
}

export function requireFile(files: FileSet, path: string): ByteSource {
  return files.get(path) ?? refuse({ code: 'checkpoint-missing', file: path });
}
