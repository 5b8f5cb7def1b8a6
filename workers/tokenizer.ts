/** Text to token ids and back, and conversations to text. */
import { Template } from '@huggingface/jinja';
import { Tokenizer } from '@huggingface/tokenizers';
import { refuse } from '../src/domain/failure.ts';
import type { Message } from '../src/domain/prompt.ts';
import { crossing } from './boundary.ts';
import { alignTokens, type Offset, type TokenStyle } from './offsets.ts';
import { TextStream } from './text-stream.ts';

/** `tokenizer.json` and `tokenizer_config.json` as they were parsed. */
export interface TokenizerFiles {
  readonly tokenizer: object;
  readonly config: TokenizerConfig;
}

/** The fields that Patio reads itself. */
export interface TokenizerConfig {
  readonly add_bos_token?: unknown;
  readonly chat_template?: unknown;
  readonly [key: string]: unknown;
}

/** What a chat template is given beside the messages. */
const SPECIAL_TOKENS = ['bos_token', 'eos_token', 'unk_token', 'pad_token'] as const;

export async function createCodec(files: TokenizerFiles): Promise<TextCodec> {
  const tokenizer = await crossing(
    () => new Tokenizer(files.tokenizer, files.config),
    (detail) => ({ code: 'file-damaged', file: 'tokenizer.json', detail }),
  );
  return new TextCodec(tokenizer, files.config, styleOf(files.tokenizer));
}

/** A text as tokens, without the special ones around it. */
export interface Pieces {
  readonly ids: readonly number[];
  /** Where each token lies in the text. */
  readonly offsets: readonly Offset[];
  /** Whether a token goes on with the word of the one before it. */
  readonly continues: readonly boolean[];
}

/** Ids with the special tokens around them, and to which of two texts each belongs. */
export interface FramedIds {
  readonly ids: readonly number[];
  readonly types: readonly number[];
}

function styleOf(file: object): TokenStyle {
  const parts = file as { model?: { type?: unknown }; pre_tokenizer?: unknown; decoder?: unknown };
  if (parts.model?.type === 'WordPiece') return 'wordpiece';
  const around = JSON.stringify([parts.pre_tokenizer, parts.decoder]);
  return around.includes('"ByteLevel"') ? 'bytes' : 'plain';
}

export class TextCodec {
  readonly #tokenizer: Tokenizer;
  readonly #config: TokenizerConfig;
  readonly #style: TokenStyle;
  readonly #texts = new Map<number, string>();
  readonly #anchor: readonly number[];

  constructor(tokenizer: Tokenizer, config: TokenizerConfig, style: TokenStyle = 'plain') {
    this.#tokenizer = tokenizer;
    this.#config = config;
    this.#style = style;
    this.#anchor = this.#encode('a');
  }

  /** A text to be continued, begun as this tokenizer begins texts. */
  encode(text: string): number[] {
    const ids = this.#tokenizer.encode(text, { add_special_tokens: true }).ids;
    const token = specialToken(this.#config['bos_token']);
    const bos = token === null ? undefined : this.#tokenizer.token_to_id(token);
    if (bos === undefined) return ids;
    // Llama's tokenizers say it here, and their post-processor may not agree.
    if (this.#config.add_bos_token === true && ids[0] !== bos) return [bos, ...ids];
    if (this.#config.add_bos_token === false && ids[0] === bos) return ids.slice(1);
    return ids;
  }

  pieces(text: string): Pieces {
    const { ids, tokens } = this.#tokenizer.encode(text, { add_special_tokens: false });
    const unknown = this.#tokenizer.model?.unk_token;
    const offsets = alignTokens(text, tokens, this.#style, (token) => token === unknown);
    const continues = tokens.map((token, index) =>
      this.#style === 'wordpiece' ? token.startsWith('##') : goesOn(text, offsets[index]),
    );
    return { ids, offsets, continues };
  }

  /** One text, or two, with what this tokenizer puts around and between them. */
  framed(first: string, second: string | null): FramedIds {
    const options = { text_pair: second, return_token_type_ids: true } as const;
    const { ids, token_type_ids: types } = this.#tokenizer.encode(first, options);
    return { ids, types: types ?? ids.map(() => 0) };
  }

  /** The mark of a hidden word as a text holds it, and its id; null where the model has none. */
  get mask(): { readonly text: string; readonly id: number } | null {
    const text = specialToken(this.#config['mask_token']) ?? '[MASK]';
    const id = this.#tokenizer.token_to_id(text);
    return id === undefined ? null : { text, id };
  }

  /**
   * A conversation, put through a chat template.
   * @param template of the adapter, where it has one; otherwise the model's own is used
   */
  async encodeChat(messages: readonly Message[], template: string | null): Promise<number[]> {
    const source = template ?? chatTemplateOf(this.#config) ?? noTemplate();
    const text = await crossing(
      () =>
        new Template(source).render({
          messages,
          add_generation_prompt: true,
          ...specialTokens(this.#config),
        }),
      (detail) => ({ code: 'template-failed', detail }),
    );
    return this.#encode(text);
  }

  decode(ids: readonly number[], skipSpecial: boolean): string {
    if (ids.length === 0) return '';
    return this.#tokenizer.decode([...ids], {
      skip_special_tokens: skipSpecial,
      clean_up_tokenization_spaces: false,
    });
  }

  /** What one token adds in the middle of a text. */
  tokenText(id: number): string {
    const known = this.#texts.get(id);
    if (known !== undefined) return known;
    // Alone, some decoders drop a word's leading space; after another token they keep it.
    const before = this.decode(this.#anchor, false);
    const text = this.decode([...this.#anchor, id], false).slice(before.length);
    this.#texts.set(id, text);
    return text;
  }

  /** @param prompt the tokens that the streamed ones continue */
  stream(prompt: readonly number[]): TextStream {
    return new TextStream((ids) => this.decode(ids, true), prompt.slice(-1));
  }

  #encode(text: string): number[] {
    return this.#tokenizer.encode(text, { add_special_tokens: false }).ids;
  }
}

/** As the reference sees it where tokens have no mark of their own: no space lies before it. */
function goesOn(text: string, offset: Offset | undefined): boolean {
  if (offset === undefined || offset[0] === 0) return false;
  return !/\s/u.test(text.slice(offset[0] - 1, offset[0] + 1));
}

/** A template is a string, or several by name: a list of pairs or a table. */
export function chatTemplateOf(config: TokenizerConfig): string | null {
  const { chat_template: template } = config;
  if (typeof template === 'string') return template;
  const named = Array.isArray(template)
    ? (template as { name?: unknown; template?: unknown }[]).find(({ name }) => name === 'default')
        ?.template
    : (template as { default?: unknown } | null | undefined)?.default;
  return typeof named === 'string' ? named : null;
}

function noTemplate(): never {
  return refuse({ code: 'template-failed', detail: 'the model has no chat template' });
}

function specialTokens(config: TokenizerConfig): Record<string, string> {
  const entries = SPECIAL_TOKENS.map((name) => [name, specialToken(config[name])] as const);
  return Object.fromEntries(entries.filter((entry): entry is [never, string] => entry[1] !== null));
}

/** A special token is written as its text, or as an object that holds it. */
function specialToken(value: unknown): string | null {
  if (typeof value === 'string') return value;
  const content = (value as { content?: unknown } | null | undefined)?.content;
  return typeof content === 'string' ? content : null;
}
