/**
 * A Worker without a network, to prove that a model answers without one. Whatever reads by `fetch`
 * gets what this browser already holds: the service worker's copies, the browser's own cache, storage.
 * `only-if-cached` never goes out; what is foreign to the page is refused before it is asked. The
 * program's own modules come by the browser's loader, which no script can cut.
 */
export const CUT_PREFIX = 'patio-cut-';

export interface CutMessage {
  readonly type: 'patio-cut';
  /** A read that nothing can have kept was refused. */
  readonly proven: boolean;
}

type Scope = typeof globalThis;

/** @param name of the Worker; only one that asks for it by its name is cut */
export function cutIfAsked(name: string, tell: (message: CutMessage) => void): void {
  if (!name.startsWith(CUT_PREFIX)) return;
  cut(globalThis);
  void prove().then((proven) => tell({ type: 'patio-cut', proven }));
}

function cut(scope: Scope): void {
  const read = scope.fetch.bind(scope);
  scope.fetch = (input, init) => {
    const { url } = new Request(input, init);
    if (new URL(url).origin !== scope.location.origin) return Promise.reject(refused());
    return read(url, { ...init, cache: 'only-if-cached', mode: 'same-origin' });
  };
  const others = ['XMLHttpRequest', 'WebSocket', 'EventSource', 'WebTransport', 'importScripts'];
  for (const other of others) Reflect.set(scope, other, undefined);
}

/** Asks for something that has never been asked for before. */
async function prove(): Promise<boolean> {
  const unheard = new URL(
    `patio-cut-${crypto.getRandomValues(new Uint32Array(2)).join('-')}`,
    location.href,
  );
  try {
    const response = await fetch(unheard);
    return response.status === 504;
  } catch {
    return true;
  }
}

function refused(): TypeError {
  return new TypeError('the network of this Worker is cut');
}
