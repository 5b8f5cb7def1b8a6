/** The worst difference, in units of the root mean square of what was expected. */
export function relativeError(found: Float32Array, expected: Float32Array): number {
  if (found.length !== expected.length) return Infinity;
  let squares = 0;
  let worst = 0;
  for (const [index, value] of expected.entries()) {
    squares += value * value;
    const difference = Math.abs((found[index] as number) - value);
    worst = difference > worst || Number.isNaN(difference) ? difference : worst;
  }
  return worst / Math.sqrt(squares / expected.length);
}

/** ‖found − expected‖ / ‖expected‖: less moved by a single value than the worst difference. */
export function meanError(found: Float32Array, expected: Float32Array): number {
  if (found.length !== expected.length) return Infinity;
  let squares = 0;
  let differences = 0;
  for (const [index, value] of expected.entries()) {
    squares += value * value;
    differences += ((found[index] as number) - value) ** 2;
  }
  return Math.sqrt(differences / squares);
}

export function joined(rows: readonly Float32Array[]): Float32Array {
  return Float32Array.from(rows.flatMap((row) => Array.from(row)));
}
