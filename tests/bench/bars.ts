/** What each figure is called, what it is held to and how it is written. */
export type Unit = '×' | ' ms' | ' tokens/s';

export interface Line {
  readonly key: string;
  readonly name: string;
  readonly unit: Unit;
  readonly bar?: { readonly relation: '≥' | '≤' | '<'; readonly value: number };
}

const atLeast = (value: number) => ({ relation: '≥', value }) as const;
const atMost = (value: number) => ({ relation: '≤', value }) as const;

export const LINES: readonly Line[] = [
  { key: 'patio/bare', name: 'one row: Patio / bare loop', unit: '×', bar: atLeast(0.9) },
  {
    key: 'patio/transformers',
    name: 'one row: Patio / transformers.js `generate`',
    unit: '×',
    bar: atLeast(2.5),
  },
  { key: 'patio/wllama', name: 'one row: Patio / wllama', unit: '×', bar: atLeast(1.5) },
  {
    key: 'patio/wllama.batch.8',
    name: '8 rows: Patio / wllama in its parallel slots',
    unit: '×',
    bar: atLeast(2),
  },
  { key: 'batch.2', name: 'batch.2: 2 rows / one', unit: '×' },
  { key: 'batch.4', name: 'batch.4: 4 rows / one', unit: '×', bar: atLeast(2) },
  { key: 'batch.8', name: 'batch.8: 8 rows / one', unit: '×', bar: atLeast(2.5) },
  { key: 'prefix.turn', name: 'prefix.turn: second turn / alone', unit: '×', bar: atMost(1.3) },
  {
    key: 'prefix.matrix',
    name: 'prefix.matrix: shared beginning / none',
    unit: '×',
    bar: atMost(0.35),
  },
  { key: 'context', name: 'context: speed at 1,000 / at 64', unit: '×', bar: atLeast(0.7) },
  { key: 'cold', name: 'cold: Patio / transformers.js', unit: '×', bar: atMost(0.5) },
  { key: 'load.memory', name: 'load.memory: peak / package', unit: '×', bar: atMost(1.3) },
  { key: 'soak.memory', name: 'soak.memory: at the end / settled', unit: '×', bar: atMost(1.1) },
  {
    key: 'swap.patio',
    name: 'adapter swap, first use',
    unit: ' ms',
    bar: { relation: '<', value: 100 },
  },
  { key: 'swap.patio.max', name: 'adapter swap, first use, slowest', unit: ' ms' },
  { key: 'swap.patio.again', name: 'adapter swap, used before', unit: ' ms' },
  { key: 'cold.patio', name: 'page open to first token, Patio', unit: ' ms' },
  { key: 'cold.transformers', name: 'page open to first token, transformers.js', unit: ' ms' },
  {
    key: 'load.memory.transformers',
    name: 'peak while loading / package, transformers.js',
    unit: '×',
  },
  { key: 'sampled.patio/transformers', name: 'sampled: Patio / transformers.js', unit: '×' },
  { key: 'sampled.patio/wllama', name: 'sampled: Patio / wllama', unit: '×' },
  {
    key: 'bare/transformers',
    name: 'bare loop / transformers.js: what a loop alone can gain',
    unit: '×',
  },
  { key: 'throughput.patio.1', name: 'Patio, one row', unit: ' tokens/s' },
  { key: 'throughput.patio.8', name: 'Patio, 8 rows', unit: ' tokens/s' },
  { key: 'wllama.batch.2', name: 'wllama: 2 rows / one', unit: '×' },
  { key: 'wllama.batch.4', name: 'wllama: 4 rows / one', unit: '×' },
  { key: 'wllama.batch.8', name: 'wllama: 8 rows / one', unit: '×' },
  { key: 'patio/wllama.batch.4', name: '4 rows: Patio / wllama', unit: '×' },
  { key: 'wllama.prefix.turn', name: 'wllama: second turn / alone', unit: '×' },
  { key: 'wllama/patio.turn', name: 'second turn, time to first token: wllama / Patio', unit: '×' },
  { key: 'wllama.prefix.matrix', name: 'wllama: shared beginning / none', unit: '×' },
  { key: 'wllama/patio.matrix', name: 'shared beginning, time: wllama / Patio', unit: '×' },
  { key: 'wllama.context', name: 'wllama: speed at 1,000 / at 64', unit: '×' },
  { key: 'patio/wllama.long', name: 'speed at 1,000 tokens: Patio / wllama', unit: '×' },
  { key: 'decode.native', name: 'bare loop outside the browser', unit: ' tokens/s' },
  { key: 'bare/native', name: 'bare loop in the browser / outside', unit: '×' },
];

export function verdictOf({ bar }: Line, value: number): 'met' | 'missed' | '' {
  if (bar === undefined) return '';
  const { relation } = bar;
  const holds =
    relation === '≥'
      ? value >= bar.value
      : relation === '≤'
        ? value <= bar.value
        : value < bar.value;
  return holds ? 'met' : 'missed';
}
