/** The stack, the memo and the bytes of one pickle while it is read, with their limits. */
import { refuse } from '../domain/failure';
import { PickleMap, PickleTuple } from './pickle-values';
import type { PickleValue, PickleWorld } from './pickle-values';

/**
 * What one pickle may do, in steps of about the same cost. A tensor takes some sixty, so this is
 * tens of thousands of tensors, and well under a second of work for a file made to be a bomb.
 */
const MAX_STEPS = 4_000_000;
/** A container costs memory that its one byte in the file does not. */
const CONTAINER_STEPS = 8;
/** PyTorch's magic number has ten bytes, and nothing else needs more than eight. */
const MAX_INTEGER_BYTES = 16;
const MAX_PROTOCOL = 5;

/** The bytes ended before the pickle did. */
export class CutShort extends Error {}

export class PickleMachine {
  readonly file: string;
  readonly world: PickleWorld;
  at: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #stack: PickleValue[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();
  readonly #text = new TextDecoder();
  #steps = 0;

  constructor(file: string, bytes: Uint8Array, start: number, world: PickleWorld) {
    this.file = file;
    this.world = world;
    this.at = start;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  damaged(detail: string): never {
    return refuse({ code: 'checkpoint-damaged', file: this.file, detail });
  }

  spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > MAX_STEPS) this.damaged('a pickle of too many steps');
  }

  // Bytes.

  #advance(count: number): number {
    const from = this.at;
    if (count > this.#bytes.byteLength - from) throw new CutShort();
    this.at = from + count;
    return from;
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }
  u16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }
  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }
  i32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }
  /** Lengths beyond what a file can have are as good as the end of the bytes. */
  u64(): number {
    return Number(this.#view.getBigUint64(this.#advance(8), true));
  }
  /** The one number that pickles write with its largest byte first. */
  f64(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  bytes(count: number): Uint8Array {
    const from = this.#advance(count);
    this.spend(CONTAINER_STEPS);
    return this.#bytes.subarray(from, from + count);
  }

  text(count: number): string {
    const from = this.#advance(count);
    return this.#text.decode(this.#bytes.subarray(from, from + count));
  }

  line(): string {
    const end = this.#bytes.indexOf(10, this.at);
    if (end < 0) throw new CutShort();
    const line = this.text(end - this.at);
    this.at += 1;
    return line;
  }

  /** A little-endian integer in two's complement; a number wherever it is exact. */
  integer(count: number): number | bigint {
    if (count > MAX_INTEGER_BYTES) this.damaged(`an integer of ${count} bytes`);
    let value = 0n;
    this.bytes(count).forEach((byte, i) => (value |= BigInt(byte) << BigInt(8 * i)));
    const signed = BigInt.asIntN(8 * count, value);
    const plain = Number(signed);
    return Number.isSafeInteger(plain) ? plain : signed;
  }

  protocol(): void {
    const version = this.u8();
    if (version > MAX_PROTOCOL) this.damaged(`pickle protocol ${version}`);
  }

  // Stack.

  push(value: PickleValue): void {
    this.#stack.push(value);
  }

  pop(): PickleValue {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) this.damaged('an empty pickle stack');
    return this.#stack.pop() as PickleValue;
  }

  top(): PickleValue {
    const value = this.pop();
    this.push(value);
    return value;
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  /** Drops a mark if one is on top, or else a value. */
  drop(): void {
    if (this.#marks.at(-1) === this.#stack.length) this.#marks.pop();
    else this.pop();
  }

  /** Everything above the last mark, which goes as well. */
  sinceMark(): PickleValue[] {
    const from = this.#marks.pop() ?? this.damaged('a pickle mark is missing');
    return this.#stack.splice(from);
  }

  // Memo.

  memoise(index = this.#memo.size): void {
    this.#memo.set(index, this.top());
  }

  recall(index: number): void {
    this.push(this.#memo.get(index) ?? this.#absent(index));
  }

  #absent(index: number): PickleValue {
    return this.#memo.has(index) ? null : this.damaged(`pickle memo ${index}`);
  }

  // Containers.

  list(items: PickleValue[]): void {
    this.spend(CONTAINER_STEPS);
    this.push(items);
  }

  tuple(items: readonly PickleValue[]): void {
    this.spend(CONTAINER_STEPS);
    this.push(new PickleTuple(items));
  }

  map(pairs: readonly PickleValue[]): void {
    this.spend(CONTAINER_STEPS);
    this.push(new PickleMap());
    this.assign(pairs);
  }

  /** Adds to the list on top of the stack. */
  append(items: readonly PickleValue[]): void {
    const list = this.top();
    if (!Array.isArray(list)) this.damaged('a pickle appends to no list');
    for (const item of items) list.push(item);
  }

  /** Keys and values by turns, into the dictionary on top of the stack. */
  assign(pairs: readonly PickleValue[]): void {
    const map = this.top();
    if (!(map instanceof PickleMap) || pairs.length % 2 !== 0) {
      this.damaged('a pickle sets items of no dictionary');
    }
    for (let i = 0; i < pairs.length; i += 2) {
      map.set(pairs[i] as PickleValue, pairs[i + 1] as PickleValue);
    }
  }
}
