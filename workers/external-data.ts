/** Weights as onnxruntime-web takes them: outside its graph, under a name, and held once. */
import { gathered, type WeightsFile } from './weights.ts';

/** Up to here a copy in JavaScript costs less than what it takes to do without it. */
const SMALL_BYTES = 32 * 2 ** 20;
/** What is gathered here before the browser takes it over. */
const PIECE_BYTES = 8 * 2 ** 20;

/** Of Workers; said here because tests are checked against the libraries of a page. */
declare const FileReaderSync: new () => { readAsArrayBuffer(blob: Blob): ArrayBuffer };

export interface ExternalData {
  readonly path: string;
  readonly data: Uint8Array | Blob;
}

/** @param takesBlobs whether this build of the runtime reads a Blob by itself, piece by piece */
export async function externalData(
  file: WeightsFile,
  takesBlobs: boolean,
  signal: AbortSignal,
): Promise<ExternalData> {
  const { path, bytes } = file;
  const isLight = bytes <= SMALL_BYTES || (!takesBlobs && !('FileReaderSync' in globalThis));
  if (isLight) return { path, data: await gathered(file.chunks(signal), bytes) };
  const blob = await (file.blob?.() ?? handedOver(file.chunks(signal)));
  return { path, data: takesBlobs ? blob : readOnDemand(blob) };
}

/** Piece by piece into the browser's keeping, which is not memory of this process. */
export async function handedOver(chunks: AsyncIterable<Uint8Array>): Promise<Blob> {
  const pieces: Blob[] = [];
  let loose: Uint8Array<ArrayBuffer>[] = [];
  let held = 0;
  for await (const chunk of chunks) {
    // A chunk is lent until the next.
    loose.push(chunk.slice());
    held += chunk.length;
    if (held < PIECE_BYTES) continue;
    pieces.push(new Blob(loose));
    [loose, held] = [[], 0];
  }
  return new Blob([...pieces, ...loose]);
}

/**
 * A Uint8Array as far as the runtime looks at it: while it makes a session it asks for `byteLength`
 * and, tensor by tensor, for a `subarray` that it copies at once. Each is read when it is asked for,
 * so no more than one lies in memory beside the runtime's own.
 */
export function readOnDemand(blob: Blob): Uint8Array {
  const reader = new FileReaderSync();
  const read = (from: number, to: number) =>
    new Uint8Array(reader.readAsArrayBuffer(blob.slice(from, to)));
  return Object.defineProperties(new Uint8Array(0), {
    byteLength: { value: blob.size },
    subarray: { value: read },
  });
}
