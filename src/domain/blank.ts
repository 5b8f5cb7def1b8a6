/** The hidden word of a text. Models write it in their own way, so any of theirs and a plain line will do. */
const BLANK = /\[MASK\]|<mask>|_{3,}/giu;

export interface BlankMark {
  readonly start: number;
  readonly end: number;
}

/** Marks of a text, in order. */
export function blankMarks(text: string): BlankMark[] {
  return [...text.matchAll(BLANK)].map(({ index, 0: mark }) => ({
    start: index,
    end: index + mark.length,
  }));
}

/** The text with each mark as the model writes it. */
export function withMask(text: string, mask: string): string {
  return text.replace(BLANK, () => mask);
}

/**
 * The text with its blanks filled, cut where a filling begins and ends. A filling without a leading
 * space continues the word before it, as the model meant it.
 *
 * @param fillings one per mark, in order
 */
export function filled(
  text: string,
  fillings: readonly string[],
): readonly { readonly text: string; readonly filling: boolean }[] {
  let at = 0;
  const parts = blankMarks(text).flatMap(({ start, end }, index) => {
    const [before, filling] = joined(text.slice(at, start), fillings[index] ?? '', start === 0);
    at = end;
    return [
      { text: before, filling: false },
      { text: filling, filling: true },
    ];
  });
  return [...parts, { text: text.slice(at), filling: false }].filter((part) => part.text !== '');
}

function joined(before: string, filling: string, first: boolean): readonly [string, string] {
  if (filling.startsWith(' ') || first) return [before, filling.trimStart()];
  return [before.replace(/[ \t]+$/u, ''), filling];
}
