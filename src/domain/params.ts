/**
 * Parameters of generation as data: the interface loops over this table, the types are derived from
 * it, and an imported file is held against its limits.
 *
 * Order in which the sampler applies them: repetition penalty, temperature, top-k, top-p, min-p
 * (the order of Hugging Face transformers, `generation/utils.py`).
 */
export const NUMERIC_PARAMS = {
  /** 0 means greedy: always the most probable token. */
  temperature: { min: 0, max: 2, step: 0.05, initial: 0.8 },
  /** 0 means no cut. */
  topK: { min: 0, max: 200, step: 1, initial: 40 },
  /** 1 means no cut. Nucleus sampling, Holtzman et al. 2019. */
  topP: { min: 0.05, max: 1, step: 0.05, initial: 0.95 },
  /** 0 means no cut. Nguyen et al. 2024. */
  minP: { min: 0, max: 0.5, step: 0.01, initial: 0 },
  /** 1 means none. Keskar et al. 2019. */
  repetitionPenalty: { min: 1, max: 2, step: 0.05, initial: 1.1 },
  /** Tokens. */
  maxTokens: { min: 1, max: 1024, step: 1, initial: 120 },
  seed: { min: 0, max: 4294967295, step: 1, initial: 42 },
  /** Sequences kept side by side while an encoder–decoder writes; 1 means none, and chance counts. */
  beams: { min: 1, max: 4, step: 1, initial: 1 },
  /** Score from which a label is taken to hold. */
  threshold: { min: 0, max: 1, step: 0.01, initial: 0.5 },
  /** Words proposed for each blank. */
  proposals: { min: 1, max: 20, step: 1, initial: 5 },
} as const;

export type NumericParam = keyof typeof NUMERIC_PARAMS;
export const NUMERIC_PARAM_IDS = Object.keys(NUMERIC_PARAMS) as readonly NumericParam[];

export type Params = { readonly [P in NumericParam]: number } & {
  /** Generation ends before the first of these that appears. */
  readonly stop: readonly string[];
};

/** What one column sets differently from the experiment. */
export type ParamOverrides = Partial<Params>;

export const MAX_STOP_STRINGS = 8;

export const DEFAULT_PARAMS: Params = {
  ...(Object.fromEntries(NUMERIC_PARAM_IDS.map((id) => [id, NUMERIC_PARAMS[id].initial])) as Record<
    NumericParam,
    number
  >),
  stop: [],
};

const INTEGERS: ReadonlySet<NumericParam> = new Set(
  NUMERIC_PARAM_IDS.filter((id) => NUMERIC_PARAMS[id].step === 1),
);

/** Nearest legal value; `initial` for what is not a number. */
export function clampParam(id: NumericParam, value: number): number {
  const { min, max, initial } = NUMERIC_PARAMS[id];
  if (!Number.isFinite(value)) return initial;
  const bounded = Math.min(max, Math.max(min, value));
  return INTEGERS.has(id) ? Math.round(bounded) : bounded;
}

export function withOverrides(params: Params, overrides: ParamOverrides): Params {
  return { ...params, ...overrides };
}

/** Overrides that really differ from the experiment's parameters. */
export function effectiveOverrides(params: Params, overrides: ParamOverrides): ParamOverrides {
  const entries = Object.entries(overrides).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(params[key as keyof Params]),
  );
  return Object.fromEntries(entries);
}

/** Two sets that an engine may run as one batch: all equal but the seed, which is each row's own. */
export function sameBatchParams(a: Params, b: Params): boolean {
  return JSON.stringify({ ...a, seed: 0 }) === JSON.stringify({ ...b, seed: 0 });
}
