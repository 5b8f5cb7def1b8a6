/** Rows that step together, and rows that reuse what others read, against each row on its own. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { DEFAULT_PARAMS } from '../../src/domain/params';
import type { Params } from '../../src/domain/params';
import { zeroAdapter } from '../../src/graph/ports';
import { runTextGeneration } from '../../src/tasks/text-generation/run';
import type { Voice } from '../../src/tasks/text-generation/run';
import { PrefixCache } from '../../workers/cache';
import { ReadingPace } from '../../workers/pace';
import { canCut } from '../../workers/decoder';
import type { Feeds } from '../../workers/session';
import { fakeModel } from '../fakes/catalogue';
import { DECODERS } from './decoder-cases';
import { fixture } from './fixtures';
import { ENGINES } from './open-session';
import type { Build } from './runner';
import { openPackage } from './worker-session';
import type { Opened } from './worker-session';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Those of the CPU; the integers of large models too, which round each row by itself. */
const BUILDS: readonly (readonly [string, Build])[] = [
  ['fp32', { variant: 'fp32', logits: 'last' }],
  ['cpu8, widened', { variant: 'cpu8', logits: 'last' }],
  ['cpu8, integer', { variant: 'cpu8', logits: 'last', smallModel: 0 }],
];

const PARAMS: Params = { ...DEFAULT_PARAMS, temperature: 1.5, topK: 20, maxTokens: 9 };

interface Asked {
  readonly ids: readonly number[];
  readonly seed: number;
}

interface Answered {
  readonly ids: number[];
  readonly together: number;
  readonly reused: number;
}

/** Different lengths; several begin alike, one is the beginning of another, two are the same. */
function prompts(vocab: number): Asked[] {
  const text = (length: number, factor: number) =>
    Array.from({ length }, (_, at) => 3 + (((at + 1) * factor) % (vocab - 3)));
  const shared = text(11, 7);
  return [
    [...shared, ...text(6, 5)],
    text(2, 11),
    [...shared, ...text(3, 13)],
    shared,
    text(19, 3),
    [...shared, ...text(6, 5)],
  ].map((ids, seed) => ({ ids, seed }));
}

const lettering = {
  tokenText: (id: number) => `${id} `,
  stream: () => ({ push: (id: number) => `${id} ` }),
};

async function write(
  { session, manifest, adapter }: Opened & { readonly adapter: Feeds },
  asked: readonly Asked[],
  { prefixes = new PrefixCache(0), params = PARAMS, apart = true } = {},
): Promise<Answered[]> {
  const voice = {
    kind: 'decoder',
    session,
    model: manifest.model,
    topCount: manifest.topK,
    adapter,
    lettering,
    encode: (prompt: string) => Promise.resolve(asked[Number(prompt)]?.ids ?? []),
    encodeChat: () => Promise.reject(new Error('no chat')),
    conditions: { backend: 'cpu', variant: 'fp32', threads: 1 },
    keepsRowsApart: apart,
    prefixes,
    readingPace: new ReadingPace(),
  } as unknown as Voice;
  const answers = asked.map(() => ({ ids: [] as number[], together: 0, reused: 0 }));
  await runTextGeneration(
    {
      task: 'text-generation',
      model: fakeModel('uno'),
      adapter: null,
      backend: 'cpu',
      variant: 'fp32',
      params,
      jobs: asked.map(({ seed }, at) => {
        return { cell: String(at), prompt: String(at), fields: {}, history: [], seed };
      }),
    },
    voice,
    { isStopped: () => false, breathe: () => Promise.resolve(), now: () => performance.now() },
    ({ cell, event }) => {
      const answer = answers[Number(cell)];
      if (answer === undefined) return;
      if (event.type === 'tokens') answer.ids.push(...event.tokens.map(({ id }) => id));
      if (event.type === 'failed') throw new Error(JSON.stringify(event.failure));
      if (event.type !== 'done') return;
      answer.together = event.timing.together ?? 1;
      answer.reused = event.timing.reusedTokens ?? 0;
    },
  );
  return answers;
}

/** Made once: the same object is the same adapter to what is kept for reuse. */
function noAdapter({ session, manifest }: Opened): Feeds {
  const values = [...zeroAdapter(manifest.ports)];
  return Object.fromEntries(
    values.map(([name, { data, dims }]) => [name, session.resident(data, dims)] as const),
  );
}

const written = (answers: readonly Answered[]) => answers.map(({ ids }) => ids);

const COMBINATIONS = ENGINES.flatMap((engine) =>
  BUILDS.map(([name, build]) => [engine, name, build] as const),
);

describe.each(DECODERS)('%s', (name) => {
  describe.each(COMBINATIONS)('%s, %s', (engine, _, build) => {
    let opened: Opened & { readonly adapter: Feeds };
    let asked: Asked[];
    let alone: number[][];

    beforeAll(async () => {
      const made = await openPackage(fixture(name), build, engine);
      opened = { ...made, adapter: noAdapter(made) };
      asked = prompts(opened.manifest.model.vocab);
      alone = [];
      for (const each of asked) alone.push(...written(await write(opened, [each])));
    });
    afterAll(() => opened.release());

    test('rows that step together write what each writes alone', async () => {
      const together = await write(opened, asked);
      expect(written(together)).toEqual(alone);
      expect(Math.max(...together.map((answer) => answer.together))).toBeGreaterThan(2);
    });

    test('rows that reuse what others read write the same', async () => {
      const prefixes = new PrefixCache();
      const first = await write(opened, asked, { prefixes });
      expect(written(first)).toEqual(alone);
      const again = await write(opened, asked, { prefixes });
      expect(written(again)).toEqual(alone);
      // All but the last token of a text that was read before, and the beginning that some share.
      expect(again.map(({ reused }) => reused)).toEqual(asked.map(({ ids }) => ids.length - 1));
      expect(first[5]?.reused).toBe((asked[5]?.ids.length ?? 0) - 1);
      if (canCut(opened.manifest.model.states)) expect(first[2]?.reused).toBe(11);
    });

    test('a second turn reads only what is new', async () => {
      const prefixes = new PrefixCache();
      const [question] = asked;
      const [answer] = await write(opened, asked.slice(0, 1), { prefixes });
      const history = [...(question?.ids ?? []), ...(answer?.ids ?? [])];
      const turn = { ids: [...history, 5, 9, 4], seed: 3 };
      const [fresh] = await write(opened, [turn]);
      const [reusing] = await write(opened, [turn], { prefixes });
      expect(reusing?.ids).toEqual(fresh?.ids);
      expect(reusing?.reused).toBeGreaterThanOrEqual(history.length - 1);
    });
  });
});
