/**
 * In their order; `wait` is where a server asks for a pause, or another tab is at work. Reading,
 * quantising and storing alternate, tensor by tensor.
 */
export const BUILD_PHASES = [
  'wait',
  'download',
  'verify',
  'read',
  'quantise',
  'store',
  'check',
] as const;
export type BuildPhase = (typeof BUILD_PHASES)[number];

export interface BuildProgress {
  readonly phase: BuildPhase;
  /** Of all that the phase, and those that alternate with it, have to do. */
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Null until there is something to reckon from. */
  readonly secondsLeft: number | null;
  readonly note?: BuildNote;
}

/**
 * What a person should know of how it goes: the server sends whole files, so that a cut begins them
 * anew; there is no room to keep the originals, so that they are neither kept nor hashed; another tab
 * does the work and this one looks on.
 */
export type BuildNote = 'whole-files' | 'streamed' | 'other-tab';
