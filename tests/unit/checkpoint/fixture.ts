import { readdirSync, readFileSync } from 'node:fs';
import { bytesSource } from '../../../src/checkpoint/byte-source';
import type { ByteSource, FileSet } from '../../../src/checkpoint/byte-source';
import { openSafetensors } from '../../../src/checkpoint/safetensors';
import type { TensorSource } from '../../../src/checkpoint/tensor-source';

const ROOT = 'tests/fixtures/reading';
export const { signal } = new AbortController();

/** The files of a fixture's folder, each in memory of its own. */
export function fixture(folder: string): FileSet {
  const entries = readdirSync(`${ROOT}/${folder}`, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  return new Map(names.map((name) => [name, fixtureFile(`${folder}/${name}`)]));
}

export function fixtureFile(path: string): ByteSource {
  return bytesSource(path, new Uint8Array(readFileSync(`${ROOT}/${path}`)));
}

export async function reference(folder: string): Promise<TensorSource> {
  return openSafetensors(fixture(folder), 'reference', signal);
}

/** The same file, noting which bytes are asked for. */
export function watched(file: ByteSource): { file: ByteSource; ranges: [number, number][] } {
  const ranges: [number, number][] = [];
  const read: ByteSource['read'] = (start, end, when) => {
    ranges.push([start, end]);
    return file.read(start, end, when);
  };
  return { file: { ...file, read }, ranges };
}

/** The largest difference between a tensor and its reference, as a part of the reference's size. */
export async function errorOf(
  source: TensorSource,
  expected: TensorSource,
  name: string,
): Promise<number> {
  const found = await source.read(name, signal);
  const wanted = await expected.read(name, signal);
  if (found.length !== wanted.length) return Infinity;
  const size = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-30);
  return found.reduce((most, value, i) => {
    const error = Math.abs(value - (wanted[i] as number)) / size;
    return error <= most ? most : error;
  }, 0);
}
