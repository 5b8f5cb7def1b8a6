import { sha256 } from 'hash-wasm';
import type { BuildOrder } from '../src/engine/builder.ts';
import type { OpenedSource } from '../src/sources/opened.ts';

const ID_CHARS = 24;

/**
 * The same files, to be built the same way, always have the same id: two tabs that add one model meet
 * at its lock, and adding it again replaces it. Of files on this device, paths and sizes are compared
 * and the first bytes of each, which hold the configuration and the headers of the weights.
 */
export async function packageId(
  { pinned, files, root }: OpenedSource,
  { variants, adapter }: BuildOrder,
  signal: AbortSignal,
): Promise<string> {
  const how = [root, ...variants, adapter === null ? '' : adapterKey(adapter)];
  if (pinned !== null) {
    return shorten(await sha256([pinned.endpoint, pinned.repo, pinned.commit, ...how].join('\n')));
  }
  const lines: string[] = [];
  for (const [path, file] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const head = await file.read(0, Math.min(HEAD_BYTES, file.size), signal);
    lines.push(`${path} ${file.size} ${await sha256(head)}`);
  }
  return shorten(await sha256([...lines, ...how].join('\n')));
}

const HEAD_BYTES = 65_536;

function adapterKey(plan: NonNullable<BuildOrder['adapter']>): string {
  if (plan.kind === 'stays') return plan.base.id;
  const { base } = plan;
  if (base.kind === 'hub') return `${base.endpoint} ${base.repo} ${base.revision ?? ''}`;
  return base.kind === 'zip' ? base.file.name : base.name;
}

function shorten(hash: string): string {
  return hash.slice(0, ID_CHARS);
}
