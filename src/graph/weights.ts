/** A model's weights under the names that its graph asks for. */
import { underPrefix } from '../checkpoint/alternative-names';
import { openCheckpoint } from '../checkpoint/checkpoint';
import type { FileSet } from '../checkpoint/byte-source';
import { readRows } from '../checkpoint/tensor-source';
import type { TensorSource } from '../checkpoint/tensor-source';
import type { Recognised } from './recognise';

/** Opens the checkpoint; headers are read, weights are not. */
export async function openWeights(
  files: FileSet,
  model: Recognised,
  signal: AbortSignal,
): Promise<TensorSource> {
  const checkpoint = await openCheckpoint(files, 'model', signal);
  return withModules(underPrefix(checkpoint, model.prefix), files, model, signal);
}

/** The same for a checkpoint that is open: adds the folders that a sentence's head keeps apart. */
export async function withModules(
  tensors: TensorSource,
  files: FileSet,
  { head }: Pick<Recognised, 'head'>,
  signal: AbortSignal,
): Promise<TensorSource> {
  let all = tensors;
  for (const { folder } of head.kind === 'embedding' ? (head.dense ?? []) : []) {
    const module = await openCheckpoint(within(files, folder), 'model', signal);
    all = beside(all, module, `${folder}.`);
  }
  return all;
}

/** The files of a folder inside a folder. */
function within(files: FileSet, folder: string): FileSet {
  const start = `${folder}/`;
  return new Map(
    [...files]
      .filter(([path]) => path.startsWith(start))
      .map(([path, file]) => [path.slice(start.length), file]),
  );
}

/** Two sources as one; what begins with `prefix` is of the second, which does not know the prefix. */
function beside(first: TensorSource, second: TensorSource, prefix: string): TensorSource {
  const own = (name: string): [TensorSource, string] =>
    name.startsWith(prefix) ? [second, name.slice(prefix.length)] : [first, name];
  return {
    names: () => [...first.names(), ...second.names().map((name) => prefix + name)],
    info: (name) => {
      const [source, inner] = own(name);
      return source.info(inner);
    },
    read: (name, signal) => {
      const [source, inner] = own(name);
      return source.read(inner, signal);
    },
    readRows: (name, from, count, signal) => {
      const [source, inner] = own(name);
      return readRows(source, inner, from, count, signal);
    },
    resolve: (name) => (name.startsWith(prefix) ? name : (first.resolve?.(name) ?? name)),
  };
}
