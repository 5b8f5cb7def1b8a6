/** A folder of `save_pretrained`: configuration, weights, tokenizer. */
import { underPrefix } from '../checkpoint/alternative-names.ts';
import { countParameters, mainDtype } from '../checkpoint/census.ts';
import { openCheckpoint } from '../checkpoint/checkpoint.ts';
import { readJsonObject, requireFile } from '../checkpoint/json-file.ts';
import type { JsonObject } from '../checkpoint/json-file.ts';
import type { TensorSource } from '../checkpoint/tensor-source.ts';
import type { VariantId } from '../domain/model.ts';
import type { PreflightVariant, TokenizerState } from '../domain/preflight.ts';
import { ROLES } from '../graph/architecture.ts';
import { buildGraph } from '../graph/package.ts';
import { recogniseFolder, type Recognised } from '../graph/recognise.ts';
import { withModules } from '../graph/weights.ts';
import {
  bytesRead,
  choose,
  integer,
  OFFERED,
  readConfigs,
  variantOf,
  writtenFacts,
  type Facts,
  type Inspection,
} from './inspection.ts';
import { makeTokenizer } from './tokenizer-files.ts';
import { readSettings } from './tokenizer/special-tokens.ts';
import { tokenizerSize } from './vocabulary.ts';
import { foreignWeights, leftoverBytes, sizeOf, weightFiles } from './weight-files.ts';

export async function inspectCheckpoint(inspection: Inspection): Promise<Facts> {
  const { opened, findings, signal } = inspection;
  const configs = await readConfigs(inspection);
  const model = await findings.attempt(() => recogniseFolder(opened.files, signal));
  const tensors = await openWeights(inspection);
  const variants = model === null || tensors === null ? [] : await plan(inspection, model, tensors);
  const facts = writtenFacts(inspection, configs, model);
  const dtype = tensors === null ? null : mainDtype(tensors);
  const quantization = tensors === null ? null : quantizationOf(tensors);
  if (quantization !== null) findings.add('note', { code: 'quantized', method: quantization });
  await checkTokenizer(inspection, facts.tokenizer, facts.vocabulary);
  if (facts.head === 'causal-lm' && !facts.chatTemplate) {
    findings.add('note', { code: 'chat-template-missing' });
  }
  noteContext(inspection, configs.model, facts.contextTokens);
  return {
    ...facts,
    ...(await bytesRead(inspection, 'model')),
    kind: 'checkpoint',
    parameters: tensors === null ? null : countParameters(tensors),
    dtypes: dtype === null ? [] : [dtype],
    ...{ variants, chosen: choose(inspection, variants), quantization },
  };
}

/** The weights by name, from their headers; says what to do where there are none to read. */
async function openWeights({ opened, findings, signal }: Inspection): Promise<TensorSource | null> {
  const { files, packed } = opened;
  const leftovers = leftoverBytes(files);
  if (leftovers > 0) findings.add('note', { code: 'leftovers', bytes: leftovers });
  const weights = await findings.attempt(() => weightFiles(files, 'model', signal));
  if (weights === null) return null;
  if (weights.paths.length === 0) {
    const foreign = foreignWeights(files);
    if (foreign.length === 0) findings.add('stop', { code: 'weights-missing' });
    else findings.add('stop', { code: 'weights-foreign', files: foreign });
    return null;
  }
  if (weights.pickled) findings.add('note', { code: 'pickle' });
  const compressed = weights.paths.filter((path) => packed.has(path));
  if (compressed.length > 0) {
    findings.add('note', { code: 'zip-unpacked', bytes: sizeOf(files, compressed) });
  }
  return findings.attempt(() => openCheckpoint(files, 'model', signal));
}

/** Lays every graph out as building would; only its sizes are kept. */
async function plan(
  inspection: Inspection,
  model: Recognised,
  tensors: TensorSource,
): Promise<PreflightVariant[]> {
  const { opened, findings, signal } = inspection;
  const named = underPrefix(tensors, model.prefix);
  const all = await findings.attempt(() => withModules(named, opened.files, model, signal));
  if (all === null) return [];
  const planned: PreflightVariant[] = [];
  for (const id of OFFERED[model.architecture.kind]) {
    const size = await findings.attempt(() => plannedSize(model, all, id));
    if (size !== null) planned.push(variantOf(inspection, id, size.bytes, size.largest));
  }
  return planned;
}

/** Bytes of all graphs and weights of a variant, and of its largest weight. */
function plannedSize(model: Recognised, tensors: TensorSource, id: VariantId) {
  let bytes = 0;
  let largest = 0;
  for (const role of ROLES[model.architecture.kind]) {
    const { graph } = buildGraph(model, tensors, id, role, { ports: true, logits: 'last' });
    const parts = graph.deposits.flatMap((deposit) => deposit.parts);
    bytes += parts.reduce((sum, part) => sum + part.padding + part.bytes, graph.model.length);
    largest = parts.reduce((most, part) => Math.max(most, part.bytes), largest);
  }
  return { bytes, largest };
}

/** The method of a checkpoint that is quantised itself, as its tensors tell. */
function quantizationOf(tensors: TensorSource): string | null {
  const methods = tensors.names().map((name) => tensors.info(name)?.quantised);
  const method = methods.find((each) => each !== undefined);
  return method === undefined ? null : `bitsandbytes ${method}`;
}

/** Over a network, a tokenizer larger than this is not read before the person agrees. */
const LARGE_TOKENIZER = 20_000_000;

/** Whether text can become ids, and ids of this model. */
async function checkTokenizer(
  inspection: Inspection,
  tokenizer: TokenizerState,
  rows: number | null,
): Promise<void> {
  const { opened, findings } = inspection;
  switch (tokenizer.status) {
    case 'missing':
      return findings.add('stop', { code: 'tokenizer-missing' });
    case 'unreadable': {
      const detail = tokenizer.files.join(', ');
      return findings.add('stop', { code: 'tokenizer-unreadable', detail });
    }
    case 'converted':
      findings.add('note', { code: 'tokenizer-converted', files: tokenizer.from });
  }
  const large = (opened.files.get('tokenizer.json')?.size ?? 0) > LARGE_TOKENIZER;
  if (rows === null || (opened.kind === 'hub' && large)) return;
  const read = await findings.attempt(() => readTokenizer(inspection, tokenizer.status));
  if (read !== null) checkVocabulary(inspection, read, rows);
}

async function readTokenizer(
  { opened: { files }, signal }: Inspection,
  status: 'ready' | 'converted',
): Promise<JsonObject> {
  if (status === 'ready') return readJsonObject(requireFile(files, 'tokenizer.json'), signal);
  const settings = await readSettings(files, signal);
  return (await makeTokenizer(files, settings, signal)) as JsonObject;
}

/**
 * Tables are padded to round sizes, and tokens are added that have no row: both are usual (Gemma 3's
 * tokenizer knows an image that its text models do not). A vocabulary of half the size is not.
 */
function checkVocabulary({ findings }: Inspection, tokenizer: JsonObject, rows: number): void {
  const size = tokenizerSize(tokenizer);
  if (size === null) {
    findings.add('stop', { code: 'tokenizer-unreadable', detail: 'tokenizer.json' });
  } else if (size.pieces > rows) {
    findings.add('stop', { code: 'tokenizer-foreign', tokens: size.pieces, rows });
  } else if (size.all < rows / 2) {
    findings.add('warn', { code: 'tokenizer-foreign', tokens: size.all, rows });
  } else if (size.all > rows) {
    findings.add('note', { code: 'tokenizer-foreign', tokens: size.all, rows });
  }
}

/** RoBERTa's table has two rows that no token uses. */
const UNUSED_POSITIONS = 2;

function noteContext({ findings }: Inspection, config: JsonObject, used: number | null): void {
  const trained = integer(config['max_position_embeddings']);
  if (trained === null || used === null || trained - used <= UNUSED_POSITIONS) return;
  findings.add('note', { code: 'context-capped', trained, used });
}
