/**
 * BERT's tokenizer from `vocab.txt`, one piece a line: text is cleaned, split at spaces and
 * punctuation, and each word taken apart greedily (Devlin et al., 2019). Defaults are those of the
 * reference library's `BertTokenizer`.
 */
import {
  addedTokens,
  templateProcessing,
  tokenOf,
  type TokenizerSettings,
} from './special-tokens.ts';

/** @param text of `vocab.txt` */
export function wordPiece(text: string, settings: TokenizerSettings): object {
  const { config } = settings;
  const pieces = text.split(/\r?\n/u);
  if (pieces.at(-1) === '') pieces.pop();
  const vocab = new Map(pieces.map((piece, id) => [piece, id]));
  const own = {
    unk: tokenOf(settings, 'unk', '[UNK]'),
    sep: tokenOf(settings, 'sep', '[SEP]'),
    pad: tokenOf(settings, 'pad', '[PAD]'),
    cls: tokenOf(settings, 'cls', '[CLS]'),
    mask: tokenOf(settings, 'mask', '[MASK]'),
  };
  const { cls, sep, unk } = own;
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: addedTokens(settings, vocab, own),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: config['tokenize_chinese_chars'] !== false,
      strip_accents: typeof config['strip_accents'] === 'boolean' ? config['strip_accents'] : null,
      lowercase: config['do_lower_case'] !== false,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: templateProcessing(
      `${cls} $A ${sep}`,
      `${cls} $A ${sep} $B:1 ${sep}:1`,
      (token) => vocab.get(token),
    ),
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: unk,
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocab),
    },
  };
}
