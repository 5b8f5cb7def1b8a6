/**
 * The short code that a prepared machine shows: 20 bits of the class, 8 checks, 12 bits of the day and
 * 10 that catch a slip of the pen, in ten letters of Crockford's alphabet. It proves nothing about who
 * sent it: it spares a teacher asking sixty people what their screen says.
 */
export const CHECKS = [
  'device',
  'models',
  'verified',
  'golden',
  'cut',
  'again',
  'reload',
  'threads',
] as const;
export type Check = (typeof CHECKS)[number];

/** What a machine must pass; the rest is told, and nothing fails without it. */
export const REQUIRED_CHECKS = [
  'device',
  'models',
  'verified',
  'golden',
  'cut',
  'again',
] as const satisfies readonly Check[];

export interface Prepared {
  /** 20 bits that stand for the class. */
  readonly pack: number;
  readonly passed: ReadonlySet<Check>;
  /** Midnight UTC of the day, in milliseconds since the epoch. */
  readonly day: number;
}

const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const DAY_MS = 86_400_000;
const FIRST_DAY = Date.UTC(2026, 0, 1) / DAY_MS;
const DAYS = 4096;

/** @param at milliseconds since the epoch */
export function writeCode(packId: string, passed: ReadonlySet<Check>, at: number): string {
  const day = Math.floor(at / DAY_MS) - FIRST_DAY;
  const bits = CHECKS.reduce((sum, check, index) => sum + (passed.has(check) ? 1 << index : 0), 0);
  const data = [
    ...digits(packNumber(packId), 4),
    ...digits(bits * DAYS + Math.min(DAYS - 1, Math.max(0, day)), 4),
  ];
  const word = [...data, ...digits(hashOf(data) % 1024, 2)].map((digit) => LETTERS[digit]).join('');
  return `${word.slice(0, 5)}-${word.slice(5)}`;
}

/** null for what is no code, or was copied wrongly. */
export function readCode(text: string): Prepared | null {
  const word = text.toUpperCase().replace(/[\s-]/gu, '').replace(/O/gu, '0').replace(/[IL]/gu, '1');
  const all = [...word].map((letter) => LETTERS.indexOf(letter));
  if (all.length !== 10 || all.includes(-1)) return null;
  const data = all.slice(0, 8);
  if (numberOf(all.slice(8)) !== hashOf(data) % 1024) return null;
  const rest = numberOf(data.slice(4));
  const bits = Math.floor(rest / DAYS);
  const passed = new Set(CHECKS.filter((_, index) => (bits >> index) % 2 === 1));
  return { pack: numberOf(data.slice(0, 4)), passed, day: (FIRST_DAY + (rest % DAYS)) * DAY_MS };
}

export function isReady({ passed }: Pick<Prepared, 'passed'>): boolean {
  return REQUIRED_CHECKS.every((check) => passed.has(check));
}

/** 20 bits of a class's id. */
export function packNumber(packId: string): number {
  return hashOf(new TextEncoder().encode(packId)) % 2 ** 20;
}

function digits(value: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => Math.floor(value / 32 ** (count - 1 - at)) % 32);
}

function numberOf(values: readonly number[]): number {
  return values.reduce((sum, digit) => sum * 32 + digit, 0);
}

/** FNV-1a, 32 bits, folded so that its high bits count too. */
function hashOf(bytes: Iterable<number>): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return (hash ^ (hash >>> 15)) >>> 0;
}
