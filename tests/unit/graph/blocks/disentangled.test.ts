import { expect, test } from 'vitest';
import { bucketOf } from '../../../../src/graph/blocks/disentangled';

// What the reference's make_log_bucket_position says for 256 buckets up to distance 512.
test.each([
  [0, 0],
  [127, 127],
  [128, 128],
  [130, 130],
  [200, 169],
  [300, 207],
  [511, 255],
  [-129, -129],
  [-300, -207],
  [-511, -255],
])('distance %i lies in bucket %i', (distance, bucket) => {
  expect(bucketOf(distance, 256, 512)).toBe(bucket);
});

test('buckets never turn back as distances grow', () => {
  const buckets = Array.from({ length: 97 }, (_, index) => bucketOf(index - 48, 8, 48));
  expect(buckets).toEqual([...buckets].sort((a, b) => a - b));
  expect(buckets.at(-1)).toBeGreaterThan(4);
});
