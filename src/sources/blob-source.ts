import type { ByteSource } from '../checkpoint/byte-source.ts';
import { refuse } from '../domain/failure.ts';

/** A file on this device, or a part of one, read by range. */
export function blobSource(name: string, blob: Blob): ByteSource {
  return {
    name,
    size: blob.size,
    read: async (start, end, signal) => {
      signal.throwIfAborted();
      const bytes = await bytesOf(name, blob.slice(start, end));
      // A file that shrank after it was chosen gives less than it promised.
      if (bytes.byteLength !== end - start) refuse({ code: 'source-changed', file: name });
      return bytes;
    },
  };
}

/** Browsers refuse to read a file that changed since it was chosen, each with an error of its own. */
async function bytesOf(name: string, blob: Blob): Promise<Uint8Array> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch {
    return refuse({ code: 'source-changed', file: name });
  }
}
