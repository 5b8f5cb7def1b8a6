/** The tiny checkpoints of `tests/fixtures` that have a reference, and what each of them is. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '../../src/checkpoint/json-file';
import { openSafetensors } from '../../src/checkpoint/safetensors';
import type { TensorSource } from '../../src/checkpoint/tensor-source';
import type { ModelKind } from '../../src/graph/architecture';
import type { HeadKind } from '../../src/graph/head';
import { recognise } from '../../src/graph/recognise';
import { openFolder } from '../../scripts/lib/folder';
import { NEVER } from './runner';
import type { Build } from './runner';

export interface Fixture {
  /** Its folder's. */
  readonly name: string;
  readonly family: string;
  readonly kind: ModelKind;
  readonly head: HeadKind;
  /** An adapter over it, with a reference of its own. */
  readonly adapter: boolean;
}

/** What a graph computed beside what PyTorch did, laid end to end. */
export interface Compared {
  readonly label: string;
  readonly found: Float32Array;
  readonly expected: Float32Array;
}

/** A quantised variant, and the mean error beyond which its products must be broken. */
export interface Quantised {
  readonly name: string;
  readonly build: Build;
  readonly tolerance: number;
}

/** Of fp32, in units of the root mean square of the reference. */
export const EXACT = 1e-4;

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));

export function fixture(name: string): string {
  return `${FIXTURES}${name}`;
}

export function readFixture<T>(name: string, file: string): T {
  return JSON.parse(readFileSync(`${fixture(name)}/${file}`, 'utf8')) as T;
}

export async function references(name: string): Promise<TensorSource> {
  return openSafetensors(await openFolder(fixture(name)), 'reference', NEVER);
}

/** Every folder that holds a configuration and the cases of a reference, family by family. */
export function fixtures(): Fixture[] {
  return readdirSync(FIXTURES)
    .filter((name) => has(name, 'config.json') && has(name, 'reference.json'))
    .map((name) => {
      const { architecture, head } = recognise(readFixture<JsonObject>(name, 'config.json'));
      const { family, kind } = architecture;
      return { name, family, kind, head: head.kind, adapter: has(name, 'adapter') };
    })
    .sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
}

function placeOf({ kind, family, head, name }: Fixture): string {
  return [kind, family, head, name].join();
}

export function namesOf(kind: ModelKind): string[] {
  return fixtures()
    .filter((each) => each.kind === kind)
    .map(({ name }) => name);
}

function has(name: string, file: string): boolean {
  return existsSync(`${fixture(name)}/${file}`);
}

/** The four quantised builds that every model is held against, each with its tolerance. */
export function quantised(tolerances: readonly [number, number, number, number]): Quantised[] {
  const [widened, integer, small, large] = tolerances;
  return [
    { name: 'cpu8, widened', build: { variant: 'cpu8' }, tolerance: widened },
    { name: 'cpu8, integer', build: { variant: 'cpu8', smallModel: 0 }, tolerance: integer },
    { name: 'gpu4, small', build: { variant: 'gpu4' }, tolerance: small },
    { name: 'gpu4, large', build: { variant: 'gpu4', smallModel: 0 }, tolerance: large },
  ];
}
