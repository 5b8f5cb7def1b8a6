/**
 * npm run parity [-- --no-docs]: every tiny checkpoint of tests/fixtures built in every variant, held
 * against its reference; ends with 1 where one is out of tolerance. Renews the table of docs/families.md.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { fixtures } from '../tests/parity/fixtures';
import { BUILDS, isWithin, scoreFixture } from '../tests/parity/scores';
import type { Row, Score } from '../tests/parity/scores';

const PAGE = fileURLToPath(new URL('../docs/families.md', import.meta.url));
const START = '<!-- parity:start -->';
const END = '<!-- parity:end -->';

function shown(score: Score | undefined): string {
  if (score === undefined) return '';
  const error = score.error < 1e-3 ? score.error.toExponential(0) : score.error.toFixed(3);
  return isWithin(score) ? error : `**${error} > ${score.tolerance}**`;
}

function cells({ fixture, scores }: Row): string[] {
  const columns = BUILDS.map((build) => shown(scores.find(({ name }) => name === build)));
  const verdict = scores.every(isWithin) ? 'ok' : '**out**';
  return [fixture.family, fixture.head, fixture.name, ...columns, verdict];
}

function printRow(row: readonly string[]): void {
  const [family = '', head = '', name = '', ...rest] = row;
  const wide = [family.padEnd(11), head.padEnd(24), name.padEnd(26)];
  console.log([...wide, ...rest.map((cell) => cell.padStart(14))].join(' '));
}

function table(rows: readonly Row[]): string {
  const head = ['family', 'head', 'fixture', ...BUILDS, ''];
  const rule = ['---', '---', '---', ...BUILDS.map(() => '--:'), '---'];
  return [head, rule, ...rows.map(cells)].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** Tolerances differ by kind, since two stacks of random weights round twice. */
function tolerances(rows: readonly Row[]): string {
  const kinds = [...new Set(rows.map(({ fixture }) => fixture.kind))];
  const lines = kinds.map((kind) => {
    const row = rows.find(({ fixture }) => fixture.kind === kind);
    const known = BUILDS.filter((build) => build !== 'adapter merged').map(
      (build) => row?.scores.find(({ name }) => name === build)?.tolerance ?? '',
    );
    return `| ${kind} | ${known.join(' | ')} |`;
  });
  const head = BUILDS.filter((build) => build !== 'adapter merged');
  const rule = head.map(() => '--:').join(' | ');
  return [`| tolerance | ${head.join(' | ')} |`, `| --- | ${rule} |`, ...lines].join('\n');
}

async function writePage(rows: readonly Row[]): Promise<void> {
  const page = await readFile(PAGE, 'utf8');
  const [before, after] = [page.split(START)[0], page.split(END)[1]];
  if (before === undefined || after === undefined) throw new Error(`no ${START} in the page`);
  const body = `${tolerances(rows)}\n\n${table(rows)}`;
  const text = `${before}${START}\n\n${body}\n\n${END}${after}`;
  const style = (await resolveConfig(PAGE)) ?? {};
  await writeFile(PAGE, await format(text, { ...style, filepath: PAGE }));
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { 'no-docs': { type: 'boolean', default: false } } });
  const rows: Row[] = [];
  printRow(['family', 'head', 'fixture', ...BUILDS, '']);
  for (const fixture of fixtures()) {
    const row = await scoreFixture(fixture);
    rows.push(row);
    printRow(cells(row));
  }
  const out = rows.flatMap(({ scores }) => scores).filter((score) => !isWithin(score));
  console.log(`${rows.length} checkpoints, ${out.length} errors out of tolerance`);
  if (!values['no-docs']) await writePage(rows);
  if (out.length > 0) process.exitCode = 1;
}

await main();
