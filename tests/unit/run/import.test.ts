import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toJson } from '../../../src/run/export.ts';
import { parseExperiment, parseRecord, type Parsed } from '../../../src/run/import.ts';
import { LIMITS } from '../../../src/run/limits.ts';
import type { RunRecord } from '../../../src/run/record.ts';
import { EXPERIMENT, fakeRecord } from '../../fakes/record.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const RECORD = fakeRecord();
const copy = () => JSON.parse(JSON.stringify(RECORD)) as { [key: string]: Json };
const parse = (value: unknown) => parseRecord(JSON.stringify(value));
const codeOf = (parsed: Parsed) => (parsed.ok ? 'ok' : parsed.failure.code);

/** Every place of a value, as the keys that lead there. */
function places(value: Json, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path];
  const keys = Array.isArray(value) ? value.map((_, index) => index) : Object.keys(value);
  const inner = keys.flatMap((key) =>
    places((value as Record<string, Json>)[key] ?? null, [...path, key]),
  );
  return [path, ...inner];
}

/** The value with another one at that place; `undefined` takes the place away. */
function changed(value: Json, path: readonly (string | number)[], to: Json | undefined): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return to;
  const held = (value as Record<string | number, Json>)[key] ?? null;
  const inner = changed(held, rest, to) as Json | undefined;
  if (!Array.isArray(value)) return { ...(value as object), [key]: inner };
  return inner === undefined ? value.toSpliced(Number(key), 1) : value.with(Number(key), inner);
}

describe('a record', () => {
  it('comes back from its own file', () => {
    expect(parseRecord(toJson(RECORD))).toEqual({ ok: true, record: RECORD });
    expect(parseRecord(`\uFEFF${toJson(RECORD)}`)).toEqual({ ok: true, record: RECORD });
  });

  it('comes back equal or is refused as damaged, whatever one place is changed to', () => {
    const at = fc.constantFrom(...places(copy()).filter((path) => path.length > 0));
    const to = fc.oneof(
      fc.constant(undefined),
      fc.constantFrom<Json>('', -1, 0.5, 1e300, [], {}, null, true, 'x', 'queued', 'done'),
      fc.jsonValue() as fc.Arbitrary<Json>,
    );
    fc.assert(
      fc.property(at, to, (path, value) => {
        const mutated = JSON.parse(JSON.stringify(changed(copy(), path, value))) as RunRecord;
        const parsed = parse(mutated);
        // What an older page did not write has its first value.
        if (parsed.ok) expect(parsed.record).toMatchObject(mutated);
        else expect(parsed.failure.code).toMatch(/^record-(damaged|foreign|newer)$/u);
      }),
      { numRuns: 600, examples: [[['experiment', 'columns', 1, 'overrides'], []]] },
    );
  });

  it('opens as an older page wrote it: without fields, turns, outputs and newer parameters', () => {
    const old = JSON.parse(toJson(RECORD), (key, value: Json) =>
      ['fields', 'history', 'output', 'beams', 'threshold', 'proposals'].includes(key)
        ? undefined
        : value,
    ) as unknown;
    expect(JSON.stringify(old)).not.toMatch(/history|beams|output/u);
    expect(parse(old)).toEqual({ ok: true, record: RECORD });
  });

  it('keeps how much memory an answer had, where that is known', () => {
    const withMemory = (bytes: number) =>
      JSON.parse(toJson(RECORD), (key, value: Json) =>
        key === 'conditions' ? { ...(value as object), memoryBytes: bytes } : value,
      ) as RunRecord;
    const known = withMemory(52_000_000);
    expect(JSON.stringify(known)).toContain('"memoryBytes":52000000');
    expect(parse(known)).toEqual({ ok: true, record: known });
    expect(codeOf(parse(withMemory(-1)))).toBe('record-damaged');
  });

  it('is refused with a field that is not ours, at any depth', () => {
    for (const path of places(copy())) {
      const parent = path.reduce<Json>(
        (value, key) => (value as Record<string, Json>)[key] ?? null,
        copy(),
      );
      if (typeof parent !== 'object' || parent === null || Array.isArray(parent)) continue;
      const isTable = path.at(-2) === 'table';
      const parsed = parse(changed(copy(), [...path, 'extra'], 'x'));
      expect([path, codeOf(parsed)]).toEqual([path, isTable ? 'ok' : 'record-damaged']);
    }
  });

  it('is refused when cut short anywhere', () => {
    const text = toJson(RECORD).trimEnd();
    for (let length = 0; length < text.length; length += 97) {
      const parsed = parseRecord(text.slice(0, length));
      expect(codeOf(parsed)).toBe(length < 25 ? 'record-foreign' : 'record-damaged');
    }
  });
});

describe('what is refused, and why', () => {
  it.each<[string, string, string]>([
    ['nothing', '', 'record-foreign'],
    ['text', 'Había una vez', 'record-foreign'],
    ['null', 'null', 'record-foreign'],
    ['a list', '[]', 'record-foreign'],
    ["another program's file", '{"format":"other","version":1}', 'record-foreign'],
    ['a newer version', '{"format":"patio.run","version":2}', 'record-newer'],
    ['no version', '{"format":"patio.run"}', 'record-damaged'],
    ['a version in words', '{"format":"patio.run","version":"1"}', 'record-damaged'],
    ['no content', '{"format":"patio.run","version":1}', 'record-damaged'],
  ])('%s', (_, text, code) => {
    expect(codeOf(parseRecord(text))).toBe(code);
  });

  const many = (count: number, item: (index: number) => Json) =>
    Array.from({ length: count }, (_, index) => item(index));
  it.each<[string, (string | number)[], Json, RegExp]>([
    ['a cell of another row', ['cells', 0, 'rowId'], 'p9', /^cells\.0/u],
    ['a prompt that was not asked', ['cells', 3, 'prompt'], 'otro', /^cells\.3/u],
    ['cells that are missing', ['cells'], [], /^cells/u],
    ['a voice too many', ['voices'], ['a', 'b', 'c'], /^voices/u],
    ['an id that could be a path', ['experiment', 'prompts', 0, 'id'], 'a/b', /prompts\.0\.id/u],
    ['an id twice', ['experiment', 'columns', 1, 'id'], 'c1', /columns: Repeated/u],
    ['no column', ['experiment', 'columns'], [], /columns/u],
    [
      'a temperature beyond its limit',
      ['experiment', 'params', 'temperature'],
      2.5,
      /temperature/u,
    ],
    ['half a token', ['experiment', 'params', 'maxTokens'], 1.5, /maxTokens/u],
    [
      'a seed below zero',
      ['experiment', 'columns', 1, 'overrides', 'seed'],
      -1,
      /overrides\.seed/u,
    ],
    ['an unknown backend', ['experiment', 'backend'], 'npu', /backend/u],
    [
      'too many columns',
      ['experiment', 'columns'],
      many(101, (index) => ({
        id: `c${String(index)}`,
        voice: { model: 'a', adapter: null },
        overrides: {},
      })),
      /columns/u,
    ],
    [
      'a table too long',
      ['experiment', 'prompts', 1, 'table'],
      many(1001, () => ({ nombre: 'x' })),
      /table/u,
    ],
    [
      'a prompt too long',
      ['experiment', 'prompts', 0, 'text'],
      'x'.repeat(LIMITS.textChars + 1),
      /text/u,
    ],
    ['a value that is no text', ['experiment', 'prompts', 1, 'table', 0, 'nombre'], 3, /table\.0/u],
    ['an unknown status', ['cells', 0, 'state', 'status'], 'running', /state/u],
    ['an unknown failure', ['cells', 1, 'state', 'failure', 'code'], 'oops', /failure/u],
    ['an end without its time', ['cells', 0, 'state', 'at'], null, /at/u],
  ])('%s', (_, path, value, detail) => {
    const parsed = parse(changed(copy(), path, value));
    expect(parsed).toMatchObject({ ok: false, failure: { code: 'record-damaged' } });
    expect(!parsed.ok && parsed.failure.code === 'record-damaged' && parsed.failure.detail).toMatch(
      detail,
    );
  });

  it('a file too large, before it is read', () => {
    const huge = ' '.repeat(LIMITS.fileChars + 1);
    expect(codeOf(parseRecord(huge))).toBe('record-damaged');
  });

  it('a small file that asks for a huge grid, before it is laid out', () => {
    const table = Array.from({ length: LIMITS.tableRows }, () => ({ x: '' }));
    const prompts = Array.from({ length: LIMITS.prompts }, (_, index) => ({
      id: `p${String(index)}`,
      text: '{{x}}',
      table,
    }));
    const started = performance.now();
    const parsed = parse({ ...copy(), experiment: { ...EXPERIMENT, prompts } });
    expect(parsed).toMatchObject({ failure: { detail: 'cells: one per row and column' } });
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe('hostile names', () => {
  it('are data where names are free, and touch no prototype', () => {
    const text = '{{__proto__}} {{constructor}}';
    const values = JSON.parse('{"__proto__":"uno","constructor":"dos"}') as Record<string, string>;
    const prompts = [{ id: 'p', text, table: [values], fields: {}, history: [] }];
    const record = fakeRecord({}, {}, { ...EXPERIMENT, prompts });
    const parsed = parseRecord(toJson(record));
    expect(parsed).toMatchObject({ ok: true });
    expect(parsed.ok && parsed.record.cells[0]?.prompt).toBe('uno dos');
    expect(parsed.ok && toJson(parsed.record)).toBe(toJson(record));
    expect(Object.hasOwn(Object.prototype, 'uno')).toBe(false);
  });

  it.each(['__proto__', 'constructor', 'prototype'])('are refused elsewhere: %s', (key) => {
    const text = toJson(RECORD).replace('"title"', `"${key}": {"polluted": true}, "title"`);
    const parsed = parseRecord(text);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    if (parsed.ok) expect(parsed.record).toEqual(RECORD);
    else expect(parsed.failure.code).toBe('record-damaged');
  });
});

describe('a draft', () => {
  it('comes back', () => {
    expect(parseExperiment(JSON.stringify(EXPERIMENT))).toEqual(EXPERIMENT);
  });

  it.each(['', 'null', '{}', '{"task":"text-generation"}', '{'])('is none: %j', (text) => {
    expect(parseExperiment(text)).toBeNull();
  });
});
