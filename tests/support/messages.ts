import { en } from '../../src/i18n/en.ts';
import { es } from '../../src/i18n/es.ts';
import type { Locale, Messages } from '../../src/i18n/index.ts';

export const MESSAGES: Readonly<Record<Locale, Messages>> = { es, en };
