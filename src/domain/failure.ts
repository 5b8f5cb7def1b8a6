import type { FieldId } from './task.ts';

/**
 * Expected errors as data: a code and its own fields. The sentence a person reads is made from it
 * in `src/i18n`, so a failure can be stored, exported and shown again in another language.
 */
export type Failure =
  /** The checkpoint is sound, but of a kind Patio does not run; `what` names the trait. */
  | { code: 'checkpoint-unsupported'; what: string; detail: string }
  | { code: 'checkpoint-damaged'; file: string; detail: string }
  | { code: 'checkpoint-missing'; file: string }
  /** A pickle asked for something that only running code can give; `global` is its name. */
  | { code: 'checkpoint-executes'; file: string; global: string }
  /** Weights in fewer bits by a method that Patio does not read, such as GPTQ. */
  | { code: 'checkpoint-quantised'; method: string }
  | { code: 'adapter-unsupported'; detail: string }
  /** The adapter replaces whole weights, which no input of the graph can do; their names. */
  | { code: 'adapter-needs-merge'; tensors: readonly string[] }
  | { code: 'model-unknown'; model: string }
  /** The device cannot hold the model: bytes needed and bytes at hand. */
  | { code: 'model-too-large'; needBytes: number; haveBytes: number }
  /** The GPU binds no buffer that holds the model's largest weight. */
  | { code: 'weight-too-large'; needBytes: number; haveBytes: number }
  /** A GPU was asked for and there is none that counts (a software adapter does not). */
  | { code: 'gpu-unavailable' }
  /** The model has no build for the device that was asked for. */
  | { code: 'build-missing'; backend: 'cpu' | 'gpu' }
  /** `again` where what began anew with a fresh GPU lost that one too. */
  | { code: 'gpu-lost'; again?: true }
  /** It was measured against the CPU and gives other numbers: it is not chosen any more. */
  | { code: 'gpu-wrong' }
  /** It was lost, and what was not finished began again with a fresh one. */
  | { code: 'gpu-restarted' }
  /** `status` is the HTTP status, or null when no answer came at all. */
  | { code: 'file-unreachable'; file: string; status: number | null }
  | { code: 'file-damaged'; file: string; detail: string }
  | { code: 'prompt-empty' }
  /** The voice of the column was not made for what is asked. */
  | { code: 'task-unsupported' }
  | { code: 'field-empty'; field: FieldId }
  /** A text without a word to guess. */
  | { code: 'mask-missing' }
  /** The classes of a model that should judge hypotheses do not say which of them means yes. */
  | { code: 'entailment-unclear'; labels: readonly string[] }
  | { code: 'variables-missing'; names: readonly string[] }
  /** `modelTokens` where the model itself reads more than this GPU holds. */
  | { code: 'context-exceeded'; promptTokens: number; contextTokens: number; modelTokens?: number }
  | { code: 'template-failed'; detail: string }
  | { code: 'out-of-memory' }
  | { code: 'runtime-failed'; detail: string }
  | { code: 'worker-crashed'; detail: string }
  /** The Worker did not answer a cancel in time and was terminated. */
  | { code: 'worker-unresponsive'; afterMs: number }
  | { code: 'storage-full' }
  /** No room for a model's files; null where the browser does not say. */
  | { code: 'model-storage-full'; needBytes: number | null; freeBytes: number | null }
  /** Another tab is writing this model. */
  | { code: 'package-busy'; name: string }
  /** What was typed is no repository id and no address of one. */
  | { code: 'source-unclear'; text: string }
  /** Nothing in it is a model: no config.json and no adapter_config.json. */
  | { code: 'source-without-model'; name: string }
  /** Several models side by side; one must be chosen. */
  | { code: 'source-ambiguous'; folders: readonly string[] }
  /** A file that was listed can no longer be read: moved, changed or unplugged. */
  | { code: 'source-changed'; file: string }
  /** A zip that lies, traps or cannot be opened. */
  | { code: 'zip-refused'; file: string; detail: string }
  /** The Hub does not say whether it is private or does not exist. */
  | { code: 'hub-missing'; host: string; repo: string; token: boolean }
  | { code: 'hub-revision-missing'; repo: string; revision: string }
  | { code: 'hub-private'; repo: string; token: boolean }
  /** Its authors ask to accept terms on its page first. */
  | { code: 'hub-gated'; repo: string; page: string; token: boolean }
  /** 429 or 5xx after several tries. */
  | { code: 'hub-busy'; host: string; status: number }
  | { code: 'hub-unreachable'; host: string }
  /** It answers, but not as the Hub does. */
  | { code: 'hub-foreign'; host: string; detail: string }
  /** The server sends whole files where a part was asked for. */
  | { code: 'hub-without-ranges'; host: string; file: string }
  /** What came, twice from the start, has another hash than was promised. */
  | { code: 'download-damaged'; host: string; file: string }
  /** Another file at each answer. */
  | { code: 'download-changing'; host: string; file: string }
  | { code: 'storage-unavailable'; detail: string }
  | { code: 'record-damaged'; detail: string }
  /** A file that is not one of ours. */
  | { code: 'record-foreign' }
  | { code: 'record-newer'; version: number }
  /** A class pack that is cut short, lies or breaks its own rules. */
  | { code: 'class-damaged'; detail: string }
  /** A zip or a file without a class in it. */
  | { code: 'class-foreign' }
  /** A file of a class that is not what its list says. */
  | { code: 'class-file-wrong'; file: string }
  | { code: 'handin-damaged'; detail: string }
  | { code: 'handin-foreign' }
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
