import {
  DEFAULT_PARAMS,
  type NumericParam,
  type ParamOverrides,
  type Params,
} from '../domain/params.ts';
import type { TaskSpec } from '../domain/task.ts';
import type { Messages } from '../i18n/index.ts';

/** Parameters that cut nothing are left out of the line. */
const NEUTRAL: Readonly<Partial<Record<NumericParam, number>>> = {
  topK: 0,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
};

const CHANCE: readonly NumericParam[] = ['topK', 'topP', 'minP'];

/** One line with everything that shapes the text: "T 0,8 · top-p 0,95 · semilla 42 · 120 tokens". */
export function paramsSummary(
  params: Params,
  t: Messages,
  spec: Pick<TaskSpec, 'generates' | 'params'>,
): string {
  if (spec.generates) return writingSummary(params, t, spec.params.includes('beams'));
  return spec.params.map((id) => valueText(id, params[id], t)).join(' · ') || t.params.open;
}

function writingSummary(params: Params, t: Messages, withBeams: boolean): string {
  const beams = withBeams && params.beams > 1;
  const greedy = params.temperature === 0 || beams;
  const parts = [
    ...(beams ? [valueText('beams', params.beams, t)] : []),
    ...(greedy && !beams ? [`${valueText('temperature', 0, t)} (${t.params.greedy})`] : []),
    ...(greedy ? [] : [valueText('temperature', params.temperature, t)]),
  ];
  for (const id of [...CHANCE, 'repetitionPenalty'] as const) {
    const idle = params[id] === NEUTRAL[id] || (greedy && CHANCE.includes(id));
    if (!idle) parts.push(valueText(id, params[id], t));
  }
  if (!greedy) parts.push(valueText('seed', params.seed, t));
  parts.push(valueText('maxTokens', params.maxTokens, t));
  if (params.stop.length > 0) parts.push(t.params.stopShort(params.stop.length));
  return parts.join(' · ');
}

export function valueText(id: NumericParam, value: number, t: Messages): string {
  if (id === 'maxTokens') return t.params.tokens(value);
  // A seed is a name, not an amount: no thousands separator.
  const shown = id === 'seed' ? String(value) : t.format.number(value);
  return `${t.params[id].short} ${shown}`;
}

export interface OverrideChip {
  readonly key: keyof Params;
  readonly label: string;
  readonly text: string;
}

/** The chips on a column's head: what it sets differently. */
export function overrideChips(overrides: ParamOverrides, t: Messages): OverrideChip[] {
  return (Object.keys(DEFAULT_PARAMS) as (keyof Params)[]).flatMap((key): OverrideChip[] => {
    if (key === 'stop') {
      if (overrides.stop === undefined) return [];
      return [{ key, label: t.params.stop, text: t.params.stopShort(overrides.stop.length) }];
    }
    const value = overrides[key];
    if (value === undefined) return [];
    return [{ key, label: t.params[key].label, text: valueText(key, value, t) }];
  });
}
