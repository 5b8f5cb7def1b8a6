/** What a download that was left half-way was for, from what was recorded of it. */
import { findModel, type Catalogue } from '../domain/model.ts';
import type { AdapterPlan } from '../engine/builder.ts';
import { originOfText, type Origin } from '../sources/origin.ts';
import type { DownloadJob } from '../storage/downloads.ts';

/** Private repositories ask for their token again: it is never stored. */
export function originOf(
  { endpoint, repo }: Pick<DownloadJob, 'endpoint' | 'repo'>,
  revision: string | null,
): Origin {
  return { ...originOfText(repo), endpoint, revision };
}

/** `missing` where the model that an adapter was to stay on is gone. */
export function adapterOf(
  { adapter }: DownloadJob,
  catalogue: Catalogue,
): AdapterPlan | null | { readonly kind: 'missing'; readonly base: string } {
  if (adapter === null) return null;
  if (adapter.kind === 'merged') {
    return { kind: 'merged', base: originOf(adapter, adapter.revision) };
  }
  const base = findModel(catalogue, adapter.base);
  return base === undefined ? { kind: 'missing', base: adapter.base } : { kind: 'stays', base };
}
