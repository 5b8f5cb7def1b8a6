/** Lists what was built, with its hashes, and puts a service worker beside it. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';
import { PAGE, SCRIPT, tierOf, type AppFile } from '../src/offline/manifest.ts';

const ENTRY = fileURLToPath(new URL('../workers/offline.worker.ts', import.meta.url));

/** Only the build has one: while developing, a cache would stand between a file and its change. */
export function serviceWorker(): Plugin {
  return {
    name: 'patio:service-worker',
    apply: 'build',
    writeBundle: {
      order: 'post',
      sequential: true,
      handler: ({ dir }) => (dir === undefined ? undefined : writeServiceWorker(dir)),
    },
  };
}

/** @param dist a folder that was built; its service worker is written anew */
export async function writeServiceWorker(dist: string): Promise<void> {
  await build({
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    define: { APP_FILES: JSON.stringify(filesOf(dist)) },
    build: {
      target: 'es2022',
      outDir: dist,
      emptyOutDir: false,
      modulePreload: false,
      rolldownOptions: { input: ENTRY, output: { format: 'iife', entryFileNames: SCRIPT } },
    },
  });
}

function filesOf(dist: string): AppFile[] {
  return readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .flatMap((file) => {
      const path = file.slice(join(dist, sep).length).split(sep).join('/');
      const tier = tierOf(path);
      return tier === null ? [] : [{ path, tier, content: readFileSync(file) }];
    })
    .map(({ path, tier, content }) => ({
      path: path === 'index.html' ? PAGE : path,
      sha256: createHash('sha256').update(content).digest('hex'),
      bytes: content.length,
      tier,
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
