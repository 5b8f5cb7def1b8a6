/** One tensor under the names that a base model and its head classes give it. */
import { readRows, resolveName } from './tensor-source';
import type { TensorSource } from './tensor-source';

/**
 * A base model is saved as `encoder…`, the same weights inside a head class as `bert.encoder…`.
 * The reference library loads either into either; here both names find the tensor, and a name that
 * is really there comes before its twin. `prefix` has no dot at its end.
 */
export function underPrefix(source: TensorSource, prefix: string): TensorSource {
  const start = `${prefix}.`;
  const resolve = (name: string): string => {
    const own = resolveName(source, name);
    if (source.info(own) !== undefined) return own;
    const twin = name.startsWith(start) ? name.slice(start.length) : start + name;
    return source.info(twin) === undefined ? own : resolveName(source, twin);
  };
  return {
    ...source,
    resolve,
    info: (name) => source.info(resolve(name)),
    read: (name, signal) => source.read(resolve(name), signal),
    readRows: (name, first, count, signal) => readRows(source, resolve(name), first, count, signal),
  };
}
