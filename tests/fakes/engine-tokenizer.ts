import { createCodec, type TextCodec, type TokenizerConfig } from '../../workers/tokenizer.ts';

/** Ids above the 256 bytes. */
export const BOS = 256;
export const EOS = 257;

/**
 * A byte-level tokenizer without merges: every byte of UTF-8 is a token, so that an accent takes two
 * tokens and an emoji four. Bytes have the ids of their values.
 */
export function byteCodec(config: TokenizerConfig = {}): Promise<TextCodec> {
  const alphabet = byteAlphabet();
  const vocab = Object.fromEntries(alphabet.map((letter, byte) => [letter, byte]));
  const special = ['<s>', '</s>'].map((content, index) => ({
    id: BOS + index,
    content,
    special: true,
    normalized: false,
    lstrip: false,
    rstrip: false,
    single_word: false,
  }));
  const tokenizer = {
    version: '1.0',
    added_tokens: special,
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    model: { type: 'BPE', vocab: { ...vocab, '<s>': BOS, '</s>': EOS }, merges: [] },
  };
  return createCodec({
    tokenizer,
    config: { bos_token: '<s>', eos_token: '</s>', ...config },
  });
}

/** The printable letter that stands for each byte in GPT-2's byte-level vocabularies. */
function byteAlphabet(): string[] {
  const isPlain = (byte: number) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) =>
    String.fromCodePoint(isPlain(byte) ? byte : next++),
  );
}
