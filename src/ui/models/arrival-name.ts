import type { Origin } from '../../sources/origin.ts';
import type { Arrival } from '../../state/library.svelte.ts';

/** What is on its way, as its owner would call it. */
export function arrivalName(arrival: Arrival): string {
  if (arrival.status === 'built') return arrival.stored.name;
  if ('preflight' in arrival) return arrival.preflight.name;
  return originName(arrival.origin);
}

function originName(origin: Origin): string {
  if (origin.kind === 'hub') return origin.repo;
  return origin.kind === 'zip' ? origin.file.name : origin.name;
}

/** The last part of a repository or path, which is what people call a model. */
export function shortName(name: string): string {
  return name.split('/').filter(Boolean).at(-1) ?? name;
}
