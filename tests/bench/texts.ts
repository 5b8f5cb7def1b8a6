/** Texts of a wanted length in tokens, drawn anew each time, so that none begins like an earlier one but by chance. */
import { readFileSync } from 'node:fs';
import { Tokenizer } from '@huggingface/tokenizers';
import { ROOT } from './options.ts';

const WORDS =
  'casa mar abuela patio niña mañana camino puerta luz sombra árbol río pueblo noche ventana pan vino mesa carta silencio piedra viento fuego lluvia campo mercado iglesia caballo perro gato pájaro cielo tierra mano voz ojos tiempo historia canción viejo nueva blanca alto pequeña grande lejos cerca siempre nunca entonces después mientras donde cuando porque aunque sobre bajo entre desde hasta hacia llegó salió miró cantó corrió esperó encontró perdió abrió cerró'.split(
    ' ',
  );

export class Texts {
  readonly #tokenizer: Tokenizer;
  #state: number;

  constructor(seed: number) {
    const folder = `${ROOT}public/models/gorrion/`;
    const read = (name: string) => JSON.parse(readFileSync(folder + name, 'utf8')) as object;
    this.#tokenizer = new Tokenizer(read('tokenizer.json'), read('tokenizer_config.json'));
    this.#state = seed;
  }

  /** The shortest text of its words with at least so many tokens. */
  of(tokens: number): string {
    const words = Array.from({ length: 2 * tokens }, () => this.#word());
    let [low, high] = [1, words.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const text = words.slice(0, middle).join(' ');
      if (this.#tokenizer.encode(text).ids.length >= tokens) high = middle;
      else low = middle + 1;
    }
    return words.slice(0, low).join(' ');
  }

  many(count: number, tokens: number): string[] {
    return Array.from({ length: count }, () => this.of(tokens));
  }

  #word(): string {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    // The low bits of such a sequence repeat soon.
    return WORDS[(this.#state >>> 8) % WORDS.length] as string;
  }
}
