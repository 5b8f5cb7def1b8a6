/** The tasks against the reference's pipelines: `tests/fixtures/make/tasks.py` makes the answers. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { TaskId } from '../../../src/domain/model.ts';
import type { Values } from '../../../src/domain/prompt.ts';
import type { Head } from '../../../src/graph/head.ts';
import { encoderVoice, FakeEncoderGraph, wordPieceCodec } from '../../fakes/encoder-graph.ts';
import { answer } from './run-task.ts';

interface Case {
  readonly task: TaskId;
  readonly texts: readonly string[];
  readonly options: {
    readonly aggregation_strategy?: string;
    readonly top_k?: number | null;
    readonly candidate_labels?: readonly string[];
    readonly hypothesis_template?: string;
    readonly multi_label?: boolean;
  };
  readonly rows: readonly { readonly ids: readonly number[]; readonly logits: readonly number[] }[];
  readonly expected: readonly unknown[];
}

interface Reference {
  readonly pieces: readonly string[];
  readonly labels: readonly string[];
  readonly nli: readonly string[];
  readonly cases: readonly Case[];
}

const reference = JSON.parse(
  readFileSync(new URL('../../fixtures/tasks/reference.json', import.meta.url), 'utf8'),
) as Reference;

/** Refuses tokens that the reference did not see, so that ids are held to it as well. */
async function voiceOf({ rows }: Case, head: Head) {
  const known = new Map(rows.map(({ ids, logits }) => [ids.join(), logits]));
  const graph = new FakeEncoderGraph(({ ids }) => {
    const logits = known.get(ids.join());
    if (logits === undefined) throw new RangeError(`tokens of our own: ${ids.join()}`);
    return { logits };
  });
  return encoderVoice(graph, await wordPieceCodec(reference.pieces.slice(5)), head);
}

const casesOf = (task: TaskId) => reference.cases.filter((one) => one.task === task);
const close = (value: number) => Math.round(value * 1e3) / 1e3;

describe('classification', () => {
  it.each(casesOf('text-classification').map((one, at) => [at, one] as const))(
    'case %i',
    async (at, one) => {
      const problem = at === 0 ? 'single-label' : 'multi-label';
      const labels = ['a', 'b', 'c'];
      const voice = await voiceOf(one, { kind: 'sequence-classification', labels, problem });
      for (const [index, prompt] of one.texts.entries()) {
        const output = await answer('labels', 'text-classification', voice, [{ prompt }]);
        const expected = one.expected[index] as { label: string; score: number }[];
        for (const { label, score } of expected) {
          const own = output.labels.find((each) => each.label === label);
          expect(own?.score).toBeCloseTo(score, 3);
        }
        expect(expected).toHaveLength(3);
      }
    },
  );
});

describe('entities', () => {
  interface Found {
    readonly entity_group: string;
    readonly start: number;
    readonly end: number;
    readonly score: number;
  }

  it.each(
    casesOf('token-classification').map((one) => [one.options.aggregation_strategy, one] as const),
  )('joined by %s', async (strategy = '', one) => {
    const { labels } = reference;
    const voice = await voiceOf(one, { kind: 'token-classification', labels });
    for (const [index, prompt] of one.texts.entries()) {
      const fields = { aggregation: strategy };
      const asked = [{ prompt, fields }];
      const { entities } = await answer('entities', 'token-classification', voice, asked);
      const expected = (one.expected[index] as Found[]).map((entity) => [
        entity.entity_group,
        units(prompt, entity.start),
        units(prompt, entity.end),
        close(entity.score),
      ]);
      const own = entities.map(({ label, start, end, score }) => [label, start, end, close(score)]);
      expect(own).toEqual(expected);
    }
  });

  /** The reference counts characters, a string here counts UTF-16 units. */
  function units(text: string, characters: number): number {
    return [...text].slice(0, characters).join('').length;
  }
});

describe('hidden words', () => {
  interface Filled {
    readonly token_str: string;
    readonly score: number;
  }

  it('are guessed alike', async () => {
    const [one] = casesOf('fill-mask');
    if (!one) throw new Error('no case');
    const voice = await voiceOf(one, { kind: 'masked-lm' });
    for (const [index, prompt] of one.texts.entries()) {
      const params = { proposals: one.options.top_k ?? 0 };
      const { blanks } = await answer('fill', 'fill-mask', voice, [{ prompt }], { params });
      const expected = one.expected[index] as Filled[] | Filled[][];
      const lists = (Array.isArray(expected[0]) ? expected : [expected]) as Filled[][];
      const own = blanks.map(({ options }) => options.map(({ score }) => close(score)));
      expect(own).toEqual(lists.map((list) => list.map(({ score }) => close(score))));
      const words = blanks.map(({ options }) => options.map(({ text }) => text.trim()));
      expect(words).toEqual(
        lists.map((list) => list.map(({ token_str: word }) => word.replace(/^##/u, ''))),
      );
    }
  });
});

describe('free labels', () => {
  it.each(
    casesOf('zero-shot-classification').map((one) => [one.options.multi_label, one] as const),
  )('several may be true: %s', async (several, one) => {
    const { candidate_labels: wanted = [], hypothesis_template: hypothesis = '' } = one.options;
    const labels = reference.nli;
    const problem = 'single-label';
    const voice = await voiceOf(one, { kind: 'sequence-classification', labels, problem });
    for (const [index, prompt] of one.texts.entries()) {
      const fields: Values = {
        labels: wanted.join('\n'),
        hypothesis,
        several: several ? 'several' : 'one',
      };
      const asked = [{ prompt, fields }];
      const output = await answer('labels', 'zero-shot-classification', voice, asked);
      const expected = one.expected[index] as { labels: string[]; scores: number[] };
      for (const [at, label] of expected.labels.entries()) {
        const own = output.labels.find((each) => each.label === label);
        expect(own?.score).toBeCloseTo(expected.scores[at] ?? -1, 3);
      }
      expect(expected.labels).toHaveLength(wanted.length);
    }
  });
});
