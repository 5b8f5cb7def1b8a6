/** What Patio's engine is asked to run: packages of the bench, as entries of a catalogue. */
import { catalogue } from '../../../models.config.ts';
import type { AdapterEntry, ModelEntry } from '../../../src/domain/model.ts';
import { DEFAULT_PARAMS, type Params } from '../../../src/domain/params.ts';

export const GREEDY: Params = {
  ...DEFAULT_PARAMS,
  temperature: 0,
  topK: 0,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
};

/** The catalogue's own entry with a package of the bench in its place. */
export function modelAt(path: string): ModelEntry {
  const [gorrion] = catalogue.models;
  if (gorrion === undefined) throw new Error('the catalogue is empty');
  return { ...gorrion, id: new URL(path).pathname, source: { kind: 'bundled', path } };
}

/** Any adapter of the package, in the catalogue or not. Plain completion, so that prompts are alike. */
export function adapterEntry(path: string, folder: string): AdapterEntry {
  const model = modelAt(path);
  return {
    id: `${model.id}/${folder}`,
    base: model.id,
    name: folder,
    summary: model.summary,
    prompting: 'completion',
    source: { kind: 'bundled', path: `${path}adapters/${folder}/` },
    bytes: 0,
    license: model.license,
  };
}
