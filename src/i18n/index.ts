import type { Localized } from '../domain/model.ts';
import { en } from './en.ts';
import { es, type Messages } from './es.ts';
import type { Locale } from './format.ts';

export { failureText, type FailureText } from './failures.ts';
export { findingText } from './findings.ts';
export { LOCALES, type Locale } from './format.ts';
export type { Messages };

export const MESSAGES: Readonly<Record<Locale, Messages>> = { es, en };

/** The words of the language in use; reading `t` inside a component follows the setting. */
export class I18n {
  readonly #locale: () => Locale;

  constructor(locale: () => Locale) {
    this.#locale = locale;
  }

  get locale(): Locale {
    return this.#locale();
  }

  get t(): Messages {
    return MESSAGES[this.#locale()];
  }

  /** Text of the catalogue, which carries its own languages. */
  pick(text: Localized): string {
    return text[this.#locale()];
  }
}
