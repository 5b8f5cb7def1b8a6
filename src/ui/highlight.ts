import type { Span } from '../domain/output.ts';

export interface HighlightPart<T> {
  readonly text: string;
  /** null for what lies between. */
  readonly span: T | null;
}

/** A text cut at its spans, in reading order; one that overlaps an earlier one, or lies outside, is left out. */
export function highlight<T extends Pick<Span, 'start' | 'end'>>(
  text: string,
  spans: readonly T[],
): HighlightPart<T>[] {
  const sorted = [...spans].sort((a, b) => a.start - b.start || b.end - a.end);
  const parts: HighlightPart<T>[] = [];
  let at = 0;
  for (const span of sorted) {
    if (span.start < at || span.end <= span.start || span.end > text.length) continue;
    parts.push({ text: text.slice(at, span.start), span: null });
    parts.push({ text: text.slice(span.start, span.end), span });
    at = span.end;
  }
  parts.push({ text: text.slice(at), span: null });
  return parts.filter((part) => part.text !== '');
}
