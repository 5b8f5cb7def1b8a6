/** Answers of every task that writes no text, made up from the question: what is looked at is the page. */
import type { ModelEntry, TaskId } from '../../../src/domain/model.ts';
import { blankMarks } from '../../../src/domain/blank.ts';
import type { Span, TaskOutput } from '../../../src/domain/output.ts';
import { listItems } from '../../../src/domain/task.ts';
import type { Batch, Job } from '../../../src/run/plan.ts';
import { fakeModel } from '../catalogue.ts';

const READERS: readonly (readonly [string, string, readonly TaskId[]])[] = [
  ['traductora', 'Traductora', ['text2text-generation']],
  ['correctora', 'Correctora', ['text2text-generation']],
  ['adivina', 'Adivina', ['fill-mask']],
  ['lince', 'Lince', ['fill-mask', 'sentence-similarity']],
  ['jilguero', 'Jilguero', ['text-classification']],
  ['crítica', 'Crítica', ['text-classification', 'zero-shot-classification']],
  ['juez', 'Juez', ['zero-shot-classification']],
  ['archivera', 'Archivera', ['token-classification', 'question-answering']],
  ['notaria', 'Notaria', ['token-classification', 'question-answering']],
  ['gemela', 'Gemela', ['sentence-similarity']],
];

export const DEMO_MODELS: readonly ModelEntry[] = READERS.map(([id, name, tasks]) =>
  fakeModel(id, {
    name,
    tasks,
    summary: { es: 'Una voz de guion, para mirar la página.', en: 'A scripted voice.' },
    prefixes: ['translate English to Spanish: ', 'summarize: '],
  }),
);

const CLASSES = [
  'legal',
  'receta',
  'poesía',
  'noticia',
  'cuento',
  'carta',
  'ensayo',
  'teatro',
  'otros',
];
const WORDS = [
  ' Lima',
  ' Cuzco',
  ' Bogotá',
  ' enorme',
  'ñ',
  ' suya',
  ' Quito',
  ' ella',
  ' azul',
  ' sol',
];

/** null for a task that writes text. */
export function demoOutput({ task, model, params }: Batch, job: Job): TaskOutput | null {
  const chance = noise(`${model.id} ${job.prompt}`);
  const shares = (count: number) => {
    const raw = Array.from({ length: count }, (_, index) => chance() ** 2 / (index + 1));
    const sum = raw.reduce((total, value) => total + value, 0);
    return raw.map((value) => value / sum);
  };
  switch (task) {
    case 'text-classification':
    case 'zero-shot-classification': {
      const own = task === 'text-classification' ? CLASSES : listItems(job.fields['labels'] ?? '');
      const scores = shares(own.length);
      const labels = own.map((label, index) => ({ label, score: scores[index] ?? 0 }));
      const unread = job.prompt.length > 400 ? 37 : 0;
      return { kind: 'labels', problem: 'single-label', labels, unread };
    }
    case 'fill-mask': {
      const blanks = blankMarks(job.prompt).map(() => {
        const scores = shares(params.proposals).sort((a, b) => b - a);
        const words = scores.map((score, index) => ({ text: WORDS[index % 10] ?? '', score }));
        return { options: words };
      });
      return { kind: 'fill', blanks };
    }
    case 'token-classification': {
      const entities = [...job.prompt.matchAll(/\p{Lu}\p{L}+(?: \p{Lu}\p{L}+)*/gu)].map(
        ({ index, 0: text }) => {
          const label = ['PER', 'LOC', 'ORG', 'MISC'][text.length % 4] ?? 'PER';
          return { label, start: index, end: index + text.length, score: 0.7 + chance() * 0.3 };
        },
      );
      return { kind: 'entities', entities };
    }
    case 'question-answering':
      return { kind: 'spans', answers: years(job.fields['context'] ?? '', chance) };
    case 'sentence-similarity': {
      const items = listItems(job.fields['sentences'] ?? '').map((text) => {
        return { text, score: chance() * 1.2 - 0.2 };
      });
      return { kind: 'similarity', items, unread: 0 };
    }
    default:
      return null;
  }
}

function years(context: string, chance: () => number): Span[] {
  const spans = [...context.matchAll(/\d{4}/gu)].map(({ index }) => {
    return { start: index, end: index + 4, score: chance() };
  });
  return spans.sort((a, b) => b.score - a.score).slice(0, 3);
}

/** The same numbers from 0 to 1 for the same text. */
function noise(text: string): () => number {
  let state = [...text].reduce((sum, char) => (sum * 31 + (char.codePointAt(0) ?? 0)) >>> 0, 7);
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
