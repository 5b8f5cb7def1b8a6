/**
 * GPT-2's and RoBERTa's tokenizer from `vocab.json` and `merges.txt`: byte-pair encoding over bytes
 * (Radford et al., 2019). Defaults are those of the reference library's classes.
 */
import type { JsonObject } from '../../checkpoint/json-file.ts';
import {
  addedTokens,
  templateProcessing,
  tokenOf,
  type TokenizerSettings,
} from './special-tokens.ts';

/** What lies around a text: RoBERTa's `<s> … </s>`, or nothing. */
export type Surround = 'roberta' | 'gpt2';

/** @param merges text of `merges.txt`: one pair a line, the most frequent first */
export function byteLevel(
  vocab: JsonObject,
  merges: string,
  surround: Surround,
  settings: TokenizerSettings,
): object {
  const ids = new Map(Object.entries(vocab).filter(isEntry));
  const own = surround === 'roberta' ? robertaTokens(settings) : gpt2Tokens(settings);
  const add_prefix_space = settings.config['add_prefix_space'] === true;
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: addedTokens(settings, ids, own),
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space, trim_offsets: true, use_regex: true },
    post_processor: postProcessor(ids, own, add_prefix_space),
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      vocab: Object.fromEntries(ids),
      merges: mergesOf(merges),
    },
  };
}

function isEntry(entry: [string, unknown]): entry is [string, number] {
  return Number.isSafeInteger(entry[1]);
}

/** The first line may tell the version; a piece may itself begin with `#`. */
function mergesOf(text: string): string[] {
  const lines = text.split(/\r?\n/u);
  const start = lines[0]?.startsWith('#version') === true ? 1 : 0;
  return lines.slice(start).filter((line) => line.split(' ').length === 2);
}

function robertaTokens(settings: TokenizerSettings) {
  return {
    bos: tokenOf(settings, 'bos', '<s>'),
    eos: tokenOf(settings, 'eos', '</s>'),
    sep: tokenOf(settings, 'sep', '</s>'),
    cls: tokenOf(settings, 'cls', '<s>'),
    unk: tokenOf(settings, 'unk', '<unk>'),
    pad: tokenOf(settings, 'pad', '<pad>'),
    mask: tokenOf(settings, 'mask', '<mask>'),
  };
}

function gpt2Tokens(settings: TokenizerSettings) {
  return {
    bos: tokenOf(settings, 'bos', '<|endoftext|>'),
    eos: tokenOf(settings, 'eos', '<|endoftext|>'),
    unk: tokenOf(settings, 'unk', '<|endoftext|>'),
    pad: tokenOf(settings, 'pad', '<|endoftext|>'),
  };
}

function postProcessor(
  ids: ReadonlyMap<string, number>,
  own: ReturnType<typeof robertaTokens> | ReturnType<typeof gpt2Tokens>,
  add_prefix_space: boolean,
): object {
  if (!('cls' in own)) return templateProcessing('$A', '$A $B:1', () => undefined);
  const pair = (token: string) => [token, ids.get(token) ?? 0];
  const [sep, cls] = [pair(own.sep), pair(own.cls)];
  return { type: 'RobertaProcessing', sep, cls, trim_offsets: true, add_prefix_space };
}
