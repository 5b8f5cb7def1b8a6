/**
 * Tokenizers over a SentencePiece unigram model: pieces with scores, of which the most probable
 * sequence is taken (Kudo, 2018). Each family lays its own tokens around the pieces; the layouts are
 * those of `convert_slow_tokenizer.py` and the tokenizer classes of the reference library.
 */
import type { JsonObject } from '../../checkpoint/json-file.ts';
import { refuse } from '../../domain/failure.ts';
import type { Piece, SentencePieceModel } from './sentencepiece.ts';
import {
  addedTokens,
  plain,
  templateProcessing,
  tokenOf,
  type AddedToken,
  type Role,
  type TokenizerSettings,
} from './special-tokens.ts';

export type UnigramFamily = 't5' | 'xlm-roberta' | 'camembert' | 'deberta-v2';

type Scored = readonly [text: string, score: number];

interface Layout {
  readonly vocab: readonly Scored[];
  readonly unkId: number;
  readonly own: Readonly<Partial<Record<Role, string>>>;
  readonly single: string;
  readonly pair: string;
  readonly more?: readonly AddedToken[];
}

export function unigram(
  model: SentencePieceModel,
  family: UnigramFamily,
  settings: TokenizerSettings,
): object {
  if (model.algorithm !== 'unigram') {
    refuse({ code: 'checkpoint-unsupported', what: 'tokenizer', detail: 'SentencePiece BPE' });
  }
  const layout = LAYOUTS[family](model, settings);
  return tokenizer(model, layout, settings, normalizers(model, family, settings));
}

const LAYOUTS: Readonly<
  Record<UnigramFamily, (model: SentencePieceModel, settings: TokenizerSettings) => Layout>
> = {
  t5: t5Layout,
  'xlm-roberta': xlmRobertaLayout,
  camembert: camembertLayout,
  'deberta-v2': debertaLayout,
};

/** The pieces as they are, then the sentinels of span corruption, the last one first. */
function t5Layout({ pieces, unkId }: SentencePieceModel, settings: TokenizerSettings): Layout {
  const { config, model } = settings;
  const written = config['extra_ids'];
  const count =
    typeof written === 'number' ? written : model['model_type'] === 'mt5' ? 0 : T5_SENTINELS;
  const sentinels = Array.from({ length: count }, (_, i) => `<extra_id_${count - 1 - i}>`);
  const vocab = [...pieces.map(scored), ...sentinels.map((text) => [text, 0] as const)];
  const eos = tokenOf(settings, 'eos', '</s>');
  const more = sentinels.map((text, i) => plain(pieces.length + i, text, true));
  return {
    vocab,
    unkId,
    own: { eos, unk: tokenOf(settings, 'unk', '<unk>'), pad: tokenOf(settings, 'pad', '<pad>') },
    single: `$A ${eos}`,
    pair: `$A ${eos} $B ${eos}`,
    more: [...more, ...modelTokens(pieces)],
  };
}

const T5_SENTINELS = 100;

/** fairseq's four tokens take the place of SentencePiece's three, and a mask comes last. */
function xlmRobertaLayout({ pieces }: SentencePieceModel, settings: TokenizerSettings): Layout {
  const own = fairseqTokens(settings);
  const first = [own.bos, own.pad, own.eos, own.unk].map((text) => [text, 0] as const);
  const vocab = [...first, ...pieces.slice(3).map(scored), [own.mask, 0] as const];
  return { vocab, unkId: 3, own, ...fairseqTemplate(own) };
}

/** The tokens that CamemBERT's training did not use keep their places under other names. */
function camembertLayout({ pieces }: SentencePieceModel, settings: TokenizerSettings): Layout {
  const own = fairseqTokens(settings);
  const first: Scored[] = [
    ['<s>NOTUSED', 0],
    [own.pad, 0],
    ['</s>NOTUSED', 0],
    [own.unk, 0],
    ['<unk>NOTUSED', -100],
  ];
  const vocab = [...first, ...pieces.slice(1).map(scored), [own.mask, 0] as const];
  return { vocab, unkId: 3, own, ...fairseqTemplate(own) };
}

function debertaLayout({ pieces, unkId }: SentencePieceModel, settings: TokenizerSettings): Layout {
  const own = {
    unk: tokenOf(settings, 'unk', '[UNK]'),
    sep: tokenOf(settings, 'sep', '[SEP]'),
    pad: tokenOf(settings, 'pad', '[PAD]'),
    cls: tokenOf(settings, 'cls', '[CLS]'),
    mask: tokenOf(settings, 'mask', '[MASK]'),
  };
  const vocab = pieces.map(scored);
  const known = new Set(vocab.map(([text]) => text));
  // The mask is not in the model; the reference gives it the next id.
  if (!known.has(own.mask)) vocab.push([own.mask, 0]);
  const single = `${own.cls} $A ${own.sep}`;
  return {
    ...{ vocab, unkId, own, single },
    pair: `${single} $B:1 ${own.sep}:1`,
    more: modelTokens(pieces),
  };
}

function fairseqTokens(settings: TokenizerSettings) {
  return {
    bos: tokenOf(settings, 'bos', '<s>'),
    pad: tokenOf(settings, 'pad', '<pad>'),
    eos: tokenOf(settings, 'eos', '</s>'),
    unk: tokenOf(settings, 'unk', '<unk>'),
    mask: tokenOf(settings, 'mask', '<mask>'),
  };
}

function fairseqTemplate({ bos, eos }: { bos: string; eos: string }) {
  return { single: `${bos} $A ${eos}`, pair: `${bos} $A ${eos} ${eos} $B ${eos}` };
}

function scored({ text, score }: Piece): Scored {
  return [text, score];
}

/** Control tokens are never text; symbols that the trainer was given stay whole. */
function modelTokens(pieces: readonly Piece[]): AddedToken[] {
  return pieces.flatMap(({ text, kind }, id) => {
    if (kind === 'control') return [plain(id, text, true)];
    return kind === 'user' ? [{ ...plain(id, text, false), normalized: false }] : [];
  });
}

/** The score of a target's own piece: never chosen while anything else fits. */
const NEVER = -1_000_000;

/**
 * Marian's tokenizer: ids are those of `vocab.json`, which both languages share; texts are taken apart
 * by the source's model.
 */
export function marian(
  model: SentencePieceModel,
  vocabFile: JsonObject,
  settings: TokenizerSettings,
): object {
  const scores = new Map(model.pieces.map(scored));
  const vocab: Scored[] = [];
  for (const [text, id] of Object.entries(vocabFile)) {
    if (Number.isSafeInteger(id) && (id as number) >= 0 && (id as number) < 1_000_000) {
      vocab[id as number] = [text, scores.get(text) ?? NEVER];
    }
  }
  const eos = tokenOf(settings, 'eos', '</s>');
  const unk = tokenOf(settings, 'unk', '<unk>');
  const dense = Array.from(vocab, (piece, id) => piece ?? ([`<unused_${id}>`, NEVER] as const));
  const unkId = dense.findIndex(([text]) => text === unk);
  if (unkId < 0) refuse({ code: 'checkpoint-damaged', file: 'vocab.json', detail: unk });
  // `>>spa<<` before a text chooses the language that is translated into.
  const languages = dense.flatMap(([text], id) =>
    /^>>.+<<$/u.test(text) ? [plain(id, text, true)] : [],
  );
  const layout: Layout = {
    vocab: dense,
    unkId,
    own: { eos, unk, pad: tokenOf(settings, 'pad', '<pad>') },
    single: `$A ${eos}`,
    pair: `$A $B ${eos}`,
    more: languages,
  };
  return tokenizer(model, layout, settings, normalizers(model, 't5', settings));
}

function tokenizer(
  model: SentencePieceModel,
  { vocab, unkId, own, single, pair, more }: Layout,
  settings: TokenizerSettings,
  normalizer: object | null,
): object {
  const ids = new Map(vocab.map(([text], id) => [text, id]));
  // A few families name tokens that the vocabulary has under another name only.
  const tokens = addedTokens(settings, withOwn(ids, own, unkId), own, more);
  const idOf = (text: string) =>
    tokens.find(({ content }) => content === text)?.id ?? ids.get(text);
  const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: tokens,
    normalizer,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, metaspace] },
    post_processor: templateProcessing(single, pair, idOf),
    decoder: metaspace,
    model: { type: 'Unigram', unk_id: unkId, vocab, byte_fallback: model.byteFallback },
  };
}

/** CamemBERT's `<s>` and `</s>` are found past the first tokens, where SentencePiece has them. */
function withOwn(
  ids: ReadonlyMap<string, number>,
  own: Layout['own'],
  unkId: number,
): ReadonlyMap<string, number> {
  return own.unk === undefined ? ids : new Map([...ids, [own.unk, unkId]]);
}

/**
 * Texts are normalised by the compiled rule. The library that runs it in the browser knows NFKC in its
 * place; what a rule folds beyond that is said beside it.
 */
function normalizers(
  { charsmap, normalizer }: SentencePieceModel,
  family: UnigramFamily,
  { config }: TokenizerSettings,
): object | null {
  const steps: object[] = [];
  if (config['do_lower_case'] === true) steps.push({ type: 'Lowercase' });
  if (family === 'deberta-v2') steps.push({ type: 'Strip', strip_left: true, strip_right: true });
  if (charsmap.length > 0) {
    steps.push({ type: 'Precompiled', precompiled_charsmap: base64(charsmap) });
  }
  if (/_cf$/u.test(normalizer)) steps.push({ type: 'Lowercase' });
  return steps.length === 0 ? null : { type: 'Sequence', normalizers: steps };
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(text);
}
