import type { Localized } from '../domain/model.ts';
import { es, type Messages } from './es.ts';
import type { Locale } from './format.ts';

/**
 * The words of the language in use; reading `t` inside a component follows the setting. Spanish is
 * always there; English is fetched when it is first wanted, and until then Spanish stands in for it.
 */
export class I18n {
  readonly #wanted: () => Locale;
  readonly #fetchEnglish: () => Promise<Messages>;
  #english = $state.raw<Messages | null>(null);

  /** @param english where it is at hand already */
  constructor(
    wanted: () => Locale,
    fetchEnglish: () => Promise<Messages>,
    english: Messages | null = null,
  ) {
    this.#wanted = wanted;
    this.#fetchEnglish = fetchEnglish;
    this.#english = english;
  }

  /** Of the words that are shown. */
  get locale(): Locale {
    return this.#wanted() === 'en' && this.#english !== null ? 'en' : 'es';
  }

  get t(): Messages {
    return (this.#wanted() === 'en' ? this.#english : null) ?? es;
  }

  /** Fetches the words that are wanted; without them the page goes on in Spanish. */
  async load(): Promise<void> {
    if (this.#wanted() !== 'en' || this.#english !== null) return;
    this.#english = await this.#fetchEnglish().catch(() => null);
  }

  /** Text of the catalogue, which carries its own languages. */
  pick(text: Localized): string {
    return text[this.locale];
  }
}
