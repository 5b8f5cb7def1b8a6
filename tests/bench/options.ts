import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { ContenderId } from './page/contract.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Built pages and the GGUF file; git knows nothing of it. */
export const CACHE = `${ROOT}node_modules/.cache/patio-bench/`;
const GGUF = `${CACHE}gorrion-q8_0.gguf`;
export const GGUF_COMMAND =
  'cd training && python -m gorrion.gguf --checkpoint checkpoints/gorrion --out ../node_modules/.cache/patio-bench/gorrion-q8_0.gguf';

export const CONTENDERS: readonly ContenderId[] = ['patio', 'bare', 'transformers', 'wllama'];

export interface Options {
  readonly json: string | null;
  /** Rounds; each contender generates once in each. */
  readonly runs: number;
  readonly tokens: number;
  /** Folder of the package. */
  readonly model: string;
  readonly gguf: string | null;
  readonly contenders: readonly ContenderId[];
  /** Serve as a host without isolation headers: one thread for all. */
  readonly plain: boolean;
  /** Whether the table of the docs is renewed: only by a whole run. */
  readonly writesDocs: boolean;
}

export function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      json: { type: 'string' },
      runs: { type: 'string', default: '7' },
      tokens: { type: 'string', default: '128' },
      package: { type: 'string', default: `${ROOT}public/models/gorrion` },
      gguf: { type: 'string', default: GGUF },
      only: { type: 'string' },
      plain: { type: 'boolean', default: false },
      'no-docs': { type: 'boolean', default: false },
    },
  });
  const gguf = existsSync(values.gguf) ? values.gguf : null;
  const wanted = values.only?.split(',') ?? CONTENDERS;
  const contenders = CONTENDERS.filter(
    (id) => wanted.includes(id) && (id !== 'wllama' || gguf !== null),
  );
  return {
    json: values.json ?? null,
    runs: positive(values.runs),
    tokens: positive(values.tokens),
    model: values.package,
    gguf,
    contenders,
    plain: values.plain,
    writesDocs: !values['no-docs'] && !values.plain && contenders.length === CONTENDERS.length,
  };
}

function positive(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error(`not a positive whole number: ${text}`);
}
