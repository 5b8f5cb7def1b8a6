/**
 * The model file of SentencePiece (Kudo and Richardson, 2018): a protobuf message, read field by field
 * by the numbers of its `sentencepiece_model.proto`. Whatever is not needed is skipped.
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { refuse } from '../../domain/failure.ts';

export interface SentencePieceModel {
  readonly pieces: readonly Piece[];
  readonly algorithm: 'unigram' | 'bpe' | 'other';
  readonly unkId: number;
  readonly byteFallback: boolean;
  /** Name of the rule that texts are normalised by, such as `nmt_nfkc`. */
  readonly normalizer: string;
  /** The compiled rule; empty where texts are taken as they are. */
  readonly charsmap: Uint8Array;
}

export interface Piece {
  readonly text: string;
  /** Logarithm of its probability. */
  readonly score: number;
  readonly kind: 'normal' | 'unknown' | 'control' | 'user';
}

const KINDS: Readonly<Record<number, Piece['kind']>> = { 2: 'unknown', 3: 'control', 4: 'user' };
const ALGORITHMS = { 1: 'unigram', 2: 'bpe' } as const;

/** More than the largest multilingual vocabulary. */
const MAX_PIECES = 1_000_000;

export function parseSentencePiece(file: string, bytes: Uint8Array): SentencePieceModel {
  try {
    const model = readModel(bytes);
    if (model.pieces.length > 0 && model.pieces.length <= MAX_PIECES) return model;
  } catch (error) {
    // The reader throws plain errors at bytes that are no such message.
    return refuse({ code: 'checkpoint-damaged', file, detail: String(error) });
  }
  return refuse({ code: 'checkpoint-damaged', file, detail: 'pieces' });
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Field = (number: number, wire: WireType, reader: BinaryReader) => boolean;

/** Calls `field` for each field of a message; those it does not take are skipped. */
function eachField(bytes: Uint8Array, field: Field): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    if (!field(number, wire, reader)) reader.skip(wire);
  }
}

function readModel(bytes: Uint8Array): SentencePieceModel {
  const pieces: Piece[] = [];
  const model: Mutable<Omit<SentencePieceModel, 'pieces'>> = {
    algorithm: 'unigram',
    unkId: 0,
    byteFallback: false,
    normalizer: '',
    charsmap: new Uint8Array(),
  };
  eachField(bytes, (number, wire, reader) => {
    if (wire !== WireType.LengthDelimited || number > 3) return false;
    const part = reader.bytes();
    if (number === 1) pieces.push(readPiece(part));
    else if (number === 2) readTrainer(part, model);
    else readNormalizer(part, model);
    return true;
  });
  return { ...model, pieces };
}

function readPiece(bytes: Uint8Array): Piece {
  const piece: Mutable<Piece> = { text: '', score: 0, kind: 'normal' };
  eachField(bytes, (number, wire, reader) => {
    if (number === 1 && wire === WireType.LengthDelimited) piece.text = reader.string();
    else if (number === 2 && wire === WireType.Bit32) piece.score = reader.float();
    else if (number === 3 && wire === WireType.Varint) {
      piece.kind = KINDS[reader.uint32()] ?? 'normal';
    } else return false;
    return true;
  });
  return piece;
}

function readTrainer(bytes: Uint8Array, model: Mutable<Omit<SentencePieceModel, 'pieces'>>): void {
  eachField(bytes, (number, wire, reader) => {
    if (wire !== WireType.Varint) return false;
    if (number === 3) {
      model.algorithm = ALGORITHMS[reader.uint32() as keyof typeof ALGORITHMS] ?? 'other';
    } else if (number === 35) model.byteFallback = reader.bool();
    else if (number === 40) model.unkId = reader.int32();
    else return false;
    return true;
  });
}

function readNormalizer(
  bytes: Uint8Array,
  model: Mutable<Omit<SentencePieceModel, 'pieces'>>,
): void {
  eachField(bytes, (number, wire, reader) => {
    if (wire !== WireType.LengthDelimited) return false;
    if (number === 1) model.normalizer = reader.string();
    else if (number === 2) model.charsmap = reader.bytes();
    else return false;
    return true;
  });
}
