/** The built app, built first where it is missing or older than what it is made from. */
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MADE_FROM = [
  'src',
  'workers',
  'public',
  'index.html',
  'models.config.ts',
  'shelf.config.ts',
  'vite.config.ts',
];

/** Gives its folder. */
export async function builtApp(say: (sentence: string) => void): Promise<string> {
  const dist = join(ROOT, 'dist');
  const page = join(dist, 'index.html');
  if (existsSync(page) && (await stat(page)).mtimeMs >= (await newest())) return dist;
  say('Construyendo la aplicación…');
  // Only now: a server that need not build is the smaller by half.
  const { build } = await import('vite');
  await build({ root: ROOT, logLevel: 'warn' });
  return dist;
}

/** When the last of the app's own files was written, in milliseconds. */
async function newest(): Promise<number> {
  const places = MADE_FROM.map((name) => join(ROOT, name));
  const times = await Promise.all(places.map(newestIn));
  return Math.max(...times);
}

async function newestIn(path: string): Promise<number> {
  const info = await stat(path);
  if (!info.isDirectory()) return info.mtimeMs;
  const inner = await readdir(path, { withFileTypes: true, recursive: true });
  const files = inner.filter((entry) => entry.isFile());
  const times = files.map(async ({ parentPath, name }) => stat(join(parentPath, name)));
  return Math.max(0, ...(await Promise.all(times)).map(({ mtimeMs }) => mtimeMs));
}
