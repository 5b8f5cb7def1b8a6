export type KeyAction = 'run' | 'stop' | 'list' | 'prompt' | 'answer' | 'settings';

type Stroke = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>;

/** What the `?` list shows, in its order; `Mod` is Ctrl, or Command on a Mac. */
export const KEYS: readonly { readonly action: KeyAction; readonly keys: readonly string[] }[] = [
  { action: 'run', keys: ['Mod', 'Enter'] },
  { action: 'stop', keys: ['Escape'] },
  { action: 'prompt', keys: ['Alt', 'P'] },
  { action: 'answer', keys: ['Alt', 'R'] },
  { action: 'settings', keys: ['Alt', 'A'] },
  { action: 'list', keys: ['?'] },
];

const WITH_ALT: Readonly<Record<string, KeyAction>> = {
  KeyP: 'prompt',
  KeyR: 'answer',
  KeyA: 'settings',
};

/** @param typing the cursor is in a text, where a single character is only a character */
export function keyAction(stroke: Stroke, typing: boolean): KeyAction | null {
  const { key, code, ctrlKey, metaKey, altKey } = stroke;
  const mod = ctrlKey || metaKey;
  if (key === 'Enter') return mod && !altKey ? 'run' : null;
  if (key === 'Escape') return mod || altKey ? null : 'stop';
  // The physical key, since Alt with a letter writes a sign on some keyboards.
  if (altKey && !mod) return WITH_ALT[code] ?? null;
  return key === '?' && !mod && !typing ? 'list' : null;
}

export function isMac(): boolean {
  return /Mac|iPhone|iPad/u.test(navigator.userAgent);
}

export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName);
}
