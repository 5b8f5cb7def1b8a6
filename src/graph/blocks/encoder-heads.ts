/** From an encoder's last layer to what its head answers. */
import { damaged } from '../../checkpoint/config-reader';
import type { PlacedTable } from '../arithmetic/arithmetic';
import { fp32 } from '../arithmetic/fp32';
import type { BuildPlan } from '../families/family';
import type { Value } from '../graph-builder';
import type { Head, SentenceDense } from '../head';
import { activate } from './activation';
import type { Activation } from './activation';
import type { EncoderFrame } from './encoder-frame';
import { layerNorm, vector } from './layer-norm';
import type { LayerNormWeights } from './layer-norm';
import { pool, poolAll, unitLength } from './pooling';
import { project } from './projection';

/** A dense layer, its activation and, in some heads, a norm. */
export interface DenseStep {
  readonly module: string;
  readonly out: number;
  readonly bias: boolean;
  readonly activation: Activation;
  readonly norm?: LayerNormWeights;
}

/** A matrix from hidden states to labels, with what comes before it. */
export interface LabelHead {
  readonly transform: DenseStep | null;
  readonly classifier: string;
}

/** Where a family keeps its heads, and what they do before their last matrix. */
export interface EncoderHeads {
  readonly maskedLm: {
    readonly transform: DenseStep;
    /** Table that scores the words where it is not the embedding table. */
    readonly decoder: string;
    /** Tensors that may hold the bias of the words; the first that is there holds it. */
    readonly biases: readonly string[];
  };
  readonly sequence: LabelHead & { readonly pooling: 'cls' | 'mean' };
  readonly token: LabelHead;
  readonly question: LabelHead;
}

export interface EncoderEnd {
  /** `[batch · sequence, hidden]`. */
  readonly states: Value;
  readonly hidden: number;
  readonly vocab: number;
  readonly frame: EncoderFrame;
  /** The embedding table, and the width of its rows. */
  readonly words: PlacedTable;
  readonly wordWidth: number;
  /** The words are scored by the embedding table. */
  readonly tied: boolean;
}

/** Declares the outputs of the plan's head; `Head` says which they are. */
export function encoderHead(plan: BuildPlan, end: EncoderEnd, heads: EncoderHeads): void {
  const { head } = plan;
  switch (head.kind) {
    case 'masked-lm':
      return maskedLm(plan, end, heads);
    case 'sequence-classification': {
      const pooled = pool(plan.bench.g, end.states, end.frame, heads.sequence.pooling);
      const logits = classify(plan, pooled, end.hidden, heads.sequence, head.labels.length);
      return plan.bench.g.output('logits', logits, 'float32', ['batch_size', head.labels.length]);
    }
    case 'token-classification':
      return perToken(plan, end, heads.token, head.labels.length);
    case 'question-answering':
      return question(plan, end, heads.question);
    case 'embedding':
      return embedding(plan, end, head);
    default:
      throw new RangeError(`an encoder has no ${head.kind} head`);
  }
}

/** `logits` `[batch, sequence, vocab]`. */
function maskedLm(plan: BuildPlan, end: EncoderEnd, { maskedLm: head }: EncoderHeads): void {
  const { bench, arithmetic } = plan;
  const { wordWidth: width, vocab, frame } = end;
  const x = dense(plan, end.states, end.hidden, head.transform);
  const table = end.tied
    ? end.words
    : arithmetic.table(bench, { name: 'decoder', tensor: head.decoder, tokens: vocab, width });
  const scores = table.score(x);
  const bias = head.biases.find((name) => bench.tensors.info(name) !== undefined);
  const biased =
    bias === undefined
      ? scores
      : bench.g.node('Add', 'words.biased', [scores, vector(bench, bias, vocab)]);
  const logits = bench.g.node('Reshape', 'logits', [biased, frame.batchShape]);
  bench.g.output('logits', logits, 'float32', ['batch_size', 'sequence', vocab]);
}

/** `logits` `[batch, sequence, labels]`. */
function perToken(plan: BuildPlan, end: EncoderEnd, head: LabelHead, labels: number): void {
  const { g } = plan.bench;
  const scores = classify(plan, end.states, end.hidden, head, labels);
  const logits = g.node('Reshape', 'logits', [scores, end.frame.batchShape]);
  g.output('logits', logits, 'float32', ['batch_size', 'sequence', labels]);
}

/** `start_logits` and `end_logits` `[batch, sequence]`. */
function question(plan: BuildPlan, end: EncoderEnd, head: LabelHead): void {
  const { g } = plan.bench;
  const scores = classify(plan, end.states, end.hidden, head, 2);
  const ends = g.nodes('Split', ['span.start', 'span.end'], [scores], {
    attributes: { axis: { int: -1 }, num_outputs: { int: 2 } },
  });
  for (const [index, name] of (['start_logits', 'end_logits'] as const).entries()) {
    const logits = g.node('Reshape', name, [ends[index as 0 | 1], end.frame.shape]);
    g.output(name, logits, 'float32', ['batch_size', 'sequence']);
  }
}

/** `last_hidden_state` `[batch, sequence, hidden]` and `sentence_embedding` `[batch, pooled]`. */
function embedding(
  plan: BuildPlan,
  { states, frame, hidden }: EncoderEnd,
  { pooling, dense: layers = [], normalize }: Extract<Head, { kind: 'embedding' }>,
): void {
  const { g } = plan.bench;
  const last = g.node('Reshape', 'last_hidden_state', [states, frame.batchShape]);
  g.output('last_hidden_state', last, 'float32', ['batch_size', 'sequence', hidden]);
  let sentence = poolAll(g, states, frame, pooling);
  let width = hidden * pooling.length;
  for (const [index, layer] of layers.entries()) {
    if (layer.in !== width) damaged(`${layer.folder}/config.json`);
    sentence = sentenceDense(plan, sentence, layer, `sentence.${index}`);
    width = layer.out;
  }
  const unit = normalize ? unitLength(g, sentence) : sentence;
  g.output('sentence_embedding', unit, 'float32', ['batch_size', width]);
}

/** Small, and the last word on every text: float32 in every variant. */
function sentenceDense(
  { bench }: BuildPlan,
  x: Value,
  { folder, in: inSize, out, bias, activation }: SentenceDense,
  name: string,
): Value {
  const biasName = bias ? `${folder}.linear.bias` : undefined;
  const pieces = [{ tensor: `${folder}.linear.weight`, out, bias: biasName }];
  const matrix = { name, in: inSize, sensitive: true, pieces };
  return activate(bench.g, project(bench, fp32, x, matrix, null), activation, `${name}.active`);
}

/** The last matrix is small and every answer hangs on it: float32 in every variant. */
function classify(
  plan: BuildPlan,
  x: Value,
  width: number,
  { transform, classifier }: LabelHead,
  labels: number,
): Value {
  const ready = transform === null ? x : dense(plan, x, width, transform);
  const matrix = {
    name: 'classifier',
    in: transform?.out ?? width,
    sensitive: true,
    pieces: [{ tensor: `${classifier}.weight`, out: labels, bias: `${classifier}.bias` }],
  };
  return project(plan.bench, fp32, ready, matrix, null);
}

function dense({ bench, arithmetic }: BuildPlan, x: Value, width: number, step: DenseStep): Value {
  const { module, out, activation, norm } = step;
  const bias = step.bias ? `${module}.bias` : undefined;
  const pieces = [{ tensor: `${module}.weight`, out, bias }];
  const matrix = { name: 'head.dense', in: width, sensitive: true, pieces };
  const y = project(bench, arithmetic, x, matrix, null);
  const active = activate(bench.g, y, activation, 'head.active');
  return norm === undefined ? active : layerNorm(bench, active, norm);
}
