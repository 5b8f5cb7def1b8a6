/** The names that a checkpoint's tensors would have without the wrappers they were trained in. */
import { refuse } from '../domain/failure';
import { readRows } from './tensor-source';
import type { TensorInfo, TensorSource } from './tensor-source';

/**
 * Data-parallel training, compilation and PEFT each put a word before every name of the model that
 * they wrap; in front of some names only, it would be the model's own.
 */
const WRAPPERS = ['module.', '_orig_mod.', 'base_model.model.'];
/** One of each, and room for a second of each. */
const MAX_WRAPPERS = 6;

/** Norms of models that were converted from TensorFlow. */
const LEGACY_NORM = /LayerNorm\.(gamma|beta)$/;
const LORA = /\.lora_(embedding_)?[AB]\b/;

/** Refuses a model saved with its adapter still beside its weights, which would be left out. */
export function renamed(source: TensorSource): TensorSource {
  const originals = source.names();
  const lora = originals.find((name) => LORA.test(name));
  if (lora !== undefined) refuse({ code: 'checkpoint-unsupported', what: 'LoRA', detail: lora });
  const names = withoutWrappers(originals).map(modernNorm);
  const byName = new Map(names.map((name, i) => [name, originals[i] as string]));
  // Two tensors of one name would hide each other.
  if (byName.size < originals.length) return source;
  if (names.every((name, i) => name === originals[i])) return source;
  return under(source, byName, new Map(names.map((name, i) => [originals[i] as string, name])));
}

function withoutWrappers(names: readonly string[]): readonly string[] {
  let plain = names;
  for (let depth = 0; depth < MAX_WRAPPERS && names.length > 0; depth += 1) {
    const wrapper = WRAPPERS.find((prefix) => plain.every((name) => name.startsWith(prefix)));
    if (wrapper === undefined) return plain;
    plain = plain.map((name) => name.slice(wrapper.length));
  }
  return plain;
}

function modernNorm(name: string): string {
  return name.replace(LEGACY_NORM, (_, legacy) =>
    legacy === 'gamma' ? 'LayerNorm.weight' : 'LayerNorm.bias',
  );
}

function under(
  source: TensorSource,
  originals: ReadonlyMap<string, string>,
  names: ReadonlyMap<string, string>,
): TensorSource {
  const original = (name: string): string =>
    originals.get(name) ?? refuse({ code: 'checkpoint-missing', file: name });
  const translated = (info: TensorInfo | undefined): TensorInfo | undefined =>
    info?.sameAs === undefined ? info : { ...info, sameAs: names.get(info.sameAs) ?? info.sameAs };
  return {
    names: () => [...originals.keys()],
    info: (name) => {
      const own = originals.get(name);
      return own === undefined ? undefined : translated(source.info(own));
    },
    read: async (name, signal) => source.read(original(name), signal),
    readRows: async (name, first, count, signal) =>
      readRows(source, original(name), first, count, signal),
  };
}
