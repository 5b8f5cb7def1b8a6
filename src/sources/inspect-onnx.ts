/** A repository that is ONNX already, for transformers.js. */
import { nameList } from '../checkpoint/adapter-config.ts';
import { isObject } from '../checkpoint/json-file.ts';
import type { JsonObject } from '../checkpoint/json-file.ts';
import { tasksOfHead } from '../domain/head-tasks.ts';
import type { OnnxFacts } from '../domain/preflight.ts';
import {
  choose,
  integer,
  OFFERED,
  readConfigs,
  variantOf,
  withCompanions,
  writtenFacts,
  type Facts,
  type Inspection,
} from './inspection.ts';
import { onnxDtypeFor, onnxHead } from './onnx-folder.ts';

export async function inspectOnnx(inspection: Inspection, onnx: OnnxFacts): Promise<Facts> {
  const { opened, findings, card } = inspection;
  const configs = await readConfigs(inspection);
  const config = configs.model;
  const facts = writtenFacts(inspection, configs, null);
  const [architecture = null] = nameList(config['architectures']);
  const head = onnxHead(architecture, card);
  const labels = labelsOf(config);
  const tasks = tasksOfHead(head ?? '', labels, facts.chatTemplate);
  if (tasks.length === 0) findings.add('stop', { code: 'onnx-task-unknown' });
  if (!opened.files.has('tokenizer.json')) findings.add('stop', { code: 'tokenizer-missing' });
  const variants = OFFERED.decoder.flatMap((id) => {
    const dtype = onnxDtypeFor(onnx, id);
    return dtype === undefined ? [] : [variantOf(inspection, id, dtype.bytes)];
  });
  const chosen = choose(inspection, variants);
  const weights = variants.find(({ id }) => id === chosen)?.storedBytes ?? 0;
  return {
    ...{ ...facts, kind: 'onnx', head, labels, tasks, variants, chosen, onnx },
    ...withCompanions(opened, weights),
    dtypes: onnx.dtypes.map(({ id }) => id),
    vocabulary: integer(config['vocab_size']),
    contextTokens: integer(config['max_position_embeddings']) ?? integer(config['n_positions']),
  };
}

const MAX_LABELS = 1000;

function labelsOf(config: JsonObject): string[] {
  const named = config['id2label'];
  return isObject(named) ? Object.values(named).map(String).slice(0, MAX_LABELS) : [];
}
