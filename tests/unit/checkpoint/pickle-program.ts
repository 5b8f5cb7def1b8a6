/** The operations of a pickle as bytes, to write by hand what no library would. */
const text = (value: string) => [...new TextEncoder().encode(value)];
const word = (value: number) => [
  value & 255,
  (value >> 8) & 255,
  (value >> 16) & 255,
  value >>> 24,
];

export const op = {
  start: [0x80, 2],
  stop: [0x2e],
  mark: [0x28],
  global: (module: string, name: string) => [0x63, ...text(`${module}\n${name}\n`)],
  stackGlobal: (module: string, name: string) => [...[op.word(module), op.word(name)].flat(), 0x93],
  instance: (module: string, name: string) => [0x69, ...text(`${module}\n${name}\n`)],
  word: (value: string) => [0x58, ...word(text(value).length), ...text(value)],
  number: (value: number) => [0x4a, ...word(value)],
  none: [0x4e],
  no: [0x89],
  list: [0x5d],
  append: [0x61],
  appends: [0x65],
  map: [0x7d],
  setItem: [0x73],
  tuple: [0x74],
  emptyTuple: [0x29],
  call: [0x52],
  build: [0x62],
  persistent: [0x51],
  put: (index: number) => [0x71, index],
  get: (index: number) => [0x68, index],
  duplicate: [0x32],
  pop: [0x30],
} as const;

export function program(...parts: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flat());
}

/** Of four float32 elements unless it is told otherwise. */
export function tensor(
  offset = 0,
  shape: readonly number[] = [2, 2],
  strides: readonly number[] = [2, 1],
  storage = { type: 'FloatStorage', key: '0', size: 4 },
): number[] {
  const sizes = (values: readonly number[]) => [op.mark, ...values.map(op.number), op.tuple].flat();
  return [
    op.global('torch._utils', '_rebuild_tensor_v2'),
    op.mark,
    ...[op.mark, op.word('storage'), op.global('torch', storage.type), op.word(storage.key)],
    ...[op.word('cpu'), op.number(storage.size), op.tuple, op.persistent],
    op.number(offset),
    sizes(shape),
    sizes(strides),
    op.no,
    ...[op.global('collections', 'OrderedDict'), op.emptyTuple, op.call],
    op.tuple,
    op.call,
  ].flat();
}

/** A state dictionary of one tensor. */
export function stateOf(...made: readonly number[]): Uint8Array {
  return program(op.start, op.map, op.word('w'), made, op.setItem, op.stop);
}
