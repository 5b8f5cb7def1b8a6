/**
 * Worker side: where in a text the answer to a question is. Windows and scores are those of Hugging
 * Face transformers 4, `pipelines/question_answering.py`: a context longer than the model is read in
 * overlapping windows after the question, each window's start and end probabilities are multiplied,
 * and the best spans of all windows are compared. A span lies in the context alone and never runs
 * backwards. Answers that overlap a better one are left out.
 */
import type { Failure } from '../../domain/failure.ts';
import type { Span, TaskOutput } from '../../domain/output.ts';
import type { CellEvent } from '../../engine/engine.ts';
import type { Batch, Job } from '../../run/plan.ts';
import type { Controls } from '../../../workers/controls.ts';
import { Encoder, windows, type EncoderRow, type EncoderVoice } from '../../../workers/encoder.ts';
import { answerInOnePass, type Pass } from '../../../workers/one-pass.ts';
import { softmax } from '../../../workers/scores.ts';
import type { Pieces } from '../../../workers/tokenizer.ts';

const ANSWERS = 3;
/** Tokens, as in the reference. */
const LONGEST_ANSWER = 15;
const LONGEST_QUESTION = 64;
const LONGEST_WINDOW = 384;
const OVERLAP = 128;

interface Window {
  readonly row: EncoderRow;
  /** Tokens of the context in it. */
  readonly from: number;
  readonly to: number;
}

export async function runQuestionAnswering(
  batch: Batch,
  voice: EncoderVoice,
  controls: Controls,
  emit: (event: CellEvent) => void,
): Promise<void> {
  const encoder = new Encoder(voice);
  const prepare = ({ prompt, fields }: Job): Pass | Failure => {
    const context = fields['context'] ?? '';
    if (context.trim() === '') return { code: 'field-empty', field: 'context' };
    const pieces = encoder.read(context);
    const all = windowsOf(encoder, encoder.read(prompt).ids, pieces.ids);
    const promptTokens = all.reduce((sum, { row }) => sum + row.ids.length, 0);
    const answer: Pass['answer'] = async (proceed): Promise<TaskOutput | null> => {
      const spans: Span[] = [];
      for (const window of all) {
        if (!(await proceed())) return null;
        const [starts, ends] = await encoder.run(window.row, ['start_logits', 'end_logits']);
        spans.push(...spansOf(window, starts ?? [], ends ?? [], pieces, context));
      }
      return { kind: 'spans', answers: bestApart(spans) };
    };
    return { promptTokens, answer };
  };
  await answerInOnePass(batch, voice, controls, emit, prepare);
}

function windowsOf(
  encoder: Encoder,
  question: readonly number[],
  context: readonly number[],
): Window[] {
  const room = Math.min(encoder.room(2), LONGEST_WINDOW);
  const asked = question.slice(0, Math.min(LONGEST_QUESTION, Math.floor(room / 2)));
  const size = room - asked.length;
  const overlap = Math.min(OVERLAP, Math.floor(size / 2));
  return windows(context.length, size, overlap).map(({ from, to }) => {
    return { row: encoder.row(asked, context.slice(from, to)), from, to };
  });
}

/** Probabilities over the context and the first token, where a model points that finds no answer. */
function chancesOf({ row, from, to }: Window, logits: ArrayLike<number>): number[] {
  const own = Array.from({ length: to - from }, (_, at) => logits[row.secondAt + at] ?? 0);
  return softmax([logits[0] ?? 0, ...own]).slice(1);
}

/** The best spans of one window. */
function spansOf(
  window: Window,
  startLogits: ArrayLike<number>,
  endLogits: ArrayLike<number>,
  { offsets }: Pieces,
  context: string,
): Span[] {
  const starts = chancesOf(window, startLogits);
  const ends = chancesOf(window, endLogits);
  const spans: Span[] = [];
  for (let first = 0; first < starts.length; first += 1) {
    const limit = Math.min(ends.length, first + LONGEST_ANSWER);
    for (let last = first; last < limit; last += 1) {
      const start = offsets[window.from + first]?.[0] ?? 0;
      const end = offsets[window.from + last]?.[1] ?? 0;
      const score = (starts[first] ?? 0) * (ends[last] ?? 0);
      if (end > start) spans.push({ ...wholeWords(context, start, end), score });
    }
  }
  return bestApart(spans);
}

const LETTER = /[\p{L}\p{M}\p{N}]/u;

/** An answer neither begins nor ends inside a word. */
function wholeWords(text: string, start: number, end: number): { start: number; end: number } {
  let [from, to] = [start, end];
  const isLetter = (at: number) => LETTER.test(text[at] ?? '');
  while (from > 0 && isLetter(from) && isLetter(from - 1)) from -= 1;
  while (to < text.length && isLetter(to - 1) && isLetter(to)) to += 1;
  return { start: from, end: to };
}

function bestApart(spans: readonly Span[]): Span[] {
  const sorted = [...spans].sort((a, b) => b.score - a.score);
  const kept: Span[] = [];
  for (const span of sorted) {
    if (kept.length === ANSWERS) break;
    if (kept.every((other) => span.end <= other.start || span.start >= other.end)) kept.push(span);
  }
  return kept;
}
