/** What the self-checks of all kinds of models share. */

/** Names of what can fail, as the screen tells of them. */
export const CHECKS = ['finite', 'repeat', 'cache', 'batch', 'gpu'] as const;
export type CheckName = (typeof CHECKS)[number];

/** Long enough to be several tokens in any vocabulary. */
export const SAMPLE = 'Había una vez un gorrión que vivía en el patio de una casa muy antigua.';

/** Integer products round each batch in their own way; beyond this share of the range it is no rounding. */
const TOLERANCE = 0.08;

/** Two vectors of scores that differ by rounding alone. */
export function agree(a: Float32Array, b: Float32Array): boolean {
  if (a.length !== b.length) return false;
  let range = 0;
  let worst = 0;
  for (const [index, value] of a.entries()) {
    range = Math.max(range, Math.abs(value));
    worst = Math.max(worst, Math.abs(value - (b[index] as number)));
  }
  return worst <= TOLERANCE * Math.max(range, 1);
}

export function allFinite(scores: Float32Array): boolean {
  return scores.every(Number.isFinite);
}
