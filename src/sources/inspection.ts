/** What every kind of preflight shares: the source, the device, what was found so far. */
import type { WeightsStem } from '../checkpoint/checkpoint.ts';
import { isObject, readJsonObject, requireFile } from '../checkpoint/json-file.ts';
import type { JsonObject } from '../checkpoint/json-file.ts';
import { budgetBytes, fit, type Device } from '../domain/device.ts';
import { tasksOfHead } from '../domain/head-tasks.ts';
import { largestWeightsOf, type VariantId } from '../domain/model.ts';
import type { BaseModel, Preflight, PreflightVariant } from '../domain/preflight.ts';
import type { ModelKind } from '../graph/architecture.ts';
import type { Recognised } from '../graph/recognise.ts';
import type { Card } from './card.ts';
import type { Findings } from './findings.ts';
import type { OpenedSource } from './opened.ts';
import { tokenizerState } from './tokenizer-files.ts';
import { companionFiles, sizeOf, weightFiles } from './weight-files.ts';

export interface Inspection {
  readonly opened: OpenedSource;
  readonly device: Device;
  readonly card: Card;
  readonly findings: Findings;
  readonly signal: AbortSignal;
}

export type Facts = Omit<Preflight, 'findings'>;

/**
 * The variants that are offered; fp32 is for tests. The GPU is worth it where a model steps token by
 * token; one that reads in a single pass is quick on the CPU, and a GPU runtime fails on the empty
 * tensors with which an encoder–decoder begins.
 */
export const OFFERED: Readonly<Record<ModelKind, readonly VariantId[]>> = {
  decoder: ['cpu8', 'gpu4'],
  encoder: ['cpu8'],
  'encoder-decoder': ['cpu8'],
};

export interface Configs {
  /** `config.json`, empty where it is damaged or not there. */
  readonly model: JsonObject;
  readonly tokenizer: JsonObject;
}

export async function readConfigs(inspection: Inspection): Promise<Configs> {
  const { opened, findings, signal } = inspection;
  const read = async (path: string) =>
    (await findings.attempt(() => readJsonObject(requireFile(opened.files, path), signal))) ?? {};
  const path = 'tokenizer_config.json';
  return {
    tokenizer: opened.files.has(path) ? await read(path) : {},
    model: await read('config.json'),
  };
}

/** What the card and the configurations say; the rest is for each kind to fill in. */
export function writtenFacts(
  { opened, card }: Inspection,
  configs: Configs,
  model: Recognised | null,
): Omit<Facts, 'kind'> {
  const { files, name, root, kind, pinned } = opened;
  const { endpoint = null, repo = null, commit = null } = pinned ?? {};
  const modelType = text(configs.model['model_type']);
  const chatTemplate = hasChatTemplate(files, configs.tokenizer);
  const { head = null, architecture = null } = model ?? {};
  const labels = head !== null && 'labels' in head ? head.labels : [];
  return {
    ...{ name, root, origin: { kind, endpoint, repo, commit } },
    ...{ modelType, family: architecture?.family ?? null, head: head?.kind ?? null, labels },
    tasks: tasksOfHead(head?.kind ?? '', labels, chatTemplate),
    ...{ vocabulary: architecture?.vocab ?? null, contextTokens: architecture?.context ?? null },
    ...{ license: card.license, languages: card.languages, datasets: card.datasets },
    ...{ base: baseOf(card), tokenizer: tokenizerState(files, modelType), chatTemplate },
    prefixes: prefixesOf(configs.model),
    ...{ parameters: null, dtypes: [], readBytes: 0, downloadBytes: 0, variants: [], chosen: null },
    ...{ quantization: null, adapter: null, onnx: null },
  };
}

const MAX_PREFIXES = 20;

/** T5's configurations list their tasks with the words that stand before a text. */
function prefixesOf(config: JsonObject): string[] {
  const tasks = config['task_specific_params'] ?? {};
  const all = isObject(tasks) ? Object.values(tasks) : [];
  const found = all.map((task) => (isObject(task) ? task['prefix'] : undefined));
  return found.filter((prefix) => typeof prefix === 'string').slice(0, MAX_PREFIXES);
}

function baseOf({ base: [name] }: Card): BaseModel | null {
  return name === undefined ? null : { name, license: null };
}

export function hasChatTemplate(files: OpenedSource['files'], tokenizer: JsonObject): boolean {
  if (files.has('chat_template.jinja') || files.has('chat_template.json')) return true;
  const template = tokenizer['chat_template'];
  return typeof template === 'string' || Array.isArray(template) || isObject(template);
}

/** What building reads, and how much of it comes over the network. */
export async function bytesRead({ opened, signal }: Inspection, stem: WeightsStem) {
  const weights = await weightFiles(opened.files, stem, signal);
  return withCompanions(opened, weights.bytes);
}

export function withCompanions({ files, kind }: OpenedSource, weightBytes: number) {
  const readBytes = weightBytes + sizeOf(files, companionFiles(files));
  return { readBytes, downloadBytes: kind === 'hub' ? readBytes : 0 };
}

export function variantOf(
  { device }: Inspection,
  id: VariantId,
  storedBytes: number,
  largestWeightBytes?: number,
): PreflightVariant {
  const backend = id === 'gpu4' ? 'gpu' : 'cpu';
  const counted = largestWeightBytes === undefined ? {} : { largestWeightBytes };
  return { id, backend, storedBytes, ...counted, budgetBytes: budgetBytes(backend, device) };
}

/** The variant that would run here; says why where none would. */
export function choose(
  { device, findings }: Inspection,
  variants: readonly PreflightVariant[],
): VariantId | null {
  if (variants.length === 0) return null;
  const sizes = Object.fromEntries(variants.map(({ id, storedBytes }) => [id, storedBytes]));
  const largestWeights = largestWeightsOf(variants);
  const chosen = fit({ variants: sizes, largestWeights }, device, 'auto');
  if (!chosen.ok) {
    const { failure } = chosen;
    if (failure.code !== 'model-too-large') findings.add('stop', { code: 'refused', failure });
    else findings.add('stop', { ...failure, code: 'too-large' });
    return null;
  }
  const cpu = variants.find(({ backend }) => backend === 'cpu');
  if (chosen.variant === 'gpu4' && cpu !== undefined && cpu.storedBytes > cpu.budgetBytes) {
    const { storedBytes: needBytes, budgetBytes: haveBytes } = cpu;
    findings.add('note', { code: 'gpu-only', needBytes, haveBytes });
  }
  return chosen.variant;
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** A count above zero, or null. */
export function integer(value: unknown): number | null {
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : null;
}
