import { describe, expect, it } from 'vitest';
import { blankMarks, filled } from '../../../src/domain/blank.ts';
import { contradictionOf, entailmentOf } from '../../../src/tasks/zero-shot-classification/run.ts';
import { runTask } from '../../../src/tasks/run.ts';
import { windows } from '../../../workers/encoder.ts';
import { entitiesOf, type Strategy, type Tag } from '../../../workers/entities.ts';
import { cosine, largest, softmax } from '../../../workers/scores.ts';
import {
  CLS,
  encoderVoice,
  FakeEncoderGraph,
  MASK,
  SEP,
  UNK,
  wordPieceCodec,
  type Reply,
} from '../../fakes/encoder-graph.ts';
import { answer, ask } from './run-task.ts';

const WORDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', '##s'];
/** Id of a word: five special ones come first. */
const id = (word: string) => 5 + WORDS.indexOf(word);
const round = (value: number) => Math.round(value * 1e4) / 1e4;

describe('classification', () => {
  const head = (problem: 'single-label' | 'multi-label' | 'regression') => {
    return { kind: 'sequence-classification', labels: ['sí', 'no'], problem } as const;
  };
  const setUp = async (problem: 'single-label' | 'multi-label' | 'regression', context = 64) => {
    const graph = new FakeEncoderGraph(() => ({ logits: [Math.log(3), 0] }));
    const voice = encoderVoice(graph, await wordPieceCodec(WORDS), head(problem), context);
    return { graph, voice };
  };

  it.each([
    ['single-label', [0.75, 0.25]],
    ['multi-label', [0.75, 0.5]],
    ['regression', [1.0986, 0]],
  ] as const)('scores as %s', async (problem, expected) => {
    const { voice, graph } = await setUp(problem);
    const output = await answer('labels', 'text-classification', voice, [{ prompt: 'a b' }]);
    expect(output.labels.map(({ score }) => round(score))).toEqual(expected);
    expect(output).toMatchObject({
      problem,
      unread: 0,
      labels: [{ label: 'sí' }, { label: 'no' }],
    });
    expect(graph.asked[0]).toEqual({
      ids: [CLS, id('a'), id('b'), SEP],
      types: [0, 0, 0, 0],
      outputs: ['logits'],
    });
    expect(graph.alive).toBe(0);
  });

  it('says how much of a long text it could not read', async () => {
    const { voice, graph } = await setUp('single-label', 5);
    const output = await answer('labels', 'text-classification', voice, [{ prompt: 'a b c d e' }]);
    expect(output.unread).toBe(2);
    expect(graph.asked[0]?.ids).toEqual([CLS, id('a'), id('b'), id('c'), SEP]);
  });

  it('gives no types to a graph that has none', async () => {
    const { voice, graph } = await setUp('single-label');
    const plain = { ...voice, inputs: ['input_ids', 'attention_mask'] };
    await answer('labels', 'text-classification', plain, [{ prompt: 'a' }]);
    expect(graph.asked[0]?.types).toBeNull();
  });

  it('tells each cell apart, and stops the one that was stopped', async () => {
    const { voice } = await setUp('single-label');
    const events = await ask('text-classification', voice, [{ prompt: 'a' }, { prompt: 'b' }], {
      isStopped: (cell) => cell === 'c0',
    });
    expect(events.map(({ cell, event }) => [cell, event.type])).toEqual([
      ['c0', 'cancelled'],
      ['c1', 'ready'],
      ['c1', 'done'],
    ]);
    expect(events[1]?.event).toMatchObject({ promptTokens: 3, conditions: { seed: 1 } });
  });

  it('a model of another kind refuses each cell', async () => {
    const { voice } = await setUp('single-label');
    const events = await ask('fill-mask', voice, [{ prompt: 'a' }, { prompt: 'b' }]);
    expect(events.map(({ event }) => event)).toEqual(
      Array.from({ length: 2 }, () => ({ type: 'failed', failure: { code: 'task-unsupported' } })),
    );
    expect(typeof runTask).toBe('function');
  });
});

describe('hidden words', () => {
  /** Logits that want the word after the mask's own place. */
  const reply: Reply = ({ ids }) => ({
    logits: ids.flatMap((_, at) =>
      Array.from({ length: 14 }, (_value, word) => (word === 5 + at ? 9 : word / 100)),
    ),
  });
  const setUp = async (context = 64) => {
    const graph = new FakeEncoderGraph(reply);
    return encoderVoice(graph, await wordPieceCodec(WORDS), { kind: 'masked-lm' }, context);
  };

  it.each(['a ___ c', 'a [MASK] c', 'a <mask> c'])('whatever the mark: %j', async (prompt) => {
    const voice = await setUp();
    const { blanks } = await answer('fill', 'fill-mask', voice, [{ prompt }], {
      params: { proposals: 3 },
    });
    expect(blanks.map(({ options }) => options.map(({ text }) => text))).toEqual([
      [' c', 's', ' h'],
    ]);
    expect(blanks[0]?.options[0]?.score).toBeGreaterThan(0.99);
  });

  it('each blank is judged at its own place', async () => {
    const { blanks } = await answer('fill', 'fill-mask', await setUp(), [{ prompt: '___ b ___' }], {
      params: { proposals: 1 },
    });
    expect(blanks.map(({ options }) => options[0]?.text)).toEqual([' b', ' d']);
  });

  it.each([
    ['a b', 64, { code: 'mask-missing' }],
    ['a b c ___', 5, { code: 'context-exceeded', promptTokens: 6, contextTokens: 5 }],
  ])('%j in %i tokens fails its cell', async (prompt, context, failure) => {
    const [entry] = await ask('fill-mask', await setUp(context), [{ prompt }]);
    expect(entry?.event).toEqual({ type: 'failed', failure });
  });

  it.each([
    ['La ___ es', [' casa'], 'La casa es'],
    ['Está llov___.', ['iendo'], 'Está lloviendo.'],
    ['Está llov ___.', ['iendo'], 'Está lloviendo.'],
    ['___ y ___', [' Ana', ' Luis'], 'Ana y Luis'],
    ['(___)', [' sí'], '(sí)'],
    ['sin hueco', [], 'sin hueco'],
  ])('%j filled with %j reads %j', (text, fillings, expected) => {
    const parts = filled(text, fillings);
    expect(
      parts
        .map((part) => part.text)
        .join('')
        .replace(/ {2,}/gu, ' '),
    ).toBe(expected);
    expect(parts.filter((part) => part.filling)).toHaveLength(blankMarks(text).length);
  });
});

describe('likeness', () => {
  it('compares each sentence with the one asked about', async () => {
    const vectors: Record<number, number[]> = {
      [id('a')]: [1, 0],
      [id('b')]: [2, 0],
      [id('c')]: [0, 3],
    };
    const graph = new FakeEncoderGraph(({ ids }) => ({
      sentence_embedding: vectors[ids[1] ?? 0] ?? [-1, 0],
    }));
    const head = { kind: 'embedding', pooling: ['mean'], normalize: true } as const;
    const voice = encoderVoice(graph, await wordPieceCodec(WORDS), head);
    const fields = { sentences: 'b\n\n c \nd' };
    const output = await answer('similarity', 'sentence-similarity', voice, [
      { prompt: 'a', fields },
    ]);
    expect(output).toEqual({
      kind: 'similarity',
      unread: 0,
      items: [
        { text: 'b', score: 1 },
        { text: 'c', score: 0 },
        { text: 'd', score: -1 },
      ],
    });
    expect(graph.alive).toBe(0);
    const [entry] = await ask('sentence-similarity', voice, [
      { prompt: 'a', fields: { sentences: ' ' } },
    ]);
    expect(entry?.event).toMatchObject({ failure: { code: 'field-empty', field: 'sentences' } });
  });
});

describe('free labels', () => {
  const NLI = ['contradiction', 'neutral', 'entailment'];
  /** Says yes to hypotheses with `b`, and no to those with `c`. */
  const reply: Reply = ({ ids }) => {
    const about = ids.slice(ids.indexOf(SEP));
    return { logits: about.includes(id('b')) ? [0, 0, Math.log(3)] : [Math.log(9), 0, 0] };
  };
  const setUp = async (labels = NLI, context = 64) => {
    const graph = new FakeEncoderGraph(reply);
    const head = { kind: 'sequence-classification', labels, problem: 'single-label' } as const;
    return { graph, voice: encoderVoice(graph, await wordPieceCodec(WORDS), head, context) };
  };
  const fields = { labels: 'b\nc', hypothesis: 'e {}', several: 'one', entailment: 'name' };

  it('are rivals where one is true', async () => {
    const { voice, graph } = await setUp();
    const output = await answer('labels', 'zero-shot-classification', voice, [
      { prompt: 'a', fields },
    ]);
    expect(output.problem).toBe('single-label');
    expect(output.labels.map(({ label, score }) => [label, round(score)])).toEqual([
      ['b', 0.75],
      ['c', 0.25],
    ]);
    expect(graph.asked[0]).toMatchObject({
      ids: [CLS, id('a'), SEP, id('e'), id('b'), SEP],
      types: [0, 0, 0, 1, 1, 1],
    });
  });

  it('stand each against its own contradiction where several may be', async () => {
    const { voice } = await setUp();
    const several = { ...fields, several: 'several' };
    const output = await answer('labels', 'zero-shot-classification', voice, [
      { prompt: 'a', fields: several },
    ]);
    expect(output.labels.map(({ score }) => round(score))).toEqual([0.75, 0.1]);
  });

  it('a single one is judged on its own, or it would always be certain', async () => {
    const { voice } = await setUp();
    const one = { ...fields, labels: 'c' };
    const output = await answer('labels', 'zero-shot-classification', voice, [
      { prompt: 'a', fields: one },
    ]);
    expect(output.labels.map(({ score }) => round(score))).toEqual([0.1]);
  });

  it('cuts the text and never the hypothesis', async () => {
    const { voice, graph } = await setUp(NLI, 7);
    const prompt = 'a a a a a';
    const output = await answer('labels', 'zero-shot-classification', voice, [{ prompt, fields }]);
    expect(output.unread).toBe(3);
    expect(graph.asked[0]?.ids).toEqual([CLS, id('a'), id('a'), SEP, id('e'), id('b'), SEP]);
  });

  it('asks which class means yes where none says so', async () => {
    const { voice } = await setUp(['LABEL_0', 'LABEL_1', 'LABEL_2']);
    const [entry] = await ask('zero-shot-classification', voice, [{ prompt: 'a', fields }]);
    expect(entry?.event).toMatchObject({ failure: { code: 'entailment-unclear' } });
    const chosen = { ...fields, entailment: '2' };
    const output = await answer('labels', 'zero-shot-classification', voice, [
      { prompt: 'a', fields: chosen },
    ]);
    expect(round(output.labels[0]?.score ?? 0)).toBe(0.75);
  });

  it.each([
    [['ENTAILMENT', 'NEUTRAL', 'CONTRADICTION'], '', 0, 2],
    [['contradiction', 'neutral', 'entailment'], 'name', 2, 0],
    [['contradicción', 'neutral', 'implicación'], 'name', 2, 0],
    [['entailment', 'not_entailment'], 'name', 0, 1],
    [['not_entailment', 'entailment'], 'name', 1, 0],
    [['LABEL_0', 'LABEL_1'], '1', 1, 0],
    [['LABEL_0', 'LABEL_1'], '2', null, null],
    [['LABEL_0', 'LABEL_1'], 'name', null, null],
  ])('%j asked %j: yes is %j, no is %j', (classes, asked, yes, no) => {
    expect(entailmentOf(classes, asked)).toBe(yes);
    if (yes !== null) expect(contradictionOf(classes, yes)).toBe(no);
  });
});

describe('entities', () => {
  const LABELS = ['O', 'B-PER', 'I-PER', 'B-LOC'];
  const wanted: Record<number, number> = {
    [id('a')]: 1,
    [id('b')]: 2,
    [id('##s')]: 2,
    [id('c')]: 3,
  };
  const reply: Reply = ({ ids }) => ({
    logits: ids.flatMap((word) =>
      LABELS.map((_, label) => ((wanted[word] ?? 0) === label ? 5 : 0)),
    ),
  });
  const setUp = async (context = 64) => {
    const graph = new FakeEncoderGraph(reply);
    const head = { kind: 'token-classification', labels: LABELS } as const;
    return { graph, voice: encoderVoice(graph, await wordPieceCodec(WORDS), head, context) };
  };

  it('have their place in the text, accents and capitals as they were', async () => {
    const { voice } = await setUp();
    const prompt = 'd Á BS, C; 🐦 a';
    const { entities } = await answer('entities', 'token-classification', voice, [{ prompt }]);
    expect(entities.map(({ label, start, end }) => [label, prompt.slice(start, end)])).toEqual([
      ['PER', 'Á BS'],
      ['LOC', 'C'],
      ['PER', 'a'],
    ]);
    expect(entities[0]?.score).toBeCloseTo(softmax([5, 0, 0, 0])[0] ?? 0, 5);
  });

  it('are found in every stretch of a long text, and none twice', async () => {
    const { voice, graph } = await setUp(10);
    const prompt = Array.from({ length: 20 }, (_, at) => (at % 5 === 4 ? 'c' : 'd')).join(' ');
    const { entities } = await answer('entities', 'token-classification', voice, [{ prompt }]);
    expect(entities.map(({ start }) => start)).toEqual([8, 18, 28, 38]);
    expect(graph.asked.length).toBeGreaterThan(2);
    expect(Math.max(...graph.asked.map(({ ids }) => ids.length))).toBe(10);
  });

  it('of an empty reading there are none', async () => {
    const { voice } = await setUp();
    const { entities } = await answer('entities', 'token-classification', voice, [
      { prompt: 'd e' },
    ]);
    expect(entities).toEqual([]);
  });

  const tag = (label: string, start: number, score = 1, continues = false): Tag => {
    return { label, start, end: start + 1, score, continues };
  };

  it.each<[string, Strategy, readonly Tag[], readonly [string, number, number][]]>([
    [
      'a beginning opens another',
      'simple',
      [tag('B-A', 0), tag('B-A', 1)],
      [
        ['A', 0, 1],
        ['A', 1, 2],
      ],
    ],
    ['an inside goes on', 'simple', [tag('B-A', 0), tag('I-A', 1)], [['A', 0, 2]]],
    [
      'an inside of another class does not',
      'simple',
      [tag('B-A', 0), tag('I-B', 1)],
      [
        ['A', 0, 1],
        ['B', 1, 2],
      ],
    ],
    [
      'classes without marks join',
      'simple',
      [tag('A', 0), tag('A', 1), tag('O', 2)],
      [['A', 0, 2]],
    ],
    ['a piece may break a word', 'simple', [tag('B-A', 0), tag('O', 1, 1, true)], [['A', 0, 1]]],
    [
      'the first piece speaks for its word',
      'first',
      [tag('B-A', 0), tag('O', 1, 1, true)],
      [['A', 0, 2]],
    ],
    [
      'the surest piece speaks for its word',
      'max',
      [tag('B-A', 0, 0.5), tag('O', 1, 0.9, true)],
      [],
    ],
    ['a beginning that is also an end', 'simple', [tag('S-A', 0), tag('E-A', 1)], [['A', 0, 2]]],
  ])('%s (%s)', (_, strategy, tags, expected) => {
    const found = entitiesOf(tags, strategy);
    expect(found.map(({ label, start, end }) => [label, start, end])).toEqual(expected);
  });
});

describe('questions', () => {
  /** Begins at `c`, ends at the `d` after it; sure of itself by `weight`. */
  const reply =
    (weight: number): Reply =>
    ({ ids }) => {
      const from = ids.indexOf(SEP);
      const at = (word: string) => ids.indexOf(id(word), from);
      const logits = (place: number) => ids.map((_, index) => (index === place ? weight : 0));
      return { start_logits: logits(at('c')), end_logits: logits(at('d')) };
    };
  const setUp = async (script: Reply, context = 64) => {
    const graph = new FakeEncoderGraph(script);
    const voice = encoderVoice(
      graph,
      await wordPieceCodec(WORDS),
      { kind: 'question-answering' },
      context,
    );
    return { graph, voice };
  };
  const found = async (script: Reply, prompt: string, context: string, size = 64) => {
    const { voice, graph } = await setUp(script, size);
    const fields = { context };
    const output = await answer('spans', 'question-answering', voice, [{ prompt, fields }]);
    return { graph, answers: output.answers };
  };

  it('are answered by a span of the context', async () => {
    const context = 'A b, C d. E f';
    const { answers, graph } = await found(reply(12), 'c d', context);
    expect(answers[0] && context.slice(answers[0].start, answers[0].end)).toBe('C d');
    expect(answers[0]?.score).toBeGreaterThan(0.99);
    expect(answers.length).toBeLessThanOrEqual(3);
    expect(graph.asked[0]?.types?.slice(0, 5)).toEqual([0, 0, 0, 0, 1]);
  });

  it('never by one that begins in the question or runs backwards', async () => {
    const backwards: Reply = ({ ids }) => {
      const last = ids.length - 2;
      const first = ids.indexOf(SEP) + 1;
      const logits = (place: number) => ids.map((_, at) => (at === place ? 9 : at === 1 ? 99 : 0));
      return { start_logits: logits(last), end_logits: logits(first) };
    };
    const context = 'a b c d';
    const { answers } = await found(backwards, 'e f', context);
    for (const { start, end, score } of answers) {
      expect(end).toBeGreaterThan(start);
      expect(end).toBeLessThanOrEqual(context.length);
      expect(score).toBeLessThan(0.5);
    }
  });

  it('looks through all of a context that is longer than the model', async () => {
    const context = `${'a '.repeat(30)}c d ${'b '.repeat(30)}`;
    const { answers, graph } = await found(reply(12), 'e', context, 16);
    expect(graph.asked.length).toBeGreaterThan(4);
    expect(Math.max(...graph.asked.map(({ ids }) => ids.length))).toBe(16);
    expect(answers[0] && context.slice(answers[0].start, answers[0].end)).toBe('c d');
  });

  it('gives whole words, each place once', async () => {
    const context = 'as cs d';
    const script: Reply = ({ ids }) => {
      const piece = ids.lastIndexOf(id('##s'));
      const logits = ids.map((_, at) => (at === piece ? 9 : 0));
      return { start_logits: logits, end_logits: logits };
    };
    const { answers } = await found(script, 'e', context);
    expect(answers[0] && context.slice(answers[0].start, answers[0].end)).toBe('cs');
    const sorted = [...answers].sort((a, b) => a.start - b.start);
    sorted
      .slice(1)
      .forEach((one, at) => expect(one.start).toBeGreaterThanOrEqual(sorted[at]?.end ?? 0));
  });

  it('need a context', async () => {
    const { voice } = await setUp(reply(1));
    const [entry] = await ask('question-answering', voice, [
      { prompt: 'a', fields: { context: ' ' } },
    ]);
    expect(entry?.event).toMatchObject({ failure: { code: 'field-empty', field: 'context' } });
  });
});

describe('arithmetic', () => {
  it('windows cover everything and share what they should', () => {
    expect(windows(10, 4, 2)).toEqual([
      { from: 0, to: 4 },
      { from: 2, to: 6 },
      { from: 4, to: 8 },
      { from: 6, to: 10 },
    ]);
    expect(windows(0, 4, 2)).toEqual([{ from: 0, to: 0 }]);
    expect(windows(4, 4, 2)).toEqual([{ from: 0, to: 4 }]);
  });

  it('keeps the largest in order, and huge logits finite', () => {
    expect(largest([1, 3, 3, 2], 3)).toEqual([1, 2, 3]);
    expect(largest([1], 3)).toEqual([0]);
    expect(softmax([1000, 999]).map(round)).toEqual([0.7311, 0.2689]);
    expect(cosine([0, 0], [1, 0])).toBe(0);
    expect([MASK, UNK]).toEqual([4, 3]);
  });
});
