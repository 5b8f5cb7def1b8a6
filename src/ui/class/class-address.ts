/** Where the screens of the classroom are, in the fragment. */
import { SCREENS, WORKSHOP } from '../router.svelte.ts';

export type ClassAddress =
  | { readonly at: 'list' }
  | { readonly at: 'exercise'; readonly pack: string; readonly exercise: string }
  /** `pack` is null where none was chosen yet. */
  | { readonly at: 'prepare'; readonly pack: string | null }
  /** The same for a class that is to be fetched first. */
  | { readonly at: 'workshop'; readonly address: string }
  | { readonly at: 'hand-ins' }
  | { readonly at: 'export' };

export const HAND_INS = `${SCREENS.class}/entregas`;
export const EXPORT = `${SCREENS.class}/exportar`;

export function exerciseHref(pack: string, exercise: string): string {
  return `${SCREENS.class}/e/${pack}/${exercise}`;
}

export function prepareHref(pack: string): string {
  return `${SCREENS.class}/preparar/${pack}`;
}

export function classAddress(hash: string): ClassAddress {
  if (hash.startsWith(WORKSHOP)) {
    return { at: 'workshop', address: decoded(hash.slice(WORKSHOP.length)) };
  }
  const [place, pack = '', exercise = ''] = hash.slice(SCREENS.class.length + 1).split('/');
  switch (place) {
    case 'e':
      return { at: 'exercise', pack, exercise };
    case 'preparar':
      return { at: 'prepare', pack: pack === '' ? null : pack };
    case 'entregas':
      return { at: 'hand-ins' };
    case 'exportar':
      return { at: 'export' };
    default:
      return { at: 'list' };
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
