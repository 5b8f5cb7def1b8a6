/**
 * What is known of a model before any large read: plain data, so that it crosses threads and the
 * screen that shows it needs nothing else. Written by `src/sources/preflight.ts`.
 */
import type { Failure } from './failure.ts';
import type { Backend } from './device.ts';
import type { TaskId, VariantId } from './model.ts';

export interface Preflight {
  readonly kind: 'checkpoint' | 'adapter' | 'onnx' | 'package';
  readonly name: string;
  readonly origin: PackageOrigin;
  /** Folder inside what was opened; `''` where the model is at the top. */
  readonly root: string;
  /** `model_type` of the configuration; null for an adapter, whose base says it. */
  readonly modelType: string | null;
  /** Family that Patio builds it with; null where it is not one of them. */
  readonly family: string | null;
  /** What the model ends in, such as `causal-lm` or `sequence-classification`. */
  readonly head: string | null;
  /** What it can be asked; the first is what it is for. Empty where that is not known. */
  readonly tasks: readonly TaskId[];
  /** Names of the classes, in the order of the outputs; empty for other tasks. */
  readonly labels: readonly string[];
  /** Words that its authors put before a text to say what to do with it. */
  readonly prefixes: readonly string[];
  /** Trained weights, counted from the tensors' shapes; null where they are not listed. */
  readonly parameters: number | null;
  /** Element types of the weights, the one with most bytes first. */
  readonly dtypes: readonly string[];
  readonly vocabulary: number | null;
  readonly contextTokens: number | null;
  readonly license: string | null;
  readonly languages: readonly string[];
  readonly datasets: readonly string[];
  readonly base: BaseModel | null;
  /** Bytes of the files that building reads. */
  readonly readBytes: number;
  /** The same when they come over the network, else 0. */
  readonly downloadBytes: number;
  /** What could be built or, for ONNX, what is there; empty where nothing can. */
  readonly variants: readonly PreflightVariant[];
  /** The variant that would run on this device; null where none does. */
  readonly chosen: VariantId | null;
  readonly tokenizer: TokenizerState;
  readonly chatTemplate: boolean;
  /** Quantisation of the checkpoint itself, such as `bitsandbytes nf4`; null where there is none. */
  readonly quantization: string | null;
  readonly adapter: AdapterFacts | null;
  readonly onnx: OnnxFacts | null;
  readonly findings: readonly Finding[];
}

export interface PackageOrigin {
  readonly kind: 'files' | 'zip' | 'hub';
  readonly endpoint: string | null;
  readonly repo: string | null;
  /** 40 hexadecimal digits. */
  readonly commit: string | null;
}

export interface BaseModel {
  /** As the card or the adapter's configuration names it: a repository or a path. */
  readonly name: string;
  /** Null where it is not known without asking the Hub. */
  readonly license: string | null;
}

export interface PreflightVariant {
  readonly id: VariantId;
  readonly backend: Backend;
  /** Bytes of graph and weights that will be stored. */
  readonly storedBytes: number;
  /** Of the largest single weight; absent where the graph was not laid out here. */
  readonly largestWeightBytes?: number;
  /** The largest `storedBytes` that this device takes; the memory it runs in is the rest of its limit. */
  readonly budgetBytes: number;
}

/** `converted` is made from the files of a slow tokenizer; `missing` names the files looked for. */
export type TokenizerState =
  | { readonly status: 'ready' }
  | { readonly status: 'converted'; readonly from: readonly string[] }
  | { readonly status: 'unreadable'; readonly files: readonly string[] }
  | { readonly status: 'missing' };

export interface AdapterFacts {
  /** Modules it changes, by their last name: `q_proj`, `v_proj`. */
  readonly targets: readonly string[];
  readonly rank: number;
  readonly alpha: number;
  readonly task: string | null;
  /** Layers stored whole, such as a classifier. */
  readonly saved: readonly string[];
}

export interface OnnxFacts {
  /** As transformers.js names them: `fp32`, `fp16`, `q8`, `q4`, `q4f16`… */
  readonly dtypes: readonly OnnxDtype[];
}

export interface OnnxDtype {
  readonly id: string;
  /** All graphs of this dtype with their external data. */
  readonly bytes: number;
  readonly files: readonly string[];
}

export type Severity = 'stop' | 'warn' | 'note';

/** Something to know before starting. A `stop` means that it cannot run as it is. */
export type Finding = { readonly severity: Severity } & FindingFields;

export type FindingFields =
  /** A part of Patio refuses it; the sentence is the failure's own. */
  | { readonly code: 'refused'; readonly failure: Failure }
  | { readonly code: 'weights-missing' }
  /** There are weights, but only in formats of other libraries. */
  | { readonly code: 'weights-foreign'; readonly files: readonly string[] }
  | { readonly code: 'pickle' }
  /** Files of the training run that are not read. */
  | { readonly code: 'leftovers'; readonly bytes: number }
  | { readonly code: 'tokenizer-missing' }
  | { readonly code: 'tokenizer-unreadable'; readonly detail: string }
  | { readonly code: 'tokenizer-converted'; readonly files: readonly string[] }
  /** The tokenizer gives ids that the model has no row for. */
  | { readonly code: 'tokenizer-foreign'; readonly tokens: number; readonly rows: number }
  | { readonly code: 'chat-template-missing' }
  | { readonly code: 'license-missing' }
  | { readonly code: 'license-noncommercial'; readonly license: string }
  | { readonly code: 'license-base'; readonly base: string; readonly license: string | null }
  | { readonly code: 'base-needed'; readonly base: string }
  | { readonly code: 'too-large'; readonly needBytes: number; readonly haveBytes: number }
  | { readonly code: 'gpu-only'; readonly needBytes: number; readonly haveBytes: number }
  | { readonly code: 'storage-short'; readonly needBytes: number; readonly freeBytes: number }
  | { readonly code: 'download-large'; readonly bytes: number }
  | { readonly code: 'quantized'; readonly method: string }
  | { readonly code: 'context-capped'; readonly trained: number; readonly used: number }
  /** The weights lie compressed in the zip, and must be unpacked first. */
  | { readonly code: 'zip-unpacked'; readonly bytes: number }
  | { readonly code: 'onnx-task-unknown' }
  | { readonly code: 'card-damaged'; readonly detail: string };

export type FindingCode = FindingFields['code'];

export function canStart({ findings }: Preflight): boolean {
  return !findings.some(({ severity }) => severity === 'stop');
}
