import type { Head } from '../../src/graph/head.ts';
import type { ModelNumbers } from '../../src/graph/manifest.ts';
import type { EncoderVoice } from '../../workers/encoder.ts';
import {
  int64sOf,
  type Feeds,
  type GraphSession,
  type GraphTensor,
} from '../../workers/session.ts';
import { createCodec, type TextCodec } from '../../workers/tokenizer.ts';

/** What a scripted graph is asked: ids of one row, and its types where it was given them. */
export interface Asked {
  readonly ids: readonly number[];
  readonly types: readonly number[] | null;
  readonly outputs: readonly string[];
}

export type Reply = (asked: Asked) => Readonly<Record<string, readonly number[]>>;

/** A graph that answers as a test tells it to, and counts what is left alive. */
export class FakeEncoderGraph implements GraphSession {
  readonly inputs: readonly string[] = ['input_ids', 'attention_mask', 'token_type_ids'];
  readonly chunkTokens = 512;
  readonly asked: Asked[] = [];
  readonly #reply: Reply;
  alive = 0;

  constructor(reply: Reply) {
    this.#reply = reply;
  }

  run(feeds: Feeds, outputs: readonly string[]): Promise<Feeds> {
    const list = (name: string) => Array.from(int64sOf(feeds[name]), Number);
    const types = feeds['token_type_ids'] ? list('token_type_ids') : null;
    const asked = { ids: list('input_ids'), types, outputs };
    this.asked.push(asked);
    const said = this.#reply(asked);
    const entries = outputs.map((name) => [
      name,
      this.#tensor(Float32Array.from(said[name] ?? [])),
    ]);
    return Promise.resolve(Object.fromEntries(entries) as Feeds);
  }

  int64(data: BigInt64Array): GraphTensor {
    return this.#tensor(data);
  }

  float32(data: Float32Array): GraphTensor {
    return this.#tensor(data);
  }

  resident(data: Float32Array): GraphTensor {
    return this.#tensor(data);
  }

  #tensor(data: Float32Array | BigInt64Array): GraphTensor {
    this.alive += 1;
    return { data, dims: [data.length], dispose: () => (this.alive -= 1) };
  }
}

export const CLS = 1;
export const SEP = 2;
export const UNK = 3;
export const MASK = 4;
const SPECIAL = ['[PAD]', '[CLS]', '[SEP]', '[UNK]', '[MASK]'];

/** A BERT tokenizer, lower case and without accents, over these word pieces; ids follow from 5. */
export function wordPieceCodec(pieces: readonly string[]): Promise<TextCodec> {
  const words = [...SPECIAL, ...pieces];
  const added = SPECIAL.map((content, id) => {
    const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
    return { id, content, special: true, ...flags };
  });
  const tokenizer = {
    version: '1.0',
    added_tokens: added,
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: true,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [token('[CLS]', 0), text('A', 0), token('[SEP]', 0)],
      pair: [token('[CLS]', 0), text('A', 0), token('[SEP]', 0), text('B', 1), token('[SEP]', 1)],
      special_tokens: {
        '[CLS]': { id: '[CLS]', ids: [CLS], tokens: ['[CLS]'] },
        '[SEP]': { id: '[SEP]', ids: [SEP], tokens: ['[SEP]'] },
      },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(words.map((word, id) => [word, id])),
    },
  };
  return createCodec({ tokenizer, config: { mask_token: '[MASK]' } });
}

function token(id: string, type: number) {
  return { SpecialToken: { id, type_id: type } };
}

function text(id: string, type: number) {
  return { Sequence: { id, type_id: type } };
}

const NUMBERS: ModelNumbers = {
  vocab: 100,
  context: 64,
  bos: null,
  eos: [],
  pad: 0,
  decoderStart: null,
  states: [],
};

export function encoderVoice(
  session: GraphSession,
  codec: TextCodec,
  head: Head,
  context = NUMBERS.context,
): EncoderVoice {
  return {
    kind: 'encoder',
    session,
    head,
    model: { ...NUMBERS, context },
    codec,
    inputs: ['input_ids', 'attention_mask', 'token_type_ids'],
    conditions: { backend: 'cpu', variant: 'cpu8', threads: 1 },
  };
}
