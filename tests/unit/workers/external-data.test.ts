import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { externalData, handedOver, readOnDemand } from '../../../workers/external-data';
import type { WeightsFile } from '../../../workers/weights';

const never = new AbortController().signal;
const MB = 2 ** 20;

/** Node has no synchronous reader; this one knows the blobs that `text` made. */
const texts = new WeakMap<Blob, string>();
class ScriptedReader {
  readAsArrayBuffer(blob: Blob): ArrayBuffer {
    return new TextEncoder().encode(texts.get(blob)).buffer;
  }
}

function text(content: string): Blob {
  const blob = new Blob([content]);
  texts.set(blob, content);
  blob.slice = (from, to) => text(content.slice(from, to));
  return blob;
}

beforeEach(() => vi.stubGlobal('FileReaderSync', ScriptedReader));
afterEach(() => vi.unstubAllGlobals());

const weights = (count: number, size: number): WeightsFile => ({
  path: 'w',
  bytes: count * size,
  async *chunks() {
    for (let at = 0; at < count; at += 1) {
      const chunk = new Uint8Array(size).fill(at);
      yield await Promise.resolve(chunk);
      // Its bytes are only lent.
      structuredClone(chunk, { transfer: [chunk.buffer] });
    }
  },
});

describe('weights for the runtime', () => {
  it('are plain bytes where they are few', async () => {
    const { data } = await externalData(weights(3, 2), true, never);
    expect(data).toEqual(Uint8Array.of(0, 0, 1, 1, 2, 2));
  });

  it('stay with the browser where they are many', async () => {
    const { data } = await externalData(weights(33, MB), true, never);
    expect((data as Blob).size).toBe(33 * MB);
    const tail = await (data as Blob).slice(32 * MB - 1, 32 * MB + 1).arrayBuffer();
    expect([...new Uint8Array(tail)]).toEqual([31, 32]);
  });

  it('are not read at all where they lie in storage', async () => {
    const kept = new Blob(['x']);
    const chunks = () => {
      throw new Error('read');
    };
    const file = { path: 'w', bytes: 40 * MB, chunks, blob: () => Promise.resolve(kept) };
    expect((await externalData(file, true, never)).data).toBe(kept);
  });

  it('are held by the runtime alone where it wants bytes', async () => {
    const { data } = await externalData(weights(33, MB), false, never);
    expect(data).toBeInstanceOf(Uint8Array);
    expect((data as Uint8Array).byteLength).toBe(33 * MB);
    expect((data as Uint8Array).buffer.byteLength).toBe(0);
  });

  it('are plain bytes where nothing can be read on demand', async () => {
    vi.unstubAllGlobals();
    const { data } = await externalData(weights(33, MB), false, never);
    expect((data as Uint8Array).buffer.byteLength).toBe(33 * MB);
  });
});

describe('bytes read on demand', () => {
  it('give each piece that is asked for', () => {
    const bytes = readOnDemand(text('un gorrión'.slice(0, 8)));
    expect(new TextDecoder().decode(bytes.subarray(3, 7))).toBe('gorr');
    expect(bytes.byteLength).toBe(8);
  });
});

describe('what is handed over', () => {
  it('keeps its order across pieces', async () => {
    const blob = await handedOver(weights(20, MB).chunks(never));
    const bytes = new Uint8Array(await blob.arrayBuffer());
    expect(bytes.length).toBe(20 * MB);
    expect(Array.from({ length: 20 }, (_, at) => bytes[at * MB])).toEqual([...Array(20).keys()]);
  });
});
