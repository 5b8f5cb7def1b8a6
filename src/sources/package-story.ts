/** What the cards of a model, its adapter and its base say, for the README of the package made of them. */
import { adapterBase } from '../checkpoint/adapter.ts';
import { readJsonObject } from '../checkpoint/json-file.ts';
import type { PackageStory } from '../graph/package-readme.ts';
import { readCard } from './card.ts';
import type { OpenedSource } from './opened.ts';

export async function storyOfModel(
  opened: OpenedSource,
  name: string,
  signal: AbortSignal,
): Promise<PackageStory> {
  const { license, languages, datasets, pipelineTag, tags, base } = await readCard(
    opened.files,
    signal,
  );
  const bases = base.map((each) => ({ name: each, license: null }));
  const origin = opened.pinned;
  return { name, origin, license, bases, languages, datasets, pipelineTag, tags, adapter: null };
}

/** Of an adapter merged into its base: its own card, and the licence of the base beside it. */
export async function storyOfMerged(
  adapter: OpenedSource,
  base: OpenedSource,
  name: string,
  signal: AbortSignal,
): Promise<PackageStory> {
  const own = await storyOfModel(adapter, name, signal);
  const under = await storyOfModel(base, base.name, signal);
  const config = adapter.files.get('adapter_config.json');
  const named =
    config === undefined ? null : adapterBase(await readJsonObject(config, signal)).base;
  const baseName = base.pinned?.repo ?? named ?? base.name;
  return {
    ...own,
    bases: [{ name: baseName, license: under.license }, ...under.bases],
    languages: own.languages.length > 0 ? own.languages : under.languages,
    pipelineTag: own.pipelineTag ?? under.pipelineTag,
    adapter: adapter.pinned?.repo ?? adapter.name,
  };
}
