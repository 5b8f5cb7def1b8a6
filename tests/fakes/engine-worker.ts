import type { EngineWorker } from '../../src/engine/host.ts';
import { serve, type Served } from '../../workers/serve.ts';

/** The real `serve` across a channel, in the thread of the test: whatever crosses is copied, as between threads. */
export function serveHere(engine: Served): EngineWorker & { readonly terminated: () => boolean } {
  const { port1, port2 } = new MessageChannel();
  let isOver = false;
  serve(engine, port2);
  port1.start();
  return {
    postMessage: (message, transfer) => {
      if (!isOver) port1.postMessage(message, transfer ?? []);
    },
    addEventListener: (type, listener) => port1.addEventListener(type, listener as EventListener),
    removeEventListener: (type, listener) =>
      port1.removeEventListener(type, listener as EventListener),
    terminate() {
      isOver = true;
      port1.close();
    },
    terminated: () => isOver,
  };
}
