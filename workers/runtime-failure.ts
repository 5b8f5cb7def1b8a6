/** What the runtime's own words mean. */
import type { Failure } from '../src/domain/failure.ts';

/** What memory that ran out looks like; a C++ exception that nobody caught arrives as a number. */
const OUT_OF_MEMORY = /bad_alloc|out of memory|OOM|allocation failed|could not allocate|^\d+$/i;
/**
 * The runtime tells its device only once a session stands, so a loss on the way there is known by its
 * words alone. Nobody asks for a GPU session where no adapter was found, so one that is not to be had
 * any more was lost too.
 */
const GPU_GONE = /get (a Web)?GPU (adapter|device)|device\b.{0,40}\blost|\blost\b.{0,40}\bdevice/i;

/** Of a session that stands: its device tells by itself that it is lost. */
export function runtimeFailure(detail: string): Failure {
  if (OUT_OF_MEMORY.test(detail)) return { code: 'out-of-memory' };
  return { code: 'runtime-failed', detail };
}

/** Of a session that was to be made. */
export function openingFailure(detail: string): Failure {
  return GPU_GONE.test(detail) ? { code: 'gpu-lost' } : runtimeFailure(detail);
}
