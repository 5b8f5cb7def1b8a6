/**
 * Python's pickle, protocols 2 to 5, read as data. A pickle is a program for a small stack machine
 * whose globals may name any function of the reader's machine; here a global is a name looked up in
 * a table of our own, and a name that is not in it ends the reading. Nothing of the file is ever run.
 */
import { refuse } from '../domain/failure';
import { CutShort, PickleMachine } from './pickle-machine';
import { Callable, PickleMap, PickleTuple } from './pickle-values';
import type { PickleValue, PickleWorld } from './pickle-values';

export interface ReadPickle {
  readonly value: PickleValue;
  /** Where the bytes after the pickle begin. */
  readonly end: number;
}

type Step = (machine: PickleMachine) => void;

const STOP = 0x2e;

/** By operation code; the names of the reference beside each. */
const STEPS: readonly (Step | undefined)[] = tableOf({
  0x80: (m) => m.protocol(), // PROTO
  0x95: (m) => void m.u64(), // FRAME
  0x28: (m) => m.mark(), // MARK
  0x30: (m) => m.drop(), // POP
  0x31: (m) => void m.sinceMark(), // POP_MARK
  0x32: (m) => m.push(m.top()), // DUP

  0x4e: (m) => m.push(null), // NONE
  0x88: (m) => m.push(true), // NEWTRUE
  0x89: (m) => m.push(false), // NEWFALSE
  0x4a: (m) => m.push(m.i32()), // BININT
  0x4b: (m) => m.push(m.u8()), // BININT1
  0x4d: (m) => m.push(m.u16()), // BININT2
  0x8a: (m) => m.push(m.integer(m.u8())), // LONG1
  0x8b: (m) => m.push(m.integer(m.u32())), // LONG4
  0x47: (m) => m.push(m.f64()), // BINFLOAT
  0x58: (m) => m.push(m.text(m.u32())), // BINUNICODE
  0x8c: (m) => m.push(m.text(m.u8())), // SHORT_BINUNICODE
  0x8d: (m) => m.push(m.text(m.u64())), // BINUNICODE8
  0x54: (m) => m.push(m.text(m.u32())), // BINSTRING, of Python 2
  0x55: (m) => m.push(m.text(m.u8())), // SHORT_BINSTRING
  0x42: (m) => m.push(m.bytes(m.u32())), // BINBYTES
  0x43: (m) => m.push(m.bytes(m.u8())), // SHORT_BINBYTES
  0x8e: (m) => m.push(m.bytes(m.u64())), // BINBYTES8
  0x96: (m) => m.push(m.bytes(m.u64())), // BYTEARRAY8

  0x5d: (m) => m.list([]), // EMPTY_LIST
  0x6c: (m) => m.list(m.sinceMark()), // LIST
  0x8f: (m) => m.list([]), // EMPTY_SET
  0x91: (m) => m.list(m.sinceMark()), // FROZENSET
  0x61: (m) => appendOne(m), // APPEND
  0x65: (m) => m.append(m.sinceMark()), // APPENDS
  0x90: (m) => m.append(m.sinceMark()), // ADDITEMS
  0x29: (m) => m.tuple([]), // EMPTY_TUPLE
  0x74: (m) => m.tuple(m.sinceMark()), // TUPLE
  0x85: (m) => tupleOf(m, 1), // TUPLE1
  0x86: (m) => tupleOf(m, 2), // TUPLE2
  0x87: (m) => tupleOf(m, 3), // TUPLE3
  0x7d: (m) => m.map([]), // EMPTY_DICT
  0x64: (m) => m.map(m.sinceMark()), // DICT
  0x73: (m) => assignOne(m), // SETITEM
  0x75: (m) => m.assign(m.sinceMark()), // SETITEMS

  0x71: (m) => m.memoise(m.u8()), // BINPUT
  0x72: (m) => m.memoise(m.u32()), // LONG_BINPUT
  0x94: (m) => m.memoise(), // MEMOIZE
  0x68: (m) => m.recall(m.u8()), // BINGET
  0x6a: (m) => m.recall(m.u32()), // LONG_BINGET

  0x63: (m) => m.push(lookUp(m, m.line(), m.line())), // GLOBAL
  0x69: (m) => refuseInstance(m, m.line(), m.line()), // INST
  0x93: (m) => globalFromStack(m), // STACK_GLOBAL
  0x82: (m) => refuseExtension(m, m.u8()), // EXT1
  0x83: (m) => refuseExtension(m, m.u16()), // EXT2
  0x84: (m) => refuseExtension(m, m.u32()), // EXT4
  0x52: (m) => callFromStack(m), // REDUCE
  0x81: (m) => callFromStack(m), // NEWOBJ
  0x62: (m) => ignoreState(m), // BUILD
  0x51: (m) => m.push(m.world.persistent(m.pop())), // BINPERSID
});

/**
 * Reads the pickle that begins at `start`. Null when the bytes end before it does. Refuses a global
 * that `world` does not know (`checkpoint-executes`, with its name) and a pickle that is damaged or
 * asks for more steps than any checkpoint's.
 */
export function readPickle(
  file: string,
  bytes: Uint8Array,
  start: number,
  world: PickleWorld,
): ReadPickle | null {
  const machine = new PickleMachine(file, bytes, start, world);
  try {
    for (let code = machine.u8(); code !== STOP; code = machine.u8()) take(machine, code);
  } catch (error) {
    if (error instanceof CutShort) return null;
    throw error;
  }
  return { value: machine.pop(), end: machine.at };
}

function take(machine: PickleMachine, code: number): void {
  machine.spend(1);
  const step = STEPS[code] ?? machine.damaged(`pickle operation 0x${code.toString(16)}`);
  step(machine);
}

function tableOf(steps: Readonly<Record<number, Step>>): (Step | undefined)[] {
  return Array.from({ length: 256 }, (_, code) => steps[code]);
}

function appendOne(machine: PickleMachine): void {
  const item = machine.pop();
  machine.append([item]);
}

function assignOne(machine: PickleMachine): void {
  const value = machine.pop();
  const key = machine.pop();
  machine.assign([key, value]);
}

function tupleOf(machine: PickleMachine, count: number): void {
  const items = Array.from({ length: count }, () => machine.pop());
  machine.tuple(items.reverse());
}

function globalFromStack(machine: PickleMachine): void {
  const name = machine.pop();
  const module = machine.pop();
  if (typeof name !== 'string' || typeof module !== 'string') {
    machine.damaged('a pickle global without a name');
  }
  machine.push(lookUp(machine, module, name));
}

function lookUp(machine: PickleMachine, module: string, name: string): PickleValue {
  const known = machine.world.global(module, name);
  return known === undefined ? refuseGlobal(machine, `${module}.${name}`) : known;
}

function refuseExtension(machine: PickleMachine, code: number): never {
  return refuseGlobal(machine, `copyreg ${code}`);
}

/** Only protocols before 2 make instances this way: it is seen in hostile files alone. */
function refuseInstance(machine: PickleMachine, module: string, name: string): never {
  return refuseGlobal(machine, `${module}.${name}`);
}

/** Names of a hostile file can be of any length; what a person reads cannot. */
function refuseGlobal(machine: PickleMachine, name: string): never {
  return refuse({ code: 'checkpoint-executes', file: machine.file, global: name.slice(0, 120) });
}

function callFromStack(machine: PickleMachine): void {
  const args = machine.pop();
  const callable = machine.pop();
  if (!(callable instanceof Callable) || !(args instanceof PickleTuple)) {
    machine.damaged('a pickle calls what cannot be called');
  }
  for (const item of args.items) machine.spend(Array.isArray(item) ? item.length : 1);
  machine.push(callable.call(args.items));
}

/**
 * Attributes given to an object after it was made. A state dictionary carries its version numbers
 * this way, and none change a tensor.
 */
function ignoreState(machine: PickleMachine): void {
  machine.pop();
  const target = machine.top();
  if (target instanceof Callable || typeof target !== 'object' || target === null) {
    machine.damaged('a pickle gives attributes to what has none');
  }
}

/** The entries of a dictionary whose keys are text. */
export function namedEntries(value: PickleValue): [string, PickleValue][] {
  if (!(value instanceof PickleMap)) return [];
  return [...value].filter((entry): entry is [string, PickleValue] => typeof entry[0] === 'string');
}
