/**
 * Worker side: labels that the model was never trained on. A model of inference between two texts
 * says of each label whether "this text is about …" follows from the text (Yin et al. 2019,
 * "Benchmarking Zero-shot Text Classification"). Scores are made as in Hugging Face transformers,
 * `pipelines/zero_shot_classification.py`: with one true label its rivals share the probability;
 * with several, each label stands against its own contradiction.
 */
import type { Failure } from '../../domain/failure.ts';
import { ENTAILMENT } from '../../domain/head-tasks.ts';
import type { Labelled } from '../../domain/output.ts';
import { listItems } from '../../domain/task.ts';
import type { CellEvent } from '../../engine/engine.ts';
import type { Batch, Job } from '../../run/plan.ts';
import type { Controls } from '../../../workers/controls.ts';
import { Encoder, type EncoderVoice } from '../../../workers/encoder.ts';
import { answerInOnePass, type Pass } from '../../../workers/one-pass.ts';
import { softmax } from '../../../workers/scores.ts';
import { SEVERAL_LABELS } from './spec.ts';

export async function runZeroShot(
  batch: Batch,
  voice: EncoderVoice,
  controls: Controls,
  emit: (event: CellEvent) => void,
): Promise<void> {
  const encoder = new Encoder(voice);
  const { head } = voice;
  const classes = head.kind === 'sequence-classification' ? head.labels : [];
  const prepare = ({ prompt, fields }: Job): Pass | Failure => {
    const labels = listItems(fields['labels'] ?? '');
    if (labels.length === 0) return { code: 'field-empty', field: 'labels' };
    const yes = entailmentOf(classes, fields['entailment'] ?? '');
    if (yes === null) return { code: 'entailment-unclear', labels: classes };
    const hypotheses = labels.map((label) => hypothesis(fields['hypothesis'] ?? '', label));
    const rows = hypotheses.map((text) => rowOf(encoder, prompt, text));
    const promptTokens = rows.reduce((sum, { row }) => sum + row.ids.length, 0);
    const unread = Math.max(...rows.map((row) => row.unread));
    const several = fields['several'] === SEVERAL_LABELS || labels.length === 1;
    const answer: Pass['answer'] = async (proceed) => {
      const logits: Float32Array[] = [];
      for (const { row } of rows) {
        if (!(await proceed())) return null;
        logits.push(...(await encoder.run(row, ['logits'])));
      }
      const problem = several ? 'multi-label' : 'single-label';
      const scores = several
        ? againstNo(logits, yes, contradictionOf(classes, yes))
        : rivals(logits, yes);
      const scored = labels.map((label, at): Labelled => ({ label, score: scores[at] ?? 0 }));
      return { kind: 'labels', problem, labels: scored, unread };
    };
    return { promptTokens, answer };
  };
  await answerInOnePass(batch, voice, controls, emit, prepare);
}

/** Only the text is cut: a hypothesis says nothing without its end. */
function rowOf(encoder: Encoder, text: string, statement: string) {
  const second = encoder.read(statement).ids.slice(0, encoder.room(2) - 1);
  const { ids } = encoder.read(text);
  const first = ids.slice(0, encoder.room(2) - second.length);
  return { row: encoder.row(first, second), unread: ids.length - first.length };
}

function hypothesis(template: string, label: string): string {
  const whole = template.trim() === '' ? '{}' : template;
  return whole.includes('{}') ? whole.replaceAll('{}', () => label) : `${whole} ${label}`;
}

/** Beside the names of inference, a plain yes. */
const AFFIRMS = /^(?:si|sí|yes)(?!\p{L})/iu;
const CONTRADICTS = /^contra/iu;

/** The class that means yes: the one asked for, or the one that is called so; null where none is. */
export function entailmentOf(classes: readonly string[], asked: string): number | null {
  if (/^\d+$/u.test(asked)) return Number(asked) < classes.length ? Number(asked) : null;
  const found = classes.findIndex((name) => ENTAILMENT.test(name) || AFFIRMS.test(name));
  return found < 0 ? null : found;
}

/** The class that means no; the reference takes the first or the last where no name says so. */
export function contradictionOf(classes: readonly string[], yes: number): number {
  const found = classes.findIndex((name, id) => id !== yes && CONTRADICTS.test(name));
  if (found >= 0) return found;
  return yes === 0 ? classes.length - 1 : 0;
}

function rivals(logits: readonly Float32Array[], yes: number): number[] {
  return softmax(logits.map((own) => own[yes] ?? 0));
}

function againstNo(logits: readonly Float32Array[], yes: number, no: number): number[] {
  return logits.map((own) => softmax([own[no] ?? 0, own[yes] ?? 0])[1] ?? 0);
}
