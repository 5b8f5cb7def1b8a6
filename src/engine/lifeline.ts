/**
 * Tells of a Worker that vanished without a word: one that closed itself, or that the browser took
 * down for its memory, posts nothing, and no event says so. A Worker holds a lock for as long as it
 * lives (https://www.w3.org/TR/web-locks/); whoever is given that lock afterwards knows that it is gone.
 */
const HELD = 'lifeline held';

type Locks = LockManager | undefined;

/** In the Worker: takes the lock called `name` and says so. Does nothing where there are no locks. */
export function holdLifeline(name: string, say: (message: string) => void): void {
  const forLife = () => {
    say(HELD);
    return new Promise<never>(() => undefined);
  };
  locks()
    ?.request(name, forLife)
    .catch(() => undefined);
}

/** On the page: once the Worker holds its lock, its end reaches it as an `error` event. */
export function watchLifeline<W extends EventTarget>(worker: W, name: string): W {
  const gone = () => {
    worker.dispatchEvent(new ErrorEvent('error', { message: 'the Worker vanished' }));
  };
  const watch = (event: Event) => {
    if ((event as MessageEvent<unknown>).data !== HELD) return;
    worker.removeEventListener('message', watch);
    locks()
      ?.request(name, gone)
      .catch(() => undefined);
  };
  worker.addEventListener('message', watch);
  return worker;
}

/** Only secure contexts have them, whatever the types say. */
function locks(): Locks {
  return (navigator as { locks?: LockManager }).locks;
}
