import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { format, resolveConfig } from 'prettier';
import { LINES, verdictOf, type Line, type Unit } from './bars.ts';
import type { Figures } from './bench.ts';
import type { Measured } from './measure.ts';
import { ROOT, type Options } from './options.ts';
import type { ContenderId } from './page/contract.ts';

const DOCS = `${ROOT}docs/benchmarks.md`;
const NAMES: Record<ContenderId, string> = {
  patio: 'Patio, through its Worker and protocol',
  bare: 'bare onnxruntime-web loop, same graph',
  transformers: 'transformers.js `generate`, same weights',
  wllama: 'wllama (llama.cpp), Q8_0 of the same checkpoint',
};

export function figuresOf({ outcomes }: Measured): Figures {
  const all = [...outcomes.values()].map(({ figures }) => figures);
  return Object.assign({}, ...all) as Figures;
}

export function conditionsOf(measured: Measured, { runs, tokens }: Options) {
  const { browser, cores, threads, loadBefore, minutes, outcomes } = measured;
  return {
    date: new Date().toISOString(),
    threads,
    cores,
    loadBefore: round2(loadBefore),
    minutes: round2(minutes),
    tokens,
    rounds: runs,
    versions: {
      chromium: browser,
      'onnxruntime-web': versionOf('onnxruntime-web'),
      '@huggingface/transformers': versionOf('@huggingface/transformers'),
      '@wllama/wllama': versionOf('@wllama/wllama'),
    },
    /** How many characters of Patio's text each contender repeats before it says something else. */
    agreement: outcomes.get('decode')?.agreement ?? {},
  };
}

type Conditions = ReturnType<typeof conditionsOf>;

function versionOf(name: string): string {
  const file = `${ROOT}node_modules/${name}/package.json`;
  return (createRequire(import.meta.url)(file) as { version: string }).version;
}

export function writeJson(
  path: string,
  measured: Measured,
  conditions: Conditions,
  figures: Figures,
): void {
  const raw = Object.fromEntries([...measured.outcomes].map(([id, outcome]) => [id, outcome.raw]));
  writeFileSync(path, `${JSON.stringify({ ...figures, ...conditions, raw }, null, 2)}\n`);
}

/** Puts the tables between the markers of the docs. */
export async function writeDocs(tables: string): Promise<void> {
  await replaceTables({ start: '<!-- bench:start -->', end: '<!-- bench:end -->' }, tables);
}

/** Puts text between two markers of the docs. */
export async function replaceTables(
  { start, end }: { readonly start: string; readonly end: string },
  tables: string,
): Promise<void> {
  const text = readFileSync(DOCS, 'utf8');
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`the docs have no ${start}`);
  const renewed = `${text.slice(0, from)}${start}\n\n${tables}\n\n${text.slice(to)}`;
  const options = await resolveConfig(DOCS);
  writeFileSync(DOCS, await format(renewed, { ...options, parser: 'markdown' }));
}

export function tablesOf(measured: Measured, conditions: Conditions, figures: Figures): string {
  const parts = [describe(conditions), speeds(conditions, figures), lines(figures), soak(measured)];
  return parts.filter((part) => part !== '').join('\n\n');
}

function describe({ date, threads, cores, rounds, tokens, versions, ...rest }: Conditions): string {
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${date.slice(0, 10)}, ${String(cores)} CPU cores (no GPU), threads for each: ${String(threads)},`,
    `${String(rounds)} rounds of ${String(tokens)} tokens, medians; ${list.join(', ')};`,
    `load of the machine before the run ${String(rest.loadBefore)};`,
    `the run took ${rest.minutes.toFixed(1)} minutes.`,
  ].join(' ');
}

function speeds({ agreement }: Conditions, figures: Figures): string {
  const rows = (Object.keys(NAMES) as ContenderId[])
    .filter((id) => figures[`decode.${id}`] !== undefined)
    .map((id) => {
      const [decode, ttft] = [figures[`decode.${id}`] ?? NaN, figures[`ttft.${id}`] ?? NaN];
      const sampled = figures[`sampled.${id}`]?.toFixed(0) ?? '';
      return `| ${NAMES[id]} | ${decode.toFixed(0)} | ${sampled} | ${ttft.toFixed(1)} | ${agreement[id] ?? ''} |`;
    });
  if (rows.length === 0) return '';
  const head =
    '| | decode, tokens/s | sampled, tokens/s | time to first token, ms | characters as Patio |';
  return [head, '| --- | ---: | ---: | ---: | ---: |', ...rows].join('\n');
}

/** Those with a bar first; of the others, those that were measured. */
function lines(figures: Figures): string {
  const isMeasured = ({ key }: Line) => figures[key] !== undefined;
  const held = LINES.filter((line) => line.bar !== undefined && isMeasured(line));
  const free = LINES.filter((line) => line.bar === undefined && isMeasured(line));
  const rows = [...held, ...free].map((line) => row(line, figures[line.key] ?? NaN));
  return ['| measure | measured | bar | |', '| --- | ---: | ---: | --- |', ...rows].join('\n');
}

function row(line: Line, value: number): string {
  const { bar, unit } = line;
  const wanted = bar === undefined ? '' : `${bar.relation} ${String(bar.value)}${unit}`;
  return `| ${line.name} | ${show(value, unit)} | ${wanted} | ${verdictOf(line, value)} |`;
}

function show(value: number, unit: Unit): string {
  return `${value >= 100 ? value.toFixed(0) : round2(value).toString()}${unit}`;
}

function soak({ outcomes }: Measured): string {
  const raw = outcomes.get('soak.memory')?.raw as
    { readonly curve: readonly { readonly run: number; readonly megabytes: number }[] } | undefined;
  if (!raw) return '';
  const points = raw.curve.map(({ run, megabytes }) => `${String(run)}: ${String(megabytes)}`);
  return `Memory of the page's process by the number of runs, in MB: ${points.join(' · ')}.`;
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
