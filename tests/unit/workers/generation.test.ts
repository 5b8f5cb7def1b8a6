import { describe, expect, it } from 'vitest';
import { DEFAULT_PARAMS, type Params } from '../../../src/domain/params.ts';
import type { CellEvent } from '../../../src/engine/engine.ts';
import type { RunEvent } from '../../../src/run/cell.ts';
import type { Batch } from '../../../src/run/plan.ts';
import { runTextGeneration, type Voice } from '../../../src/tasks/text-generation/run.ts';
import { ReadingPace, type PlacedNumbers } from '../../../workers/pace.ts';
import { PrefixCache } from '../../../workers/cache.ts';
import type { Feeds } from '../../../workers/session.ts';
import { Decoder, type Row } from '../../../workers/decoder.ts';
import { fakeModel } from '../../fakes/catalogue.ts';
import {
  FAKE_NUMBERS,
  FakeGraph,
  reciting,
  winding,
  type FakeModel,
} from '../../fakes/engine-graph.ts';
import { byteCodec } from '../../fakes/engine-tokenizer.ts';

const GREEDY: Params = { ...DEFAULT_PARAMS, temperature: 0, repetitionPenalty: 1, maxTokens: 40 };
const bytes = (text: string) => [...new TextEncoder().encode(text)];

interface Setup {
  readonly prompts?: readonly string[];
  readonly params?: Partial<Params>;
  readonly graph?: FakeGraph;
  readonly isStopped?: (cell: string) => boolean;
  readonly keepsRowsApart?: boolean;
  readonly prefixes?: PrefixCache;
  readonly model?: PlacedNumbers;
}

/** No adapter: one object, because what is reused belongs to its adapter. */
const BARE: Feeds = {};
const PROMPT = 'Una';
const recite = (text: string) => new FakeGraph(reciting(bytes(PROMPT), text));

async function generate({
  prompts = [PROMPT],
  params,
  graph,
  isStopped,
  keepsRowsApart = true,
  prefixes = new PrefixCache(0),
  model = FAKE_NUMBERS,
}: Setup) {
  const codec = await byteCodec();
  const session = graph ?? recite(' niña');
  const voice: Voice = {
    kind: 'decoder',
    session,
    model,
    topCount: 64,
    adapter: BARE,
    lettering: codec,
    encode: (prompt) => Promise.resolve(codec.encode(prompt)),
    encodeChat: (messages) => Promise.resolve(codec.encode(messages.at(-1)?.content ?? '')),
    conditions: { backend: 'cpu', variant: 'cpu8', threads: 1 },
    keepsRowsApart,
    prefixes,
    readingPace: new ReadingPace(),
  };
  const batch: Batch = {
    task: 'text-generation',
    model: fakeModel('uno'),
    adapter: null,
    backend: 'cpu',
    variant: 'cpu8',
    params: { ...GREEDY, ...params },
    jobs: prompts.map((prompt, index) => ({
      cell: `c${index}`,
      prompt,
      fields: {},
      history: [],
      seed: index,
    })),
  };
  const controls = {
    isStopped: isStopped ?? (() => false),
    breathe: () => Promise.resolve(),
    now: () => session.runs.length * 10,
  };
  const events: CellEvent[] = [];
  await runTextGeneration(batch, voice, controls, (entry) => events.push(entry));
  return { session, events: events.map(({ event }) => event), entries: events };
}

function textOf(events: readonly RunEvent[]): string {
  return events.map((event) => (event.type === 'tokens' ? event.text : '')).join('');
}

describe('an answer', () => {
  it('streams to the end that the model gives it', async () => {
    const { events, session } = await generate({});
    expect(events[0]).toMatchObject({ type: 'ready', promptTokens: 3, conditions: { seed: 0 } });
    expect(textOf(events)).toBe(' niña');
    expect(events.at(-1)).toMatchObject({ type: 'done', finish: 'end', text: ' niña' });
    expect(session.runs).toEqual([3, 1, 1, 1, 1, 1, 1]);
    expect(session.alive).toBe(0);
  });

  it('measures itself: first token, the span from first to last, and counts', async () => {
    const { events } = await generate({});
    const last = events.at(-1);
    if (last?.type !== 'done') throw new Error('not done');
    expect(last.timing).toEqual({
      firstTokenMs: 10,
      decodeMs: 50,
      promptTokens: 3,
      generatedTokens: 6,
    });
  });

  it('keeps for every token its log-probability and five alternatives', async () => {
    const { events } = await generate({ params: { temperature: 2, topK: 3, maxTokens: 1 } });
    const [token] = events.flatMap((event) => (event.type === 'tokens' ? event.tokens : []));
    const normalizer = Math.log(Math.exp(10) + FAKE_NUMBERS.vocab - 1);
    expect(token?.alternatives).toHaveLength(5);
    expect(token?.alternatives[0]).toMatchObject({ id: 32, text: ' ' });
    expect(token?.alternatives[0]?.logprob).toBeCloseTo(10 - normalizer, 5);
    expect(token?.alternatives[1]?.logprob).toBeCloseTo(-normalizer, 5);
    const own = token?.alternatives.find(({ id }) => id === token.id);
    expect(token?.logprob).toBe(own?.logprob);
  });

  it('ends before a stop string, though its tokens came one by one', async () => {
    const graph = recite(' niña FIN y más');
    const { events } = await generate({ graph, params: { stop: [' FIN'] } });
    expect(textOf(events)).toBe(' niña');
    expect(events.at(-1)).toMatchObject({ type: 'done', finish: 'stop', text: ' niña' });
  });

  it('gives out what was held back when it ends otherwise', async () => {
    const { events } = await generate({ graph: recite(' FI'), params: { stop: ['FIN'] } });
    expect(textOf(events)).toBe(' FI');
    expect(events.at(-1)).toMatchObject({ finish: 'end', text: ' FI' });
  });

  it('ends at the token limit without half a character', async () => {
    const { events } = await generate({ params: { maxTokens: 4 } });
    expect(events.at(-1)).toMatchObject({ finish: 'length', text: ' ni' });
    expect((await generate({ params: { maxTokens: 5 } })).events.at(-1)).toMatchObject({
      finish: 'length',
      text: ' niñ',
    });
  });

  it('ends where prompt and answer fill the context', async () => {
    const graph = recite('x'.repeat(200));
    const { events } = await generate({ graph, params: { maxTokens: 500 } });
    expect(events.at(-1)).toMatchObject({ finish: 'context' });
    expect(textOf(events)).toHaveLength(FAKE_NUMBERS.context - 3);
  });

  it.each([
    ['x'.repeat(64), { code: 'context-exceeded', promptTokens: 64, contextTokens: 64 }],
    ['', { code: 'prompt-empty' }],
  ])('is refused where the prompt does not fit, and the next one runs', async (prompt, failure) => {
    const { entries } = await generate({ prompts: [prompt, PROMPT] });
    expect(entries[0]).toEqual({ cell: 'c0', event: { type: 'failed', failure } });
    expect(entries.at(-1)).toMatchObject({ cell: 'c1', event: { type: 'done', text: ' niña' } });
  });

  it('tells what the model reads elsewhere, where the device holds less', async () => {
    const model = { ...FAKE_NUMBERS, context: 8, trainedContext: 64 };
    const { events } = await generate({ prompts: ['x'.repeat(9)], model });
    const failure = {
      code: 'context-exceeded',
      promptTokens: 9,
      contextTokens: 8,
      modelTokens: 64,
    };
    expect(events).toEqual([{ type: 'failed', failure }]);
  });

  it('asks for every logit only where the choice needs them', async () => {
    const few = await generate({ params: { temperature: 1, topK: 40, maxTokens: 2 } });
    const all = await generate({ params: { temperature: 1, topK: 0, maxTokens: 2 } });
    expect(few.session.fetched.flat()).not.toContain('logits');
    expect(all.session.fetched.flat()).toContain('logits');
  });

  it('says the same for the same seed, and something else for another', async () => {
    const flat: FakeModel = (ids) =>
      Float32Array.from({ length: 258 }, (_, id) => Math.sin(id * 7 + ids.length));
    const say = async (prompts: readonly string[]) => {
      const params = { temperature: 1.5, topK: 60, maxTokens: 12 };
      const { entries } = await generate({ prompts, params, graph: new FakeGraph(flat) });
      return entries.flatMap(({ cell, event }) =>
        event.type === 'tokens' ? event.tokens.map(({ id }) => `${cell} ${id}`) : [],
      );
    };
    const both = await say([PROMPT, PROMPT]);
    expect(await say([PROMPT])).toEqual(both.filter((line) => line.startsWith('c0')));
    const [first, second] = ['c0 ', 'c1 '].map((cell) =>
      both.filter((line) => line.startsWith(cell)).map((line) => line.slice(3)),
    );
    expect(first).not.toEqual(second);
  });
});

describe('stopping', () => {
  it('is heard between two tokens, and the cache is given back', async () => {
    let runs = 0;
    const graph = new FakeGraph(
      reciting(bytes(PROMPT), 'x'.repeat(30)),
      128,
      (run) => (runs = run),
    );
    const { events } = await generate({ graph, isStopped: () => runs >= 5 });
    expect(events.at(-1)).toEqual({ type: 'cancelled' });
    expect(textOf(events)).toBe('xxxx');
    expect(graph.alive).toBe(0);
  });

  it('is heard between two chunks of a long prompt', async () => {
    let runs = 0;
    const graph = new FakeGraph(reciting([], ''), 8, (run) => (runs = run));
    const { events } = await generate({
      prompts: ['x'.repeat(40)],
      graph,
      isStopped: () => runs >= 2,
    });
    expect(events.map(({ type }) => type)).toEqual(['ready', 'reading', 'reading', 'cancelled']);
    expect(graph.runs).toEqual([8, 8]);
  });

  it('of one cell leaves the others to their end', async () => {
    const { entries } = await generate({
      prompts: [PROMPT, PROMPT],
      isStopped: (cell) => cell === 'c0',
    });
    expect(entries[0]).toEqual({ cell: 'c0', event: { type: 'cancelled' } });
    expect(entries.at(-1)).toMatchObject({ cell: 'c1', event: { type: 'done' } });
  });
});

describe('answers that are written together', () => {
  const params = { temperature: 1, topK: 20, maxTokens: 25 };
  const prompts = [
    'Una',
    'Había una vez',
    'Un',
    'Una niña',
    'y',
    'Dos',
    'o tres más',
    'ñ',
    'Había',
  ];
  const idsOf = (entries: readonly CellEvent[], cell: string) =>
    entries.flatMap((entry) =>
      entry.cell === cell && entry.event.type === 'tokens'
        ? entry.event.tokens.map(({ id }) => id)
        : [],
    );
  const timingOf = (entries: readonly CellEvent[], cell: string) =>
    entries.flatMap((entry) =>
      entry.cell === cell && entry.event.type === 'done' ? [entry.event.timing] : [],
    )[0];

  async function alone(prompts: readonly string[]) {
    const answers: number[][] = [];
    for (const [seed] of prompts.entries()) {
      const others = (cell: string) => cell !== `c${seed}`;
      const { entries } = await generate({
        prompts,
        params,
        graph: new FakeGraph(winding),
        isStopped: others,
      });
      answers.push(idsOf(entries, `c${seed}`));
    }
    return answers;
  }

  it('say what each says alone, join between steps and leave when they end', async () => {
    const graph = new FakeGraph(winding);
    const { entries } = await generate({ prompts, params, graph });
    const found = prompts.map((_, at) => idsOf(entries, `c${at}`));
    expect(found).toEqual(await alone(prompts));
    expect(new Set(found.map(({ length }) => length)).size).toBeGreaterThan(2);
    expect(Math.max(...graph.together)).toBeGreaterThan(4);
    expect(timingOf(entries, 'c0')?.together).toBeGreaterThan(1);
    expect(graph.alive).toBe(0);
  });

  it('step one after another where a row would feel its neighbours', async () => {
    const graph = new FakeGraph(winding);
    const prefixes = new PrefixCache();
    const { entries } = await generate({ prompts, params, graph, keepsRowsApart: false, prefixes });
    expect(Math.max(...graph.together)).toBe(1);
    expect(prefixes.bytes).toBe(0);
    expect(timingOf(entries, 'c3')).not.toHaveProperty('together');
    expect(timingOf(entries, 'c3')).not.toHaveProperty('reusedTokens');
  });

  it('go on when one of them is stopped', async () => {
    let runs = 0;
    const graph = new FakeGraph(winding, 128, (run) => (runs = run));
    const isStopped = (cell: string) => cell === 'c3' && runs > 16;
    const { entries } = await generate({ prompts, params, graph, isStopped });
    const whole = await alone(prompts);
    const cut = idsOf(entries, 'c3');
    expect(cut).toEqual(whole[3]?.slice(0, cut.length));
    expect(entries.filter(({ cell }) => cell === 'c3').at(-1)?.event.type).toBe('cancelled');
    for (const at of [0, 1, 2, 4, 5, 6, 7, 8]) expect(idsOf(entries, `c${at}`)).toEqual(whole[at]);
    expect(graph.alive).toBe(0);
  });

  it('are all told at once when all are stopped, those in the queue as well', async () => {
    let runs = 0;
    const graph = new FakeGraph(winding, 128, (run) => (runs = run));
    const { entries } = await generate({ prompts, params, graph, isStopped: () => runs >= 4 });
    expect(graph.runs).toHaveLength(4);
    const ends = entries.filter(({ event }) => event.type === 'cancelled');
    expect(ends.map(({ cell }) => cell).sort()).toEqual(prompts.map((_, at) => `c${at}`));
    expect(graph.alive).toBe(0);
  });

  it('give their memory back when the runtime fails, and leave nothing behind', async () => {
    const prefixes = new PrefixCache();
    const graph = new FakeGraph(winding, 128, (run) => {
      if (run === 10) throw new Error('out of memory');
    });
    await expect(generate({ prompts, params, graph, prefixes })).rejects.toThrow('out of memory');
    prefixes.clear();
    expect(graph.alive).toBe(0);
  });

  it('reuse what was read, a second time all but the last token', async () => {
    const prefixes = new PrefixCache();
    const graph = new FakeGraph(winding);
    const first = await generate({ prompts, params, graph, prefixes });
    const whole = await alone(prompts);
    expect(prompts.map((_, at) => idsOf(first.entries, `c${at}`))).toEqual(whole);
    expect(timingOf(first.entries, 'c3')?.reusedTokens).toBe(bytes('Una').length);
    const read = graph.runs.length;
    const second = await generate({ prompts, params, graph, prefixes });
    expect(prompts.map((_, at) => idsOf(second.entries, `c${at}`))).toEqual(whole);
    expect(Math.max(...graph.runs.slice(read))).toBe(1);
    prefixes.clear();
    expect(graph.alive).toBe(0);
  });
});

describe('the decoder', () => {
  function decoder(graph: FakeGraph) {
    const breathe = () => Promise.resolve();
    const model = FAKE_NUMBERS;
    return new Decoder({ session: graph, model, adapter: {}, allLogits: true, breathe });
  }
  /** Logits that tell every id of the sequence and its place. */
  const telling: FakeModel = (ids) =>
    Float32Array.from({ length: 258 }, (_, at) => (ids[at] ?? 0) + at / 1000);
  const never = () => false;

  it('reads a prompt by chunks to the same end as at once', async () => {
    const ids = bytes('Había una vez un gorrión');
    const [whole, parts] = [new FakeGraph(telling), new FakeGraph(telling, 7)];
    const results = await Promise.all(
      [whole, parts].map((graph) => {
        const one = decoder(graph);
        return one.prefill([one.open(ids)], never);
      }),
    );
    expect(parts.runs).toEqual([7, 7, 7, 5]);
    expect(results[1]).toEqual(results[0]);
    expect(results[0]?.[0]?.logits?.slice(0, 3)).toEqual(telling(ids).slice(0, 3));
  });

  it('steps rows side by side, each with its own memory', async () => {
    const one = decoder(new FakeGraph(telling));
    const rows: Row[] = [bytes('uno'), bytes('tres')].map((ids) => one.open(ids));
    await one.prefill(rows, never);
    rows[0]?.ids.push(100);
    rows[1]?.ids.push(200);
    const scores = await one.step(rows);
    expect(scores.map(({ logits }) => logits)).toEqual([
      telling([...bytes('uno'), 100]),
      telling([...bytes('tres'), 200]),
    ]);
  });
});
