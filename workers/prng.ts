/**
 * Random numbers of one cell: the same seed gives the same text, whatever runs beside it.
 *
 * xoshiro128** 1.1 by David Blackman and Sebastiano Vigna ("Scrambled Linear Pseudorandom Number
 * Generators", ACM TOMS 2021), its state filled by splitmix64 as its authors advise.
 */
export interface Prng {
  /** Uniform in [0, 1), with 53 random bits. */
  uniform(): number;
}

export function createPrng(seed: number): Prng {
  const next = xoshiro128(stateOf(seed));
  // Two outputs make the 53 bits of a double, as in the reference code of the Mersenne Twister.
  return { uniform: () => ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53 };
}

/** Outputs are unsigned 32-bit integers; the state is four of them, not all zero. */
export function xoshiro128(state: readonly [number, number, number, number]): () => number {
  let [a, b, c, d] = state;
  return () => {
    const result = Math.imul(rotl(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotl(d, 11);
    return result;
  };
}

export function splitmix64(seed: bigint): () => bigint {
  let state = BigInt.asUintN(64, seed);
  return () => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let z = state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  };
}

function stateOf(seed: number): [number, number, number, number] {
  const next = splitmix64(BigInt(seed));
  const [first, second] = [next(), next()];
  return [low(first), high(first), low(second), high(second)];
}

const low = (value: bigint) => Number(value & 0xffffffffn);
const high = (value: bigint) => Number(value >> 32n);

function rotl(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}
