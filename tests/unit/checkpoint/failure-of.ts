import { FailureError } from '../../../src/domain/failure';
import type { Failure } from '../../../src/domain/failure';

/** The failure a promise rejects with; anything else is the test's own failure. */
export async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof FailureError) return error.failure;
    throw error;
  }
  throw new Error('nothing was refused');
}
