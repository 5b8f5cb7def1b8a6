/**
 * Hashes what is written while it is written. The browser's own digest wants all the bytes at once;
 * hash-wasm streams, at twice the speed of the best hash written in JavaScript (484 against 228 MB/s
 * under Node 20), for 20 kB.
 */
import { createSHA256 } from 'hash-wasm';
import type { FileWriter } from '../graph/package.ts';
import type { PackagedFile } from '../graph/manifest.ts';
import type { FileHandle } from './package-files.ts';

export interface HashedWriter extends FileWriter {
  /** Closes without a result; a no-op once closed. */
  discard(): Promise<void>;
}

export async function hashedWriter(path: string, file: FileHandle): Promise<HashedWriter> {
  const hash = await createSHA256();
  hash.init();
  let bytes = 0;
  let open = true;
  return {
    write: async (chunk) => {
      await file.write(chunk);
      hash.update(chunk);
      bytes += chunk.length;
    },
    close: async (): Promise<PackagedFile> => {
      open = false;
      await file.close();
      return { path, bytes, sha256: hash.digest('hex') };
    },
    discard: async () => {
      if (!open) return;
      open = false;
      await file.close();
    },
  };
}
