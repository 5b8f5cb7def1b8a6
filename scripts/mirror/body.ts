/** A file into an answer through one buffer: a stream makes a new one for each piece, which costs more than the rest. */
import { open } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';

/** Large enough that a call's cost is small, small enough for sixty at once. */
const BUFFER = 256 * 1024;

/** Which bytes of a file, both ends included; all of it where there is none. */
export interface Part {
  readonly start?: number;
  readonly end?: number;
}

/** Ends the answer; where the file ends before it should, or cannot be read, the connection breaks. */
export async function sendBody(path: string, part: Part, response: ServerResponse): Promise<void> {
  const file = await open(path);
  try {
    const last = Math.min(part.end ?? Infinity, (await file.stat()).size - 1);
    const buffer = Buffer.allocUnsafeSlow(Math.max(1, Math.min(BUFFER, last + 1)));
    for (let at = part.start ?? 0; at <= last;) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, last + 1 - at), at);
      if (bytesRead === 0) throw new Error(`${path} is shorter than it was`);
      // Only when it is with the system may the buffer be filled again.
      if (!(await written(response, buffer.subarray(0, bytesRead)))) return;
      at += bytesRead;
    }
    response.end();
  } finally {
    await file.close();
  }
}

/** False where the other side went away. */
function written(response: ServerResponse, bytes: Buffer): Promise<boolean> {
  if (response.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const gone = () => resolve(false);
    response.once('close', gone);
    response.write(bytes, (error) => {
      response.removeListener('close', gone);
      resolve(!error);
    });
  });
}
