/** From tokens to the first hidden states: words, places and types, summed and normalised. */
import type { PlacedTable } from '../arithmetic/arithmetic';
import { fp32 } from '../arithmetic/fp32';
import type { BuildPlan } from '../families/family';
import type { Value } from '../graph-builder';
import type { EncoderFrame } from './encoder-frame';
import { layerNorm, normAt } from './layer-norm';
import { project } from './projection';

export interface EncoderEmbeddings {
  /** The module that holds the tables, such as `bert.embeddings`. */
  readonly module: string;
  readonly vocab: number;
  /** Width of the tables' rows. */
  readonly width: number;
  readonly epsilon: number;
  /** Rows of the table of places; null where attention alone knows of places. */
  readonly positions: number | null;
  /** Rows of the table of token types; 0 where there is none. */
  readonly types: number;
  /** From the tables' width to the model's, where they differ. */
  readonly projection: {
    readonly module: string;
    readonly out: number;
    readonly bias: boolean;
    readonly before: 'norm' | 'layers';
  } | null;
}

/** `places` are int64 `[batch · sequence]`. */
export function encoderEmbeddings(
  plan: BuildPlan,
  frame: EncoderFrame,
  shape: EncoderEmbeddings,
  places: Value | null,
): { stream: Value; words: PlacedTable } {
  const { bench, arithmetic } = plan;
  const { module, vocab, width, projection } = shape;
  const words = arithmetic.table(bench, {
    name: 'words',
    tensor: `${module}.word_embeddings.weight`,
    tokens: vocab,
    width,
  });
  let sum = words.lookUp(frame.tokens);
  if (places !== null && shape.positions !== null) {
    sum = addRows(plan, sum, shape, 'position', shape.positions, places);
  }
  if (shape.types > 0) {
    const types = frame.types ?? bench.g.int64([0]);
    sum = addRows(plan, sum, shape, 'token_type', shape.types, types);
  }
  const norm = normAt(`${module}.LayerNorm`, width, shape.epsilon);
  if (projection === null) return { stream: layerNorm(bench, sum, norm), words };
  const { out, before } = projection;
  if (before === 'layers') {
    return { stream: widened(plan, layerNorm(bench, sum, norm), width, projection), words };
  }
  const wide = widened(plan, sum, width, projection);
  return { stream: layerNorm(bench, wide, { ...norm, width: out }), words };
}

/** The few rows of token types are kept in float32 in every variant; places are as many as words feel. */
function addRows(
  { bench, arithmetic }: BuildPlan,
  sum: Value,
  { module, width }: EncoderEmbeddings,
  kind: 'position' | 'token_type',
  rows: number,
  ids: Value,
): Value {
  const tensor = `${module}.${kind}_embeddings.weight`;
  const { table: place } = kind === 'position' ? arithmetic : fp32;
  const table = place(bench, { name: kind, tensor, tokens: rows, width });
  return bench.g.node('Add', `embeddings.${kind}`, [sum, table.lookUp(ids)]);
}

function widened(
  { bench, arithmetic }: BuildPlan,
  x: Value,
  width: number,
  { module, out, bias }: NonNullable<EncoderEmbeddings['projection']>,
): Value {
  const pieces = [{ tensor: `${module}.weight`, out, bias: bias ? `${module}.bias` : undefined }];
  const matrix = { name: 'embeddings.project', in: width, sensitive: true, pieces };
  return project(bench, arithmetic, x, matrix, null);
}
