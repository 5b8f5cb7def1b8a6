/** Weights in fewer bits: which methods are read, and which are refused by their name. */
import { refuse } from '../domain/failure';
import type { FileSet } from './byte-source';
import { isObject, readJsonObject } from './json-file';
import type { TensorSource } from './tensor-source';

/** Names that only one method gives its tensors, for files whose configuration does not tell. */
const TRACES: readonly (readonly [RegExp, string])[] = [
  [/\.qweight$/, 'GPTQ / AWQ'],
  [/\.W_q$/, 'HQQ'],
  [/\.weight_packed$/, 'compressed-tensors'],
  [/\.weight_scales?(_inv)?$/, 'FP8 / INT8'],
  [/_proj_(blocks|scales)$/, 'MXFP4'],
];

/** The names people know; any other method is named as its configuration does. */
const KNOWN_AS: Readonly<Record<string, string>> = { gptq: 'GPTQ', awq: 'AWQ', hqq: 'HQQ' };

/** Refuses what `config.json` says is quantised by anything but bitsandbytes. */
export async function refuseForeignMethod(files: FileSet, signal: AbortSignal): Promise<void> {
  const file = files.get('config.json');
  if (file === undefined) return;
  const settings = (await readJsonObject(file, signal))['quantization_config'];
  const method = isObject(settings) ? settings['quant_method'] : undefined;
  if (typeof method !== 'string' || method.startsWith('bitsandbytes')) return;
  const name = Object.hasOwn(KNOWN_AS, method) ? KNOWN_AS[method] : undefined;
  refuse({ code: 'checkpoint-quantised', method: name ?? method.slice(0, 60) });
}

/** Refuses tensors that only make sense to a method that is not read here. */
export function refuseForeignTensors(source: TensorSource): void {
  for (const name of source.names()) {
    const [, method] = TRACES.find(([trace]) => trace.test(name)) ?? [];
    if (method !== undefined) refuse({ code: 'checkpoint-quantised', method });
    refuseBareIntegers(source, name);
  }
}

/** A matrix of small integers with nothing to scale it would be read as what it is not. */
function refuseBareIntegers(source: TensorSource, name: string): void {
  const info = source.info(name);
  if (info === undefined || info.quantised !== undefined || info.shape.length !== 2) return;
  if (!name.endsWith('weight') || !['I8', 'U8', 'I16', 'I32'].includes(info.dtype)) return;
  refuse({ code: 'checkpoint-quantised', method: `${info.dtype} (${name})` });
}
