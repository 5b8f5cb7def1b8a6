import type { Locale } from '../i18n/index.ts';

/** A number as its language writes it in a field: no thousands, as many decimals as there are. */
export function writeNumber(value: number, locale: Locale): string {
  const format = new Intl.NumberFormat(locale, { useGrouping: false, maximumFractionDigits: 4 });
  return format.format(value);
}

/** Both decimal signs are understood, whatever the language; null for what is no number. */
export function readNumber(text: string): number | null {
  const plain = text.trim().replace(',', '.');
  if (!/^-?\d*\.?\d+$|^-?\d+\.$/u.test(plain)) return null;
  return Number(plain);
}
