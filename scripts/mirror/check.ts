/** Whether the room's files are still what its list says. */
import { join } from 'node:path';
import { CLASSES_FOLDER, type Room, type RoomFile } from '../../src/classroom/room.ts';
import { hashFile, nullWhenMissing, pathOf } from './room-folder.ts';

export interface Damage {
  /** Relative to the room's folder. */
  readonly path: string;
  readonly what: 'missing' | 'damaged';
}

/** Reads everything. @param report told each file before it is read */
export async function damagesIn(
  folder: string,
  room: Room,
  report: (path: string) => void,
): Promise<Damage[]> {
  const repos = room.repos.flatMap((repo) =>
    repo.files.map((file) => [pathOf('', repo, file.path), file] as const),
  );
  const classes = room.classes.map((file) => [join(CLASSES_FOLDER, file.path), file] as const);
  const damages: Damage[] = [];
  for (const [path, file] of new Map([...repos, ...classes])) {
    report(path);
    const what = await damageOf(join(folder, path), file);
    if (what !== null) damages.push({ path, what });
  }
  return damages;
}

async function damageOf(path: string, { bytes, sha256 }: RoomFile): Promise<Damage['what'] | null> {
  const found = await hashFile(path).catch(nullWhenMissing);
  if (found === null) return 'missing';
  return found.bytes === bytes && found.sha256 === sha256 ? null : 'damaged';
}
