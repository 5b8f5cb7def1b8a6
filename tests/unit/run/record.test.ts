import { describe, expect, it } from 'vitest';
import { isTerminal } from '../../../src/run/cell.ts';
import { openRecord, summaryOf, titleOf } from '../../../src/run/record.ts';
import { EXPERIMENT, fakeRecord, STATES } from '../../fakes/record.ts';

describe('a run at rest', () => {
  it('keeps every end, and what has none as queued', () => {
    const { cells } = fakeRecord(
      {},
      {
        ...STATES,
        'p2.1/c2': { status: 'loading', phase: 'weights', loadedBytes: 1, totalBytes: 2 },
      },
    );
    expect(cells.map((cell) => cell.id)).toEqual([
      'p1/c1',
      'p1/c2',
      'p2.0/c1',
      'p2.0/c2',
      'p2.1/c1',
      'p2.1/c2',
    ]);
    expect(cells.slice(0, 5).map((cell) => cell.state)).toEqual(Object.values(STATES));
    expect(cells[5]?.state).toEqual({ status: 'queued' });
  });

  it('opens with the interrupted cells cancelled, so that nothing waits for ever', () => {
    const { cells, states, rows } = openRecord(fakeRecord());
    expect(rows).toHaveLength(3);
    expect(cells.every(({ id }) => isTerminal(states.get(id) ?? { status: 'queued' }))).toBe(true);
    expect(states.get('p2.1/c2')).toMatchObject({ status: 'cancelled', partial: null });
    expect(states.get('p1/c1')).toEqual(STATES['p1/c1']);
  });

  it('has a summary that needs no answers', () => {
    expect(summaryOf(fakeRecord())).toEqual({
      id: 'r1',
      title: 'Había una vez',
      createdAt: 1_700_000_000_000,
      rows: 3,
      voices: ['Gorrión', 'Rima'],
      finished: 5,
      total: 6,
    });
  });
});

describe('titleOf', () => {
  const long = 'En un lugar de la Mancha, de cuyo nombre no quiero acordarme, no ha mucho';
  it.each([
    ['Había una vez', 'Había una vez'],
    ['  Había\n\tuna  vez ', 'Había una vez'],
    ['', ''],
    [long, 'En un lugar de la Mancha, de cuyo nombre no quiero…'],
    ['a'.repeat(60), 'a'.repeat(60)],
    ['a'.repeat(100), `${'a'.repeat(60)}…`],
    ['🐦'.repeat(100), `${'🐦'.repeat(60)}…`],
  ])('%j is titled %j', (text, title) => {
    const prompts = [{ id: 'p', text, table: [], fields: {}, history: [] }];
    expect(titleOf({ ...EXPERIMENT, prompts })).toBe(title);
  });

  it('fills in the variables of the first row', () => {
    const prompts = EXPERIMENT.prompts.slice(1);
    expect(titleOf({ ...EXPERIMENT, prompts })).toBe('Hola, Ana. ¿Sí?');
  });
});
