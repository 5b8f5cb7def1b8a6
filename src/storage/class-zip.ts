/** A class as one file: `clase.json`, and the packages it carries beside it. */
import {
  BlobReader,
  BlobWriter,
  TextReader,
  ZipWriter,
} from '@zip.js/zip.js/lib/zip-core-custom.js';
import type { PackageStore } from './packages.ts';

export interface ZippedFile {
  /** Of the stored package that it is read from. */
  readonly id: string;
  readonly path: string;
  /** In the zip. */
  readonly as: string;
}

/**
 * One file after another, from storage to the browser's own blob, which it keeps out of memory. Entries
 * are stored as they are, so that a reader takes slices of the zip itself.
 */
export async function zipClass(
  name: string,
  text: string,
  files: readonly ZippedFile[],
  store: Pick<PackageStore, 'read'>,
): Promise<Blob> {
  const writer = new ZipWriter(new BlobWriter('application/zip'), {
    level: 0,
    useWebWorkers: false,
  });
  await writer.add(name, new TextReader(text));
  for (const { id, path, as } of files) {
    await writer.add(as, new BlobReader(await store.read(id, path)));
  }
  return writer.close();
}
