/** How much one run of the graph takes in: rows that step together, and tokens of a prompt. */
import type { StatePort } from '../src/graph/architecture.ts';
import type { ModelNumbers } from '../src/graph/manifest.ts';
import type { GraphSession } from './session.ts';

/** Beyond this the product is bound by arithmetic, and each answer only gets slower. */
const MOST_ROWS = 8;
/** Of states, which a run holds three times over: as they came, as they leave, and on the way. */
const STATES_BUDGET_BYTES = 256 * 2 ** 20;
/** Steps that a row takes alone, so that there is something to compare with. */
const SOLO_STEPS = 3;
/** Steps of a number of rows before their pace is believed. */
const GROUP_STEPS = 6;

/**
 * Rows of this many tokens that fit in memory side by side; at least one.
 * @param largestBytes that one tensor may take
 */
export function rowsThatFit(
  states: readonly StatePort[],
  tokens: number,
  largestBytes = Infinity,
): number {
  const sizes = states.map((state) => bytesOf(state, tokens));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const inMemory = Math.floor(STATES_BUDGET_BYTES / bytes);
  const inOneTensor = Math.floor(largestBytes / Math.max(...sizes));
  return Math.max(1, Math.min(MOST_ROWS, inMemory, inOneTensor));
}

/** A model where it is loaded; `trainedContext` is its own, where less of it fits there. */
export interface PlacedNumbers extends ModelNumbers {
  readonly trainedContext?: number;
}

/** On a GPU a text is no longer than what one buffer holds of its keys. */
export function withinOneTensor(
  model: ModelNumbers,
  { largestTensorBytes = Infinity }: Pick<GraphSession, 'largestTensorBytes'>,
): PlacedNumbers {
  const context = tokensThatFit(model.states, largestTensorBytes);
  return context < model.context ? { ...model, context, trainedContext: model.context } : model;
}

/** How many tokens of one row a tensor of so many bytes holds, of the states that grow. */
function tokensThatFit(states: readonly StatePort[], largestBytes: number): number {
  const growing = states.filter(({ dims }) => dims.includes(null));
  return Math.min(...growing.map((state) => Math.floor(largestBytes / bytesOf(state, 1))));
}

/** Of one row, in float32. */
function bytesOf({ dims }: StatePort, tokens: number): number {
  const { BYTES_PER_ELEMENT: size } = Float32Array;
  return dims.reduce<number>((product, length) => product * (length ?? tokens), size);
}

/** The steps of one run of jobs, as they were measured. */
export class Pace {
  /** Milliseconds of the steps of so many rows. */
  readonly #steps = new Map<number, { count: number; shortest: number }>();

  /** The shortest counts: anything else that the machine does only makes a step longer. */
  measured(rows: number, ms: number): void {
    const { count, shortest } = this.#steps.get(rows) ?? { count: 0, shortest: Infinity };
    this.#steps.set(rows, { count: count + 1, shortest: Math.min(shortest, ms) });
  }

  /** How many of the rows that could step should do so in the next run. */
  rows(fitting: number): number {
    const solo = this.#steps.get(1);
    if (solo === undefined || solo.count < SOLO_STEPS) return 1;
    const group = this.#steps.get(fitting);
    if (group === undefined || group.count < GROUP_STEPS) return fitting;
    return group.shortest < fitting * solo.shortest ? fitting : 1;
  }
}

/** A run cannot be interrupted: with what else happens, a stop is heard within 200 ms. */
const LONGEST_READ_MS = 150;
/** Of a model whose speed is not known yet. */
const FIRST_TOKENS = 16;
/** Fewer would cost more than they give: weights are fetched from memory for each run. */
const FEWEST_TOKENS = 8;

/** How many tokens of a prompt the next run reads; one for a model, since its speed is. */
export class ReadingPace {
  #msPerToken: number | null = null;

  measured(tokens: number, ms: number): void {
    const latest = ms / tokens;
    this.#msPerToken = this.#msPerToken === null ? latest : (this.#msPerToken + latest) / 2;
  }

  /** @param most that the runtime may be given at once */
  tokens(most: number): number {
    if (this.#msPerToken === null) return Math.min(most, FIRST_TOKENS);
    const heard = Math.floor(LONGEST_READ_MS / this.#msPerToken);
    return Math.min(most, Math.max(FEWEST_TOKENS, heard));
  }
}
