/** Which bytes of a file are there: ranges `[start, end)`, in order, that neither touch nor overlap. */

export type Range = readonly [start: number, end: number];

export function withRange(ranges: readonly Range[], [start, end]: Range): Range[] {
  if (end <= start) return [...ranges];
  const before = ranges.filter(([, last]) => last < start);
  const after = ranges.filter(([first]) => first > end);
  const touching = ranges.slice(before.length, ranges.length - after.length);
  const first = Math.min(start, ...touching.map(([from]) => from));
  const last = Math.max(end, ...touching.map(([, to]) => to));
  return [...before, [first, last], ...after];
}

/** What is not there, cut into parts of at most `partBytes`. */
export function missingParts(ranges: readonly Range[], size: number, partBytes: number): Range[] {
  const gaps: Range[] = [];
  let at = 0;
  for (const [start, end] of [...ranges, [size, size] as const]) {
    for (; at < start; at = Math.min(at + partBytes, start)) {
      gaps.push([at, Math.min(at + partBytes, start)]);
    }
    at = Math.max(at, end);
  }
  return gaps;
}

export function bytesIn(ranges: readonly Range[]): number {
  return ranges.reduce((sum, [start, end]) => sum + end - start, 0);
}

/** Without what lies beyond the end of what is really on disk. */
export function clipped(ranges: readonly Range[], size: number): Range[] {
  return ranges
    .filter(([start]) => start < size)
    .map(([start, end]) => [start, Math.min(end, size)] as const);
}
