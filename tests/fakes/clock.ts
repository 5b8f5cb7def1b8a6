/** A clock that moves by one second at every look. */
export function tickingClock(start = Date.UTC(2026, 0, 1)): () => number {
  let now = start;
  return () => (now += 1000);
}

/** `a1`, `a2`, … */
export function countingIds(prefix = 'a'): () => string {
  let last = 0;
  return () => `${prefix}${String(++last)}`;
}

/** A `Later` that waits for `run()`. */
export function manualLater() {
  let waiting: (() => void) | null = null;
  return {
    later(work: () => void): () => void {
      waiting = work;
      return () => (waiting = null);
    },
    run(): void {
      const work = waiting;
      waiting = null;
      work?.();
    },
  };
}
