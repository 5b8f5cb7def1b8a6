/** Fields of a `config.json`, read with doubt: each is checked, and refused by its name. */
import { refuse } from '../domain/failure';
import { isObject, shown } from './json-file';
import type { Json, JsonObject } from './json-file';

/** Sizes beyond these are damage or malice, not models for a browser. */
export const LIMITS = {
  vocab: 2_000_000,
  size: 1_000_000,
  layers: 1_000,
  context: 4_000_000,
} as const;

/** The rotary tables and the cache of a longer sequence have no room in a browser. */
export const CONTEXT_CAP = 32_768;

/** A whole number from 1 to `limit`; `fallback` where the field is absent or null. */
export function size(config: JsonObject, key: string, limit: number, fallback?: number): number {
  const value = config[key] ?? fallback;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > limit) {
    return damaged(key);
  }
  return value;
}

/** The longest sequence, capped by what a browser has room for. */
export function contextSize(config: JsonObject, key = 'max_position_embeddings'): number {
  return Math.min(size(config, key, LIMITS.context), CONTEXT_CAP);
}

/** A finite number above zero. */
export function positive(config: JsonObject, key: string, fallback?: number): number {
  const value = finite(config, key, fallback);
  return value > 0 ? value : damaged(key);
}

export function finite(config: JsonObject, key: string, fallback?: number): number {
  const value = config[key] ?? fallback;
  return typeof value === 'number' && Number.isFinite(value) ? value : damaged(key);
}

export function flag(config: JsonObject, key: string, fallback: boolean): boolean {
  const value = config[key] ?? fallback;
  return typeof value === 'boolean' ? value : damaged(key);
}

/** One of a few words; `unsupported` names any other. */
export function oneOf<const T extends string>(
  config: JsonObject,
  key: string,
  choices: readonly T[],
  fallback?: T,
): T {
  const value = config[key] ?? fallback;
  const choice = choices.find((known) => known === value);
  return choice ?? unsupported(key, value);
}

/**
 * The configuration with the other names of its fields, `{ other: own }`, made their own. In the
 * reference library, the other name wins where both are given.
 */
export function ownNames(config: JsonObject, others: Readonly<Record<string, string>>): JsonObject {
  const renamed = Object.entries(others).flatMap(([other, own]) => {
    const value = config[other] ?? null;
    return value === null ? [] : [[own, value] as const];
  });
  return { ...config, ...Object.fromEntries(renamed) };
}

export function tokenId(config: JsonObject, key: string): number | null {
  return tokenIds(config, key)[0] ?? null;
}

/** Ids are written alone or as a list. */
export function tokenIds(config: JsonObject, key: string): number[] {
  const value: Json = config[key] ?? null;
  const list: readonly Json[] = Array.isArray(value) ? (value as readonly Json[]) : [value];
  return list.filter((id): id is number => Number.isSafeInteger(id));
}

/** A nested object; empty where the field is absent. */
export function section(config: JsonObject, key: string): JsonObject {
  const value = config[key] ?? {};
  return isObject(value) ? value : damaged(key);
}

/** Newer files gather the rotary settings under `rope_parameters`, older under `rope_scaling`. */
export function ropeParameters(config: JsonObject): JsonObject {
  const parameters = config['rope_parameters'] ?? config['rope_scaling'] ?? {};
  return isObject(parameters) ? parameters : {};
}

/** The checkpoint is sound, but the graph would not honour this setting. */
export function unsupported(what: string, value: Json | undefined): never {
  return refuse({ code: 'checkpoint-unsupported', what, detail: shown(value) });
}

export function damaged(key: string): never {
  return refuse({ code: 'checkpoint-damaged', file: 'config.json', detail: key });
}
