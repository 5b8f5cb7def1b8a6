/** A folder written whole or not at all. */
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { PackageSink } from '../../src/graph/package';
import { folderSink } from './folder';

/**
 * Runs `write` on a folder beside `out`, whose files go to `out` when it ends well. A README that is
 * already there is a person's, and stays.
 */
export async function intoFolder<T>(
  out: string,
  write: (sink: PackageSink) => Promise<T>,
): Promise<T> {
  const target = resolve(out);
  await mkdir(dirname(target), { recursive: true });
  const draft = await mkdtemp(join(dirname(target), `.${basename(target)}-`));
  try {
    const result = await write(folderSink(draft));
    const readme = join(target, 'README.md');
    if (existsSync(readme)) await rm(join(draft, 'README.md'), { force: true });
    await cp(draft, target, { recursive: true });
    return result;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
