/** A model that reads a text, or two, in one pass. */
import type { Head } from '../src/graph/head.ts';
import type { ModelNumbers } from '../src/graph/manifest.ts';
import type { Conditions } from '../src/run/cell.ts';
import { floatsOf, type GraphSession } from './session.ts';
import type { FramedIds, Pieces, TextCodec } from './tokenizer.ts';

/** An encoder that is loaded and ready. */
export interface EncoderVoice {
  readonly kind: 'encoder';
  readonly session: GraphSession;
  readonly head: Head;
  readonly model: ModelNumbers;
  readonly codec: TextCodec;
  /** Names of the graph's inputs: not every model is told which text a token belongs to. */
  readonly inputs: readonly string[];
  readonly conditions: Omit<Conditions, 'seed'>;
}

/** One sequence for the graph, and where the tokens of its texts begin. */
export interface EncoderRow extends FramedIds {
  readonly firstAt: number;
  /** −1 where there is one text. */
  readonly secondAt: number;
}

/** What a tokenizer puts before, between and after texts. */
interface Frame {
  readonly before: FramedIds;
  readonly between: FramedIds;
  readonly after: FramedIds;
  readonly types: readonly [number, number];
}

const PROBE = 'a';
const NONE: readonly number[] = [];

export class Encoder {
  readonly #voice: EncoderVoice;
  readonly #single: Frame;
  readonly #double: Frame;

  constructor(voice: EncoderVoice) {
    this.#voice = voice;
    const ids = voice.codec.pieces(PROBE).ids;
    this.#single = frameOf(voice.codec.framed(PROBE, null), ids, NONE);
    this.#double = frameOf(voice.codec.framed(PROBE, PROBE), ids, ids);
  }

  /** Most tokens, the special ones included. */
  get limit(): number {
    return this.#voice.model.context;
  }

  /** Tokens of text that fit into one row. */
  room(texts: 1 | 2): number {
    const { before, between, after } = texts === 1 ? this.#single : this.#double;
    return this.limit - before.ids.length - between.ids.length - after.ids.length;
  }

  read(text: string): Pieces {
    return this.#voice.codec.pieces(text);
  }

  row(first: readonly number[], second: readonly number[] | null = null): EncoderRow {
    const frame = second === null ? this.#single : this.#double;
    const { before, between, after, types } = frame;
    const parts: FramedIds[] = [
      before,
      { ids: first, types: first.map(() => types[0]) },
      between,
      { ids: second ?? NONE, types: (second ?? NONE).map(() => types[1]) },
      after,
    ];
    const firstAt = before.ids.length;
    const secondAt = second === null ? -1 : firstAt + first.length + between.ids.length;
    return {
      ids: parts.flatMap((part) => part.ids),
      types: parts.flatMap((part) => part.types),
      firstAt,
      secondAt,
    };
  }

  /** The outputs of one row, flat, in the order of `outputs`. */
  async run(row: EncoderRow, outputs: readonly string[]): Promise<Float32Array[]> {
    const { session, inputs } = this.#voice;
    const dims = [1, row.ids.length];
    const int64 = (values: readonly number[]) =>
      session.int64(BigInt64Array.from(values, BigInt), dims);
    const feeds = {
      input_ids: int64(row.ids),
      attention_mask: int64(row.ids.map(() => 1)),
      ...(inputs.includes('token_type_ids') ? { token_type_ids: int64(row.types) } : {}),
    };
    const answer = await session.run(feeds, outputs);
    try {
      return outputs.map((name) => floatsOf(answer[name]).slice());
    } finally {
      for (const tensor of [...Object.values(feeds), ...Object.values(answer)]) tensor.dispose();
    }
  }
}

/** Finds two known texts in what the tokenizer made of them; the rest is its own. */
function frameOf(
  { ids, types }: FramedIds,
  first: readonly number[],
  second: readonly number[],
): Frame {
  const firstAt = indexOf(ids, first, 0);
  const secondAt = indexOf(ids, second, firstAt + first.length);
  const cut = (from: number, to: number) => ({
    ids: ids.slice(from, to),
    types: types.slice(from, to),
  });
  return {
    before: cut(0, firstAt),
    between: cut(firstAt + first.length, secondAt),
    after: cut(secondAt + second.length, ids.length),
    types: [types[firstAt] ?? 0, types[secondAt] ?? 0],
  };
}

function indexOf(ids: readonly number[], part: readonly number[], from: number): number {
  const at = ids.findIndex(
    (_, index) => index >= from && part.every((id, offset) => ids[index + offset] === id),
  );
  return at < 0 ? from : at;
}

/** Stretches of a long text, each at most `size` long, sharing `overlap` with the one before. */
export function windows(
  length: number,
  size: number,
  overlap: number,
): { readonly from: number; readonly to: number }[] {
  const stretches: { from: number; to: number }[] = [];
  for (let from = 0; ; from += size - overlap) {
    const to = Math.min(length, from + size);
    stretches.push({ from, to });
    if (to >= length) return stretches;
  }
}
