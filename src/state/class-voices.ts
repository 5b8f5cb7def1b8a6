import type { ClassModel, ClassPack } from '../classroom/pack.ts';
import type { Voice } from '../domain/model.ts';
import type { Experiment } from '../run/experiment.ts';
import { entryId } from '../storage/entries.ts';
import type { StoredPackage } from '../storage/packages.ts';
import type { Library } from './library.svelte.ts';

type Repository = Extract<ClassModel, { kind: 'repository' }>;

/** The package that this browser has of a model of a class; null where it has none. */
export function storedFor(
  model: Exclude<ClassModel, { kind: 'bundled' }>,
  stored: readonly StoredPackage[],
): StoredPackage | null {
  const id = model.kind === 'package' ? model.entry.id : model.id;
  const same = stored.find((entry) => entry.id === id);
  if (same || model.kind === 'package') return same ?? null;
  return stored.find((entry) => isFrom(entry, model)) ?? null;
}

/** A repository that came from another address has another id here: it is known by its name. */
function isFrom({ origin }: StoredPackage, { repo, revision }: Repository): boolean {
  const isCommit = /^[0-9a-f]{40}$/u.test(revision);
  return origin.repo === repo && (!isCommit || origin.commit === revision);
}

/** Turns the ids of a class into those of this browser. */
export function localisedWith(
  pack: ClassPack,
  library: Pick<Library, 'stored'>,
): (experiment: Experiment) => Experiment {
  const nameOf = (id: string | null): string | null => {
    const model = pack.models.find((each) => each.kind === 'repository' && entryId(each.id) === id);
    const here = model?.kind === 'repository' ? storedFor(model, library.stored) : null;
    return here ? entryId(here.id) : id;
  };
  const localVoice = ({ model, adapter }: Voice): Voice => {
    return { model: nameOf(model) ?? model, adapter: nameOf(adapter) };
  };
  return (experiment) => ({
    ...experiment,
    columns: experiment.columns.map((column) => ({ ...column, voice: localVoice(column.voice) })),
  });
}
