import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';

/** Who may import whom: a room uses its own files and what is behind its doors. See src/README.md. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  'models.config.ts': ['src/domain/model.ts'],
  'shelf.config.ts': ['src/domain/model.ts'],
  'src/domain/': [],
  'src/checkpoint/': ['src/domain/'],
  'src/graph/': ['src/domain/', 'src/checkpoint/'],
  'src/tasks/*/spec.ts': ['src/domain/', 'src/tasks/field.ts'],
  'src/tasks/field.ts': ['src/domain/'],
  'src/tasks/index.ts': ['src/domain/', 'src/tasks/*/spec.ts'],
  'src/tasks/run.ts': [
    'src/domain/',
    'src/run/',
    'src/engine/engine.ts',
    'src/tasks/*/run.ts',
    'workers/',
  ],
  'src/tasks/*/run.ts': [
    ...['src/domain/', 'src/run/', 'src/engine/engine.ts', 'workers/'],
    ...['src/graph/manifest.ts', 'src/graph/head.ts', 'src/tasks/*/spec.ts'],
  ],
  'src/tasks/*/Output.svelte': ['src/domain/', 'src/run/', 'src/state/', 'src/i18n/', 'src/ui/'],
  'src/run/': ['src/domain/', 'src/tasks/index.ts'],
  'src/classroom/': [
    ...['src/domain/', 'src/run/', 'src/graph/manifest.ts', 'src/checkpoint/byte-source.ts'],
    ...['src/storage/packages.ts', 'src/storage/package-entry.ts'],
  ],
  'src/engine/': [
    ...['src/domain/', 'src/run/', 'src/sources/origin.ts'],
    ...['src/storage/packages.ts', 'src/storage/entries.ts'],
  ],
  'src/sources/': [
    ...['src/domain/', 'src/checkpoint/', 'src/graph/recognise.ts', 'src/graph/package.ts'],
    'src/graph/architecture.ts',
    'src/graph/weights.ts',
    'src/graph/package-readme.ts',
    'src/graph/manifest.ts',
  ],
  'src/storage/': ['src/domain/', 'src/run/', 'src/graph/package.ts', 'src/graph/manifest.ts'],
  'src/state/': [
    ...['src/domain/', 'src/run/', 'src/engine/engine.ts', 'src/engine/builder.ts'],
    ...['src/storage/runs.ts', 'src/storage/settings.ts', 'src/storage/packages.ts'],
    'src/storage/downloads.ts',
    ...['src/storage/entries.ts', 'src/sources/origin.ts', 'src/sources/drop.ts'],
    ...['src/tasks/index.ts', 'src/storage/tunings.ts', 'src/offline/'],
    ...['src/classroom/', 'src/checkpoint/byte-source.ts', 'src/storage/classes.ts'],
  ],
  'src/offline/': ['src/domain/'],
  'src/class-app.ts': ['src/'],
  'src/offline-app.ts': ['src/offline/', 'src/state/', 'src/i18n/', 'src/ui/', 'src/domain/'],
  'src/i18n/': ['src/domain/', 'src/run/', 'src/classroom/'],
  'src/ui/': [
    ...['src/domain/', 'src/run/', 'src/state/', 'src/i18n/', 'src/classroom/'],
    ...['src/tasks/index.ts', 'src/tasks/*/spec.ts', 'src/tasks/*/Output.svelte'],
    // What a person points to is a value; reading a drop is a matter of the page.
    ...['src/sources/origin.ts', 'src/sources/drop.ts', 'src/storage/packages.ts'],
    'src/storage/downloads.ts',
  ],
  'src/App.svelte': ['src/ui/', 'src/domain/', 'src/state/', 'src/i18n/'],
  'src/main.ts': [
    'src/',
    'models.config.ts',
    'shelf.config.ts',
    'workers/engine.worker.ts',
    'workers/build.worker.ts',
  ],
  'workers/': [
    ...['src/domain/', 'src/checkpoint/', 'src/graph/', 'src/run/', 'src/engine/'],
    ...['src/sources/', 'src/storage/', 'src/tasks/run.ts', 'src/tasks/*/run.ts'],
    'src/offline/',
  ],
};

/** Each library that the app may use, and where alone it is touched. */
const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  'onnxruntime-web': ['workers/runtime.ts'],
  '@huggingface/transformers': ['workers/transformers.ts'],
  '@huggingface/tokenizers': ['workers/'],
  '@huggingface/jinja': ['workers/'],
  '@bufbuild/protobuf': [
    'src/graph/',
    'src/sources/tokenizer/sentencepiece.ts',
    'workers/kernels/graph-file.ts',
  ],
  '@zip.js/zip.js': [
    'src/sources/zip.ts',
    'src/storage/package-zip.ts',
    'src/storage/class-zip.ts',
  ],
  yaml: ['src/sources/card.ts'],
  'hash-wasm': [
    'src/class-app.ts',
    'src/storage/package-writer.ts',
    'src/storage/sha256.ts',
    'workers/package-id.ts',
  ],
  'idb-keyval': [
    ...[
      'src/storage/idb-runs.ts',
      'src/storage/package-index.ts',
      'src/storage/idb-files.ts',
      'src/storage/idb-classes.ts',
    ],
    ...['src/storage/download-index.ts', 'src/storage/idb-parts.ts'],
  ],
  papaparse: ['src/run/', 'src/classroom/'],
  valibot: [
    'src/run/',
    'src/classroom/',
    'src/storage/package-entry.ts',
    'src/storage/download-entry.ts',
    'src/storage/tunings.ts',
  ],
  comlink: ['src/engine/', 'workers/', 'src/main.ts'],
  svelte: ['src/ui/', 'src/App.svelte', 'src/main.ts', 'src/offline-app.ts'],
  'bits-ui': ['src/ui/'],
  '@lucide/svelte': ['src/ui/'],
};

const files = ['src', 'workers']
  .flatMap((room) =>
    readdirSync(room, { recursive: true }).map((name) => `${room}/${String(name)}`),
  )
  .filter((name) => /\.(ts|svelte)$/u.test(name))
  .concat('models.config.ts', 'shelf.config.ts');
const known = new Set(files.map(withoutSuffix));
const imports = files.flatMap((from) => importsOf(from).map((name) => ({ from, name })));

function read(file: string): string {
  const text = readFileSync(file, 'utf8');
  if (!file.endsWith('.svelte')) return text;
  return [...text.matchAll(/<script[^>]*>(.*?)<\/script>/gsu)].map(([, code]) => code).join('\n');
}

function importsOf(file: string): string[] {
  return ts.preProcessFile(read(file), true, true).importedFiles.map(({ fileName }) => fileName);
}

function withoutSuffix(path: string): string {
  return path.replace(/(\?.*|\.ts)$/u, '');
}

function isIn(path: string, place: string): boolean {
  const pattern = place.replaceAll('.', String.raw`\.`).replace('*', '[^/]+');
  return new RegExp(`^${pattern}${place.endsWith('/') ? '' : '$'}`, 'u').test(path);
}

function libraryOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Why an import may not be, or null. */
function fault({ from, name }: { from: string; name: string }): string | null {
  if (!name.startsWith('.')) {
    const places = LIBRARIES[libraryOf(name)] ?? [];
    return places.some((place) => isIn(from, place)) ? null : `${from} may not touch ${name}`;
  }
  const target = withoutSuffix(posix.join(posix.dirname(from), name));
  if (target.endsWith('.css')) return null;
  const path = known.has(target) && !target.endsWith('.svelte') ? `${target}.ts` : target;
  const rooms = Object.keys(DOORS).filter((room) => isIn(from, room));
  const open = rooms.flatMap((room) => [room, ...(DOORS[room] ?? [])]);
  return open.some((place) => isIn(path, place)) ? null : `${from} has no door to ${path}`;
}

it('every file lives in one room', () => {
  const rooms = (file: string) => Object.keys(DOORS).filter((room) => isIn(file, room));
  expect(files.filter((file) => file.endsWith('.ts') && rooms(file).length !== 1)).toEqual([]);
});

it('every import goes through a door', () => {
  expect(imports.length).toBeGreaterThan(100);
  expect(imports.map(fault).filter((text) => text !== null)).toEqual([]);
});

it.each([
  ['src/domain/prompt.ts', '../run/cell.ts', false],
  ['src/domain/prompt.ts', './model.ts', true],
  ['src/run/plan.ts', '../engine/engine.ts', false],
  ['src/state/lab.svelte.ts', '../storage/idb-runs.ts', false],
  ['src/ui/App.svelte', '../engine/client.ts', false],
  ['workers/decoder.ts', 'onnxruntime-web', false],
  ['workers/runtime.ts', 'onnxruntime-web/wasm?url', true],
  ['src/ui/App.svelte', 'left-pad', false],
])('the table is not blind: %s importing %s', (from, name, allowed) => {
  expect(fault({ from, name }) === null).toBe(allowed);
});

it('one file alone starts Workers, and one their threads', () => {
  const starting = files.filter((file) => /\bnew (Shared)?Worker\(/u.test(read(file)));
  expect(starting).toEqual(['src/main.ts', 'workers/kernels/team.ts']);
});

it('the catalogue imports types only', () => {
  expect(read('models.config.ts')).not.toMatch(/^import (?!type)/mu);
});
