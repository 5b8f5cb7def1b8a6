import type { Failure } from '../../src/domain/failure.ts';

/** Asked for more than there is, the browser and the kernels throw a RangeError that says so. */
export function kernelFailure(detail: string): Failure {
  if (/memory|no room/i.test(detail)) return { code: 'out-of-memory' };
  return { code: 'runtime-failed', detail };
}
