import { describe, expect, test } from 'vitest';
import { bytesSource } from '../../../src/checkpoint/byte-source';
import { openTorchFile } from '../../../src/checkpoint/torch-file';
import { failureOf } from './failure-of';
import { op, program, stateOf, tensor } from './pickle-program';
import { storedZip, torchZip } from './stored-zip';
import type { ZipPart } from './stored-zip';

const { signal } = new AbortController();
const FOUR = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);

const openBytes = (bytes: Uint8Array) => openTorchFile(bytesSource('m.bin', bytes), signal);
const open = (pickle: Uint8Array, storage = FOUR) => openBytes(torchZip(pickle, [storage]));

test('a file written by hand', async () => {
  const source = await open(stateOf(...tensor()));
  expect(await source.read('w', signal)).toEqual(Float32Array.of(1, 2, 3, 4));
});

describe('a pickle that asks for code is refused by the name it asks for', () => {
  const payload = [op.mark, op.word('echo'), op.tuple, op.call].flat();
  test.each([
    ['os.system', op.global('os', 'system')],
    ['posix.system', op.stackGlobal('posix', 'system')],
    ['builtins.eval', op.global('builtins', 'eval')],
    ['__builtin__.exec', op.instance('__builtin__', 'exec')],
    ['torch.storage._load_from_bytes', op.global('torch.storage', '_load_from_bytes')],
    ['torch._utils.__dict__', op.global('torch._utils', '__dict__')],
    ['__main__.toString', op.global('__main__', 'toString')],
    ['copyreg 7', [0x82, 7]],
  ])('%s', async (global, asked) => {
    const failure = await failureOf(open(program(op.start, asked, payload, op.stop)));
    expect(failure).toEqual({ code: 'checkpoint-executes', file: 'm.bin', global });
  });

  test('in a file without zip, before anything else is read', async () => {
    const bytes = program(op.global('os', 'system'), payload, op.stop);
    expect(await failureOf(openBytes(bytes))).toMatchObject({ global: 'os.system' });
  });

  test('with a name of any length', async () => {
    const failure = await failureOf(open(program(op.global('a', 'b'.repeat(9999)))));
    expect(failure.code === 'checkpoint-executes' && failure.global.length).toBe(120);
  });
});

const many = (count: number, ...ops: (readonly number[])[]): number[] =>
  Array.from({ length: count }, () => ops.flat()).flat();
const dictionaries = new Uint8Array(12_000_000).fill(0x7d);
const duplicates = new Uint8Array(20_000_000).fill(0x32);
duplicates.set([0x5d]);
const REBUILD = op.global('torch._tensor', '_rebuild_from_type_v2');
const wrap = [op.put(1), op.pop, op.mark, op.get(0), op.none, op.get(1), op.tuple].flat();
const nested = program(
  ...[op.start, REBUILD, op.put(0), op.pop, op.emptyTuple, many(90_000, wrap), op.put(1), op.pop],
  ...[op.get(0), op.get(1), op.call, op.stop],
);
const readAgain = [op.global('collections', 'OrderedDict'), op.mark, op.get(0), op.tuple, op.call];
const pairs = program(
  ...[op.start, op.list, op.put(0), op.mark, many(100_000, op.emptyTuple), op.appends, op.pop],
  ...[many(50_000, ...readAgain, op.pop), op.stop],
);
const oneList = [op.mark, op.emptyTuple, op.emptyTuple, op.tuple].flat();
const longList = program(
  ...[op.start, op.list, op.put(0), op.mark, many(100_000, oneList), op.appends, op.pop],
  ...[many(50_000, ...readAgain, op.pop), op.stop],
);

describe('a pickle made to hurt is refused within two seconds', () => {
  const STEPS = 'a pickle of too many steps';
  const SHORT = 'data.pkl is cut short';
  test.each([
    ['twelve million dictionaries', dictionaries, STEPS],
    ['a stack of twenty million', duplicates, STEPS],
    ['calls within calls', nested, 'a tensor of an unknown class'],
    ['a dictionary of no pairs', pairs, 'a dictionary of no pairs'],
    ['a long list read over and over', longList, STEPS],
    ['an integer of a megabyte', program([0x8b, 0, 0, 16, 0]), 'an integer of 1048576 bytes'],
    ['a text longer than the file', program(op.start, [0x58, 255, 255, 255, 127]), SHORT],
    ['a text of 2⁶⁴ bytes', program(op.start, [0x8d], many(8, [255])), SHORT],
    ['no end', program(op.start, op.map), SHORT],
    ['an empty stack', program(op.append, op.stop), 'an empty pickle stack'],
    ['a value below the mark', program(op.none, op.mark, op.append), 'an empty pickle stack'],
    ['a mark that is missing', program(op.tuple, op.stop), 'a pickle mark is missing'],
    ['a memo that is missing', program(op.get(3), op.stop), 'pickle memo 3'],
    [
      'items of a number',
      program(op.number(1), op.none, op.none, op.setItem),
      'a pickle sets items of no dictionary',
    ],
    ['items of no list', program(op.map, op.none, op.append), 'a pickle appends to no list'],
    [
      'a call of a number',
      program(op.number(1), op.emptyTuple, op.call),
      'a pickle calls what cannot be called',
    ],
    [
      'attributes of a number',
      program(op.number(1), op.none, op.build),
      'a pickle gives attributes to what has none',
    ],
    ['an operation nobody knows', program(op.start, [0xff]), 'pickle operation 0xff'],
    ['a protocol of the future', program([0x80, 9], op.none, op.stop), 'pickle protocol 9'],
    ['a number for an answer', program(op.start, op.number(1), op.stop), 'no tensors in it'],
  ])('%s', async (_, pickle, detail) => {
    const start = performance.now();
    const failure = await failureOf(open(pickle));
    expect(failure).toEqual({ code: 'checkpoint-damaged', file: 'm.bin', detail });
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});

const floats = (key: string, size: number) => ({ type: 'FloatStorage', key, size });

describe('a tensor that is not what it says', () => {
  test.each([
    ['past its storage', tensor(1)],
    ['far past its storage', tensor(0, [2, 2], [2 ** 30, 1])],
    ['larger than its storage', tensor(0, [3, 2])],
    ['huge from one element', tensor(0, [2 ** 30, 2], [0, 0])],
    ['of sizes beyond counting', tensor(0, many(8, [2 ** 30]), many(8, [0]))],
    ['of a negative size', tensor(0, [-2, 2])],
    ['of a negative stride', tensor(0, [2, 2], [-1, 1])],
    ['with fewer strides', tensor(0, [2, 2], [1])],
    ['of nine dimensions', tensor(0, many(9, [1]), many(9, [1]))],
    ['in a storage that is not there', tensor(0, [2, 2], [2, 1], floats('7', 4))],
  ])('%s', async (_, made) => {
    expect((await failureOf(open(stateOf(...made)))).code).toBe('checkpoint-damaged');
  });

  test('of a type that is not read', async () => {
    const made = tensor(0, [2], [1], { type: 'ComplexFloatStorage', key: '0', size: 2 });
    expect(await failureOf(open(stateOf(...made)))).toEqual({
      code: 'checkpoint-unsupported',
      what: 'dtype',
      detail: 'ComplexFloatStorage (m.bin)',
    });
  });
});

describe('a zip that is not what it says', () => {
  const pickle: ZipPart = { name: 'm/data.pkl', bytes: stateOf(...tensor()) };
  const data: ZipPart = { name: 'm/data/0', bytes: FOUR };
  const sound = storedZip([pickle, data]);

  test.each([
    ['cut short', sound.slice(0, -9)],
    ['without its end', sound.slice(0, sound.length >> 1)],
    ['two letters', sound.slice(0, 2)],
    ['no pickle', storedZip([data])],
    ['packed entries', storedZip([{ ...pickle, method: 8 }, data])],
    ['an entry past the end', storedZip([{ ...pickle, claimed: 2 ** 31 }, data])],
    ['a pickle of two gigabytes', storedZip([{ ...pickle, claimed: 2 ** 31 + 9 }, data])],
    ['an entry that begins elsewhere', storedZip([{ ...pickle, start: 5 }, data])],
    ['a storage that is missing', storedZip([pickle])],
    ['a storage cut short', storedZip([pickle, { ...data, bytes: FOUR.slice(4) }])],
  ])('%s', async (_, bytes) => {
    expect((await failureOf(openBytes(bytes))).code).toBe('checkpoint-damaged');
  });

  test('a storage past the end of the file', async () => {
    const source = await openBytes(storedZip([pickle, { ...data, claimed: 2 ** 30 }]));
    expect((await failureOf(source.read('w', signal))).code).toBe('checkpoint-damaged');
  });

  test('bytes the other way round', async () => {
    const order = { name: 'm/byteorder', bytes: new TextEncoder().encode('big') };
    const failure = await failureOf(openBytes(storedZip([pickle, data, order])));
    expect(failure).toMatchObject({ code: 'checkpoint-unsupported', what: 'byteorder' });
  });
});
