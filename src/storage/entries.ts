/** Stored packages as entries of the catalogue, so that they are models like any other. */
import {
  largestWeightsOf,
  type AdapterEntry,
  type Localized,
  type ModelEntry,
} from '../domain/model.ts';
import type { PackageOrigin } from '../domain/preflight.ts';
import type { StoredPackage } from './packages.ts';

/** What ids of the browser's own begin with. */
export const STORED_PREFIX = 'stored:';

/** Ids of the browser's own never meet those of the catalogue. */
export function entryId(id: string): string {
  return `${STORED_PREFIX}${id}`;
}

export function modelEntryOf(stored: StoredPackage): ModelEntry {
  return {
    id: entryId(stored.id),
    name: stored.name,
    summary: summaryOf(stored.origin),
    tasks: stored.tasks,
    runtime: stored.runtime,
    prompting: stored.prompting,
    prefixes: stored.prefixes,
    source: { kind: 'stored', id: stored.id },
    parameters: stored.parameters,
    contextTokens: stored.contextTokens,
    license: stored.license ?? '',
    languages: stored.languages,
    variants: Object.fromEntries(stored.variants.map(({ id, bytes }) => [id, bytes])),
    largestWeights: largestWeightsOf(stored.variants),
  };
}

export function adapterEntryOf(stored: StoredPackage): AdapterEntry {
  return {
    id: entryId(stored.id),
    base: stored.adapterOf ?? '',
    name: stored.name,
    summary: summaryOf(stored.origin),
    prompting: stored.prompting,
    source: { kind: 'stored', id: stored.id },
    bytes: stored.variants.reduce((sum, { bytes }) => sum + bytes, 0),
    license: stored.license ?? '',
  };
}

function summaryOf({ repo }: PackageOrigin): Localized {
  return repo === null
    ? { es: 'Añadido desde este equipo.', en: 'Added from this device.' }
    : { es: `Traído de ${repo}.`, en: `Fetched from ${repo}.` };
}
