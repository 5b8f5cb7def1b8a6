/** A LoRA in PEFT's layout, without its base. */
import { adapterBase, nameList, refuseVariations } from '../checkpoint/adapter-config.ts';
import { countParameters, mainDtype } from '../checkpoint/census.ts';
import { openCheckpoint } from '../checkpoint/checkpoint.ts';
import { readJsonObject, requireFile } from '../checkpoint/json-file.ts';
import type { JsonObject } from '../checkpoint/json-file.ts';
import type { AdapterFacts } from '../domain/preflight.ts';
import { bytesRead, writtenFacts, type Facts, type Inspection } from './inspection.ts';

export async function inspectAdapter(inspection: Inspection): Promise<Facts> {
  const { opened, findings, signal, card } = inspection;
  const { files } = opened;
  const config =
    (await findings.attempt(() =>
      readJsonObject(requireFile(files, 'adapter_config.json'), signal),
    )) ?? {};
  await findings.attempt(() => refuseVariations(config));
  const tensors = await findings.attempt(() => openCheckpoint(files, 'adapter_model', signal));
  const name = adapterBase(config).base ?? card.base[0] ?? null;
  if (name !== null) findings.add('note', { code: 'base-needed', base: name });
  const dtype = tensors === null ? null : mainDtype(tensors);
  const path = 'tokenizer_config.json';
  const tokenizer = files.has(path)
    ? await findings.attempt(() => readJsonObject(requireFile(files, path), signal))
    : null;
  return {
    ...writtenFacts(inspection, { model: {}, tokenizer: tokenizer ?? {} }, null),
    ...(await bytesRead(inspection, 'adapter_model')),
    kind: 'adapter',
    base: name === null ? null : { name, license: null },
    parameters: tensors === null ? null : countParameters(tensors),
    dtypes: dtype === null ? [] : [dtype],
    adapter: adapterFacts(config),
  };
}

function adapterFacts(config: JsonObject): AdapterFacts {
  return {
    targets: nameList(config['target_modules']),
    rank: number(config['r']),
    alpha: number(config['lora_alpha']),
    task: adapterBase(config).task,
    saved: nameList(config['modules_to_save']),
  };
}

function number(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
