/** `adapter_config.json` as PEFT writes it: what is refused, and the scale of each module. */
import { refuse } from '../domain/failure';
import { isObject, shown } from './json-file';
import type { Json, JsonObject } from './json-file';
import { linearPattern } from './linear-pattern';

/** Initialisations that change the base weights too, so the file alone does not say the result. */
const BASE_CHANGING = /^(pissa|olora|corda|loftq)/;

/** Settings that, when given, make the update something else than `scale · B · A`. */
const OTHER_ARITHMETIC = [
  'lora_bias',
  'use_qalora',
  'use_bdlora',
  'layer_replication',
  'target_parameters',
  'trainable_token_indices',
  'alora_invocation_tokens',
  'arrow_config',
] as const;

/** What matching the patterns of one adapter may take, all together: far under a second. */
const MAX_PATTERN_WORK = 20_000_000;

export interface AdapterBase {
  /** Repository or folder of the model that was adapted, as the file names it. */
  readonly base: string | null;
  readonly revision: string | null;
  /** PEFT's name of the task, such as `CAUSAL_LM` or `SEQ_CLS`. */
  readonly task: string | null;
}

/** Which model an adapter is for. */
export function adapterBase(config: JsonObject): AdapterBase {
  const text = (key: string): string | null => {
    const value = config[key];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  return {
    base: text('base_model_name_or_path'),
    revision: text('revision'),
    task: text('task_type'),
  };
}

/** Refuses by name whatever is not plain LoRA. */
export function refuseVariations(config: JsonObject): void {
  const kind = config['peft_type'] ?? 'LORA';
  if (kind !== 'LORA') unsupported(`peft_type ${shown(kind)}`);
  if (config['use_dora'] === true) unsupported('DoRA');
  for (const trait of OTHER_ARITHMETIC) {
    const value = config[trait] ?? false;
    if (value !== false && !(Array.isArray(value) && value.length === 0)) unsupported(trait);
  }
  const bias = config['bias'] ?? 'none';
  if (bias !== 'none') unsupported(`bias ${shown(bias)}`);
  const init = config['init_lora_weights'];
  if (typeof init === 'string' && BASE_CHANGING.test(init)) {
    unsupported(`init_lora_weights ${shown(init)}`);
  }
}

/** The words of a list of names, or of one name alone. */
export function nameList(value: Json | undefined): readonly string[] {
  const list: readonly Json[] = Array.isArray(value) ? value : [value ?? null];
  return list.filter((name): name is string => typeof name === 'string');
}

/** The scale of an adapted module: `alpha / r`, or `alpha / √r` for rank-stabilised LoRA. */
export function scaling(config: JsonObject): (module: string, rank: number) => number {
  const budget = { work: MAX_PATTERN_WORK };
  const alphas = patternLookup(config['alpha_pattern'], budget);
  const ranks = patternLookup(config['rank_pattern'], budget);
  return (module, rank) => {
    const alpha = alphas(module) ?? config['lora_alpha'];
    const expected = ranks(module) ?? config['r'];
    if (expected !== rank) return damaged(`rank of ${module}`);
    if (typeof alpha !== 'number' || !Number.isFinite(alpha)) return damaged('lora_alpha');
    return config['use_rslora'] === true ? alpha / Math.sqrt(rank) : alpha / rank;
  };
}

interface Rule {
  readonly fits: (module: string) => boolean;
  readonly value: number;
}

/**
 * PEFT takes the first key that, as a regular expression, matches a module's name or its end after
 * a dot. Most keys are plain names; the others are matched in linear time, since one from a
 * stranger could otherwise take for ever.
 */
function patternLookup(
  pattern: Json | undefined,
  budget: { work: number },
): (module: string) => number | undefined {
  const rules: Rule[] = [];
  for (const [key, value] of Object.entries(isObject(pattern) ? pattern : {})) {
    if (typeof value !== 'number') return damaged(`pattern ${shown(key)}`);
    rules.push({ fits: plainName(key) ?? expression(key, budget), value });
  }
  return (module) => {
    spend(budget, rules.length);
    return rules.find(({ fits }) => fits(module))?.value;
  };
}

/** A name, perhaps with a leading `^` and escaped dots, or null for a real expression. */
function plainName(key: string): ((module: string) => boolean) | null {
  const plain = key.replaceAll('\\.', '.').replace(/^\^/, '').replace(/\$$/, '');
  if (!/^[\w.-]+$/.test(plain)) return null;
  const ending = `.${plain}`;
  return (module) => module === plain || (!key.startsWith('^') && module.endsWith(ending));
}

function expression(key: string, budget: { work: number }): (module: string) => boolean {
  const pattern = linearPattern(`(.*\\.)?(${key})$`);
  if (pattern === null) return unsupported(`pattern ${key.slice(0, 100)}`);
  spend(budget, pattern.steps);
  return (module) => {
    spend(budget, pattern.steps * (module.length + 1));
    return pattern.matches(module);
  };
}

function spend(budget: { work: number }, work: number): void {
  budget.work -= work;
  if (budget.work < 0) unsupported('rank_pattern, alpha_pattern');
}

function unsupported(detail: string): never {
  return refuse({ code: 'adapter-unsupported', detail });
}

function damaged(detail: string): never {
  return refuse({ code: 'checkpoint-damaged', file: 'adapter_config.json', detail });
}
