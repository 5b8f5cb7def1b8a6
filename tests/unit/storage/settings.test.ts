import { describe, expect, it } from 'vitest';
import { browserSettings, memorySettings } from '../../../src/storage/settings.ts';

/** A `localStorage` with the two methods that are used. */
function fakeLocalStorage(): Storage {
  const texts = new Map<string, string>();
  return {
    getItem: (key: string) => texts.get(key) ?? null,
    setItem: (key: string, text: string) => void texts.set(key, text),
    key: (index: number) => [...texts.keys()][index] ?? null,
  } as Storage;
}

function refusing(name: string) {
  const refuse = () => {
    throw new DOMException('no', name);
  };
  return { getItem: refuse, setItem: refuse } as unknown as Storage;
}

describe.each([
  ['the browser', () => browserSettings(fakeLocalStorage)],
  ['memory', memorySettings],
])('settings in %s', (_, open) => {
  it('are null until they are written', () => {
    const settings = open();
    expect(settings.read('theme')).toBeNull();
  });
});

it('keeps texts in the browser under its own prefix', () => {
  const local = fakeLocalStorage();
  const settings = browserSettings(() => local);
  expect(settings.write('theme', 'dark')).toBeNull();
  expect(settings.read('theme')).toBe('dark');
  expect(local.key(0)).toBe('patio.theme');
});

it('keeps texts in memory', () => {
  const settings = memorySettings();
  expect(settings.write('theme', 'dark')).toBeNull();
  expect(settings.read('theme')).toBe('dark');
});

describe('a browser that refuses', () => {
  it.each([
    ['QuotaExceededError', { code: 'storage-full' }],
    ['SecurityError', { code: 'storage-unavailable', detail: 'SecurityError: no' }],
  ])('answers with data: %s', (name, failure) => {
    const settings = browserSettings(() => refusing(name));
    expect(settings.read('theme')).toBeNull();
    expect(settings.write('theme', 'dark')).toEqual(failure);
  });

  it('may refuse even to show its storage', () => {
    const settings = browserSettings(() => {
      throw new DOMException('no', 'SecurityError');
    });
    expect(settings.read('theme')).toBeNull();
    expect(settings.write('theme', 'dark')).toMatchObject({ code: 'storage-unavailable' });
  });
});
