import type { Values } from './prompt.ts';

/** Text in every language of the interface; Spanish is the source of truth. */
export type Localized = { readonly es: string; readonly en: string };

/** What can be asked of a model, in the order in which the interface offers it. */
export const TASK_IDS = [
  'text-generation',
  'chat',
  'text2text-generation',
  'fill-mask',
  'text-classification',
  'zero-shot-classification',
  'token-classification',
  'question-answering',
  'sentence-similarity',
] as const;

export type TaskId = (typeof TASK_IDS)[number];

/** Arithmetic a package was built for: 8-bit integer products, 4-bit blocks, or exact. */
export type VariantId = 'cpu8' | 'gpu4' | 'fp32';

/** Where a package's files are. Bundled paths are relative to the app's base address. */
export type Source =
  | { readonly kind: 'bundled'; readonly path: string }
  /** In this browser's own storage, under the id that `storage/packages` knows it by. */
  | { readonly kind: 'stored'; readonly id: string };

/** What runs a package: Patio's own graphs, or ONNX files made for transformers.js. */
export type RuntimeId = 'patio' | 'transformers';

/** A `completion` model continues the text; a `chat` model is asked through its chat template. */
export type Prompting = 'completion' | 'chat';

export interface ModelEntry {
  readonly id: string;
  readonly name: string;
  readonly summary: Localized;
  /** What it can be asked; the first is what it is for. */
  readonly tasks: readonly TaskId[];
  readonly runtime: RuntimeId;
  readonly prompting: Prompting;
  readonly source: Source;
  /** Count of trained weights. */
  readonly parameters: number;
  /** Longest sequence, prompt and answer together, in tokens. */
  readonly contextTokens: number;
  readonly license: string;
  readonly languages: readonly string[];
  /** How instructions to an encoder–decoder begin, where its configuration names them. */
  readonly prefixes?: readonly string[];
  /** Bytes of graph and weights of each variant. */
  readonly variants: Readonly<Partial<Record<VariantId, number>>>;
  /** Bytes of the largest single weight of each variant, where it was counted. */
  readonly largestWeights?: Readonly<Partial<Record<VariantId, number>>>;
}

/** Of the variants whose largest weight was counted. */
export function largestWeightsOf(
  variants: readonly { readonly id: VariantId; readonly largestWeightBytes?: number }[],
): Partial<Record<VariantId, number>> {
  const counted = variants.flatMap(({ id, largestWeightBytes: bytes }) =>
    bytes === undefined ? [] : [[id, bytes] as const],
  );
  return Object.fromEntries(counted);
}

export interface AdapterEntry {
  readonly id: string;
  /** Id of the model it was trained over. */
  readonly base: string;
  readonly name: string;
  readonly summary: Localized;
  readonly prompting: Prompting;
  readonly source: Source;
  readonly bytes: number;
  readonly license: string;
}

export interface ExamplePrompt {
  readonly id: string;
  readonly title: Localized;
  readonly task: TaskId;
  readonly text: string;
  /** What its task asks beside the text. */
  readonly fields?: Values;
  /** Values of its `{{variables}}`, one set per row. */
  readonly table?: readonly Values[];
  /** Columns shown with it; empty where any voice of its task will do. */
  readonly voices: readonly Voice[];
}

/**
 * A model of the Hub that Patio proposes to fetch. Facts are those of a public page at the time of
 * writing; what none of them states is null, and its preflight says it.
 */
export interface ShelfModel {
  /** Repository on the Hub. */
  readonly repo: string;
  readonly name: string;
  readonly summary: Localized;
  readonly task: TaskId;
  readonly languages: readonly string[];
  /** Trained weights; `≈` stands before it on screen, because pages round. */
  readonly parameters: number | null;
  readonly license: string | null;
  /** Bytes of what is fetched. */
  readonly bytes: number | null;
  /** Which page the facts were read on. */
  readonly source: string;
  /** Whether its own files were seen running in Patio. */
  readonly tried: boolean;
}

export interface Catalogue {
  readonly models: readonly ModelEntry[];
  readonly adapters: readonly AdapterEntry[];
  readonly examples: readonly ExamplePrompt[];
}

/** What a column is: a model, alone or with one adapter. */
export interface Voice {
  readonly model: string;
  readonly adapter: string | null;
}

export function findModel(catalogue: Catalogue, id: string): ModelEntry | undefined {
  return catalogue.models.find((model) => model.id === id);
}

export function findAdapter(catalogue: Catalogue, id: string | null): AdapterEntry | undefined {
  return catalogue.adapters.find((adapter) => adapter.id === id);
}

/** Every voice of the catalogue: each model alone, then with each of its adapters. */
export function voices(catalogue: Catalogue): Voice[] {
  return catalogue.models.flatMap((model) => [
    { model: model.id, adapter: null },
    ...catalogue.adapters
      .filter((adapter) => adapter.base === model.id)
      .map((adapter) => ({ model: model.id, adapter: adapter.id })),
  ]);
}

export function sameVoice(a: Voice, b: Voice): boolean {
  return a.model === b.model && a.adapter === b.adapter;
}

/** Name shown for a voice; ids stand in for what the catalogue no longer has. */
export function voiceName(catalogue: Catalogue, voice: Voice): string {
  if (voice.adapter !== null) return findAdapter(catalogue, voice.adapter)?.name ?? voice.adapter;
  return findModel(catalogue, voice.model)?.name ?? voice.model;
}
