/** A mirror with one model, behind a server that misbehaves. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { startBadProxy, type BadProxy, type Mischief } from '../../support/bad-proxy.ts';
import { startMirror } from '../../support/mirror.ts';

export interface BadMirror extends BadProxy {
  /** Bytes of the files that a build downloads. */
  readonly bytes: number;
}

/** As fast as a good network, four connections together, and slower than a disk. */
export const STEADY: Mischief = { kind: 'drip', bytes: 65_536, everyMs: 8 };

export async function startBadMirror(repo: string, folder: string): Promise<BadMirror> {
  const mirror = await startMirror({ repos: { [repo]: { files: folder } } });
  const proxy = await startBadProxy(mirror.url);
  const names = (await readdir(folder)).filter((name) => /\.(?:json|safetensors)$/u.test(name));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const close = proxy.close;
  return Object.assign(proxy, {
    bytes,
    close: async () => {
      await close();
      await mirror.close();
    },
  });
}
