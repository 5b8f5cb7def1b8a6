import { Worker } from 'node:worker_threads';
import { build } from 'vite';
import nodeEndpoint, { type NodeEndpoint } from 'comlink/dist/esm/node-adapter';
import type { EngineWorker } from '../../src/engine/host.ts';

/**
 * The scripted Worker as plain JavaScript, bundled once: a worker thread of Node knows no TypeScript,
 * and teaching it anew in each costs a second.
 */
export async function bundleScriptedWorker(): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true },
    build: {
      ssr: 'tests/bridge/scripted-worker.ts',
      write: false,
      rollupOptions: { output: { format: 'cjs' } },
    },
  });
  const [file] = 'output' in result ? result.output : [];
  if (file === undefined) throw new Error('the scripted Worker could not be bundled');
  return file.code;
}

/** A worker thread of Node behind the face of a browser's Worker. */
export function spawnNodeWorker(code: string): EngineWorker & { readonly gone: Promise<void> } {
  const worker = new Worker(code, { eval: true });
  const endpoint = nodeEndpoint(worker as unknown as NodeEndpoint);
  return {
    postMessage: (message, transfer) => endpoint.postMessage(message, transfer),
    addEventListener(type, listener) {
      if (type === 'message') return endpoint.addEventListener(type, listener);
      const hear = listener as (event: unknown) => void;
      // Node gives the error itself where a browser gives an event that carries its message.
      worker.on(type, (cause) => hear(cause));
    },
    removeEventListener: (type, listener) => endpoint.removeEventListener(type, listener),
    terminate: () => worker.terminate(),
    gone: new Promise((resolve) => worker.once('exit', () => resolve())),
  };
}
