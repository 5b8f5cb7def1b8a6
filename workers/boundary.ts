import { FailureError, refuse, type Failure } from '../src/domain/failure.ts';

/**
 * Runs somebody else's code; what it throws becomes an expected failure. An abort stays an abort,
 * and a failure that is already one stays what it is.
 */
export async function crossing<T>(
  work: () => T | Promise<T>,
  failure: (detail: string) => Failure,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FailureError || isAbort(error)) throw error;
    return refuse(failure(error instanceof Error ? error.message : String(error)));
  }
}

export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
