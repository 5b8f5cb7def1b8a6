import { describe, expect, it } from 'vitest';
import { WeightsReader, type WeightsFile } from '../../../workers/weights';

const file = (sizes: readonly number[]): WeightsFile => ({
  path: 'weights.bin',
  bytes: sizes.reduce((all, size) => all + size, 0),
  async *chunks() {
    let at = 0;
    for (const size of sizes) {
      const chunk = Uint8Array.from({ length: size }, (_, index) => at + index);
      yield await Promise.resolve(chunk);
      // Its bytes are only lent.
      structuredClone(chunk, { transfer: [chunk.buffer] });
      at += size;
    }
  },
});

const reader = (sizes: readonly number[]) =>
  new WeightsReader(file(sizes), new AbortController().signal);

describe('tensors out of a stream', () => {
  it.each([[[20]], [[1, 2, 3, 4, 10]], [[7, 0, 13]]])(
    'come whole, whatever the chunks: %j',
    async (sizes) => {
      const weights = reader(sizes);
      const [first, second] = [new Uint8Array(4), new Uint8Array(9)];
      await weights.read(2, first);
      await weights.read(10, second);
      expect([...first]).toEqual([2, 3, 4, 5]);
      expect([...second]).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18]);
      await weights.finish();
    },
  );

  it('may begin in the chunk at hand', async () => {
    const weights = reader([20]);
    await weights.read(0, new Uint8Array(3));
    const target = new Uint8Array(2);
    await weights.read(3, target);
    expect([...target]).toEqual([3, 4]);
  });

  it('say that a file ends too early', async () => {
    const weights = reader([5, 5]);
    await expect(weights.read(8, new Uint8Array(4))).rejects.toMatchObject({
      failure: { code: 'file-damaged', file: 'weights.bin' },
    });
  });

  it('are not asked for backwards', async () => {
    const weights = reader([5, 5]);
    await weights.read(6, new Uint8Array(2));
    await expect(weights.read(1, new Uint8Array(1))).rejects.toThrow(RangeError);
  });

  it('let the source go when left halfway', async () => {
    let isClosed = false;
    const left = new WeightsReader(
      {
        path: 'w',
        bytes: 2,
        async *chunks() {
          try {
            yield await Promise.resolve(new Uint8Array(1));
            yield new Uint8Array(1);
          } finally {
            isClosed = true;
          }
        },
      },
      new AbortController().signal,
    );
    await left.read(0, new Uint8Array(1));
    await left.leave();
    expect(isClosed).toBe(true);
  });
});
