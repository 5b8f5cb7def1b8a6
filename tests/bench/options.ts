import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { ContenderId } from './page/contract.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Built pages, packages made on the spot and the GGUF file; git knows nothing of it. */
export const CACHE = `${ROOT}node_modules/.cache/patio-bench/`;
export const MADE = `${CACHE}made/`;
const GGUF = `${CACHE}gorrion-q8_0.gguf`;
export const GGUF_COMMAND =
  'cd training && python -m gorrion.gguf --checkpoint checkpoints/gorrion --out ../node_modules/.cache/patio-bench/gorrion-q8_0.gguf';

export const CONTENDERS: readonly ContenderId[] = ['patio', 'bare', 'transformers', 'wllama'];

/** In the order in which they run. */
export const MEASURES = [
  'decode',
  'batch',
  'prefix.turn',
  'prefix.matrix',
  'context',
  'cold',
  'load.memory',
  'soak.memory',
  'native',
] as const;

export type MeasureId = (typeof MEASURES)[number];

/** Runs on request alone: it installs a runtime outside the project's own packages. */
const ON_REQUEST: MeasureId = 'native';

export interface Options {
  readonly json: string | null;
  /** Rounds; each contender does its work once in each. */
  readonly runs: number;
  readonly tokens: number;
  /** Runs of the soak. */
  readonly soakRuns: number;
  /** Folder of the package. */
  readonly model: string;
  readonly gguf: string | null;
  readonly measures: readonly MeasureId[];
  readonly contenders: readonly ContenderId[];
  /** Serve as a host without isolation headers: one thread for all. */
  readonly plain: boolean;
  /** Whether the tables of the docs are renewed: only by a whole run. */
  readonly writesDocs: boolean;
}

export function readOptions(args = process.argv.slice(2)): Options {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'string' },
      runs: { type: 'string', default: '7' },
      tokens: { type: 'string', default: '128' },
      soak: { type: 'string', default: '200' },
      package: { type: 'string', default: `${ROOT}public/models/gorrion` },
      gguf: { type: 'string', default: GGUF },
      only: { type: 'string' },
      contenders: { type: 'string' },
      native: { type: 'boolean', default: false },
      plain: { type: 'boolean', default: false },
      'no-docs': { type: 'boolean', default: false },
    },
  });
  const gguf = existsSync(values.gguf) ? values.gguf : null;
  const named = chosen(values.contenders, CONTENDERS);
  const contenders = named.filter((id) => id !== 'wllama' || gguf !== null);
  const whole = MEASURES.filter((id) => id !== ON_REQUEST || values.native);
  const measures = values.only === undefined ? whole : chosen(values.only, MEASURES);
  const isWhole = measures.length >= whole.length && contenders.length === CONTENDERS.length;
  return {
    json: values.json ?? null,
    runs: positive(values.runs),
    tokens: positive(values.tokens),
    soakRuns: positive(values.soak),
    model: values.package,
    gguf,
    measures,
    contenders,
    plain: values.plain,
    writesDocs: !values['no-docs'] && !values.plain && isWhole,
  };
}

/** Each name chooses itself and what belongs to it: `prefix` is `prefix.turn` and `prefix.matrix`. */
function chosen<T extends string>(list: string | undefined, all: readonly T[]): readonly T[] {
  if (list === undefined) return all;
  const names = list.split(',');
  const covers = (name: string, id: string) => id === name || id.startsWith(`${name}.`);
  const unknown = names.find((name) => !all.some((id) => covers(name, id)));
  if (unknown !== undefined) throw new Error(`${unknown} is none of ${all.join(', ')}`);
  return all.filter((id) => names.some((name) => covers(name, id)));
}

export function positive(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error(`not a positive whole number: ${text}`);
}
