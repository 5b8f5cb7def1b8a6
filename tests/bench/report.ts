import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { format, resolveConfig } from 'prettier';
import type { Measured } from './measure.ts';
import { ROOT } from './options.ts';
import type { ContenderId, Sample } from './page/contract.ts';

/** Figures by name: tokens/s under `decode.`, milliseconds under `ttft.`, `cold.` and `swap.`; `a/b` is a ratio. */
export type Figures = Readonly<Record<string, number>>;

const DOCS = `${ROOT}docs/benchmarks.md`;
const MARKERS = /(<!-- bench:start -->)[^]*(<!-- bench:end -->)/;
const NAMES: Record<ContenderId, string> = {
  patio: 'Patio, through its Worker and protocol',
  bare: 'bare onnxruntime-web loop, same graph',
  transformers: 'transformers.js `generate`, same graph',
  wllama: 'wllama (llama.cpp), Q8_0 of the same checkpoint',
};
/** What Patio is held to: its decode speed over that of another. */
const RATIO_BARS: readonly [ContenderId, number][] = [
  ['bare', 0.85],
  ['transformers', 2],
  ['wllama', 1.3],
];
const SWAP_BAR_MS = 100;

export function figuresOf(measured: Measured): Figures {
  const figures: Record<string, number> = {};
  for (const [id, samples] of measured.samples) {
    figures[`decode.${id}`] = median(samples.map(tokensPerSecond));
    figures[`ttft.${id}`] = median(samples.map((sample) => sample.firstTokenMs));
  }
  const own = measured.sampled.get('patio');
  for (const [id, samples] of measured.sampled) {
    figures[`sampled.${id}`] = median(samples.map(tokensPerSecond));
    if (own !== undefined && id !== 'patio') figures[`sampled.patio/${id}`] = ratio(own, samples);
  }
  const { coldMs, swaps } = measured;
  if (coldMs.length > 0) figures['cold.patio'] = median(coldMs);
  if (swaps.length > 0) {
    figures['swap.patio'] = median(swaps.map(({ firstMs }) => firstMs));
    figures['swap.patio.max'] = Math.max(...swaps.map(({ firstMs }) => firstMs));
    figures['swap.patio.again'] = median(swaps.map(({ againMs }) => againMs));
  }
  for (const [id] of RATIO_BARS) {
    const [own, other] = [measured.samples.get('patio'), measured.samples.get(id)];
    if (own !== undefined && other !== undefined) figures[`patio/${id}`] = ratio(own, other);
  }
  const [bare, stock] = [measured.samples.get('bare'), measured.samples.get('transformers')];
  if (bare !== undefined && stock !== undefined) figures['bare/transformers'] = ratio(bare, stock);
  return figures;
}

/** Median of the rounds' own ratios: what slowed one round slowed both sides of it. */
function ratio(own: readonly Sample[], other: readonly Sample[]): number {
  return median(
    own.map((sample, round) => tokensPerSecond(sample) / tokensPerSecond(other[round] as Sample)),
  );
}

function tokensPerSecond({ decoded, decodeMs }: Sample): number {
  return (decoded * 1000) / decodeMs;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return ((low as number) + (high as number)) / 2;
}

export function conditionsOf({ task, browser, cores, loadBefore, samples }: Measured) {
  const rounds = Math.max(...[...samples.values()].map((own) => own.length));
  return {
    date: new Date().toISOString(),
    threads: task.threads,
    cores,
    loadBefore: round2(loadBefore),
    tokens: task.tokens,
    rounds,
    prompt: task.prompt,
    versions: {
      chromium: browser,
      'onnxruntime-web': versionOf('onnxruntime-web'),
      '@huggingface/transformers': versionOf('@huggingface/transformers'),
      '@wllama/wllama': versionOf('@wllama/wllama'),
    },
    /** How many characters of Patio's text each contender repeats before it says something else. */
    agreement: agreementOf(samples),
  };
}

type Conditions = ReturnType<typeof conditionsOf>;

function agreementOf(samples: Measured['samples']): Record<string, string> {
  const own = samples.get('patio')?.[0]?.text ?? samples.get('bare')?.[0]?.text ?? '';
  const entries = [...samples].map(([id, [first]]) => {
    const text = first?.text ?? '';
    return [id, `${String(commonPrefix(own, text))} of ${String(own.length)}`];
  });
  return Object.fromEntries(entries) as Record<string, string>;
}

function commonPrefix(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}

function versionOf(name: string): string {
  const file = `${ROOT}node_modules/${name}/package.json`;
  return (createRequire(import.meta.url)(file) as { version: string }).version;
}

export function writeJson(path: string, measured: Measured, figures: Figures): void {
  const samples = Object.fromEntries(measured.samples);
  const sampled = Object.fromEntries(measured.sampled);
  const { swaps, coldMs } = measured;
  const report = { ...figures, ...conditionsOf(measured), samples, sampled, swaps, coldMs };
  writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`);
}

/** Puts the tables between the markers of the docs. */
export async function writeDocs(measured: Measured, figures: Figures): Promise<void> {
  const text = readFileSync(DOCS, 'utf8');
  const tables = tablesOf(conditionsOf(measured), figures);
  const renewed = text.replace(MARKERS, (_, start: string, end: string) =>
    [start, tables, end].join('\n\n'),
  );
  const options = await resolveConfig(DOCS);
  writeFileSync(DOCS, await format(renewed, { ...options, parser: 'markdown' }));
}

export function tablesOf(conditions: Conditions, figures: Figures): string {
  return [describe(conditions), speeds(conditions, figures), bars(figures)].join('\n\n');
}

function describe({ date, threads, cores, rounds, tokens, versions, loadBefore }: Conditions) {
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${date.slice(0, 10)}, ${String(cores)} CPU cores (no GPU), threads for each: ${String(threads)},`,
    `${String(rounds)} rounds of ${String(tokens)} tokens, medians; ${list.join(', ')};`,
    `load of the machine before the run ${String(loadBefore)}.`,
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
  const head =
    '| | decode, tokens/s | sampled, tokens/s | time to first token, ms | characters as Patio |';
  return [head, '| --- | ---: | ---: | ---: | ---: |', ...rows].join('\n');
}

function bars(figures: Figures): string {
  const ratios = RATIO_BARS.map(([id, bar]) =>
    barRow(`Patio / ${id}`, figures[`patio/${id}`], bar, (value) => value >= bar, '≥ ', '×'),
  );
  const swap = barRow(
    'adapter swap, first use',
    figures['swap.patio'],
    SWAP_BAR_MS,
    (value) => value < SWAP_BAR_MS,
    '< ',
    ' ms',
  );
  const others = [
    plainRow('adapter swap, first use, slowest of the package', figures['swap.patio.max'], ' ms'),
    plainRow('adapter swap, used before', figures['swap.patio.again'], ' ms'),
    plainRow('page open to first token, all cached', figures['cold.patio'], ' ms'),
    plainRow('sampled: Patio / transformers', figures['sampled.patio/transformers'], '×'),
    plainRow('sampled: Patio / wllama', figures['sampled.patio/wllama'], '×'),
    plainRow('bare / transformers: what a loop alone can gain', figures['bare/transformers'], '×'),
  ];
  const head = ['| measure | measured | bar | |', '| --- | ---: | ---: | --- |'];
  return [...head, ...ratios, swap, ...others].join('\n');
}

function plainRow(name: string, value: number | undefined, unit: string): string {
  return `| ${name} | ${show(value, unit)} | | |`;
}

function barRow(
  name: string,
  value: number | undefined,
  bar: number,
  holds: (value: number) => boolean,
  relation: string,
  unit: string,
): string {
  const verdict = value === undefined ? '' : holds(value) ? 'met' : 'missed';
  return `| ${name} | ${show(value, unit)} | ${relation}${String(bar)}${unit} | ${verdict} |`;
}

function show(value: number | undefined, unit: string): string {
  return value === undefined ? 'not measured' : `${round2(value).toString()}${unit}`;
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
