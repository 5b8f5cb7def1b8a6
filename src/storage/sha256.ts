/** SHA-256 of what is too large to be held at once. */
import { createSHA256 } from 'hash-wasm';

const CHUNK_BYTES = 4 * 2 ** 20;

/** Lower-case hexadecimal. @param onBytes told how many more were read */
export async function sha256OfBlob(
  blob: Blob,
  signal: AbortSignal,
  onBytes: (bytes: number) => void = () => undefined,
): Promise<string> {
  const hash = await createSHA256();
  hash.init();
  for (let at = 0; at < blob.size; at += CHUNK_BYTES) {
    signal.throwIfAborted();
    const chunk = new Uint8Array(await blob.slice(at, at + CHUNK_BYTES).arrayBuffer());
    hash.update(chunk);
    onBytes(chunk.length);
  }
  return hash.digest('hex');
}

export async function sha256OfText(text: string): Promise<string> {
  const hash = await createSHA256();
  return hash.init().update(text).digest('hex');
}
