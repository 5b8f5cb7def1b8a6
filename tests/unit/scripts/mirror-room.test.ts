/** `patio-room.json` as it comes from outside. */
import { expect, test } from 'vitest';
import { bytesOf, parseRoom } from '../../../src/classroom/room.ts';
import { lineOf } from '../../../scripts/mirror/screen.ts';

const FILE = { path: 'onnx/model.onnx', bytes: 12, sha256: 'a'.repeat(64) };
const REPO = { id: 'taller/loro', revision: 'main', commit: '1'.repeat(40), files: [FILE] };
const ROOM = { format: 'patio-room', version: 1, name: 'sala', repos: [REPO], classes: [FILE] };

test('a room is read as it was written; what a later one adds is left out', () => {
  expect(parseRoom(JSON.stringify({ ...ROOM, later: 1 }))).toEqual(ROOM);
  expect(bytesOf(REPO)).toBe(12);
});

const NOT_ROOMS: readonly (readonly [string, string])[] = [
  ['no JSON', 'hola'],
  ['another format', JSON.stringify({ ...ROOM, format: 'otro' })],
  ['a later version', JSON.stringify({ ...ROOM, version: 2 })],
  ...['../x', '/x', 'a//b', 'a/./b', 'a\\b', 'C:/x', 'a\u0000b', ''].map(
    (path) => [`the path ${JSON.stringify(path)}`, withFile({ ...FILE, path })] as const,
  ),
  ['a negative size', withFile({ ...FILE, bytes: -1 })],
  ['a short hash', withFile({ ...FILE, sha256: 'a' })],
  ...['..', '.patio/x', 'a/b/c', 'a/../b', ''].map(
    (id) => [`the name ${id}`, JSON.stringify({ ...ROOM, repos: [{ ...REPO, id }] })] as const,
  ),
  [
    'a revision that climbs',
    JSON.stringify({ ...ROOM, repos: [{ ...REPO, revision: 'a/../../b' }] }),
  ],
];

test.each(NOT_ROOMS)('%s is no room', (_, text) => {
  expect(() => parseRoom(text)).toThrow(
    expect.objectContaining({
      failure: expect.objectContaining({ code: 'file-damaged' }) as object,
    }),
  );
});

function withFile(file: object): string {
  return JSON.stringify({ ...ROOM, repos: [{ ...REPO, files: [file] }] });
}

test('one line tells who downloads what', () => {
  const file = `taller/loro/resolve/${'1'.repeat(40)}/onnx/model.onnx`;
  const client = {
    address: '192.168.1.7',
    file,
    at: 5e6,
    size: 1e7,
    active: true,
    sent: 5e6,
    files: 2,
  };
  expect(lineOf(client)).toMatch(
    /^192\.168\.1\.7\s+↓\s+50 %\s+5 MB\s+2 arch\.\s+taller\/loro · onnx\/model\.onnx$/u,
  );
});
