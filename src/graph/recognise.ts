/** A checkpoint's folder → what it is, before any weight is read. */
import type { FileSet } from '../checkpoint/byte-source';
import { unsupported } from '../checkpoint/config-reader';
import { readJsonObject, requireFile } from '../checkpoint/json-file';
import type { JsonObject } from '../checkpoint/json-file';
import { FAMILIES } from './families';
import type { FamilyModel } from './families/family';
import { readHead } from './head';
import type { Head } from './head';
import { sentenceHead, sentenceLimit } from './sentence-head';

export interface Recognised extends FamilyModel {
  readonly config: JsonObject;
  readonly head: Head;
}

/** Reads `config.json` alone; refuses by name what Patio does not build. */
export function recognise(config: JsonObject): Recognised {
  const modelType = config['model_type'];
  const family = FAMILIES.find(({ modelTypes }) => modelTypes.some((type) => type === modelType));
  if (family === undefined) {
    return unsupported('architecture', typeof modelType === 'string' ? modelType : 'model_type');
  }
  const model = family.recognise(config);
  return { ...model, config, head: readHead(config, model.architecture.kind) };
}

/** The same, with the pooling and the longest text that a sentence-transformers folder asks for. */
export async function recogniseFolder(files: FileSet, signal: AbortSignal): Promise<Recognised> {
  const config = await readJsonObject(requireFile(files, 'config.json'), signal);
  const model = recognise(config);
  if (model.architecture.kind !== 'encoder') return model;
  const head = (await sentenceHead(files, signal)) ?? model.head;
  const limit = (await sentenceLimit(files, signal)) ?? Infinity;
  const context = Math.min(model.architecture.context, limit);
  return { ...model, head, architecture: { ...model.architecture, context } };
}
