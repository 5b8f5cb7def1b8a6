import {
  findAdapter,
  findModel,
  voices,
  type AdapterEntry,
  type Catalogue,
  type Localized,
  type ModelEntry,
  type Prompting,
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

/** Each base model with its adapters under it. */
export function voiceGroups(catalogue: Catalogue): VoiceGroup[] {
  return catalogue.models.map((model) => ({
    model,
    choices: voices(catalogue)
      .filter((voice) => voice.model === model.id)
      .map((voice) => choiceOf(catalogue, model, voice)),
  }));
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

/** The first voice that no column has yet, or the first of all. */
export function nextVoice(catalogue: Catalogue, taken: readonly Voice[]): Voice | null {
  const all = voices(catalogue);
  const keys = new Set(taken.map(voiceKey));
  return all.find((voice) => !keys.has(voiceKey(voice))) ?? all[0] ?? null;
}
