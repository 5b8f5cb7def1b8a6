/** Special tokens, gathered from the files that slow tokenizers spread them over. */
import type { FileSet } from '../../checkpoint/byte-source.ts';
import { isObject, readJsonObject } from '../../checkpoint/json-file.ts';
import type { Json, JsonObject } from '../../checkpoint/json-file.ts';

/** Roles as `tokenizer_config.json` names them. */
export type Role = 'bos' | 'eos' | 'unk' | 'sep' | 'pad' | 'cls' | 'mask';

/** A token as `tokenizer.json` lists it. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly normalized: boolean;
  readonly special: boolean;
}

export interface TokenizerSettings {
  /** `tokenizer_config.json`, empty where there is none. */
  readonly config: JsonObject;
  /** `special_tokens_map.json`, empty where there is none. */
  readonly map: JsonObject;
  /** `added_tokens.json`: ids of tokens beyond the vocabulary. */
  readonly added: JsonObject;
  /** `config.json` of the model. */
  readonly model: JsonObject;
}

export async function readSettings(
  files: FileSet,
  signal: AbortSignal,
): Promise<TokenizerSettings> {
  const read = async (path: string) => {
    const file = files.get(path);
    return file === undefined ? {} : readJsonObject(file, signal);
  };
  return {
    config: await read('tokenizer_config.json'),
    map: await read('special_tokens_map.json'),
    added: await read('added_tokens.json'),
    model: await read('config.json'),
  };
}

/** The text of a role's token: from the files, else the family's own. */
export function tokenOf(settings: TokenizerSettings, role: Role, fallback: string): string {
  const key = `${role}_token`;
  return content(settings.config[key]) ?? content(settings.map[key]) ?? fallback;
}

/** A token is written as its text, or as an object that holds it. */
function content(value: Json | undefined): string | null {
  if (typeof value === 'string') return value;
  const text = isObject(value) ? value['content'] : undefined;
  return typeof text === 'string' ? text : null;
}

/**
 * The list of added tokens: what the files add, then the family's own tokens by role.
 * @param vocab ids of the vocabulary's pieces
 * @param own texts of the family's special tokens; a mask takes the space before it with it
 */
export function addedTokens(
  settings: TokenizerSettings,
  vocab: ReadonlyMap<string, number>,
  own: Readonly<Partial<Record<Role, string>>>,
  more: readonly AddedToken[] = [],
): AddedToken[] {
  const tokens = new Map<number, AddedToken>(more.map((token) => [token.id, token]));
  const extra = Object.entries(settings.added).filter(([, id]) => Number.isSafeInteger(id));
  for (const [text, id] of extra) tokens.set(id as number, plain(id as number, text, false));
  const idOf = (text: string) => (settings.added[text] as number | undefined) ?? vocab.get(text);
  for (const text of additional(settings)) {
    const id = idOf(text);
    if (id !== undefined) tokens.set(id, plain(id, text, true));
  }
  for (const [role, text] of Object.entries(own)) {
    const id = idOf(text);
    const lstrip = role === 'mask' && text === '<mask>';
    if (id !== undefined) tokens.set(id, { ...plain(id, text, true), lstrip });
  }
  for (const token of decoderTokens(settings.config)) tokens.set(token.id, token);
  return [...tokens.values()].sort((a, b) => a.id - b.id);
}

export function plain(id: number, text: string, special: boolean): AddedToken {
  const common = { single_word: false, lstrip: false, rstrip: false };
  return { id, content: text, ...common, normalized: !special, special };
}

function additional({ config, map }: TokenizerSettings): string[] {
  const lists = [config['additional_special_tokens'], map['additional_special_tokens']];
  return lists
    .flatMap((list) => (Array.isArray(list) ? (list as readonly Json[]) : []))
    .map(content)
    .filter((text) => text !== null);
}

/** `added_tokens_decoder`, which later files keep and which knows every trait of a token. */
function decoderTokens(config: JsonObject): AddedToken[] {
  const decoder = config['added_tokens_decoder'];
  if (!isObject(decoder)) return [];
  return Object.entries(decoder).flatMap(([id, token]) => {
    const text = content(token);
    if (text === null || !isObject(token) || !Number.isSafeInteger(Number(id))) return [];
    const flag = (key: string, fallback: boolean) =>
      typeof token[key] === 'boolean' ? token[key] : fallback;
    return [
      {
        id: Number(id),
        content: text,
        single_word: flag('single_word', false),
        lstrip: flag('lstrip', false),
        rstrip: flag('rstrip', false),
        normalized: flag('normalized', false),
        special: flag('special', false),
      },
    ];
  });
}

export interface Template {
  readonly single: readonly object[];
  readonly pair: readonly object[];
}

/**
 * A post-processor that lays special tokens around one text or two.
 * @param single such as `<s> $A </s>`; words that begin with `$` are the texts, `:1` their type
 */
export function templateProcessing(
  single: string,
  pair: string,
  idOf: (token: string) => number | undefined,
): object {
  const tokens = new Set([...single.split(' '), ...pair.split(' ')].map(nameOf).filter(isToken));
  const special = [...tokens].map((token) => [
    token,
    { id: token, ids: [idOf(token) ?? 0], tokens: [token] },
  ]);
  return {
    type: 'TemplateProcessing',
    single: single.split(' ').map(templatePiece),
    pair: pair.split(' ').map(templatePiece),
    special_tokens: Object.fromEntries(special) as object,
  };
}

function nameOf(word: string): string {
  return word.replace(/:\d$/u, '');
}

function isToken(name: string): boolean {
  return !name.startsWith('$');
}

function templatePiece(word: string): object {
  const id = nameOf(word);
  const type_id = Number(/:(\d)$/u.exec(word)?.[1] ?? 0);
  return isToken(id)
    ? { SpecialToken: { id, type_id } }
    : { Sequence: { id: id.slice(1), type_id } };
}
