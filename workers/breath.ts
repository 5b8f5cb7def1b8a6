/** Long enough to cost nothing, short enough that a stop is heard while a person still looks. */
const BREATHE_EVERY_MS = 8;

/**
 * Hands the thread to waiting messages every few milliseconds: without it a loop of runs never
 * hears a stop. A message to oneself comes back at once, where a timer waits 4 ms.
 */
export function createBreath(now: () => number): () => Promise<void> {
  const { port1, port2 } = new MessageChannel();
  let last = now();
  return async () => {
    if (now() - last < BREATHE_EVERY_MS) return;
    await new Promise((resolve) => {
      port1.onmessage = resolve;
      port2.postMessage(null);
    });
    last = now();
  };
}
