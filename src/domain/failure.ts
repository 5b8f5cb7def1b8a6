/**
 * Expected errors as data: a code and its own fields. The sentence a person reads is made from it
 * in `src/i18n`, so a failure can be stored, exported and shown again in another language.
 */
export type Failure =
  /** The checkpoint is sound, but of a kind Patio does not run; `what` names the trait. */
  | { code: 'checkpoint-unsupported'; what: string; detail: string }
  | { code: 'checkpoint-damaged'; file: string; detail: string }
  | { code: 'checkpoint-missing'; file: string }
  | { code: 'adapter-unsupported'; detail: string }
  | { code: 'model-unknown'; model: string }
  /** The device cannot hold the model: bytes needed and bytes at hand. */
  | { code: 'model-too-large'; needBytes: number; haveBytes: number }
  /** A GPU was asked for and there is none that counts (a software adapter does not). */
  | { code: 'gpu-unavailable' }
  /** The model has no build for the device that was asked for. */
  | { code: 'build-missing'; backend: 'cpu' | 'gpu' }
  | { code: 'gpu-lost' }
  /** `status` is the HTTP status, or null when no answer came at all. */
  | { code: 'file-unreachable'; file: string; status: number | null }
  | { code: 'file-damaged'; file: string; detail: string }
  | { code: 'prompt-empty' }
  | { code: 'variables-missing'; names: readonly string[] }
  | { code: 'context-exceeded'; promptTokens: number; contextTokens: number }
  | { code: 'template-failed'; detail: string }
  | { code: 'out-of-memory' }
  | { code: 'runtime-failed'; detail: string }
  | { code: 'worker-crashed'; detail: string }
  /** The Worker did not answer a cancel in time and was terminated. */
  | { code: 'worker-unresponsive'; afterMs: number }
  | { code: 'storage-full' }
  | { code: 'storage-unavailable'; detail: string }
  | { code: 'record-damaged'; detail: string }
  /** A file that is not one of ours. */
  | { code: 'record-foreign' }
  | { code: 'record-newer'; version: number }
  | { code: 'unexpected'; detail: string };

export type FailureCode = Failure['code'];

/** Carries a Failure through code that must throw; caught only at the edges. */
export class FailureError extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.code);
    this.name = 'FailureError';
    this.failure = failure;
  }
}

export function refuse(failure: Failure): never {
  throw new FailureError(failure);
}

/** What a caught value means as data. Unknown errors keep their message as detail. */
export function toFailure(error: unknown): Failure {
  if (error instanceof FailureError) return error.failure;
  const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: 'unexpected', detail };
}
