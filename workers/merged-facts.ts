/** What an entry says of a model made of a base and an adapter, which no preflight has seen together. */
import { countParameters } from '../src/checkpoint/census.ts';
import { openCheckpoint } from '../src/checkpoint/checkpoint.ts';
import type { FileSet } from '../src/checkpoint/byte-source.ts';
import { readJsonObject } from '../src/checkpoint/json-file.ts';
import { tasksOfHead } from '../src/domain/head-tasks.ts';
import type { Manifest } from '../src/graph/manifest.ts';
import type { PackageStory } from '../src/graph/package-readme.ts';
import { hasChatTemplate } from '../src/sources/inspection.ts';
import type { StoredPackage } from '../src/storage/packages.ts';

export type MergedFacts = Partial<StoredPackage>;

export async function mergedFacts(
  { family, head, model }: Manifest,
  files: FileSet,
  { bases: [base], languages }: PackageStory,
  signal: AbortSignal,
): Promise<MergedFacts> {
  const config = files.get('tokenizer_config.json');
  const tokenizer = config === undefined ? {} : await readJsonObject(config, signal);
  const chat = hasChatTemplate(files, tokenizer);
  const labels = 'labels' in head ? head.labels : [];
  return {
    family,
    head: head.kind,
    labels,
    tasks: tasksOfHead(head.kind, labels, chat),
    prompting: chat ? 'chat' : 'completion',
    parameters: countParameters(await openCheckpoint(files, 'model', signal)),
    contextTokens: model.context,
    languages,
    base: base?.name ?? null,
  };
}
