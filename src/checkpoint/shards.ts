/** A checkpoint in several files, with an index that says which file holds which tensor. */
import { refuse } from '../domain/failure';
import type { ByteSource, FileSet } from './byte-source';
import { isObject, readJsonObject, requireFile } from './json-file';
import { readRows } from './tensor-source';
import type { TensorSource } from './tensor-source';

type OpenShard = (file: ByteSource, signal: AbortSignal) => Promise<TensorSource>;

/** Every shard must be there, and hold what the index says, before anything large is read. */
export async function openShards(
  files: FileSet,
  index: ByteSource,
  open: OpenShard,
  signal: AbortSignal,
): Promise<TensorSource> {
  const paths = await readWeightMap(index, signal);
  const shards = new Map([...paths.values()].map((path) => [path, requireFile(files, path)]));
  const opened = new Map<string, TensorSource>();
  for (const [path, file] of shards) opened.set(path, await open(file, signal));
  const owners = new Map<string, TensorSource>();
  for (const [name, path] of paths) {
    const shard = opened.get(path);
    if (shard?.info(name) === undefined) damaged(path, `tensor ${name} is not in this shard`);
    owners.set(name, shard);
  }
  return joined(owners);
}

async function readWeightMap(
  index: ByteSource,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const weightMap = (await readJsonObject(index, signal))['weight_map'];
  if (!isObject(weightMap)) return damaged(index.name, 'no weight_map');
  const paths = new Map<string, string>();
  for (const [name, path] of Object.entries(weightMap)) {
    if (typeof path !== 'string') return damaged(index.name, `file of ${name}`);
    paths.set(name, path);
  }
  return paths;
}

function joined(owners: ReadonlyMap<string, TensorSource>): TensorSource {
  const ownerOf = (name: string): TensorSource =>
    owners.get(name) ?? refuse({ code: 'checkpoint-missing', file: name });
  return {
    names: () => [...owners.keys()],
    info: (name) => owners.get(name)?.info(name),
    read: async (name, signal) => ownerOf(name).read(name, signal),
    readRows: async (name, first, count, signal) =>
      readRows(ownerOf(name), name, first, count, signal),
  };
}

function damaged(file: string, detail: string): never {
  return refuse({ code: 'checkpoint-damaged', file, detail });
}
