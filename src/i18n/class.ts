import { classEn } from './class-en.ts';
import { classEs, type ClassMessages } from './class-es.ts';
import type { Locale } from './format.ts';

const WORDS: Readonly<Record<Locale, ClassMessages>> = { es: classEs, en: classEn };

/** The words of the classroom, which come with its screens: most visits never need them. */
export function classWords(locale: Locale): ClassMessages {
  return WORDS[locale];
}
