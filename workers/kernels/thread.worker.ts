/** One of the threads that take pieces of a kernel's work; it blocks until it is told to stop, or ended. */
import { serve } from './job.ts';
import type { ThreadStart } from './team.ts';
import type { SharedExports } from './wasm-exports.ts';

addEventListener('message', ({ data }: MessageEvent<ThreadStart>) => {
  const { module, memory, job, thread } = data;
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  serve(exports as unknown as SharedExports, job, thread, memory);
  close();
});
