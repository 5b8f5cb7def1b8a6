/** The front matter of a model card: what its authors say of it, as data. */
import { parse } from 'yaml';
import type { FileSet } from '../checkpoint/byte-source.ts';

export interface Card {
  readonly license: string | null;
  readonly languages: readonly string[];
  readonly datasets: readonly string[];
  /** Models that it was trained from; the first is the nearest. */
  readonly base: readonly string[];
  /** The Hub's word for its task. */
  readonly pipelineTag: string | null;
  readonly tags: readonly string[];
  /** Why the front matter could not be read; null where it could, or there is none. */
  readonly damage: string | null;
}

const EMPTY: Card = {
  ...{ license: null, languages: [], datasets: [], base: [] },
  ...{ pipelineTag: null, tags: [], damage: null },
};

/** Real front matter is under 20 kB; evaluation results make some of it longer. */
const MAX_BYTES = 128 * 2 ** 10;
const MAX_ITEMS = 100;
const MAX_CHARS = 200;

export async function readCard(files: FileSet, signal: AbortSignal): Promise<Card> {
  const file = files.get('README.md');
  if (file === undefined) return EMPTY;
  const bytes = await file.read(0, Math.min(file.size, MAX_BYTES), signal);
  return parseCard(new TextDecoder().decode(bytes));
}

export function parseCard(text: string): Card {
  const matter = /^\uFEFF?---\r?\n(.*?)\r?\n---(?:\r?\n|$)/su.exec(text)?.[1];
  if (matter === undefined) return EMPTY;
  const read = parseYaml(matter);
  if (typeof read === 'string') return { ...EMPTY, damage: read };
  const words = (key: string) => wordsOf(Object.hasOwn(read, key) ? read[key] : undefined);
  const [license = null] = words('license');
  return {
    // `other` says nothing; the name beside it does.
    license: license === 'other' ? (words('license_name')[0] ?? license) : license,
    languages: words('language').length > 0 ? words('language') : words('languages'),
    datasets: words('datasets'),
    base: words('base_model'),
    pipelineTag: words('pipeline_tag')[0] ?? null,
    tags: words('tags'),
    damage: null,
  };
}

/** The mapping, or why it is none. Aliases, which can grow without end, are few. */
function parseYaml(text: string): Readonly<Record<string, unknown>> | string {
  try {
    const value: unknown = parse(text, {
      schema: 'core',
      maxAliasCount: 50,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'error',
    });
    const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isMapping ? (value as Readonly<Record<string, unknown>>) : 'YAML';
  } catch (error) {
    // Nesting without end exhausts the stack of a parser, which is an error like any other here.
    return error instanceof Error ? oneLine(error.message) : 'YAML';
  }
}

/** One word or a list of them; `no` is a language that YAML 1.1 took for a truth. */
function wordsOf(value: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value.slice(0, MAX_ITEMS) : [value];
  return list
    .map((item) => (item === false ? 'no' : item))
    .filter((item) => typeof item === 'string' || typeof item === 'number')
    .map((item) => oneLine(String(item)))
    .filter((item) => item !== '');
}

function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, MAX_CHARS);
}
