/** Tokens and their classes to entities of a text. */
import type { Entity } from '../src/domain/output.ts';
import type { Pieces } from './tokenizer.ts';

/**
 * `simple` joins neighbouring tokens of one class; `first` and `max` let a whole word have the class
 * of its first, or of its surest, token.
 */
export type Strategy = 'simple' | 'first' | 'max';

export interface Tag {
  readonly label: string;
  readonly start: number;
  readonly end: number;
  readonly score: number;
  /** Whether it goes on with the word of the one before. */
  readonly continues: boolean;
}

/** The best class of each token. Tokens that stand for nothing in the text have no tag. */
export function tagsOf(
  { offsets, continues }: Pieces,
  chances: readonly (readonly number[])[],
  labels: readonly string[],
): Tag[] {
  return offsets.flatMap(([start, end], index) => {
    const own = chances[index] ?? [];
    if (end <= start) return [];
    const best = own.reduce((top, chance, id) => (chance > (own[top] ?? 0) ? id : top), 0);
    const label = labels[best] ?? '';
    return [{ label, start, end, score: own[best] ?? 0, continues: continues[index] ?? false }];
  });
}

export function entitiesOf(tags: readonly Tag[], strategy: Strategy): Entity[] {
  const units = strategy === 'simple' ? tags : wordsOf(tags, strategy);
  const entities: Entity[] = [];
  for (const group of groupsOf(units)) {
    const [first] = group;
    const last = group.at(-1);
    if (!first || !last) continue;
    const { type } = parse(first.label);
    if (type === OUTSIDE) continue;
    const score = group.reduce((sum, tag) => sum + tag.score, 0) / group.length;
    entities.push({ label: type, start: first.start, end: last.end, score });
  }
  return entities;
}

const OUTSIDE = 'O';

/** `B-` begins an entity, `I-` goes on with it; a class without a mark goes on too. */
function parse(label: string): { readonly begins: boolean; readonly type: string } {
  const [, mark, type] = /^([BIES])[-_](.+)$/u.exec(label) ?? [];
  if (mark === undefined || type === undefined) return { begins: false, type: label };
  return { begins: mark === 'B' || mark === 'S', type };
}

/** Neighbours of one class; a beginning opens a new entity even after one of its own class. */
function groupsOf(tags: readonly Tag[]): Tag[][] {
  const groups: Tag[][] = [];
  for (const tag of tags) {
    const open = groups.at(-1);
    const { begins, type } = parse(tag.label);
    const same = open?.[0] !== undefined && parse(open[0].label).type === type;
    if (open && same && !begins) open.push(tag);
    else groups.push([tag]);
  }
  return groups;
}

function wordsOf(tags: readonly Tag[], strategy: 'first' | 'max'): Tag[] {
  const words: Tag[][] = [];
  for (const tag of tags) {
    const open = words.at(-1);
    if (tag.continues && open) open.push(tag);
    else words.push([tag]);
  }
  return words.map((word) => wholeWord(word, strategy));
}

function wholeWord(word: readonly Tag[], strategy: 'first' | 'max'): Tag {
  const [first, ...rest] = word as readonly [Tag, ...Tag[]];
  const surest = rest.reduce((best, tag) => (tag.score > best.score ? tag : best), first);
  const chosen = strategy === 'first' ? first : surest;
  return { ...chosen, start: first.start, end: (rest.at(-1) ?? first).end };
}
