import type { Failure } from '../domain/failure.ts';

/** What a refusal of the browser's storage means. */
export function storageFailure(error: unknown): Failure {
  const name = error instanceof Error ? error.name : '';
  if (name === 'QuotaExceededError' || name === 'NS_ERROR_DOM_QUOTA_REACHED') {
    return { code: 'storage-full' };
  }
  const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: 'storage-unavailable', detail };
}
