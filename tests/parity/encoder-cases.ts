/** Encoder fixtures: every row of every reference beside what a runner says. */
import type { TensorSource } from '../../src/checkpoint/tensor-source';
import type { HeadKind } from '../../src/graph/head';
import { rowOf } from './encoder-runner';
import type { EncoderInput, EncoderRunner } from './encoder-runner';
import { quantised } from './fixtures';
import type { Compared } from './fixtures';
import { NEVER } from './runner';

/** Random weights make every rounding count: real models stay far below these. */
export const QUANTISED = quantised([0.05, 0.1, 0.05, 0.45]);

export type Outputs = Readonly<Record<string, 'token' | 'text'>>;

/** What each head answers: a value or vector for every token, or for the text. */
const OUTPUTS: Readonly<Partial<Record<HeadKind, Outputs>>> = {
  'masked-lm': { logits: 'token' },
  'sequence-classification': { logits: 'text' },
  'token-classification': { logits: 'token' },
  'question-answering': { start_logits: 'token', end_logits: 'token' },
  embedding: { last_hidden_state: 'token', sentence_embedding: 'text' },
};

export function outputsOf(head: HeadKind): Outputs {
  const outputs = OUTPUTS[head];
  if (outputs === undefined) throw new Error(`no head ${head}`);
  return outputs;
}

export type Cases = Readonly<Record<string, EncoderInput>>;

/** Every row of every case beside its reference, which PyTorch computed for the row alone. */
export async function everyRow(
  runner: EncoderRunner,
  cases: Cases,
  reference: TensorSource,
  outputs: Outputs,
  pad?: number,
): Promise<Compared[]> {
  const compared: Compared[] = [];
  for (const [name, input] of Object.entries(cases)) {
    const answer = await runner.run(input, pad);
    for (const [output, per] of Object.entries(outputs)) {
      const values = answer[output];
      if (values === undefined) throw new Error(`no output ${output}`);
      for (const [row, ids] of input.ids.entries()) {
        const label = `${name}.${row}.${output}`;
        const expected = await reference.read(label, NEVER);
        compared.push({ label, found: rowOf(values, row, per === 'token', ids.length), expected });
      }
    }
  }
  return compared;
}

/** All values as one: a text of few labels has few of them. */
export function together(compared: readonly Compared[]): Compared {
  const join = (side: 'found' | 'expected') =>
    Float32Array.from(compared.flatMap((each) => Array.from(each[side])));
  return { label: 'all', found: join('found'), expected: join('expected') };
}
