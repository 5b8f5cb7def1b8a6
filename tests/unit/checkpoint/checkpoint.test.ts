import { describe, expect, test } from 'vitest';
import { countParameters } from '../../../src/checkpoint/census';
import { bytesSource } from '../../../src/checkpoint/byte-source';
import { findWeights, openCheckpoint } from '../../../src/checkpoint/checkpoint';
import { failureOf } from './failure-of';
import { fixtureFile, signal } from './fixture';
import { op, program, stateOf, tensor } from './pickle-program';
import { floatFile, safetensors } from './safetensors-file';
import { torchZip } from './stored-zip';

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const one = (value: number) => floatFile({ w: { shape: [1], values: [value] } });
const data = new Uint8Array(Float32Array.of(7, 7, 7, 7).buffer);
const torch = torchZip(stateOf(...tensor()), [data]);

function open(files: Record<string, Uint8Array>, stem: 'model' | 'adapter_model' = 'model') {
  const sources = Object.entries(files).map(([name, bytes]) => bytesSource(name, bytes));
  return openCheckpoint(new Map(sources.map((file) => [file.name, file])), stem, signal);
}

describe('takes the files in the order of the reference', () => {
  const index = encode({ weight_map: { w: 'model-1.safetensors' } });
  const every = {
    'model.safetensors': one(1),
    'model.safetensors.index.json': index,
    'model-1.safetensors': one(2),
    'pytorch_model.bin': torch,
    'pytorch_model.bin.index.json': encode({ weight_map: { w: 'part.bin' } }),
    'part.bin': torchZip(stateOf(...tensor()), [
      new Uint8Array(Float32Array.of(9, 9, 9, 9).buffer),
    ]),
  };
  test.each([
    [[], 1],
    [['model.safetensors'], 2],
    [['model.safetensors', 'model.safetensors.index.json'], 7],
    [['model.safetensors', 'model.safetensors.index.json', 'pytorch_model.bin'], 9],
  ])('without %j', async (missing, expected) => {
    const files = Object.entries(every).filter(([name]) => !missing.some((gone) => gone === name));
    const [found] = await (await open(Object.fromEntries(files))).read('w', signal);
    expect(found).toBe(expected);
  });

  test('an adapter has names of its own', async () => {
    const source = await open(
      { 'adapter_model.bin': torch, 'model.safetensors': one(1) },
      'adapter_model',
    );
    expect((await source.read('w', signal))[0]).toBe(7);
  });

  test('and says which file it would take', () => {
    const files = new Map([['pytorch_model.bin', bytesSource('pytorch_model.bin', torch)]]);
    expect(findWeights(files, 'model')?.name).toBe('pytorch_model.bin');
    expect(findWeights(files, 'adapter_model')).toBeUndefined();
  });
});

describe('refuses', () => {
  const evil = torchZip(program(op.start, op.global('os', 'system'), op.stop));
  const shards = { weight_map: { a: 'one.bin', b: 'two.bin' } };
  const small = (name: string, dtype: string) =>
    safetensors({ [name]: { dtype, shape: [2, 2], data_offsets: [0, 4] } }, new Uint8Array(4));
  const quantised = (quant_method: string) => ({
    'model.safetensors': one(1),
    'config.json': encode({ quantization_config: { quant_method } }),
  });

  test.each([
    ['a folder without weights', {}, { code: 'checkpoint-missing', file: 'model.safetensors' }],
    [
      'a pickle that would run code',
      { 'pytorch_model.bin': evil },
      { code: 'checkpoint-executes', global: 'os.system' },
    ],
    [
      'an index that names a missing shard',
      { 'pytorch_model.bin.index.json': encode(shards), 'one.bin': torch },
      { code: 'checkpoint-missing', file: 'two.bin' },
    ],
    [
      'a shard without its tensor',
      { 'pytorch_model.bin.index.json': encode(shards), 'one.bin': torch, 'two.bin': torch },
      { code: 'checkpoint-damaged', file: 'one.bin' },
    ],
    [
      'a shard cut short',
      {
        'model.safetensors.index.json': encode({ weight_map: { w: 'one.safetensors' } }),
        'one.safetensors': one(1).slice(0, -1),
      },
      { code: 'checkpoint-damaged', file: 'one.safetensors' },
    ],
    ['GPTQ', quantised('gptq'), { code: 'checkpoint-quantised', method: 'GPTQ' }],
    ['AWQ', quantised('awq'), { code: 'checkpoint-quantised', method: 'AWQ' }],
    ['mxfp4', quantised('mxfp4'), { code: 'checkpoint-quantised', method: 'mxfp4' }],
    [
      'names of GPTQ',
      { 'model.safetensors': floatFile({ 'a.qweight': { shape: [1], values: [1] } }) },
      { code: 'checkpoint-quantised', method: 'GPTQ / AWQ' },
    ],
    [
      'a matrix of integers that nothing scales',
      { 'model.safetensors': small('a.weight', 'I8') },
      { code: 'checkpoint-quantised', method: 'I8 (a.weight)' },
    ],
    [
      'F8',
      { 'model.safetensors': small('a.weight', 'F8_E4M3') },
      { code: 'checkpoint-unsupported', what: 'dtype', detail: 'F8_E4M3 (a.weight)' },
    ],
    [
      'scales without their matrix',
      { 'model.safetensors': floatFile({ 'a.SCB': { shape: [1], values: [1] } }) },
      { code: 'checkpoint-damaged' },
    ],
    [
      'an adapter left beside its weights',
      { 'model.safetensors': floatFile({ 'a.lora_A.weight': { shape: [1], values: [1] } }) },
      { code: 'checkpoint-unsupported', what: 'LoRA', detail: 'a.lora_A.weight' },
    ],
  ])('%s', async (_, files, expected) => {
    const start = performance.now();
    expect(await failureOf(open(files as Record<string, Uint8Array>))).toMatchObject(expected);
    expect(performance.now() - start).toBeLessThan(2_000);
  });

  test('bitsandbytes whose parts do not fit', async () => {
    const sound = fixtureFile('bitsandbytes/model.safetensors');
    const bytes = await sound.read(0, sound.size, signal);
    const text = new TextDecoder('latin1').decode(bytes);
    for (const [was, is] of [
      ['"blocksize": 64', '"blocksize": 32'],
      ['"nested_offset": ', '"nestedXoffset": '],
      ['"shape": [37, 45]', '"shape": [38, 45]'],
      ['"shape": [37, 45]', '"shape": [37, -5]'],
      ['"shape": [37, 45]', '"shape": [37, "a"'],
    ] as const) {
      expect(text).toContain(was);
      const changed = text.replace(was, is.padEnd(was.length).slice(0, was.length));
      const file = Uint8Array.from(changed, (letter) => letter.charCodeAt(0));
      expect((await failureOf(open({ 'model.safetensors': file }))).code).toBe(
        'checkpoint-damaged',
      );
    }
  });
});

describe('names', () => {
  const named = async (...names: string[]) => {
    const tensors = names.map((name, i) => [name, { shape: [1], values: [i] }] as const);
    return open({ 'model.safetensors': floatFile(Object.fromEntries(tensors)) });
  };

  test.each([
    [
      ['module.a', 'module.b'],
      ['a', 'b'],
    ],
    [
      ['module.a', 'b'],
      ['module.a', 'b'],
    ],
    [['_orig_mod.module.a'], ['a']],
    [['base_model.model.model.a'], ['model.a']],
    [
      ['x.LayerNorm.gamma', 'x.LayerNorm.beta'],
      ['x.LayerNorm.weight', 'x.LayerNorm.bias'],
    ],
    [['x.gamma'], ['x.gamma']],
    [
      ['LayerNorm.gamma', 'LayerNorm.weight'],
      ['LayerNorm.gamma', 'LayerNorm.weight'],
    ],
  ])('%j become %j', async (stored, expected) => {
    const source = await named(...stored);
    expect(source.names()).toEqual(expected);
    const values = await Promise.all(expected.map((name) => source.read(name, signal)));
    expect(values.map(([value]) => value)).toEqual(expected.map((_, i) => i));
  });
});

test('parameters that two names share count once, and buffers do not', async () => {
  const twice = [
    ...[op.start, op.map, op.word('a'), tensor(), op.setItem, op.word('b'), tensor(), op.setItem],
    ...[
      op.word('ids'),
      tensor(0, [2], [1], { type: 'LongStorage', key: '1', size: 2 }),
      op.setItem,
    ],
  ];
  const file = torchZip(program(...twice, op.stop), [data, new Uint8Array(16)]);
  expect(countParameters(await open({ 'pytorch_model.bin': file }))).toBe(4);
});
