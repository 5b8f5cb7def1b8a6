import type { Row, Sample } from './page/contract.ts';

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return ((low as number) + (high as number)) / 2;
}

/** Median of the rounds' own ratios: what slowed one round slowed both sides of it. */
export function ratio(above: readonly number[], below: readonly number[]): number {
  return median(above.map((value, round) => value / (below[round] as number)));
}

/** Of the time after the first token. */
export function tokensPerSecond({ decoded, decodeMs }: Sample): number {
  return (decoded * 1000) / decodeMs;
}

/** From the request to the last token of the last row, in milliseconds. */
export function wholeMs(rows: readonly Row[]): number {
  return Math.max(...rows.map(({ sample }) => sample.firstTokenMs + sample.decodeMs));
}

/** Tokens that all rows wrote over the whole time, their prompts' included. */
export function throughput(rows: readonly Row[]): number {
  const tokens = rows.reduce((sum, row) => sum + row.tokens, 0);
  return (tokens * 1000) / wholeMs(rows);
}

/** Values of each round by what they measure, for medians and ratios. */
export class Rounds {
  readonly #series = new Map<string, number[]>();

  note(name: string, value: number): void {
    const series = this.#series.get(name) ?? [];
    series.push(value);
    this.#series.set(name, series);
  }

  has(name: string): boolean {
    return this.#series.has(name);
  }

  median(name: string): number {
    return median(this.#of(name));
  }

  ratio(above: string, below: string): number {
    return ratio(this.#of(above), this.#of(below));
  }

  get raw(): Record<string, readonly number[]> {
    return Object.fromEntries(this.#series) as Record<string, readonly number[]>;
  }

  #of(name: string): readonly number[] {
    const series = this.#series.get(name);
    if (series === undefined) throw new Error(`nothing was noted of ${name}`);
    return series;
  }
}
