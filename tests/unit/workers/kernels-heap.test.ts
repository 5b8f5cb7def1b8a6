import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Heap } from '../../../workers/kernels/heap';

it('hands out room that nobody else has', () => {
  const step = fc.record({ bytes: fc.integer({ min: 0, max: 90_000 }), free: fc.nat() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const memory = new WebAssembly.Memory({ initial: 2, maximum: 400 });
      const heap = new Heap(memory, 1024, 400);
      const taken: { at: number; bytes: number }[] = [];
      for (const { bytes, free } of steps) {
        if (free % 3 === 0 && taken.length > 0) {
          const [gone] = taken.splice(free % taken.length, 1);
          if (gone) heap.release(gone.at);
        } else taken.push({ at: heap.allocate(bytes), bytes });
      }
      const order = taken.sort((a, b) => a.at - b.at);
      order.forEach(({ at, bytes }, i) => {
        expect(at % 16).toBe(0);
        expect(at + bytes).toBeLessThanOrEqual(order[i + 1]?.at ?? memory.buffer.byteLength);
      });
    }),
    { numRuns: 50 },
  );
});

it('uses again what was freed, joined with its neighbours', () => {
  const heap = new Heap(new WebAssembly.Memory({ initial: 4 }), 1024, 4);
  const places = [10_000, 20_000, 30_000].map((bytes) => heap.allocate(bytes));
  for (const at of [places[0], places[2], places[1]]) heap.release(at ?? 0);
  expect(heap.allocate(60_000)).toBe(places[0]);
});

it('says when nothing is left, and what was never given', () => {
  const heap = new Heap(new WebAssembly.Memory({ initial: 2, maximum: 3 }), 1024, 3);
  expect(() => heap.allocate(500_000)).toThrow(RangeError);
  expect(heap.allocate(1000)).toBe(1024);
  expect(() => heap.release(2048)).toThrow(RangeError);
});
