/** A checkpoint's folder → a package's folder, file by file, tensor by tensor. */
import type { Adapter } from '../checkpoint/adapter';
import type { ByteSource, FileSet } from '../checkpoint/byte-source';
import { requireFile } from '../checkpoint/json-file';
import type { JsonObject } from '../checkpoint/json-file';
import type { TensorSource } from '../checkpoint/tensor-source';
import { refuse } from '../domain/failure';
import type { VariantId } from '../domain/model';
import { withAdaptedConfig } from './adapted-config';
import { ROLES } from './architecture';
import type { Architecture, GraphRole } from './architecture';
import { arithmeticFor, countWeights } from './arithmetic';
import type { LogitsAt } from './blocks/head';
import { GraphBuilder } from './graph-builder';
import type { BuiltGraph, Deposit } from './graph-builder';
import { MANIFEST_FILE, MANIFEST_VERSION } from './manifest';
import type {
  LoraPort,
  Manifest,
  ModelNumbers,
  PackagedFile,
  PackagedGraph,
  PackagedVariant,
} from './manifest';
import { mergeAdapter } from './merge-adapter';
import { README_FILE, packageReadme } from './package-readme';
import type { PackageStory } from './package-readme';
import { recogniseFolder } from './recognise';
import type { Recognised } from './recognise';
import { openWeights } from './weights';

/** Where a package is written: a folder on disk, or the browser's storage. */
export interface PackageSink {
  open(path: string): Promise<FileWriter>;
}

export interface FileWriter {
  write(chunk: Uint8Array): Promise<void>;
  close(): Promise<PackagedFile>;
}

export interface PackageOptions {
  readonly variants: readonly VariantId[];
  /** Whether the graphs take an adapter as inputs. */
  readonly ports: boolean;
  readonly logits: LogitsAt;
  /** Most weights of a model that counts as small (see `arithmetic`); a measured default. */
  readonly smallModel?: number;
  /** Merged into the weights while they are read. */
  readonly adapter?: Adapter;
  /** Names of the adapter folders that will lie beside the package. */
  readonly adapters?: readonly string[];
  /** What the draft of a README tells; without it there is none. */
  readonly story?: PackageStory;
}

const TOP_K = 64;
/** Names in a refusal. */
const LOST_SHOWN = 8;
const COPIED = ['generation_config.json', 'tokenizer.json', 'tokenizer_config.json'] as const;
const COPIED_IF_THERE = ['chat_template.jinja', 'special_tokens_map.json'] as const;
const COPY_CHUNK_BYTES = 4_000_000;

/** File names that transformers.js knows each variant and each graph by. */
const SUFFIXES: Readonly<Record<VariantId, string>> = { cpu8: '_quantized', gpu4: '_q4', fp32: '' };
const STEMS: Readonly<Record<GraphRole, string>> = {
  model: 'model',
  encoder: 'encoder_model',
  decoder: 'decoder_model_merged',
};

export async function buildPackage(
  given: FileSet,
  options: PackageOptions,
  sink: PackageSink,
  signal: AbortSignal,
): Promise<Manifest> {
  const { adapter } = options;
  const files = adapter === undefined ? given : await withAdaptedConfig(given, adapter, signal);
  const model = await recogniseFolder(files, signal);
  const { architecture } = model;
  const own = await openWeights(files, model, signal);
  const weights = countWeights(own);
  const tensors = adapter === undefined ? own : mergeWhole(own, adapter, model, weights);
  const ports: LoraPort[] = [];
  const variants: PackagedVariant[] = [];
  for (const id of options.variants) {
    const graphs: PackagedGraph[] = [];
    ports.length = 0;
    for (const role of ROLES[architecture.kind]) {
      const built = buildGraph(model, tensors, id, role, { ...options, weights });
      ports.push(...built.ports);
      const bare = { ...options, ports: false, weights };
      const stock = built.ports.length > 0 ? buildGraph(model, tensors, id, role, bare) : null;
      graphs.push(await writeGraph(built.graph, stock?.graph ?? null, { id, role }, sink, signal));
    }
    variants.push({ id, graphs });
  }
  await writeJson(sink, 'config.json', stockConfig(model));
  const tokenizer = await copyFiles(files, sink, signal);
  const manifest: Manifest = {
    version: MANIFEST_VERSION,
    family: architecture.family,
    kind: architecture.kind,
    head: model.head,
    model: modelNumbers(architecture),
    variants,
    ports,
    topK: topK(architecture),
    tokenizer,
    adapters: options.adapters ?? [],
  };
  await writeJson(sink, MANIFEST_FILE, manifest);
  if (options.story !== undefined) {
    await writeText(sink, README_FILE, packageReadme(options.story, manifest));
  }
  return manifest;
}

/**
 * The base's weights with the adapter in them. Refused before anything is written where the graphs
 * would leave a part of the adapter out.
 */
function mergeWhole(
  base: TensorSource,
  adapter: Adapter,
  model: Recognised,
  weights: number,
): TensorSource {
  const merged = mergeAdapter(base, adapter);
  for (const role of ROLES[model.architecture.kind]) {
    buildGraph(model, merged, 'fp32', role, { ports: false, logits: 'last', weights });
  }
  const lost = merged.untouched();
  const shown = lost.slice(0, LOST_SHOWN).join(', ') + (lost.length > LOST_SHOWN ? '…' : '');
  return lost.length > 0 ? refuse({ code: 'adapter-unsupported', detail: shown }) : merged;
}

/** One graph of one variant; its weights are read only when the deposits are made. */
export function buildGraph(
  { architecture, head, build }: Recognised,
  tensors: TensorSource,
  id: VariantId,
  role: GraphRole,
  options: Pick<PackageOptions, 'ports' | 'logits' | 'smallModel'> & { weights?: number },
): { graph: BuiltGraph; ports: LoraPort[] } {
  const g = new GraphBuilder(`${graphFile(id, role)}_data`);
  const ports: LoraPort[] = [];
  build({
    bench: { g, tensors },
    arithmetic: arithmeticFor(id, options.weights ?? countWeights(tensors), options.smallModel),
    ports: options.ports && head.kind === 'causal-lm' ? ports : null,
    logits: options.logits,
    topK: topK(architecture),
    role,
    head,
  });
  return { graph: g.build(), ports };
}

function graphFile(id: VariantId, role: GraphRole): string {
  return `${STEMS[role]}${SUFFIXES[id]}.onnx`;
}

/**
 * A graph with ports has inputs that stock loaders do not know. The same graph without them goes
 * beside it, under the name that those look for, over the same weights.
 */
async function writeGraph(
  graph: BuiltGraph,
  stock: BuiltGraph | null,
  { id, role }: { id: VariantId; role: GraphRole },
  sink: PackageSink,
  signal: AbortSignal,
): Promise<PackagedGraph> {
  const path = `onnx/${graphFile(id, role)}`;
  if (stock !== null) {
    requireSameWeights(graph, stock);
    await writeBytes(sink, path, stock.model);
  }
  const own = stock === null ? path : path.replace(/\.onnx$/u, '_ports.onnx');
  const model = await writeBytes(sink, own, graph.model);
  const writer = await sink.open(`${path}_data`);
  await writeDeposits(graph.deposits, writer, signal);
  return { role, model, data: await writer.close() };
}

function requireSameWeights(one: BuiltGraph, other: BuiltGraph): void {
  const layout = ({ deposits }: BuiltGraph) => JSON.stringify(deposits.map(({ parts }) => parts));
  if (layout(one) !== layout(other)) throw new RangeError('two graphs do not share their weights');
}

/** Deposits up to this size are begun while the one before is written: their reading costs no time then. */
const AHEAD_BYTES = 16_000_000;

async function writeDeposits(
  deposits: readonly Deposit[],
  writer: FileWriter,
  signal: AbortSignal,
): Promise<void> {
  const begin = (deposit: Deposit) => {
    const made = deposit.make(signal);
    // Awaited in its turn, unless an earlier one fails first.
    made.catch(() => undefined);
    return made;
  };
  let ahead: ReturnType<typeof begin> | null = null;
  for (const [index, deposit] of deposits.entries()) {
    signal.throwIfAborted();
    const made: ReturnType<typeof begin> = ahead ?? begin(deposit);
    const next = deposits[index + 1];
    ahead = next !== undefined && sizeOf(next) <= AHEAD_BYTES ? begin(next) : null;
    await writeDeposit(deposit, await made, writer);
  }
}

function sizeOf({ parts }: Deposit): number {
  return parts.reduce((sum, { bytes }) => sum + bytes, 0);
}

async function writeDeposit(
  { parts }: Deposit,
  made: readonly Uint8Array[],
  writer: FileWriter,
): Promise<void> {
  for (const [index, { padding, bytes }] of parts.entries()) {
    const chunk = made[index];
    if (chunk?.byteLength !== bytes) throw new RangeError('a deposit is not of its declared size');
    if (padding > 0) await writer.write(new Uint8Array(padding));
    await writer.write(chunk);
  }
}

/** The checkpoint's own configuration, with what transformers.js needs to load the package. */
function stockConfig({ config, stock }: Recognised): JsonObject {
  return { ...config, ...stock, 'transformers.js_config': { use_external_data_format: true } };
}

function modelNumbers(architecture: Architecture): ModelNumbers {
  const { vocab, context, bos, eos, pad, decoderStart, states } = architecture;
  return { vocab, context, bos, eos, pad, decoderStart, states };
}

function topK({ vocab }: Architecture): number {
  return Math.min(TOP_K, vocab);
}

async function copyFiles(
  files: FileSet,
  sink: PackageSink,
  signal: AbortSignal,
): Promise<string[]> {
  const names = [...COPIED, ...COPIED_IF_THERE].filter((name) => files.has(name));
  for (const name of names) await copyFile(requireFile(files, name), name, sink, signal);
  return names.filter((name) => name !== 'generation_config.json');
}

export async function copyFile(
  file: ByteSource,
  path: string,
  sink: PackageSink,
  signal: AbortSignal,
): Promise<PackagedFile> {
  const writer = await sink.open(path);
  for (let start = 0; start < file.size; start += COPY_CHUNK_BYTES) {
    const end = Math.min(start + COPY_CHUNK_BYTES, file.size);
    await writer.write(await file.read(start, end, signal));
  }
  return writer.close();
}

function writeJson(sink: PackageSink, path: string, value: object): Promise<PackagedFile> {
  return writeText(sink, path, `${JSON.stringify(value, null, 2)}\n`);
}

function writeText(sink: PackageSink, path: string, text: string): Promise<PackagedFile> {
  return writeBytes(sink, path, new TextEncoder().encode(text));
}

async function writeBytes(
  sink: PackageSink,
  path: string,
  bytes: Uint8Array,
): Promise<PackagedFile> {
  const writer = await sink.open(path);
  await writer.write(bytes);
  return writer.close();
}
