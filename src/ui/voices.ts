import { voicesFor } from '../domain/task.ts';
import {
  findAdapter,
  findModel,
  voices,
  type AdapterEntry,
  type Catalogue,
  type Localized,
  type ModelEntry,
  type Prompting,
  type TaskId,
  type Voice,
} from '../domain/model.ts';

/** A voice as a list shows it. */
export interface VoiceChoice {
  readonly key: string;
  readonly voice: Voice;
  readonly name: string;
  readonly summary: Localized;
}

export interface VoiceGroup {
  readonly model: ModelEntry;
  readonly choices: readonly VoiceChoice[];
}

export function voiceKey({ model, adapter }: Voice): string {
  return adapter === null ? model : `${model}+${adapter}`;
}

/** Each base model that can be asked this, with its adapters under it. */
export function voiceGroups(catalogue: Catalogue, task: TaskId): VoiceGroup[] {
  const able = voicesFor(catalogue, task);
  const groups = catalogue.models.map((model) => ({
    model,
    choices: able
      .filter((voice) => voice.model === model.id)
      .map((voice) => choiceOf(catalogue, model, voice)),
  }));
  return groups.filter(({ choices }) => choices.length > 0);
}

function choiceOf(catalogue: Catalogue, model: ModelEntry, voice: Voice): VoiceChoice {
  const { name, summary } = findAdapter(catalogue, voice.adapter) ?? model;
  return { key: voiceKey(voice), voice, name, summary };
}

function entryOf(catalogue: Catalogue, voice: Voice): ModelEntry | AdapterEntry | undefined {
  return voice.adapter === null
    ? findModel(catalogue, voice.model)
    : findAdapter(catalogue, voice.adapter);
}

export function voiceSummary(catalogue: Catalogue, voice: Voice): Localized | null {
  return entryOf(catalogue, voice)?.summary ?? null;
}

export function promptingOf(catalogue: Catalogue, voice: Voice): Prompting {
  return entryOf(catalogue, voice)?.prompting ?? 'completion';
}

/** The first voice for a task that no column has yet, or the first of all. */
export function nextVoice(
  catalogue: Catalogue,
  task: TaskId,
  taken: readonly Voice[],
): Voice | null {
  const able = voicesFor(catalogue, task);
  const all = able.length > 0 ? able : voices(catalogue);
  const keys = new Set(taken.map(voiceKey));
  return all.find((voice) => !keys.has(voiceKey(voice))) ?? all[0] ?? null;
}
