import { toCsv, toJson, toMarkdown } from '../run/export.ts';
import type { RunRecord } from '../run/record.ts';
import type { Messages } from '../i18n/index.ts';
import { markdownWords } from './cell-words.ts';

/** Formats a run leaves in; JSON comes back in. */
export const EXPORTS = {
  JSON: { extension: 'json', type: 'application/json', write: toJson },
  CSV: { extension: 'csv', type: 'text/csv', write: toCsv },
  Markdown: {
    extension: 'md',
    type: 'text/markdown',
    write: (record: RunRecord, t: Messages) => toMarkdown(record, markdownWords(t)),
  },
};
export type ExportKind = keyof typeof EXPORTS;
export const EXPORT_KINDS = Object.keys(EXPORTS) as readonly ExportKind[];

export function exportRun(record: RunRecord, kind: ExportKind, t: Messages): void {
  const { extension, type, write } = EXPORTS[kind];
  save(`${fileName(record.title)}.${extension}`, new Blob([write(record, t)], { type }));
}

/** A title as a file name on any system: letters and digits, the rest as hyphens. */
export function fileName(title: string): string {
  const plain = title.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  const name = plain.replace(/[^a-z0-9]+/gu, '-').slice(0, 60);
  return name.replace(/^-|-$/gu, '') || 'patio';
}

export function save(name: string, blob: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser reads the blob after the click; a minute is plenty.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
