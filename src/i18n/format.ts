import type { Localized } from '../domain/model.ts';

export type Locale = keyof Localized;
export const LOCALES: readonly Locale[] = ['es', 'en'];

/** Numbers, dates and sizes as one language writes them. */
export interface Format {
  /** At most `digits` decimals, two by default. */
  number(value: number, digits?: number): string;
  /** A share from 0 to 1. */
  percent(share: number): string;
  /** A probability: one decimal, and never a nought or a whole that it is not. */
  share(share: number): string;
  /** Decimal units, as disks and download managers count. */
  bytes(bytes: number): string;
  /** Count of weights, as the field writes it: 9,4 M, 1,7 B. */
  parameters(count: number): string;
  /** Milliseconds as seconds, or as milliseconds below one second. */
  duration(ms: number): string;
  /** Milliseconds since the epoch: day and hour. */
  moment(ms: number): string;
  list(items: readonly string[]): string;
}

/** A number is never parted from its unit. */
const NBSP = '\u00a0';

export function createFormat(locale: Locale): Format {
  const numbers = [0, 1, 2].map(
    (digits) => new Intl.NumberFormat(locale, { maximumFractionDigits: digits }),
  );
  const percent = new Intl.NumberFormat(locale, { style: 'percent' });
  const fine = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });
  const moment = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  const list = new Intl.ListFormat(locale, { type: 'conjunction' });
  const number = (value: number, digits = 2) =>
    (numbers[digits] ?? moreDigits(digits)).format(value);
  const moreDigits = (digits: number) =>
    new Intl.NumberFormat(locale, { maximumFractionDigits: digits });
  return {
    number,
    percent: (share) => percent.format(share),
    share: (share) => {
      if (share > 0 && share < 0.001) return `<${NBSP}${fine.format(0.001)}`;
      if (share < 1 && share > 0.999) return `>${NBSP}${fine.format(0.999)}`;
      return fine.format(share);
    },
    bytes: (bytes) => {
      const [divisor, unit] = bytesUnit(bytes);
      return `${number(bytes / divisor, bytes / divisor < 10 ? 1 : 0)}${NBSP}${unit}`;
    },
    parameters: (weights) =>
      weights >= 1e9
        ? `${number(weights / 1e9, 1)}${NBSP}B`
        : weights >= 1e6
          ? `${number(weights / 1e6, weights < 1e7 ? 1 : 0)}${NBSP}M`
          : `${number(weights / 1e3, 0)}${NBSP}k`,
    duration: (ms) =>
      ms < 1000 ? `${number(ms, 0)}${NBSP}ms` : `${number(ms / 1000, ms < 10_000 ? 1 : 0)}${NBSP}s`,
    moment: (ms) => moment.format(ms),
    list: (items) => list.format(items),
  };
}

function bytesUnit(bytes: number): [number, string] {
  if (bytes >= 1e9) return [1e9, 'GB'];
  if (bytes >= 1e6) return [1e6, 'MB'];
  return [1e3, 'kB'];
}
