import fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../../../models.config.ts';
import { CHECKS, isReady, packNumber, readCode, writeCode } from '../../../src/classroom/code.ts';
import { SHIPPED } from '../../../src/classroom/exercises/index.ts';
import { voices } from '../../../src/domain/model.ts';
import type { HandIn } from '../../../src/classroom/hand-in.ts';
import {
  addHandIn,
  EMPTY_PILE,
  mergeHandIns,
  rowsOf,
  toMergedCsv,
  toMergedJsonl,
} from '../../../src/classroom/merge.ts';
import { held, voicesOf, type ClassPack, type StepWork } from '../../../src/classroom/pack.ts';
import { parseHandIn, parsePack } from '../../../src/classroom/parse.ts';
import { EXPERIMENT, fakeRecord } from '../../fakes/record.ts';

const work: StepWork = {
  experiment: EXPERIMENT,
  locked: ['prompts'],
  showsTokens: false,
  run: 'r1',
};
const PACK: ClassPack = {
  format: 'patio.class',
  version: 1,
  id: 'clase-1',
  title: 'Una clase',
  summary: '',
  language: 'es',
  author: null,
  exercises: [
    {
      id: 'e1',
      title: 'Uno',
      summary: '',
      minutes: 20,
      steps: [
        { id: 's1', title: 'Leer', text: ['Hola'], work, questions: [{ id: 'q1', text: '¿Qué?' }] },
      ],
      notes: ['Nota'],
    },
  ],
  models: [{ kind: 'bundled', id: 'gorrion' }],
  runs: [fakeRecord()],
  golden: [],
};

function changed(change: (pack: Record<string, unknown>) => void): string {
  const copy = JSON.parse(JSON.stringify(PACK)) as Record<string, unknown>;
  change(copy);
  return JSON.stringify(copy);
}

const stored = {
  kind: 'package',
  folder: 'modelos/m',
  files: [{ path: 'a.onnx', bytes: 3, sha256: 'a'.repeat(64) }],
  entry: {
    id: 'm1',
    name: 'M',
    origin: { kind: 'zip', endpoint: null, repo: null, commit: null },
    runtime: 'patio',
    family: 'llama',
    head: 'causal-lm',
    tasks: ['text-generation'],
    prompting: 'completion',
    labels: [],
    prefixes: [],
    parameters: 1,
    contextTokens: 8,
    license: null,
    languages: ['es'],
    base: null,
    variants: [{ id: 'cpu8', bytes: 3 }],
    adapterOf: null,
    check: { status: 'unchecked' },
    addedAt: 1,
    usedAt: 1,
  },
};

describe('a class pack', () => {
  it('is read back as it was written', () => {
    expect(parsePack(JSON.stringify(PACK))).toEqual({ ok: true, value: PACK });
    const withModel = changed((pack) => (pack['models'] = [stored]));
    expect(parsePack(withModel).ok).toBe(true);
  });

  it.each([
    ['no JSON', '{{', 'class-foreign'],
    ['cut short', JSON.stringify(PACK).slice(0, 300), 'class-damaged'],
    ['another format', '{"format":"patio.run","version":1}', 'class-foreign'],
    ['a list', '[]', 'class-foreign'],
    ['from the future', changed((pack) => (pack['version'] = 2)), 'record-newer'],
    ['an unknown field', changed((pack) => (pack['onload'] = 'alert(1)')), 'class-damaged'],
    ['no exercise', changed((pack) => (pack['exercises'] = [])), 'class-damaged'],
    ['an id that leaves its place', changed((pack) => (pack['id'] = '../x')), 'class-damaged'],
    ['a run that is not there', changed((pack) => (pack['runs'] = [])), 'class-damaged'],
    ['a run that is no run', changed((pack) => (pack['runs'] = [{ id: 'r1' }])), 'class-damaged'],
    [
      'a path that leaves its folder',
      changed(
        (pack) =>
          (pack['models'] = [{ ...stored, files: [{ ...stored.files[0], path: '../../a' }] }]),
      ),
      'class-damaged',
    ],
    [
      'an absolute folder',
      changed((pack) => (pack['models'] = [{ ...stored, folder: '/etc' }])),
      'class-damaged',
    ],
    ['a model twice', changed((pack) => (pack['models'] = [stored, stored])), 'class-damaged'],
    [
      'an address with a password',
      changed(
        (pack) =>
          (pack['models'] = [
            {
              kind: 'repository',
              id: 'x',
              name: 'x',
              endpoint: 'https://me:secret@host',
              repo: 'a/b',
              revision: 'main',
              variants: ['cpu8'],
            },
          ]),
      ),
      'class-damaged',
    ],
    [
      'a title of a megabyte',
      changed((pack) => (pack['title'] = 'x'.repeat(1_000_000))),
      'class-damaged',
    ],
  ])('is refused: %s', (_, text, code) => {
    const read = parsePack(text);
    expect(read.ok ? null : read.failure.code).toBe(code);
  });

  it('is never trusted, whatever it is', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parsePack(text).ok).toBe(false);
        expect(parseHandIn(text).ok).toBe(false);
      }),
    );
  });

  it('keeps what is locked, whatever the student edited', () => {
    const edited = { ...EXPERIMENT, prompts: [], params: { ...EXPERIMENT.params, seed: 9 } };
    expect(held(work, edited).prompts).toBe(EXPERIMENT.prompts);
    expect(held(work, edited).params.seed).toBe(9);
    expect(held({ ...work, locked: ['params'] }, edited).params).toBe(EXPERIMENT.params);
  });

  it('names each voice once', () => {
    expect(voicesOf(PACK)).toEqual(EXPERIMENT.columns.map(({ voice }) => voice));
  });
});

describe('the code of a prepared machine', () => {
  const day = Date.UTC(2026, 10, 24);

  it('is read back, in any case and with any hyphens', () => {
    fc.assert(
      fc.property(fc.string(), fc.subarray([...CHECKS]), fc.nat(4095), (id, checks, days) => {
        const at = Date.UTC(2026, 0, 1) + days * 86_400_000;
        const code = writeCode(id, new Set(checks), at + 3_600_000);
        expect(code).toMatch(/^[0-9A-Z]{5}-[0-9A-Z]{5}$/u);
        const read = readCode(` ${code.toLowerCase().replace('-', '')}`);
        expect(read).toEqual({ pack: packNumber(id), passed: new Set(checks), day: at });
      }),
    );
  });

  it('catches any one wrong letter', () => {
    const code = writeCode('clase', new Set(CHECKS), day);
    const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
    let wrong = 0;
    let taken = 0;
    for (const [at, own] of [...code].entries()) {
      if (own === '-') continue;
      for (const letter of letters.replace(own, '')) {
        wrong += 1;
        if (readCode(code.slice(0, at) + letter + code.slice(at + 1)) !== null) taken += 1;
      }
    }
    expect(wrong).toBe(310);
    expect(taken).toBeLessThanOrEqual(2);
  });

  it('says what is missing', () => {
    const passed = new Set(CHECKS.filter((check) => check !== 'again'));
    expect(isReady({ passed: new Set(CHECKS) })).toBe(true);
    expect(isReady({ passed })).toBe(false);
    expect(readCode('')).toBeNull();
    expect(readCode('HOLA')).toBeNull();
  });
});

function handIn(n: number, text = `respuesta ${n}`): HandIn {
  return {
    format: 'patio.handin',
    version: 1,
    id: `h${n}`,
    createdAt: 1000 + n,
    alias: n % 2 === 0 ? `alumna ${n}` : null,
    pack: { id: 'clase-1', title: 'Una clase' },
    exercises: [
      {
        id: 'e1',
        title: 'Uno',
        answers: [{ step: 's1', question: 'q1', asked: '¿Qué?', text }],
        notes: '',
        runs: [{ step: 's1', record: fakeRecord({ id: `run${n}` }) }],
      },
    ],
  };
}

describe('hand-ins', () => {
  it('are read back as they were written', () => {
    const one = handIn(1);
    expect(parseHandIn(JSON.stringify(one))).toEqual({ ok: true, value: one });
    expect(parseHandIn(JSON.stringify(PACK))).toMatchObject({
      failure: { code: 'handin-foreign' },
    });
    const spied = JSON.stringify({ ...one, userAgent: 'x' });
    expect(parseHandIn(spied)).toMatchObject({ failure: { code: 'handin-damaged' } });
  });

  it('stand side by side, each student once', () => {
    const files = [...Array.from({ length: 60 }, (_, n) => handIn(n)), handIn(7), handIn(8)];
    const later = { ...handIn(9, 'la segunda'), createdAt: 5000 };
    const pile = [...files, later].reduce(addHandIn, EMPTY_PILE);
    expect(pile.kept).toHaveLength(60);
    expect(pile.duplicates).toBe(3);
    const [merged, ...others] = mergeHandIns(pile.kept);
    expect(others).toEqual([]);
    expect(merged?.questions.map(({ asked, answers }) => [asked, answers.length])).toEqual([
      ['¿Qué?', 60],
    ]);
    expect(merged?.questions[0]?.answers[9]?.text).toBe('la segunda');
  });

  it('become one table that no spreadsheet runs', () => {
    const bad = ['=HYPERLINK("http://x")', '+1', '-1', '@SUM(A1)', '\t=1', ' =1'];
    const csv = toMergedCsv(bad.map((text, n) => handIn(n, text)));
    const { data } = Papa.parse<Record<string, string>>(csv.slice(1), { header: true });
    const answers = data.filter(({ kind }) => kind === 'answer').map(({ text }) => text);
    expect(answers).toEqual(bad.map((text) => `'${text}`));
    expect(csv.startsWith('\uFEFF')).toBe(true);
    const all = rowsOf([handIn(1), handIn(2)]);
    expect(all.filter(({ kind }) => kind === 'output').map(({ text }) => text)).toEqual([
      ' un gorrión.',
      ' un gorrión.',
    ]);
    const lines = toMergedJsonl([handIn(1)])
      .trimEnd()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(rowsOf([handIn(1)]));
  });
});

describe('the class that comes with Patio', () => {
  it.each(Object.entries(SHIPPED))('is a class like any other: %s', (_, pack) => {
    expect(parsePack(JSON.stringify(pack))).toEqual({ ok: true, value: pack });
    const ids = pack.exercises.flatMap(({ steps }) =>
      steps.flatMap(({ work: own }) => own?.experiment.prompts.map(({ id }) => id) ?? []),
    );
    expect(new Set(ids).size).toBe(ids.length);
    const known = new Set(voices(catalogue).map((voice) => JSON.stringify(voice)));
    for (const voice of voicesOf(pack)) {
      expect(known).toContain(JSON.stringify(voice));
      expect(pack.golden.map((golden) => golden.voice)).toContainEqual(voice);
    }
  });

  it('asks the same in every language', () => {
    const shape = ({ exercises }: ClassPack) =>
      exercises.map(({ id, minutes, steps }) => ({
        id,
        minutes,
        steps: steps.map((step) => [step.id, step.work, step.questions.map((each) => each.id)]),
      }));
    expect(shape(SHIPPED.en)).toEqual(shape(SHIPPED.es));
    expect(SHIPPED.es.exercises.map(({ minutes }) => minutes)).toEqual([20, 45]);
  });
});
