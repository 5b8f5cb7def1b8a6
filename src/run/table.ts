import Papa from 'papaparse';
import { normalizeName, type Values } from '../domain/prompt.ts';
import { LIMITS } from './limits.ts';

/** What was understood of a pasted table. */
export interface PastedTable {
  readonly rows: readonly Values[];
  /** The first line named variables; otherwise columns were taken in the order of the variables. */
  readonly header: boolean;
  /** Variables that received values. */
  readonly names: readonly string[];
  /** Columns that belong to no variable: their heading, or their number from 1. */
  readonly ignored: readonly string[];
  /** Lines beyond the limit. */
  readonly dropped: number;
}

/**
 * Reads what a spreadsheet puts on the clipboard (tabs), or CSV with commas or semicolons.
 *
 * @param names variables of the prompt, in order
 */
export function parseTable(text: string, names: readonly string[]): PastedTable {
  const lines = readLines(text, names);
  const headings = lines[0]?.map(normalizeName) ?? [];
  const header = headings.some((heading) => indexOfName(names, heading) >= 0);
  const targets = header ? headings.map((heading) => names[indexOfName(names, heading)]) : names;
  const body = header ? lines.slice(1) : lines;
  const width = Math.max(0, ...lines.map((line) => line.length));
  return {
    rows: body.slice(0, LIMITS.tableRows).map((line) => rowValues(line, names, targets)),
    header,
    names: names.filter((name) => targets.slice(0, width).includes(name)),
    ignored: ignoredColumns(width, targets, header ? headings : []),
    dropped: Math.max(0, body.length - LIMITS.tableRows),
  };
}

/** No keyboard types it, so a line is one value. */
const NO_DELIMITER = '\u001f';

function readLines(text: string, names: readonly string[]): string[][] {
  const clean = text.replace(/^\uFEFF/u, '');
  if (clean.includes('\t')) return split(clean, '\t');
  const guessed = split(clean, '');
  // A comma in a sentence is no delimiter where there is one variable to fill.
  const named = guessed[0]?.some((heading) => indexOfName(names, normalizeName(heading)) >= 0);
  return names.length === 1 && named !== true ? split(clean, NO_DELIMITER) : guessed;
}

function split(text: string, delimiter: string): string[][] {
  const guesses = [',', ';'];
  return Papa.parse<string[]>(text, {
    delimiter,
    delimitersToGuess: guesses,
    skipEmptyLines: 'greedy',
  }).data;
}

function indexOfName(names: readonly string[], heading: string): number {
  const wanted = heading.toLocaleLowerCase('es');
  const exact = names.indexOf(heading);
  return exact >= 0 ? exact : names.findIndex((name) => name.toLocaleLowerCase('es') === wanted);
}

function rowValues(
  line: readonly string[],
  names: readonly string[],
  targets: readonly (string | undefined)[],
): Values {
  return Object.fromEntries(
    names.map((name) => {
      const column = targets.indexOf(name);
      const value = column < 0 ? '' : (line[column] ?? '');
      return [name, value.slice(0, LIMITS.textChars)];
    }),
  );
}

function ignoredColumns(
  width: number,
  targets: readonly (string | undefined)[],
  headings: readonly string[],
): string[] {
  return Array.from({ length: width }, (_, index) => index)
    .filter((index) => targets[index] === undefined || targets.indexOf(targets[index]) < index)
    .map((index) => headings[index] ?? String(index + 1));
}
