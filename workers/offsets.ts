/**
 * Where each token lies in its text. The tokenizer library gives no offsets, so tokens are laid along
 * the text again. Both are first brought to one form (compatibility decomposition, without marks,
 * case or spaces), in which they are equal whatever the tokenizer's own normalisation is: NFC or NFD,
 * lower case or not, accents kept or dropped, ▁ or bytes.
 */

/** How a vocabulary writes its tokens. */
export type TokenStyle = 'wordpiece' | 'bytes' | 'plain';

/** UTF-16 units of the text, `end` exclusive; equal where a token stands for nothing in it. */
export type Offset = readonly [start: number, end: number];

/** A character in the common form, and what it comes from. */
interface Sign {
  readonly sign: string;
  readonly start: number;
  readonly end: number;
}

/**
 * @param tokens of the text alone, without the special ones around it
 * @param isUnknown whether a token stands for characters that the vocabulary lacks
 */
export function alignTokens(
  text: string,
  tokens: readonly string[],
  style: TokenStyle,
  isUnknown: (token: string) => boolean,
): Offset[] {
  const signs = signsOfText(text);
  const pieces = piecesOf(tokens, style, isUnknown);
  const matches = match(signs, pieces, tokens, { text, style, isUnknown });
  // What stands for nothing, such as a lone ▁, lies where the next token begins.
  const offsets: Offset[] = [];
  let next = text.trimEnd().length;
  for (let index = tokens.length - 1; index >= 0; index -= 1) {
    const found = matches.get(index);
    offsets.unshift(found ?? [next, next]);
    next = found?.[0] ?? next;
  }
  return offsets;
}

const DROPPED = /[\p{M}\p{C}\s\u2581]/gu;
const DROPPED_ALONE = /^[\p{M}\p{C}\s\u2581]$/u;

/** The common form of one character; empty for marks, controls and spaces. */
function commonForm(char: string): string {
  const plain = char.normalize('NFKD').toLowerCase().replace(DROPPED, '');
  return plain === '' && !DROPPED_ALONE.test(char) ? char : plain;
}

/** A character that has no sign of its own belongs to the one before it, unless it is a space. */
function signsOfText(text: string): Sign[] {
  const signs: Sign[] = [];
  let at = 0;
  for (const char of text) {
    const end = at + char.length;
    const form = commonForm(char);
    for (const sign of form) signs.push({ sign, start: at, end });
    if (form === '' && !/\s/u.test(char)) extend(signs, at, end);
    at = end;
  }
  return signs;
}

/** Marks lengthen every sign of the character they sit on. */
function extend(signs: Sign[], at: number, end: number): void {
  for (let index = signs.length - 1; signs[index]?.end === at; index -= 1) {
    signs[index] = { ...(signs[index] as Sign), end };
  }
}

/** One sign of the tokens, and the tokens that carry it: several where they share a character's bytes. */
interface Piece {
  readonly sign: string;
  readonly first: number;
  readonly last: number;
}

function piecesOf(
  tokens: readonly string[],
  style: TokenStyle,
  isUnknown: (token: string) => boolean,
): Piece[] {
  const pieces: Piece[] = [];
  let pending: { byte: number; token: number }[] = [];
  const say = (char: string, first: number, last: number) => {
    for (const sign of commonForm(char)) pieces.push({ sign, first, last });
  };
  tokens.forEach((token, index) => {
    if (isUnknown(token)) return;
    const bytes = bytesOf(token, style);
    if (bytes === null) for (const char of surface(token, style)) say(char, index, index);
    for (const byte of bytes ?? []) {
      pending.push({ byte, token: index });
      const whole = decodeChar(pending.map((one) => one.byte));
      if (whole === null) continue;
      say(whole, pending[0]?.token ?? index, index);
      pending = [];
    }
  });
  return pieces;
}

function surface(token: string, style: TokenStyle): string {
  return style === 'wordpiece' ? token.replace(/^##/u, '') : token.replace(/<\/w>$/u, '');
}

/** How a vocabulary of characters writes the bytes of one that it lacks. */
const BYTE_TOKEN = /^<0x([0-9A-F]{2})>$/u;

/** null where the token is characters. */
function bytesOf(token: string, style: TokenStyle): number[] | null {
  const [, hex] = BYTE_TOKEN.exec(token) ?? [];
  if (hex !== undefined) return [Number.parseInt(hex, 16)];
  if (style !== 'bytes') return null;
  return [...token].flatMap((letter) => BYTES.get(letter) ?? []);
}

/** null in the middle of a character. */
function decodeChar(bytes: readonly number[]): string | null {
  const [lead = 0] = bytes;
  const length = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (bytes.length < length) return null;
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

/** The letters that stand for bytes in byte-level vocabularies (GPT-2's `bytes_to_unicode`). */
const BYTES: ReadonlyMap<string, number> = (() => {
  const isPlain = (byte: number) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return new Map(
    Array.from({ length: 256 }, (_, byte) => [
      String.fromCodePoint(isPlain(byte) ? byte : next++),
      byte,
    ]),
  );
})();

interface Course {
  readonly text: string;
  readonly style: TokenStyle;
  readonly isUnknown: (token: string) => boolean;
}

/** Walks both sequences of signs together; an unknown token takes what lies before the next known one. */
function match(
  signs: readonly Sign[],
  pieces: readonly Piece[],
  tokens: readonly string[],
  course: Course,
): Map<number, [number, number]> {
  const found = new Map<number, [number, number]>();
  const groups = byToken(pieces, tokens.length);
  let at = 0;
  tokens.forEach((token, index) => {
    if (course.isUnknown(token)) {
      const end = unknownEnd(signs, at, groups.slice(index + 1), course);
      take(found, index, index, signs, at, end);
      at = end;
      return;
    }
    for (const piece of groups[index] ?? []) {
      const next = meet(signs, at, piece.sign);
      if (next === null) continue;
      take(found, piece.first, piece.last, signs, next, next + 1);
      at = next + 1;
    }
  });
  return found;
}

/** Pieces by the token in which they end. */
function byToken(pieces: readonly Piece[], count: number): Piece[][] {
  const groups = Array.from({ length: count }, (): Piece[] => []);
  for (const piece of pieces) groups[piece.last]?.push(piece);
  return groups;
}

/** How far a sign may lie behind where it is expected: a normaliser may have dropped a few. */
const REACH = 8;

function meet(signs: readonly Sign[], at: number, sign: string): number | null {
  for (let next = at; next < Math.min(signs.length, at + REACH); next += 1) {
    if (signs[next]?.sign === sign) return next;
  }
  return null;
}

function take(
  found: Map<number, [number, number]>,
  first: number,
  last: number,
  signs: readonly Sign[],
  from: number,
  to: number,
): void {
  const start = signs[from]?.start;
  const end = signs[to - 1]?.end;
  if (to <= from || start === undefined || end === undefined) return;
  for (let index = first; index <= last; index += 1) {
    const known = found.get(index);
    found.set(index, known === undefined ? [start, end] : [known[0], end]);
  }
}

/** Signs of the tokens ahead that must be found together, so that a lone letter does not mislead. */
const LOOKAHEAD = 6;

function unknownEnd(
  signs: readonly Sign[],
  at: number,
  ahead: readonly (readonly Piece[])[],
  { text, style }: Course,
): number {
  // A word piece that is unknown stands for its whole word.
  if (style === 'wordpiece' || (ahead[0]?.length ?? 0) === 0) return wordEnd(signs, at, text);
  const expected = ahead
    .flat()
    .slice(0, LOOKAHEAD)
    .map((piece) => piece.sign);
  for (let next = at + 1; next < signs.length; next += 1) {
    if (expected.every((sign, index) => signs[next + index]?.sign === sign)) return next;
  }
  return wordEnd(signs, at, text);
}

const PUNCTUATION = /[\p{P}\p{S}]/u;

/** A run of characters without a space, one sign of punctuation, or one Chinese character. */
function wordEnd(signs: readonly Sign[], at: number, text: string): number {
  const first = signs[at];
  if (first === undefined) return at;
  if (standsAlone(first, text)) return at + 1;
  let next = at + 1;
  while (next < signs.length) {
    const [before, sign] = [signs[next - 1], signs[next]];
    if (!before || !sign || sign.start > before.end || standsAlone(sign, text)) break;
    next += 1;
  }
  return next;
}

/**
 * As BERT's own splitter sees it: ASCII symbols are punctuation, other symbols such as emoji are not,
 * and every Chinese character is a word of its own.
 */
function standsAlone({ start, end }: Sign, text: string): boolean {
  const char = text.slice(start, end);
  if (/\p{Script=Han}/u.test(char)) return true;
  return /\p{P}/u.test(char) || (PUNCTUATION.test(char) && (char.codePointAt(0) ?? 0) < 128);
}
