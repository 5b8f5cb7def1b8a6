import { fromBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { GraphBuilder } from '../../../src/graph/graph-builder';
import { ModelProtoSchema } from '../../../src/graph/onnx/onnx_pb';

test('writes nodes, typed inputs and outputs that read back', () => {
  const g = new GraphBuilder('w_data');
  const x = g.input('x', 'float32', ['batch', 3]);
  const y = g.node('Gemm', 'y', [x, g.float32([1, 2, 3], [3, 1])], {
    attributes: { alpha: { float: 0.5 }, transA: { int: 0 } },
  });
  const [first, rest] = g.nodes('Split', ['first', 'rest'], [y]);
  g.output('first', first, 'float32', ['batch', 1]);
  g.output('out', rest, 'float32', ['batch', 1]);
  const { model, inputs, outputs } = g.build();
  expect([inputs, outputs]).toEqual([['x'], ['first', 'out']]);
  const { graph, opsetImport } = fromBinary(ModelProtoSchema, model);
  expect(opsetImport.map(({ domain }) => domain)).toEqual(['', 'com.microsoft']);
  expect(graph?.node.map(({ opType, output }) => [opType, output])).toEqual([
    ['Gemm', ['y']],
    ['Split', ['first', 'rest']],
    ['Identity', ['out']],
  ]);
  expect(graph?.node[0]?.attribute).toMatchObject([
    { name: 'alpha', f: 0.5, type: 1 },
    { name: 'transA', i: 0n, type: 2 },
  ]);
  expect(graph?.input[0]?.type?.value.value?.shape?.dim.map(({ value }) => value.value)).toEqual([
    'batch',
    3n,
  ]);
});

test('stores equal constants once', () => {
  const g = new GraphBuilder('w_data');
  expect(g.int64([1])).toEqual(g.int64([1]));
  expect(g.int64([1], [])).not.toEqual(g.int64([1]));
  expect(g.float32([1])).not.toEqual(g.int64([1]));
  expect(fromBinary(ModelProtoSchema, g.build().model).graph?.initializer).toHaveLength(3);
});

test('places weights in the data file, aligned, and makes none of them meanwhile', () => {
  const g = new GraphBuilder('w_data');
  const never = (): Promise<never> => Promise.reject(new Error('made too early'));
  g.weight({ name: 'a', element: 'int8', dims: [3, 5] }, never);
  g.weights(
    [
      { name: 'b', element: 'float32', dims: [2] },
      { name: 'c', element: 'float16', dims: [3] },
    ],
    never,
  );
  const { model, deposits } = g.build();
  const placed = fromBinary(ModelProtoSchema, model).graph?.initializer.map((tensor) => [
    tensor.name,
    tensor.dataLocation,
    Object.fromEntries(tensor.externalData.map(({ key, value }) => [key, value])),
  ]);
  expect(placed).toEqual([
    ['a', 1, { location: 'w_data', offset: '0', length: '15' }],
    ['b', 1, { location: 'w_data', offset: '64', length: '8' }],
    ['c', 1, { location: 'w_data', offset: '128', length: '6' }],
  ]);
  expect(deposits.map(({ parts }) => parts)).toEqual([
    [{ padding: 0, bytes: 15 }],
    [
      { padding: 49, bytes: 8 },
      { padding: 56, bytes: 6 },
    ],
  ]);
});
