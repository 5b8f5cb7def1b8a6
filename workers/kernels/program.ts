/** A graph made ready once, to be run many times. */
import { readsOf, writesOf, type MatrixRef, type Operation } from './operations.ts';
import { GraphIndex, type GraphFile } from './graph-file.ts';
import { needed, rewrite } from './rewrite.ts';
import type { Link, Placed, Step } from './link.ts';
import { layAttention, layGated, layLookUp, layProduct } from './steps-fused.ts';
import { MOVES, VIEWS } from './steps-moves.ts';
import { NUMBERS } from './steps-numbers.ts';
import { WHOLE } from './steps-whole.ts';
import { isUsual } from './usual.ts';

export interface Program {
  readonly file: GraphFile;
  readonly operations: readonly Operation[];
  /** Names of values that are of whole numbers. */
  readonly whole: ReadonlySet<string>;
  readonly slots: ReadonlyMap<string, number>;
  /** Inputs that take an adapter's matrices. */
  readonly ports: ReadonlySet<string>;
  /** Slots of the keys and values that attention leaves. */
  readonly presents: ReadonlySet<number>;
}

/** Either a program, or the operators that have no kernel. */
export type Compiled =
  | { readonly type: 'program'; readonly program: Program }
  | { readonly type: 'unsupported'; readonly operators: readonly string[] };

export function compile(file: GraphFile): Compiled {
  const operations = rewrite(file);
  const whole = wholeValues(file, operations);
  const index = new GraphIndex(file);
  const operators = operations.flatMap((operation) => strangers(operation, whole, index));
  if (operators.length > 0) return { type: 'unsupported', operators: [...new Set(operators)] };
  const names = [
    ...file.constants.keys(),
    ...file.inputs.map(({ name }) => name),
    ...operations.flatMap(writesOf),
  ];
  const slots = new Map([...new Set(names)].map((name, slot) => [name, slot] as const));
  const ports = new Set(operations.flatMap(portsOf));
  const presents = new Set(operations.flatMap(presentsOf).map((name) => slots.get(name) as number));
  const program = { file, operations, whole, slots, ports, presents };
  return { type: 'program', program };
}

function portsOf(operation: Operation): readonly string[] {
  if (operation.type !== 'product' || operation.port === null) return [];
  return [operation.port.a, operation.port.b];
}

function presentsOf(operation: Operation): readonly string[] {
  if (operation.type !== 'attention') return [];
  return [operation.present.key, operation.present.value];
}

function wholeValues(file: GraphFile, operations: readonly Operation[]): ReadonlySet<string> {
  const whole = new Set(file.inputs.filter(({ isWhole }) => isWhole).map(({ name }) => name));
  for (const { name, element } of file.constants.values()) {
    if (element === 'int64' || element === 'int32') whole.add(name);
  }
  for (const operation of operations) {
    if (operation.type !== 'plain') continue;
    const { type, inputs, outputs } = operation.node;
    if (type === 'Shape' || whole.has(inputs[0] ?? '')) whole.add(outputs[0] ?? '');
  }
  return whole;
}

/** What of an operation cannot be done here. */
function strangers(
  operation: Operation,
  whole: ReadonlySet<string>,
  index: GraphIndex,
): readonly string[] {
  if (operation.type !== 'plain') return [];
  const { node } = operation;
  const table = whole.has(node.outputs[0] ?? '') ? [WHOLE] : [VIEWS, MOVES, NUMBERS];
  const isKnown = table.some((operators) => Object.hasOwn(operators, node.type));
  // Weights in 8 bits are for products and tables alone.
  const isNarrow = node.inputs.some((name) => {
    const element = index.constant(name)?.element;
    return element === 'int8' || element === 'uint8';
  });
  return isKnown && !isNarrow && isUsual(node, index) ? [] : [node.type];
}

/** A plan for some outputs: what has to run, and which values share memory. */
export interface Plan {
  readonly steps: readonly Step[];
  /** Of each slot, the room that its step writes to. */
  readonly roomOf: readonly number[];
}

export function planFor(program: Program, placed: Placed, outputs: readonly string[]): Plan {
  const { operations, slots } = program;
  const link: Link = {
    placed,
    slot: (name) => {
      const slot = slots.get(name);
      if (slot === undefined) throw new RangeError(`no value is called ${name}`);
      return slot;
    },
  };
  const steps = needed(operations, outputs).map((operation) => layStep(operation, program, link));
  return { steps, roomOf: shareRooms(steps, slots.size, outputs.map(link.slot)) };
}

function layStep(operation: Operation, { whole, slots }: Program, link: Link): Step {
  const known = (names: readonly string[]) =>
    names.map((name) => slots.get(name)).filter((slot) => slot !== undefined);
  const [reads, writes] = [known(readsOf(operation)), known(writesOf(operation))];
  return { reads, writes, ...runOf(operation, whole, link) };
}

function runOf(
  operation: Operation,
  whole: ReadonlySet<string>,
  link: Link,
): Pick<Step, 'isView' | 'run'> {
  switch (operation.type) {
    case 'product':
      return { isView: false, run: layProduct(operation, link) };
    case 'look-up':
      return { isView: false, run: layLookUp(operation, link) };
    case 'gated':
      return { isView: false, run: layGated(operation, link) };
    case 'attention':
      return { isView: false, run: layAttention(operation, link) };
    case 'plain': {
      const { node } = operation;
      const isWhole = whole.has(node.outputs[0] ?? '');
      const lay = isWhole
        ? WHOLE[node.type]
        : (VIEWS[node.type] ?? MOVES[node.type] ?? NUMBERS[node.type]);
      if (lay === undefined) throw new RangeError(`no kernel for ${node.type}`);
      return { isView: !isWhole && node.type in VIEWS, run: lay(node, link) };
    }
  }
}

/**
 * A room is free again after the last step that reads what lies in it, or a view of it. A step's
 * outputs never lie in a room that it reads from.
 */
function shareRooms(steps: readonly Step[], slotCount: number, kept: readonly number[]): number[] {
  const origin = Array.from({ length: slotCount }, (_, slot) => slot);
  const lastRead = new Array<number>(slotCount).fill(-1);
  for (const [at, { reads, writes, isView }] of steps.entries()) {
    if (isView) origin[writes[0] as number] = origin[reads[0] as number] as number;
    for (const slot of [...reads, ...writes]) lastRead[origin[slot] as number] = at;
  }
  for (const slot of kept) lastRead[origin[slot] as number] = steps.length;
  return assignRooms(steps, slotCount, lastRead);
}

function assignRooms(
  steps: readonly Step[],
  slotCount: number,
  lastRead: readonly number[],
): number[] {
  const roomOf = new Array<number>(slotCount).fill(0);
  const free: number[] = [];
  let rooms = 0;
  let taken: number[] = [];
  for (const [at, { writes, isView }] of steps.entries()) {
    if (!isView) {
      for (const slot of writes) {
        roomOf[slot] = free.pop() ?? rooms++;
        taken.push(slot);
      }
    }
    free.push(
      ...taken.filter((slot) => lastRead[slot] === at).map((slot) => roomOf[slot] as number),
    );
    taken = taken.filter((slot) => lastRead[slot] !== at);
  }
  return roomOf;
}

/** Weights by the way they are used: matrices of products and tables, and all the rest. */
export function matricesOf({ operations }: Program): MatrixRef[] {
  const matrices = new Map<string, MatrixRef>();
  for (const operation of operations) {
    if (operation.type !== 'product' && operation.type !== 'look-up') continue;
    matrices.set(operation.matrix.values, operation.matrix);
  }
  return [...matrices.values()];
}

/** Names of float32 constants that steps read as they are. */
export function valuesOf({ operations, file }: Program): Set<string> {
  const names = operations.flatMap(readsOf);
  return new Set(names.filter((name) => file.constants.get(name)?.element === 'float32'));
}
