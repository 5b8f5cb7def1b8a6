/** An origin → its files, each readable by range; no source reads a weight here. */
import type { ByteSource, FileSet } from '../checkpoint/byte-source.ts';
import { refuse } from '../domain/failure.ts';
import { blobSource } from './blob-source.ts';
import { openHub } from './hub.ts';
import type { OpenedSource } from './opened.ts';
import type { Origin } from './origin.ts';
import { openZip } from './zip.ts';

export type { OpenedSource } from './opened.ts';

export async function openSource(origin: Origin, signal: AbortSignal): Promise<OpenedSource> {
  return atRoot(await openAll(origin, signal));
}

async function openAll(origin: Origin, signal: AbortSignal): Promise<OpenedSource> {
  const local = {
    root: '',
    pinned: null,
    hashes: new Map<string, string>(),
    packed: new Set<string>(),
  };
  switch (origin.kind) {
    case 'files':
      return { ...local, kind: 'files', name: origin.name, files: droppedFiles(origin) };
    case 'zip': {
      const name = origin.file.name.replace(/\.zip$/iu, '');
      return { ...local, kind: 'zip', name, ...(await openZip(origin.file, signal)) };
    }
    case 'hub':
      return openHub(origin, signal);
  }
}

/** The folder that was dropped is the name, not a part of every path. */
function droppedFiles({ name, files }: Origin & { kind: 'files' }): FileSet {
  const top = files.every(({ path }) => path.startsWith(`${name}/`)) ? name.length + 1 : 0;
  return new Map<string, ByteSource>(
    files.map(({ path, file }) => [path.slice(top), blobSource(path.slice(top), file)]),
  );
}

const CONFIGS = ['config.json', 'adapter_config.json'];

/**
 * People drop the folder above, and training leaves `checkpoint-500/` folders inside: the model is the
 * shallowest folder with a configuration. Several at that depth are told apart by the person.
 */
export function atRoot(source: OpenedSource): OpenedSource {
  const folders = modelFolders(source.files);
  const shallowest = Math.min(...folders.map(depth));
  const [root, ...others] = folders.filter((folder) => depth(folder) === shallowest);
  if (root === undefined) return refuse({ code: 'source-without-model', name: source.name });
  if (others.length > 0) refuse({ code: 'source-ambiguous', folders: [root, ...others].sort() });
  if (root === '') return source;
  const strip = <T>(entries: Iterable<readonly [string, T]>) =>
    [...entries]
      .filter(([path]) => path.startsWith(`${root}/`))
      .map(([path, value]) => [path.slice(root.length + 1), value] as const);
  return {
    ...source,
    root,
    files: new Map(strip(source.files)),
    hashes: new Map(strip(source.hashes)),
    packed: new Set(strip([...source.packed].map((path) => [path, null])).map(([path]) => path)),
  };
}

/** Folders of a model's own parts (a pooling layer, an ONNX graph) have configurations too. */
function modelFolders(files: FileSet): string[] {
  const folders = new Set<string>();
  for (const path of files.keys()) {
    const cut = path.lastIndexOf('/');
    if (CONFIGS.includes(path.slice(cut + 1))) folders.add(path.slice(0, Math.max(0, cut)));
  }
  return [...folders];
}

function depth(folder: string): number {
  return folder === '' ? 0 : folder.split('/').length;
}
