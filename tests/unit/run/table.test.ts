import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/run/limits.ts';
import { parseTable, type PastedTable } from '../../../src/run/table.ts';

const table = (patch: Partial<PastedTable>): PastedTable => ({
  rows: [],
  header: false,
  names: ['nombre', 'año'],
  ignored: [],
  dropped: 0,
  ...patch,
});
const BOTH = [
  { nombre: 'Ana', año: '1605' },
  { nombre: 'Luis', año: '1615' },
];

describe('parseTable', () => {
  it.each<[string, string, Partial<PastedTable>]>([
    ['a spreadsheet', 'Ana\t1605\nLuis\t1615', { rows: BOTH }],
    ['a spreadsheet of another system', 'Ana\t1605\r\nLuis\t1615\r\n', { rows: BOTH }],
    ['commas', 'Ana,1605\nLuis,1615', { rows: BOTH }],
    ['semicolons', 'Ana;1605\nLuis;1615', { rows: BOTH }],
    ['a heading', 'nombre,año\nAna,1605\nLuis,1615', { rows: BOTH, header: true }],
    ['a heading in another order', 'año,nombre\n1605,Ana\n1615,Luis', { rows: BOTH, header: true }],
    ['a heading in capitals', 'NOMBRE\tAÑO\nAna\t1605\nLuis\t1615', { rows: BOTH, header: true }],
    [
      'a heading with spaces',
      ' nombre , an\u0303o\nAna,1605\nLuis,1615',
      { rows: BOTH, header: true },
    ],
    ['a byte order mark', '\uFEFFnombre,año\nAna,1605\nLuis,1615', { rows: BOTH, header: true }],
    [
      'a column of no variable',
      'nombre,país,año\nAna,ES,1605\nLuis,MX,1615',
      { rows: BOTH, header: true, ignored: ['país'] },
    ],
    ['a column too many', 'Ana,1605,x\nLuis,1615,y', { rows: BOTH, ignored: ['3'] }],
    [
      'a column too few',
      'nombre\nAna',
      { rows: [{ nombre: 'Ana', año: '' }], header: true, names: ['nombre'] },
    ],
    [
      'a heading twice',
      'nombre,nombre,año\nAna,x,1605\nLuis,y,1615',
      { rows: BOTH, header: true, ignored: ['nombre'] },
    ],
    ['blank lines', '\nAna,1605\n\n , \nLuis,1615\n', { rows: BOTH }],
    [
      'quoted values',
      '"Ana, ""la"" niña",1605\n"dos\nlíneas",1615',
      {
        rows: [
          { nombre: 'Ana, "la" niña', año: '1605' },
          { nombre: 'dos\nlíneas', año: '1615' },
        ],
      },
    ],
    ['nothing', '', { names: [] }],
  ])('%s', (_, text, expected) => {
    expect(parseTable(text, ['nombre', 'año'])).toEqual(table(expected));
  });

  it.each([
    ['a sentence with a comma', 'Ana, la niña\nLuis', false, ['Ana, la niña', 'Luis']],
    ['under its heading', 'frase\nuno\ndos', true, ['uno', 'dos']],
    ['among others, by its heading', 'x,frase\n1,uno\n2,dos', true, ['uno', 'dos']],
    ['from a spreadsheet, with tabs', 'uno\tx\ndos\ty', false, ['uno', 'dos']],
  ])('one variable takes %s', (_, text, header, values) => {
    const pasted = parseTable(text, ['frase']);
    expect(pasted.header).toBe(header);
    expect(pasted.rows.map((row) => row['frase'])).toEqual(values);
  });

  it('understands nothing where there is no variable', () => {
    expect(parseTable('a,b\nc,d', [])).toMatchObject({ names: [], ignored: ['1', '2'] });
  });

  it('says how many lines were too many', () => {
    const lines = Array.from({ length: LIMITS.tableRows + 3 }, (_, index) => `n${String(index)}`);
    const pasted = parseTable(lines.join('\n'), ['x']);
    expect([pasted.rows.length, pasted.dropped]).toEqual([LIMITS.tableRows, 3]);
  });

  it('takes a hostile name for a name', () => {
    const { rows } = parseTable('__proto__\nvalor', ['__proto__']);
    expect(Object.entries(rows[0] ?? {})).toEqual([['__proto__', 'valor']]);
  });
});
