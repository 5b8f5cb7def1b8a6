import type { Failure, FailureCode } from '../domain/failure.ts';

/** What happened, and what the person can do about it: two sentences. */
export interface FailureText {
  readonly what: string;
  readonly todo: string;
}

/** One entry per code: a new code does not compile until every language has its words. */
export type FailureTexts = {
  readonly [Code in FailureCode]: (failure: Extract<Failure, { code: Code }>) => FailureText;
};

export function failureText(texts: FailureTexts, failure: Failure): FailureText {
  // The table is exhaustive by type; the compiler cannot pair a union's member with its own entry.
  const write = texts[failure.code] as (failure: Failure) => FailureText;
  return write(failure);
}
