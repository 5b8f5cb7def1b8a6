/** Worker side: which words the model would put into each blank. */
import { blankMarks, withMask } from '../../domain/blank.ts';
import type { Failure } from '../../domain/failure.ts';
import type { Blank, TaskOutput } from '../../domain/output.ts';
import type { CellEvent } from '../../engine/engine.ts';
import type { Batch, Job } from '../../run/plan.ts';
import type { Controls } from '../../../workers/controls.ts';
import { Encoder, type EncoderVoice } from '../../../workers/encoder.ts';
import { answerInOnePass, type Pass } from '../../../workers/one-pass.ts';
import { largest, softmax } from '../../../workers/scores.ts';

export async function runFillMask(
  batch: Batch,
  voice: EncoderVoice,
  controls: Controls,
  emit: (event: CellEvent) => void,
): Promise<void> {
  const encoder = new Encoder(voice);
  const { mask } = voice.codec;
  const { proposals } = batch.params;
  const prepare = ({ prompt }: Job): Pass | Failure => {
    if (mask === null || blankMarks(prompt).length === 0) return { code: 'mask-missing' };
    const row = encoder.row(encoder.read(withMask(prompt, mask.text)).ids);
    const promptTokens = row.ids.length;
    // A cut text might lose its blanks.
    if (promptTokens > encoder.limit) {
      return { code: 'context-exceeded', promptTokens, contextTokens: encoder.limit };
    }
    const answer = async (): Promise<TaskOutput> => {
      const [logits = new Float32Array()] = await encoder.run(row, ['logits']);
      const places = row.ids.flatMap((id, at) => (id === mask.id ? [at] : []));
      const width = logits.length / promptTokens;
      const blanks = places.map((at) => {
        const own = logits.subarray(at * width, (at + 1) * width);
        return proposalsOf(own, proposals, (id) => voice.codec.tokenText(id));
      });
      return { kind: 'fill', blanks };
    };
    return { promptTokens, answer };
  };
  await answerInOnePass(batch, voice, controls, emit, prepare);
}

function proposalsOf(logits: Float32Array, count: number, textOf: (id: number) => string): Blank {
  const chances = softmax(logits);
  const ids = largest(logits, count);
  return { options: ids.map((id) => ({ text: textOf(id), score: chances[id] ?? 0 })) };
}
