/** A folder or a zip of the disk, opened as the page opens what is dropped on it. */
import { openAsBlob } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { refuse } from '../../src/domain/failure';
import { atRoot, openSource } from '../../src/sources/open';
import type { OpenedSource } from '../../src/sources/opened';
import { openFolder } from './folder';

export async function openPath(path: string, signal: AbortSignal): Promise<OpenedSource> {
  const name = basename(resolve(path));
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) {
    const local = { root: '', pinned: null, hashes: new Map<string, string>() };
    const files = await openFolder(path);
    return atRoot({ ...local, name, kind: 'files', files, packed: new Set() });
  }
  if (found === null || !/\.zip$/iu.test(name))
    return refuse({ code: 'source-without-model', name });
  const file = new File([await openAsBlob(path)], name);
  return openSource({ kind: 'zip', file }, signal);
}
