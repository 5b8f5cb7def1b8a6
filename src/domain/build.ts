/** In their order; reading, quantising and storing alternate, tensor by tensor. */
export const BUILD_PHASES = ['download', 'read', 'quantise', 'store', 'check'] as const;
export type BuildPhase = (typeof BUILD_PHASES)[number];

export interface BuildProgress {
  readonly phase: BuildPhase;
  /** Of all that the phase, and those that alternate with it, have to do. */
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Null until there is something to reckon from. */
  readonly secondsLeft: number | null;
}
