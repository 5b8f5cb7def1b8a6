/** What the built app is made of, file by file. Listed by the build, never by hand. */

/**
 * When a file is fetched for later: `shell` with the app itself, `app` once nothing else is to be done,
 * the rest only where this machine uses it (`jspi` and `asyncify` are two builds of the GPU's runtime).
 */
export type Tier = 'shell' | 'app' | 'gpu' | 'jspi' | 'asyncify';

export interface AppFile {
  /** From the app's own folder; empty for the page itself, which hosts may call by different names. */
  readonly path: string;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
  readonly tier: Tier;
}

export const PAGE = '';
export const SCRIPT = 'sw.js';

const RUNTIME_OF: readonly (readonly [RegExp, Tier])[] = [
  [/\.jspi[.-][^/]*\.(js|mjs|wasm)$/u, 'jspi'],
  [/\.(asyncify|webgpu)[.-][^/]*\.(js|mjs|wasm)$/u, 'asyncify'],
  [/^models\/.*\/model_q4[^/]*$/u, 'gpu'],
  [/^models\/|\.(mjs|wasm)$/u, 'app'],
];

/** null for what only a host reads. */
export function tierOf(path: string): Tier | null {
  if (path === SCRIPT || path.startsWith('_') || path.startsWith('.')) return null;
  return RUNTIME_OF.find(([pattern]) => pattern.test(path))?.[1] ?? 'shell';
}

/** What this machine needs to work without a network. */
export function tiersFor(device: { readonly gpu: boolean; readonly jspi: boolean }): Tier[] {
  if (!device.gpu) return ['shell', 'app'];
  return ['shell', 'app', 'gpu', device.jspi ? 'jspi' : 'asyncify'];
}
