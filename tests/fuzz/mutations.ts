/** What chance and malice do to a file. */
import fc from 'fast-check';

export type Mutate = (bytes: Uint8Array) => Uint8Array;

/** Sizes and places that readers get wrong. */
const TRAPS = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** A place in a file of any size: as a part of it. */
const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

function at(bytes: Uint8Array, part: number): number {
  return Math.floor(part * bytes.length);
}

function spliced(bytes: Uint8Array, from: number, lost: number, added: Uint8Array): Uint8Array {
  const rest = bytes.subarray(from + lost);
  const changed = new Uint8Array(from + added.length + rest.length);
  changed.set(bytes.subarray(0, from));
  changed.set(added, from);
  changed.set(rest, from + added.length);
  return changed;
}

const overwrite = fc
  .tuple(place, fc.uint8Array({ minLength: 1, maxLength: 4 }))
  .map(([part, patch]): Mutate => (bytes) => {
    const changed = bytes.slice();
    changed.set(patch.subarray(0, bytes.length - at(bytes, part)), at(bytes, part));
    return changed;
  });

const trap = fc
  .tuple(place, fc.constantFrom(...TRAPS), fc.constantFrom(1, 2, 4, 8))
  .map(([part, value, width]): Mutate => {
    const patch = new Uint8Array(8);
    new DataView(patch.buffer).setUint32(0, value, true);
    return (bytes) => {
      const changed = bytes.slice();
      const start = at(bytes, part);
      changed.set(patch.subarray(0, Math.min(width, bytes.length - start)), start);
      return changed;
    };
  });

const cut = place.map(
  (part): Mutate =>
    (bytes) =>
      bytes.slice(0, at(bytes, part)),
);

const insert = fc.tuple(place, fc.uint8Array({ maxLength: 40 })).map(
  ([part, added]): Mutate =>
    (bytes) =>
      spliced(bytes, at(bytes, part), 0, added),
);

/** One stretch of the file over another: a piece repeated, lost or in the wrong place. */
const transplant = fc
  .tuple(place, place, fc.integer({ min: 1, max: 64 }))
  .map(([from, to, length]): Mutate => (bytes) => {
    const changed = bytes.slice();
    changed.copyWithin(at(bytes, to), at(bytes, from), at(bytes, from) + length);
    return changed;
  });

const remove = fc.tuple(place, fc.integer({ min: 1, max: 64 })).map(
  ([part, length]): Mutate =>
    (bytes) =>
      spliced(bytes, at(bytes, part), length, new Uint8Array(0)),
);

/** A digit of a text for another, which keeps it a text. */
const digit = fc
  .tuple(place, fc.integer({ min: 0x30, max: 0x39 }))
  .map(([part, value]): Mutate => (bytes) => {
    const changed = bytes.slice();
    const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39;
    const found = changed.subarray(at(bytes, part)).findIndex(isDigit);
    if (found >= 0) changed[at(bytes, part) + found] = value;
    return changed;
  });

function sequence(mutations: readonly Mutate[]): Mutate {
  return (bytes) => mutations.reduce((changed, mutate) => mutate(changed), bytes);
}

export const byteMutation: fc.Arbitrary<Mutate> = fc
  .array(fc.oneof(overwrite, trap, cut, insert, transplant, remove, digit), {
    minLength: 1,
    maxLength: 4,
  })
  .map(sequence);

/** A word that becomes brackets within brackets, which no object in memory could be written from. */
const DEEP = '@deep@';
const depths = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;

/** A key of any name, `__proto__` included, is then a key and nothing else. */
const PLAIN = { enumerable: true, configurable: true, writable: true } as const;

const strange: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, '', '__proto__', DEEP, [], {}, [[]], [null]),
  fc.constantFrom<unknown>(0, -1, 0.5, 1, 2 ** 31, 2 ** 53, 1e308, -1e308, 1e-320),
  fc.constantFrom<unknown>({ toString: 1, valueOf: 1 }, { length: 9 }, [{ toString: null }]),
  fc.constantFrom<unknown>('x'.repeat(5_000), '(a+)+$', '../../x', '\u0000', '\ud800'),
  fc.jsonValue({ maxDepth: 2 }),
);

type Change = readonly [part: number, value: unknown];

/** Values somewhere in a JSON text for others, or lost; other texts stay as they are. */
export const jsonMutation: fc.Arbitrary<Mutate> = fc
  .array(fc.tuple(place, fc.option(strange, { freq: 8, nil: undefined })), {
    minLength: 1,
    maxLength: 3,
  })
  .map(
    (changes): Mutate =>
      (bytes) =>
        replaceValues(bytes, changes),
  );

function replaceValues(bytes: Uint8Array, changes: readonly Change[]): Uint8Array {
  const root: unknown = JSON.parse(new TextDecoder().decode(bytes));
  for (const [part, value] of changes) replaceValue(root, part, value);
  return new TextEncoder().encode(JSON.stringify(root).replaceAll(`"${DEEP}"`, depths));
}

function replaceValue(root: unknown, part: number, value: unknown): void {
  const owners = containersOf(root).flatMap((owner) =>
    Object.keys(owner).map((key) => [owner, key] as const),
  );
  const chosen = owners[Math.floor(part * owners.length)];
  if (chosen === undefined) return;
  const [owner, key] = chosen;
  if (value === undefined) Reflect.deleteProperty(owner, key);
  else Object.defineProperty(owner, key, { value: structuredClone(value), ...PLAIN });
}

function containersOf(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value, ...Object.values(value).flatMap(containersOf)];
}
