/** Worker side: how near each sentence is to the one asked about. */
import type { Failure } from '../../domain/failure.ts';
import type { Likeness } from '../../domain/output.ts';
import { listItems } from '../../domain/task.ts';
import type { CellEvent } from '../../engine/engine.ts';
import type { Batch, Job } from '../../run/plan.ts';
import type { Controls } from '../../../workers/controls.ts';
import { Encoder, type EncoderVoice } from '../../../workers/encoder.ts';
import { answerInOnePass, type Pass } from '../../../workers/one-pass.ts';
import { cosine } from '../../../workers/scores.ts';

export async function runSentenceSimilarity(
  batch: Batch,
  voice: EncoderVoice,
  controls: Controls,
  emit: (event: CellEvent) => void,
): Promise<void> {
  const encoder = new Encoder(voice);
  const prepare = ({ prompt, fields }: Job): Pass | Failure => {
    const sentences = listItems(fields['sentences'] ?? '');
    if (sentences.length === 0) return { code: 'field-empty', field: 'sentences' };
    const texts = [prompt, ...sentences].map((text) => cutToFit(encoder, text));
    const promptTokens = texts.reduce((sum, { row }) => sum + row.ids.length, 0);
    const unread = texts.reduce((sum, text) => sum + text.unread, 0);
    const answer: Pass['answer'] = async (proceed) => {
      const vectors: Float32Array[] = [];
      for (const { row } of texts) {
        if (!(await proceed())) return null;
        vectors.push(...(await encoder.run(row, ['sentence_embedding'])));
      }
      const [own = new Float32Array(), ...others] = vectors;
      const items = sentences.map((text, index): Likeness => {
        return { text, score: cosine(own, others[index] ?? []) };
      });
      return { kind: 'similarity', items, unread };
    };
    return { promptTokens, answer };
  };
  await answerInOnePass(batch, voice, controls, emit, prepare);
}

function cutToFit(encoder: Encoder, text: string) {
  const { ids } = encoder.read(text);
  const read = ids.slice(0, encoder.room(1));
  return { row: encoder.row(read), unread: ids.length - read.length };
}
