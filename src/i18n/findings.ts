import type { Finding, FindingCode } from '../domain/preflight.ts';
import type { FailureText } from './failures.ts';

/** One entry per code, like failures: what was found, and what can be done about it. */
export type FindingTexts = {
  readonly [Code in FindingCode]: (finding: Extract<Finding, { code: Code }>) => FailureText;
};

export function findingText(texts: FindingTexts, finding: Finding): FailureText {
  // The table is exhaustive by type; the compiler cannot pair a union's member with its own entry.
  const write = texts[finding.code] as (finding: Finding) => FailureText;
  return write(finding);
}
