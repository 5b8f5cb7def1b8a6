/** The embedded encoders as shipped, against what PyTorch says of the checkpoints they were built from. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Tokenizer } from '@huggingface/tokenizers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parseManifest } from '../../src/graph/manifest';
import { buildEncoder, openEncoder, rowOf } from './encoder-runner';
import type { EncoderRunner } from './encoder-runner';
import { relativeError } from './measures';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

interface Sentence {
  readonly text: string;
  readonly ids: number[];
  readonly estilos: number[];
  readonly temas: number[];
  readonly masked: {
    readonly ids: number[];
    readonly position: number;
    readonly top_ids: number[];
    readonly log_probs: number[];
  };
}

const { sentences } = readJson<{ sentences: Sentence[] }>('tests/parity/jilguero.reference.json');

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(`${ROOT}${path}`, 'utf8')) as T;
}

function openShipped(name: string): Promise<EncoderRunner> {
  const folder = `public/models/${name}/`;
  const manifest = parseManifest(readJson(`${folder}patio.json`));
  return openEncoder(manifest, 'cpu8', (path) => readFile(`${ROOT}${folder}${path}`));
}

async function answers(runner: EncoderRunner, ids: number[], perToken: boolean) {
  const { logits } = await runner.run({ ids: [ids] });
  if (logits === undefined) throw new Error('no logits');
  return rowOf(logits, 0, perToken, ids.length);
}

function best(scores: ArrayLike<number>): number {
  return Array.from(scores).reduce(
    (top, score, at, all) => (score > (all[top] ?? 0) ? at : top),
    0,
  );
}

describe.each(['estilos', 'temas'] as const)('Jilguero, %s', (task) => {
  let shipped: EncoderRunner;
  let exact: EncoderRunner;
  beforeAll(async () => {
    shipped = await openShipped(`jilguero-${task}`);
    const checkpoint = `${ROOT}training/checkpoints/jilguero-${task}`;
    exact = await buildEncoder(checkpoint, { variant: 'fp32' });
  });
  afterAll(async () => {
    await shipped.release();
    await exact.release();
  });

  test('text becomes the ids that Python makes of it', () => {
    const folder = `public/models/jilguero-${task}/`;
    const tokenizer = new Tokenizer(
      readJson<object>(`${folder}tokenizer.json`),
      readJson<object>(`${folder}tokenizer_config.json`),
    );
    for (const { text, ids } of sentences) expect(tokenizer.encode(text).ids).toEqual(ids);
  });

  test('fp32 is the reference', async () => {
    for (const { ids, [task]: expected, text } of sentences) {
      const error = relativeError(await answers(exact, ids, false), Float32Array.from(expected));
      expect(error, text).toBeLessThan(1e-4);
    }
  });

  test('as shipped it chooses the same class, within 0.15 of each score', async () => {
    for (const { ids, [task]: expected, text } of sentences) {
      const found = await answers(shipped, ids, false);
      const worst = Math.max(...expected.map((score, at) => Math.abs(score - (found[at] ?? 0))));
      expect([best(found), worst < 0.15], `${text} ${worst}`).toEqual([best(expected), true]);
    }
  });
});

describe('Jilguero, hidden words', () => {
  let shipped: EncoderRunner;
  beforeAll(async () => {
    shipped = await openShipped('jilguero');
  });
  afterAll(() => shipped.release());

  test('the best word is the same, and its probability within 0.1 nats', async () => {
    for (const { masked, text } of sentences) {
      const all = await answers(shipped, masked.ids, true);
      const vocab = all.length / masked.ids.length;
      const logits = all.subarray(masked.position * vocab, (masked.position + 1) * vocab);
      const normalizer = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
      const [id = -1] = masked.top_ids;
      expect(best(logits), text).toBe(id);
      const nats = Math.abs((logits[id] ?? 0) - normalizer - (masked.log_probs[0] ?? 0));
      expect(nats, text).toBeLessThan(0.1);
    }
  });
});
