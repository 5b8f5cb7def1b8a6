/** Graph files as programs: what is read of them, what is seen as one, what is refused. */
import { describe, expect, test, vi } from 'vitest';
import { GraphBuilder } from '../../../src/graph/graph-builder';
import { readGraph } from '../../../workers/kernels/graph-file';
import { openProgram, programOf } from '../../../workers/kernels/open';
import { compile } from '../../../workers/kernels/program';
import { needed, rewrite } from '../../../workers/kernels/rewrite';
import { openKernelSession } from '../../../workers/kernels/session';
import { createKernels } from '../../../workers/kernels/wasm-kernels';
import { floatsOf } from '../../../workers/session';
import { FailureError } from '../../../src/domain/failure';

const { signal } = new AbortController();
const nothing = () => Promise.resolve([]);

/** `[rows, 6] · W[4, 6]ᵀ`, twice over the same weights, and a table of them. */
function graph(after: (g: GraphBuilder) => void = () => undefined): Uint8Array {
  const g = new GraphBuilder('weights.bin');
  const x = g.input('x', 'float32', ['rows', 6]);
  const [values, scales] = g.weights(
    [
      { name: 'w.int8', element: 'int8', dims: [4, 6] },
      { name: 'w.scale', element: 'float32', dims: [4] },
    ],
    nothing,
  );
  const wide = g.node('Mul', 'wide', [
    g.node('Cast', 'float', [values], { attributes: { to: { int: 1 } } }),
    g.node('Unsqueeze', 'column', [scales, g.int64([1])]),
  ]);
  const y = g.node('Gemm', 'y', [x, wide], { attributes: { transB: { int: 1 } } });
  g.node('Sin', 'unused', [x]);
  g.output('doubled', g.node('Mul', 'doubled', [y, g.float32([2], [])]), 'float32', ['rows', 4]);
  after(g);
  return g.build().model;
}

/** 24 bytes of weights, and their scales at the next boundary. */
function weights(): Uint8Array {
  const bytes = new Uint8Array(64 + 16);
  bytes.set(Uint8Array.from({ length: 24 }, (_, at) => (at - 12) & 255));
  new Float32Array(bytes.buffer, 64, 4).set([1, 0.5, 0.25, 2]);
  return bytes;
}

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}

function fileOf(bytes: Uint8Array, size = 7) {
  return { path: 'weights.bin', bytes: bytes.length, chunks: () => pieces(bytes, size) };
}

function typesOf(model: Uint8Array): string[] {
  const file = readGraph(model);
  if (file === null) throw new Error('no graph');
  return rewrite(file).map((each) => (each.type === 'plain' ? each.node.type : each.type));
}

describe('a graph', () => {
  test('is read with its inputs, its outputs and the places of its weights', () => {
    const file = readGraph(graph());
    expect(file?.inputs).toEqual([{ name: 'x', isWhole: false }]);
    expect(file?.outputs).toEqual(['doubled']);
    expect(file?.constants.get('w.scale')).toEqual({
      name: 'w.scale',
      element: 'float32',
      dims: [4],
      place: { type: 'elsewhere', path: 'weights.bin', offset: 64, length: 16 },
    });
  });

  test('keeps what its outputs need, and widened weights are one product', () => {
    expect(typesOf(graph())).toEqual(['product', 'Mul']);
  });

  test('names the operators that have no kernel, and is then left to another runtime', () => {
    const model = graph((g) => {
      g.output('odd', g.node('Sin', 'odd', [{ name: 'doubled' }]), 'float32', ['rows', 4]);
    });
    const file = readGraph(model);
    expect(file && compile(file)).toEqual({ type: 'unsupported', operators: ['Sin'] });
    expect(programOf(model)).toBeNull();
  });

  test('with weights in 8 bits outside of products is not for the kernels', () => {
    const model = graph((g) => {
      const odd = g.node('Reshape', 'odd', [{ name: 'w.int8' }, g.int64([-1])]);
      g.output('odd', odd, 'int8', [24]);
    });
    expect(programOf(model)).toBeNull();
  });

  test('with an attribute that its step would not honour is not for the kernels', () => {
    const normed = (axis: number) =>
      graph((g) => {
        const weight = g.float32([1, 1, 1, 1]);
        const attributes = { axis: { int: axis } };
        const inputs = [{ name: 'doubled' }, weight];
        g.node('LayerNormalization', 'normed', inputs, { attributes });
        g.output('normed', { name: 'normed' }, 'float32', ['rows', 4]);
      });
    expect(programOf(normed(-1))).not.toBeNull();
    expect(programOf(normed(0))).toBeNull();
  });

  test('is cut to the outputs that are wanted', () => {
    const file = readGraph(graph());
    const operations = file ? rewrite(file) : [];
    expect(needed(operations, ['y'])).toHaveLength(1);
  });
});

describe('weights', () => {
  test.each([1, 7, 64, 1000])('come in pieces of %i bytes', async (size) => {
    const program = programOf(graph());
    if (program === null) throw new Error('no program');
    const files = { weights: fileOf(weights(), size), recurrent: ['doubled'] };
    const session = await openProgram(program, files, 1, signal);
    const x = Float32Array.from([1, 2, 3, 4, 5, 6, -6, -5, -4, -3, -2, -1]);
    const run = await session.run({ x: session.float32(x, [2, 6]) }, ['doubled']);
    const found = [...floatsOf(run['doubled'])];
    for (const [at, value] of expected(x).entries()) expect(found[at]).toBeCloseTo(value, 2);
  });

  test('that end too early are a damaged file', async () => {
    const program = programOf(graph());
    if (program === null) throw new Error('no program');
    const files = { weights: fileOf(weights().subarray(0, 70)), recurrent: [] };
    await expect(openProgram(program, files, 1, signal)).rejects.toThrow(FailureError);
  });
});

test('memory that ran out is told as such', async () => {
  const program = programOf(graph());
  if (program === null) throw new Error('no program');
  const kernels = await createKernels({ initialBytes: 2 ** 20, threads: 1 });
  const session = await openKernelSession(program, fileOf(weights()), [], kernels, signal);
  const x = session.float32(new Float32Array(6), [1, 6]);
  const allocate = kernels.allocate.bind(kernels);
  // More than WebAssembly can address, in the kernels' own words.
  vi.spyOn(kernels, 'allocate').mockImplementation(() => allocate(5 * 2 ** 30));
  const failed = session.run({ x }, ['doubled']).catch((error: unknown) => error);
  expect(await failed).toMatchObject({ failure: { code: 'out-of-memory' } });
});

/** By hand, in double precision. */
function expected(x: Float32Array): number[] {
  const scales = [1, 0.5, 0.25, 2];
  return [0, 1].flatMap((row) =>
    scales.map((scale, out) => {
      let sum = 0;
      for (let at = 0; at < 6; at += 1) sum += (x[row * 6 + at] ?? 0) * (out * 6 + at - 12);
      return 2 * scale * sum;
    }),
  );
}
