/** A stored package as one file, for another machine or for any loader of its ONNX graphs. */
import { BlobReader, BlobWriter, ZipWriter } from '@zip.js/zip.js/lib/zip-core-custom.js';
import type { PackageStore, StoredPackage } from './packages.ts';

/** Weights do not compress, so entries are stored as they are: they can be read by range again. */
export async function zipPackage(store: PackageStore, { id }: StoredPackage): Promise<Blob> {
  const writer = new ZipWriter(new BlobWriter('application/zip'), {
    level: 0,
    useWebWorkers: false,
  });
  for (const { path } of await store.files(id)) {
    await writer.add(path, new BlobReader(await store.read(id, path)));
  }
  return writer.close();
}
