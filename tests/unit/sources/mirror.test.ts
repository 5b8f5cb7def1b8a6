import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FileSet } from '../../../src/checkpoint/byte-source.ts';
import { openSafetensors } from '../../../src/checkpoint/safetensors.ts';
import type { Device } from '../../../src/domain/device.ts';
import { buildPackage, type PackageSink } from '../../../src/graph/package.ts';
import { openSource } from '../../../src/sources/open.ts';
import { originOfText } from '../../../src/sources/origin.ts';
import { preflight } from '../../../src/sources/preflight.ts';
import { startMirror, type Mirror } from '../../support/mirror.ts';
import { failureOf } from '../checkpoint/failure-of.ts';

const NEVER = new AbortController().signal;
const CPU: Device = { threads: 4, isolated: true, jspi: true, memoryBytes: null, gpu: null };
const FOLDER = 'tests/fixtures/llama-untied';

let mirror: Mirror;

beforeAll(async () => {
  const config = readFileSync(`${FOLDER}/config.json`);
  mirror = await startMirror({
    repos: {
      'equipo/modelo': { files: FOLDER },
      'equipo/roto': { files: { 'config.json': config, 'model.safetensors': 'corto' } },
      'equipo/grande': { files: { 'config.json': config, 'model.safetensors': large() } },
    },
  });
});
afterAll(() => mirror.close());

/** About fifty megabytes of tensors of many sizes, in the order of their names. */
function large(): Uint8Array {
  let at = 0;
  const sizes = Array.from({ length: 90 }, (_, i) => (i % 3 === 0 ? 64 : 800_000 + i * 1000));
  const entries = sizes.map((size, i) => {
    const start = at;
    at += size;
    const entry = { dtype: 'F32', shape: [size / 4], data_offsets: [start, at] };
    return [`layers.${String(i).padStart(2, '0')}`, entry] as const;
  });
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const file = new Uint8Array(8 + header.length + at);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  return file;
}

function open(repo: string) {
  return openSource(originOfText(`${mirror.url}/${repo}`), NEVER);
}

function hashing(): { sink: PackageSink; hashes: Map<string, string> } {
  const hashes = new Map<string, string>();
  const sink: PackageSink = {
    open: (path) => {
      const hash = createHash('sha256');
      let bytes = 0;
      return Promise.resolve({
        write: (chunk) => {
          hash.update(chunk);
          bytes += chunk.length;
          return Promise.resolve();
        },
        close: () => {
          const sha256 = hash.digest('hex');
          hashes.set(path, sha256);
          return Promise.resolve({ path, bytes, sha256 });
        },
      });
    },
  };
  return { sink, hashes };
}

async function build(files: FileSet): Promise<Map<string, string>> {
  const { sink, hashes } = hashing();
  const options = { variants: ['cpu8'], ports: true, logits: 'last' } as const;
  await buildPackage(files, options, sink, NEVER);
  return hashes;
}

it('preflight of a repository knows its commit, and reads its headers only', async () => {
  const before = mirror.sent();
  const seen = await preflight(await open('equipo/modelo'), CPU, NEVER);
  expect(seen.origin).toMatchObject({ kind: 'hub', repo: 'equipo/modelo', endpoint: mirror.url });
  expect(seen.origin.commit).toMatch(/^[0-9a-f]{40}$/u);
  expect(seen).toMatchObject({
    kind: 'checkpoint',
    family: 'llama',
    downloadBytes: seen.readBytes,
  });
  expect(seen.findings.map(({ code }) => code)).toContain('tokenizer-missing');
  expect(mirror.sent() - before).toBeGreaterThan(0);
});

it('a model built over HTTP is the same, byte by byte, as one built from its folder', async () => {
  const names = ['config.json', 'generation_config.json', 'model.safetensors.index.json'];
  const shards = Array.from({ length: 4 }, (_, i) => `model-0000${i + 1}-of-00004.safetensors`);
  const files = [...names, ...shards].map((path) => {
    const file = new File([readFileSync(`${FOLDER}/${path}`)], path);
    return { path, file };
  });
  const local = await openSource({ kind: 'files', name: 'modelo', files }, NEVER);
  const remote = await open('equipo/modelo');
  expect(await build(remote.files)).toEqual(await build(local.files));
});

it('a damaged repository is refused as a damaged folder is', async () => {
  const seen = await preflight(await open('equipo/roto'), CPU, NEVER);
  expect(seen.findings[0]).toMatchObject({
    code: 'refused',
    failure: { code: 'checkpoint-damaged', file: 'model.safetensors' },
  });
});

it('reads tensors one by one with a request for every few megabytes', async () => {
  const { files } = await open('equipo/grande');
  const requests = mirror.requests.length;
  const sent = mirror.sent();
  const source = await openSafetensors(files, 'model', NEVER);
  for (const name of source.names()) {
    const values = await source.read(name, NEVER);
    expect(values.length).toBeGreaterThan(0);
  }
  const size = files.get('model.safetensors')?.size ?? 0;
  expect(mirror.requests.length - requests).toBeLessThan(8 + size / (8 * 2 ** 20) + 4);
  expect(mirror.sent() - sent).toBeLessThan(size * 1.01);
});

it('a network that fails ends a preflight with its own failure', async () => {
  const opened = await open('equipo/modelo');
  mirror.fault('html', 1);
  expect((await failureOf(preflight(opened, CPU, NEVER))).code).toBe('hub-foreign');
});
