/** Fields of the forms: each spec says only what is its own. */
import type { FieldId, FieldSpec } from '../domain/task.ts';

const LINE_CHARS = 400;
const TEXT_CHARS = 32_000;

type Own = Partial<Omit<FieldSpec, 'id' | 'kind'>>;

export function field(id: FieldId, kind: FieldSpec['kind'], own: Own = {}): FieldSpec {
  const maxChars = kind === 'line' || kind === 'choice' ? LINE_CHARS : TEXT_CHARS;
  const plain = { required: false, maxChars, initial: '', options: [], advanced: false };
  return { id, kind, ...plain, ...own };
}
