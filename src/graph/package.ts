/** A checkpoint's folder → a package's folder, file by file, tensor by tensor. */
import { readArchitecture } from '../checkpoint/architecture';
import type { Architecture } from '../checkpoint/architecture';
import type { Adapter } from '../checkpoint/adapter';
import type { ByteSource, FileSet } from '../checkpoint/byte-source';
import { readJsonObject, requireFile } from '../checkpoint/json-file';
import type { JsonObject } from '../checkpoint/json-file';
import { openSafetensors } from '../checkpoint/safetensors';
import type { TensorSource } from '../checkpoint/tensor-source';
import type { VariantId } from '../domain/model';
import { arithmeticFor, countWeights } from './arithmetic';
import type { LogitsAt } from './blocks/head';
import { FAMILIES } from './families';
import { GraphBuilder } from './graph-builder';
import type { BuiltGraph, Deposit } from './graph-builder';
import { MANIFEST_FILE, MANIFEST_VERSION } from './manifest';
import type { LoraPort, Manifest, ModelNumbers, PackagedFile, PackagedVariant } from './manifest';
import { mergeAdapter } from './merge-adapter';

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
}

const TOP_K = 64;
const COPIED = ['generation_config.json', 'tokenizer.json', 'tokenizer_config.json'] as const;
const COPIED_IF_THERE = ['chat_template.jinja', 'special_tokens_map.json'] as const;
const COPY_CHUNK_BYTES = 4_000_000;

/** File names that transformers.js knows each variant by. */
const MODEL_FILES: Readonly<Record<VariantId, string>> = {
  cpu8: 'model_quantized.onnx',
  gpu4: 'model_q4.onnx',
  fp32: 'model.onnx',
};

export async function buildPackage(
  files: FileSet,
  options: PackageOptions,
  sink: PackageSink,
  signal: AbortSignal,
): Promise<Manifest> {
  const config = await readJsonObject(requireFile(files, 'config.json'), signal);
  const architecture = readArchitecture(config);
  const checkpoint = await openSafetensors(files, 'model', signal);
  const tensors =
    options.adapter === undefined ? checkpoint : mergeAdapter(checkpoint, options.adapter);
  const ports: LoraPort[] = [];
  const variants: PackagedVariant[] = [];
  for (const id of options.variants) {
    const built = buildGraph(architecture, tensors, id, options);
    ports.splice(0, ports.length, ...built.ports);
    variants.push(await writeVariant(built.graph, id, sink, signal));
  }
  await writeJson(sink, 'config.json', stockConfig(config));
  const tokenizer = await copyFiles(files, sink, signal);
  const manifest: Manifest = {
    version: MANIFEST_VERSION,
    family: architecture.family,
    model: modelNumbers(architecture),
    variants,
    ports,
    topK: topK(architecture),
    tokenizer,
    adapters: options.adapters ?? [],
  };
  await writeJson(sink, MANIFEST_FILE, manifest);
  return manifest;
}

/** The graph of one variant; its weights are read only when the deposits are made. */
export function buildGraph(
  architecture: Architecture,
  tensors: TensorSource,
  id: VariantId,
  options: Pick<PackageOptions, 'ports' | 'logits' | 'smallModel'>,
): { graph: BuiltGraph; ports: LoraPort[] } {
  const g = new GraphBuilder(`${MODEL_FILES[id]}_data`);
  const ports: LoraPort[] = [];
  FAMILIES[architecture.family].build(architecture, {
    bench: { g, tensors },
    arithmetic: arithmeticFor(id, countWeights(tensors), options.smallModel),
    ports: options.ports ? ports : null,
    logits: options.logits,
    topK: topK(architecture),
  });
  return { graph: g.build(), ports };
}

async function writeVariant(
  graph: BuiltGraph,
  id: VariantId,
  sink: PackageSink,
  signal: AbortSignal,
): Promise<PackagedVariant> {
  const path = `onnx/${MODEL_FILES[id]}`;
  const model = await writeBytes(sink, path, graph.model);
  const writer = await sink.open(`${path}_data`);
  for (const deposit of graph.deposits) await writeDeposit(deposit, writer, signal);
  return { id, model, data: await writer.close() };
}

async function writeDeposit(
  { parts, make }: Deposit,
  writer: FileWriter,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const made = await make(signal);
  for (const [index, { padding, bytes }] of parts.entries()) {
    const chunk = made[index];
    if (chunk?.byteLength !== bytes) throw new RangeError('a deposit is not of its declared size');
    if (padding > 0) await writer.write(new Uint8Array(padding));
    await writer.write(chunk);
  }
}

/** The checkpoint's own configuration, with what transformers.js needs to load the package. */
function stockConfig(config: JsonObject): JsonObject {
  return { ...config, 'transformers.js_config': { use_external_data_format: true } };
}

function modelNumbers(architecture: Architecture): ModelNumbers {
  const { vocab, layers, kvHeads, headDim, context, bos, eos } = architecture;
  return { vocab, layers, kvHeads, headDim, context, bos, eos };
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
  return writeBytes(sink, path, new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`));
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
