import { expect, test } from 'vitest';
import { alibiSlopes } from '../../../../src/graph/blocks/alibi';

test.each([
  [1, [2 ** -8]],
  [4, [2 ** -2, 2 ** -4, 2 ** -6, 2 ** -8]],
  [8, [1, 2, 3, 4, 5, 6, 7, 8].map((at) => 2 ** -at)],
  // Four of the series of four, then every second of the series of eight.
  [6, [2 ** -2, 2 ** -4, 2 ** -6, 2 ** -8, 2 ** -1, 2 ** -3]],
])('the slopes of %i heads', (heads, expected) => {
  expect([...alibiSlopes(heads)]).toEqual(expected);
});
