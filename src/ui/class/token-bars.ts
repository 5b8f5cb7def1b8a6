/** What competed for one place of an answer, as bars. Pure. */
import type { Token } from '../../domain/token.ts';

export interface Candidate {
  readonly id: number;
  readonly text: string;
  /** From 0 to 1, as the model had it before the temperature. */
  readonly share: number;
  readonly chosen: boolean;
}

export interface Place {
  readonly candidates: readonly Candidate[];
  /** Of all that are not listed. */
  readonly rest: number;
}

/** The likeliest first; the chosen one is there, however unlikely it was. */
export function placeOf({ id, text, logprob, alternatives }: Token): Place {
  const listed = alternatives.some((other) => other.id === id)
    ? alternatives
    : [...alternatives, { id, text, logprob }];
  const candidates = listed
    .map((other) => ({
      id: other.id,
      text: visible(other.text),
      share: Math.exp(other.logprob),
      chosen: other.id === id,
    }))
    .sort((a, b) => b.share - a.share);
  const sum = candidates.reduce((total, { share }) => total + share, 0);
  return { candidates, rest: Math.max(0, 1 - sum) };
}

/** Spaces and line breaks are tokens too, and must be seen. */
export function visible(text: string): string {
  return text === '' ? '∅' : text.replaceAll('\n', '↵').replace(/^ $/u, '␣');
}
