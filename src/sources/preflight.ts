/**
 * What an opened source holds, what building it would cost and whether it would run here. Reads
 * configurations, cards, tokenizers and the headers of weights; never a weight.
 */
import { adapterBase, nameList, refuseVariations } from '../checkpoint/adapter-config.ts';
import { underPrefix } from '../checkpoint/alternative-names.ts';
import { countParameters, mainDtype } from '../checkpoint/census.ts';
import { openCheckpoint } from '../checkpoint/checkpoint.ts';
import { isObject, readJsonObject, requireFile } from '../checkpoint/json-file.ts';
import type { JsonObject } from '../checkpoint/json-file.ts';
import type { TensorSource } from '../checkpoint/tensor-source.ts';
import { budgetBytes, fit, type Device } from '../domain/device.ts';
import { tasksOfHead } from '../domain/head-tasks.ts';
import type { VariantId } from '../domain/model.ts';
import type { Preflight, PreflightVariant } from '../domain/preflight.ts';
import { ROLES } from '../graph/architecture.ts';
import { buildGraph } from '../graph/package.ts';
import { recogniseFolder, type Recognised } from '../graph/recognise.ts';
import { withModules } from '../graph/weights.ts';
import { readCard, type Card } from './card.ts';
import { Findings } from './findings.ts';
import { onnxDtypeFor, onnxFacts, onnxHead } from './onnx-folder.ts';
import type { OpenedSource } from './opened.ts';
import { makeTokenizer, tokenizerState } from './tokenizer-files.ts';
import { readSettings } from './tokenizer/special-tokens.ts';
import { tokenizerSize } from './vocabulary.ts';
import {
  companionFiles,
  foreignWeights,
  leftoverBytes,
  sizeOf,
  weightFiles,
} from './weight-files.ts';

/** @param freeBytes what the browser would still store; null where it does not say */
export async function preflight(
  opened: OpenedSource,
  device: Device,
  signal: AbortSignal,
  freeBytes: number | null = null,
): Promise<Preflight> {
  const inspection = new Inspection(opened, device, signal, freeBytes);
  return inspection.run();
}

/** The variants that are offered; fp32 is for tests. */
const OFFERED = ['cpu8', 'gpu4'] as const satisfies readonly VariantId[];

/** Beyond this a download is worth a word before it starts. */
const LARGE_DOWNLOAD = 500_000_000;
/** Over a network, a tokenizer larger than this is not read before the person agrees. */
const LARGE_TOKENIZER = 20_000_000;
const NONCOMMERCIAL = /(?:^|[-_])nc(?:[-_]|$)|non-?commercial|research/iu;

type Known = Omit<Preflight, 'findings' | 'kind'>;

class Inspection {
  readonly #opened: OpenedSource;
  readonly #device: Device;
  readonly #signal: AbortSignal;
  readonly #freeBytes: number | null;
  readonly #findings = new Findings();

  constructor(opened: OpenedSource, device: Device, signal: AbortSignal, freeBytes: number | null) {
    this.#opened = opened;
    this.#device = device;
    this.#signal = signal;
    this.#freeBytes = freeBytes;
  }

  async run(): Promise<Preflight> {
    const card = await readCard(this.#opened.files, this.#signal);
    if (card.damage !== null) {
      this.#findings.add('note', { code: 'card-damaged', detail: card.damage });
    }
    const inspected = await this.#inspect(card);
    this.#license(inspected);
    this.#room(inspected);
    return { ...inspected, findings: this.#findings.sorted() };
  }

  async #inspect(card: Card): Promise<Omit<Preflight, 'findings'>> {
    const { files } = this.#opened;
    const weights = await this.#findings.attempt(() => weightFiles(files, 'model', this.#signal));
    const hasWeights = (weights?.paths.length ?? 0) > 0;
    if (!hasWeights && files.has('adapter_config.json')) return this.#adapter(card);
    const onnx = hasWeights ? null : onnxFacts(files);
    return onnx === null ? this.#checkpoint(card) : this.#onnx(card, onnx);
  }

  async #checkpoint(card: Card): Promise<Omit<Preflight, 'findings'>> {
    const { files } = this.#opened;
    const config = await this.#config();
    const model = await this.#findings.attempt(() => recogniseFolder(files, this.#signal));
    const tensors = await this.#weights();
    const variants = model === null || tensors === null ? [] : await this.#plan(model, tensors);
    const known = this.#known(card, config, model);
    const [first] = card.base;
    await this.#tokenizer(known, model?.architecture.vocab ?? null);
    if (model?.head.kind === 'causal-lm' && !known.chatTemplate) {
      this.#findings.add('note', { code: 'chat-template-missing' });
    }
    const dtype = tensors === null ? null : mainDtype(tensors);
    const quantization = tensors === null ? null : quantized(tensors);
    if (quantization !== null) {
      this.#findings.add('note', { code: 'quantized', method: quantization });
    }
    return {
      ...known,
      ...(await this.#bytes('model')),
      kind: 'checkpoint',
      base: first === undefined ? null : { name: first, license: null },
      parameters: tensors === null ? null : countParameters(tensors),
      dtypes: dtype === null ? [] : [dtype],
      variants,
      chosen: this.#choose(variants),
      quantization,
    };
  }

  /** What the configuration and the card say, whatever the weights are. */
  #known(card: Card, config: JsonObject, model: Recognised | null): Known {
    const { files, name, root } = this.#opened;
    const modelType = text(config['model_type']);
    const chatTemplate = hasChatTemplate(files, this.#tokenizerConfig);
    const head = model?.head.kind ?? null;
    const labels = model !== null && 'labels' in model.head ? model.head.labels : [];
    const contextTokens = model?.architecture.context ?? null;
    this.#context(config, contextTokens);
    return {
      ...{
        name,
        root,
        origin: this.#origin(),
        modelType,
        family: model?.architecture.family ?? null,
      },
      ...{ head, labels, tasks: tasksOfHead(head ?? '', labels, chatTemplate) },
      ...{
        parameters: null,
        dtypes: [],
        vocabulary: model?.architecture.vocab ?? null,
        contextTokens,
      },
      ...{ license: card.license, languages: card.languages, datasets: card.datasets, base: null },
      ...{ readBytes: 0, downloadBytes: 0, variants: [], chosen: null },
      ...{ tokenizer: tokenizerState(files, modelType), chatTemplate },
      ...{ quantization: null, adapter: null, onnx: null },
    };
  }

  #origin(): Preflight['origin'] {
    const { kind, pinned } = this.#opened;
    const { endpoint = null, repo = null, commit = null } = pinned ?? {};
    return { kind, endpoint, repo, commit };
  }

  #tokenizerConfig: JsonObject = {};

  async #config(): Promise<JsonObject> {
    const { files } = this.#opened;
    const read = (path: string) =>
      this.#findings.attempt(() => readJsonObject(requireFile(files, path), this.#signal));
    if (files.has('tokenizer_config.json')) {
      this.#tokenizerConfig = (await read('tokenizer_config.json')) ?? {};
    }
    return (await read('config.json')) ?? {};
  }

  /** The weights by name, from their headers; says what to do where there are none to read. */
  async #weights(): Promise<TensorSource | null> {
    const { files } = this.#opened;
    const leftovers = leftoverBytes(files);
    if (leftovers > 0) this.#findings.add('note', { code: 'leftovers', bytes: leftovers });
    const { paths, pickled } = await weightFiles(files, 'model', this.#signal);
    if (paths.length === 0) {
      const foreign = foreignWeights(files);
      if (foreign.length === 0) this.#findings.add('stop', { code: 'weights-missing' });
      else this.#findings.add('stop', { code: 'weights-foreign', files: foreign });
      return null;
    }
    if (pickled) this.#findings.add('note', { code: 'pickle' });
    const packed = paths.filter((path) => this.#opened.packed.has(path));
    if (packed.length > 0) {
      this.#findings.add('note', { code: 'zip-unpacked', bytes: sizeOf(files, packed) });
    }
    return this.#findings.attempt(() => openCheckpoint(files, 'model', this.#signal));
  }

  /** Lays every graph out as building would; only its sizes are kept. */
  async #plan(model: Recognised, tensors: TensorSource): Promise<PreflightVariant[]> {
    const planned: PreflightVariant[] = [];
    const named = await this.#findings.attempt(() =>
      withModules(underPrefix(tensors, model.prefix), this.#opened.files, model, this.#signal),
    );
    if (named === null) return planned;
    for (const id of OFFERED) {
      const storedBytes = await this.#findings.attempt(() => plannedBytes(model, named, id));
      if (storedBytes !== null) planned.push(this.#variant(id, storedBytes));
    }
    return planned;
  }

  #variant(id: VariantId, storedBytes: number): PreflightVariant {
    const backend = id === 'gpu4' ? 'gpu' : 'cpu';
    return { id, backend, storedBytes, budgetBytes: budgetBytes(backend, this.#device) };
  }

  #choose(variants: readonly PreflightVariant[]): VariantId | null {
    const sizes = Object.fromEntries(variants.map(({ id, storedBytes }) => [id, storedBytes]));
    if (variants.length === 0) return null;
    const chosen = fit({ variants: sizes }, this.#device, 'auto');
    if (chosen.ok) {
      this.#onlyGpu(chosen.variant, variants);
      return chosen.variant;
    }
    if (chosen.failure.code === 'model-too-large') {
      const { needBytes, haveBytes } = chosen.failure;
      this.#findings.add('stop', { code: 'too-large', needBytes, haveBytes });
    } else this.#findings.add('stop', { code: 'refused', failure: chosen.failure });
    return null;
  }

  #onlyGpu(chosen: VariantId, variants: readonly PreflightVariant[]): void {
    const cpu = variants.find(({ backend }) => backend === 'cpu');
    if (chosen !== 'gpu4' || cpu === undefined || cpu.storedBytes <= cpu.budgetBytes) return;
    const { storedBytes: needBytes, budgetBytes: haveBytes } = cpu;
    this.#findings.add('note', { code: 'gpu-only', needBytes, haveBytes });
  }

  async #bytes(stem: 'model' | 'adapter_model') {
    const { files, kind } = this.#opened;
    const weights = await weightFiles(files, stem, this.#signal);
    const readBytes = weights.bytes + sizeOf(files, companionFiles(files));
    return { readBytes, downloadBytes: kind === 'hub' ? readBytes : 0 };
  }

  /** Whether text can become ids, and ids of this model. */
  async #tokenizer({ tokenizer }: Known, rows: number | null): Promise<void> {
    const { files, kind } = this.#opened;
    if (tokenizer.status === 'missing') this.#findings.add('stop', { code: 'tokenizer-missing' });
    if (tokenizer.status === 'unreadable') {
      const detail = tokenizer.files.join(', ');
      this.#findings.add('stop', { code: 'tokenizer-unreadable', detail });
    }
    if (tokenizer.status === 'converted') {
      this.#findings.add('note', { code: 'tokenizer-converted', files: tokenizer.from });
    }
    const large = (files.get('tokenizer.json')?.size ?? 0) > LARGE_TOKENIZER;
    if (rows === null || (kind === 'hub' && large)) return;
    const made = await this.#findings.attempt(() => this.#readTokenizer(tokenizer.status));
    if (made !== null) this.#vocabulary(made, rows);
  }

  async #readTokenizer(status: Known['tokenizer']['status']): Promise<JsonObject | null> {
    const { files } = this.#opened;
    if (status === 'ready')
      return readJsonObject(requireFile(files, 'tokenizer.json'), this.#signal);
    if (status !== 'converted') return null;
    const settings = await readSettings(files, this.#signal);
    return (await makeTokenizer(files, settings, this.#signal)) as JsonObject;
  }

  /** Tables are padded to round sizes, and padding tokens are added without a row: both are usual. */
  #vocabulary(tokenizer: JsonObject, rows: number): void {
    const size = tokenizerSize(tokenizer);
    if (size === null) {
      this.#findings.add('stop', { code: 'tokenizer-unreadable', detail: 'tokenizer.json' });
    } else if (size.pieces > rows) {
      this.#findings.add('stop', { code: 'tokenizer-foreign', tokens: size.pieces, rows });
    } else if (size.all > rows || size.all < rows / 2) {
      this.#findings.add('warn', { code: 'tokenizer-foreign', tokens: size.all, rows });
    }
  }

  async #adapter(card: Card): Promise<Omit<Preflight, 'findings'>> {
    const { files } = this.#opened;
    const signal = this.#signal;
    const config = await readJsonObject(requireFile(files, 'adapter_config.json'), signal);
    await this.#findings.attempt(() => refuseVariations(config));
    const tensors = await this.#findings.attempt(() =>
      openCheckpoint(files, 'adapter_model', signal),
    );
    const { base, task } = adapterBase(config);
    const name = base ?? card.base[0] ?? null;
    if (name !== null) this.#findings.add('note', { code: 'base-needed', base: name });
    const dtype = tensors === null ? null : mainDtype(tensors);
    return {
      ...this.#known(card, {}, null),
      ...(await this.#bytes('adapter_model')),
      kind: 'adapter',
      base: name === null ? null : { name, license: null },
      parameters: tensors === null ? null : countParameters(tensors),
      dtypes: dtype === null ? [] : [dtype],
      adapter: {
        targets: nameList(config['target_modules']),
        rank: number(config['r']),
        alpha: number(config['lora_alpha']),
        task,
        saved: nameList(config['modules_to_save']),
      },
    };
  }

  async #onnx(
    card: Card,
    onnx: NonNullable<Preflight['onnx']>,
  ): Promise<Omit<Preflight, 'findings'>> {
    const { files, kind } = this.#opened;
    const config = await this.#config();
    const known = this.#known(card, config, null);
    const [architecture = null] = nameList(config['architectures']);
    const head = onnxHead(architecture, card);
    const labels = labelsOf(config);
    const tasks = tasksOfHead(head ?? '', labels, known.chatTemplate);
    if (tasks.length === 0) this.#findings.add('stop', { code: 'onnx-task-unknown' });
    if (!files.has('tokenizer.json')) this.#findings.add('stop', { code: 'tokenizer-missing' });
    const variants = [...OFFERED].flatMap((id) => {
      const dtype = onnxDtypeFor(onnx, id);
      return dtype === undefined ? [] : [this.#variant(id, dtype.bytes)];
    });
    const chosen = this.#choose(variants);
    const weights = variants.find(({ id }) => id === chosen)?.storedBytes ?? 0;
    const readBytes = weights + sizeOf(files, companionFiles(files));
    const [first] = card.base;
    return {
      ...{ ...known, kind: 'onnx', head, labels, tasks, variants, chosen, onnx, readBytes },
      base: first === undefined ? null : { name: first, license: null },
      downloadBytes: kind === 'hub' ? readBytes : 0,
      dtypes: onnx.dtypes.map(({ id }) => id),
      vocabulary: integer(config['vocab_size']),
      contextTokens: integer(config['max_position_embeddings']) ?? integer(config['n_positions']),
    };
  }

  #context(config: JsonObject, used: number | null): void {
    const trained = integer(config['max_position_embeddings']);
    if (trained === null || used === null || trained <= used) return;
    // RoBERTa's table has two rows that no token uses.
    if (trained - used > 2) this.#findings.add('note', { code: 'context-capped', trained, used });
  }

  #license({ license, base, kind }: Omit<Preflight, 'findings'>): void {
    if (license === null) this.#findings.add('warn', { code: 'license-missing' });
    else if (NONCOMMERCIAL.test(license)) {
      this.#findings.add('note', { code: 'license-noncommercial', license });
    }
    if (base !== null && kind !== 'adapter') {
      this.#findings.add('note', { code: 'license-base', base: base.name, license: base.license });
    }
  }

  #room({ variants, chosen, downloadBytes }: Omit<Preflight, 'findings'>): void {
    const free = this.#freeBytes;
    const needBytes = variants.find(({ id }) => id === chosen)?.storedBytes ?? 0;
    if (free !== null && needBytes > free) {
      this.#findings.add('stop', { code: 'storage-short', needBytes, freeBytes: free });
    }
    if (downloadBytes > LARGE_DOWNLOAD) {
      this.#findings.add('note', { code: 'download-large', bytes: downloadBytes });
    }
  }
}

function plannedBytes(model: Recognised, tensors: TensorSource, id: VariantId): number {
  let bytes = 0;
  for (const role of ROLES[model.architecture.kind]) {
    const { graph } = buildGraph(model, tensors, id, role, { ports: true, logits: 'last' });
    const parts = graph.deposits.flatMap((deposit) => deposit.parts);
    bytes += parts.reduce((sum, part) => sum + part.padding + part.bytes, graph.model.length);
  }
  return bytes;
}

/** The method of a checkpoint that is quantised itself, as its tensors tell. */
function quantized(tensors: TensorSource): string | null {
  const methods = tensors.names().map((name) => tensors.info(name)?.quantised);
  const [method] = new Set(methods.filter((each) => each !== undefined));
  return method === undefined ? null : `bitsandbytes ${method}`;
}

function hasChatTemplate(files: OpenedSource['files'], tokenizerConfig: JsonObject): boolean {
  if (files.has('chat_template.jinja') || files.has('chat_template.json')) return true;
  const template = tokenizerConfig['chat_template'];
  return typeof template === 'string' || Array.isArray(template) || isObject(template);
}

function labelsOf(config: JsonObject): string[] {
  const named = config['id2label'];
  return isObject(named) ? Object.values(named).map(String).slice(0, 1000) : [];
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function integer(value: unknown): number | null {
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : null;
}

function number(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
