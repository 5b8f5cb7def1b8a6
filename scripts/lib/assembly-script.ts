import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import type { Plugin } from 'vite';

const SUFFIX = /\.ts\?asc$/u;
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/patio/', import.meta.url));
/** Memory comes from outside; no garbage collector, since the kernels make no objects. */
const OPTIONS = [
  ...['-O3', '--runtime', 'stub', '--importMemory', '--enable', 'simd', '--noAssert'],
  // Vectors pass between our own functions only; none of those is called from JavaScript.
  ...['--disableWarning', '112'],
];
/** 64 KiB pages of the 4 GiB that wasm32 can address; a shared memory must say so. */
const SHARED = ['--sharedMemory', '--maximumMemory', '65536', '--enable', 'threads'];

/**
 * `import bytes from './name.ts?asc'` compiles AssemblyScript and gives the module's bytes; a file called
 * `shared.ts` is compiled for a memory that threads share. The bytes travel inside the script (some tens of KB), so
 * that the page, Workers and tests read them in the same way. Compiled once for each state of the sources.
 */
export function assemblyScript(): Plugin {
  return {
    name: 'patio:assembly-script',
    enforce: 'pre',
    async load(id) {
      if (!SUFFIX.test(id)) return null;
      const entry = id.replace(/\?asc$/u, '');
      for (const file of await sourcesOf(entry)) this.addWatchFile(file);
      const code = (await compiled(entry)).toString('base64');
      return {
        code: `export default Uint8Array.from(atob('${code}'), (c) => c.charCodeAt(0));`,
        map: null,
        moduleType: 'js',
      };
    },
  };
}

async function sourcesOf(entry: string): Promise<string[]> {
  const folder = dirname(entry);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.ts'));
  return names.sort().map((name) => join(folder, name));
}

/** The wasm of an entry, from `node_modules/.cache` where its sources, options and compiler are the same. */
async function compiled(entry: string): Promise<Buffer> {
  const options = basename(entry) === 'shared.ts' ? [...OPTIONS, ...SHARED] : OPTIONS;
  const hash = createHash('sha256').update(JSON.stringify([basename(entry), asc.version, options]));
  for (const file of await sourcesOf(entry)) hash.update(await readFile(file));
  const at = join(CACHE, `${hash.digest('hex')}.wasm`);
  try {
    return await readFile(at);
  } catch {
    const wasm = await compile(entry, options);
    await keep(at, wasm);
    return wasm;
  }
}

async function compile(entry: string, options: readonly string[]): Promise<Buffer> {
  let wasm: Buffer | null = null;
  const { error, stderr } = await asc.main([entry, '--outFile', 'out.wasm', ...options], {
    writeFile: (_name: string, contents: string | Uint8Array) => {
      wasm = Buffer.from(contents);
    },
  });
  const complaint = stderr.toString();
  if (error !== null || wasm === null) throw new Error(complaint || String(error));
  return wasm;
}

/** Several projects of one test run may compile at once: whoever is last puts the same file in place. */
async function keep(at: string, wasm: Buffer): Promise<void> {
  await mkdir(dirname(at), { recursive: true });
  const draft = `${at}.${process.pid}`;
  await writeFile(draft, wasm);
  await rename(draft, at);
}
