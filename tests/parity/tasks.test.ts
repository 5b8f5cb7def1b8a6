/** The models of the house, asked through the tasks themselves: tokenizer, graph and arithmetic together. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ort from 'onnxruntime-web';
import { describe, expect, it } from 'vitest';
import { parseManifest } from '../../src/graph/manifest.ts';
import { byScore } from '../../src/run/items.ts';
import type { EncoderVoice } from '../../workers/encoder.ts';
import type { Feeds, GraphSession } from '../../workers/session.ts';
import { createCodec, type TokenizerConfig } from '../../workers/tokenizer.ts';
import { answer } from '../unit/tasks/run-task.ts';

ort.env.wasm.numThreads = 1;

const json = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as object;

async function open(model: string): Promise<EncoderVoice> {
  const folder = join('public/models', model);
  const manifest = parseManifest(json(join(folder, 'patio.json')));
  const graph = manifest.variants.find(({ id }) => id === 'cpu8')?.graphs[0];
  if (!graph) throw new Error(`${model} has no graph`);
  const data = new Uint8Array(readFileSync(join(folder, graph.data.path)));
  const session = await ort.InferenceSession.create(readFileSync(join(folder, graph.model.path)), {
    externalData: [{ path: graph.data.path.split('/').at(-1) ?? '', data }],
  });
  const tokenizer = json(join(folder, 'tokenizer.json'));
  const config = json(join(folder, 'tokenizer_config.json')) as TokenizerConfig;
  return {
    kind: 'encoder',
    session: graphSession(session),
    head: manifest.head,
    model: manifest.model,
    codec: await createCodec({ tokenizer, config }),
    inputs: session.inputNames,
    conditions: { backend: 'cpu', variant: 'cpu8', threads: 1 },
  };
}

function graphSession(session: ort.InferenceSession): GraphSession {
  const float32 = (data: Float32Array, dims: readonly number[]) =>
    new ort.Tensor('float32', data, dims);
  return {
    chunkTokens: 512,
    run: async (feeds: Feeds, fetches: readonly string[]) => {
      const results = await session.run(feeds as Record<string, ort.Tensor>, [...fetches]);
      return results as unknown as Feeds;
    },
    int64: (data: BigInt64Array, dims: readonly number[]) => new ort.Tensor('int64', data, dims),
    float32,
    resident: float32,
  } as unknown as GraphSession;
}

describe('Jilguero', () => {
  it.each([
    [
      'jilguero-estilos',
      'El plazo para presentar la solicitud será de veinte días.',
      /ley|legal/iu,
    ],
    ['jilguero-estilos', 'Se pica la cebolla y se dora a fuego lento con laurel.', /receta/iu],
    ['jilguero-temas', 'El equipo ganó el partido en el último minuto.', /deporte/iu],
  ])('%s: %s', async (model, prompt, expected) => {
    const voice = await open(model);
    const output = await answer('labels', 'text-classification', voice, [{ prompt }]);
    const [best] = byScore(output.labels);
    expect(best?.label).toMatch(expected);
    expect(output.labels.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 4);
  });

  it('proposes words for a gap, the likeliest first', async () => {
    const voice = await open('jilguero');
    const { blanks } = await answer('fill', 'fill-mask', voice, [
      { prompt: 'Había una ___ niña.' },
    ]);
    const scores = blanks[0]?.options.map(({ score }) => score) ?? [];
    expect(scores).toHaveLength(5);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(blanks[0]?.options.every(({ text }) => text.trim() !== '')).toBe(true);
  });
});
