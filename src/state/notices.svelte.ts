import type { Failure } from '../domain/failure.ts';

/** Short news that is not an error; their sentences are in `src/i18n`. */
export type NoticeKey = 'copied' | 'exported' | 'imported' | 'deleted';

export type Notice = { readonly id: number } & (
  | { readonly kind: 'failure'; readonly failure: Failure }
  | { readonly kind: 'message'; readonly key: NoticeKey }
);

/** What the page has to tell, oldest first, until it is dismissed. */
export class Notices {
  #list = $state.raw<readonly Notice[]>([]);
  #next = 1;

  get list(): readonly Notice[] {
    return this.#list;
  }

  /** A failure that is already on screen is not said twice. */
  push(failure: Failure): void {
    const text = JSON.stringify(failure);
    const said = this.#list.some(
      (notice) => notice.kind === 'failure' && JSON.stringify(notice.failure) === text,
    );
    if (!said) this.#list = [...this.#list, { id: this.#next++, kind: 'failure', failure }];
  }

  say(key: NoticeKey): void {
    this.#list = [...this.#list, { id: this.#next++, kind: 'message', key }];
  }

  dismiss(id: number): void {
    this.#list = this.#list.filter((notice) => notice.id !== id);
  }
}
