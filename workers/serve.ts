import { expose, type Endpoint } from 'comlink';
import type { EngineSurface, PageMessage, WorkerMessage } from '../src/engine/channel.ts';
import type { CellEvent, Engine, Tunable, Warming } from '../src/engine/engine.ts';
import type { CellId, RunEvent } from '../src/run/cell.ts';
import type { Batch } from '../src/run/plan.ts';

/** What a later word of the same kind makes up for. */
const PROGRESS: ReadonlySet<RunEvent['type']> = new Set(['tokens', 'loading', 'reading']);
/** Tokens wait this long for company before they are posted; the page paints no faster. */
const POST_EVERY_MS = 16;

export type Served = Pick<Engine, 'probe' | 'run'> & Warming & Tunable;

/** Puts an engine on the wire. The page sees the same interface that is plugged in here. */
export function serve(engine: Served, endpoint?: Endpoint): void {
  const surface: EngineSurface = {
    probe: () => engine.probe(),
    tune: (threads) => engine.tune(threads),
    warm: (provision) => engine.warm(provision),
    run: (batch, port) => answer(engine, batch, port),
  };
  expose(surface, endpoint);
}

async function answer(engine: Pick<Engine, 'run'>, batch: Batch, port: MessagePort) {
  const all = new AbortController();
  const cells = new Map(batch.jobs.map((job) => [job.cell, new AbortController()]));
  port.onmessage = ({ data }: MessageEvent<PageMessage>) => {
    if (data.type === 'stop-all') all.abort();
    else for (const cell of data.cells) cells.get(cell)?.abort();
  };
  const outbox = new Outbox((message) => port.postMessage(message));
  try {
    for await (const event of engine.run(batch, all.signal, signalsOf(cells))) outbox.push(event);
  } finally {
    outbox.flush();
  }
  outbox.end();
}

function signalsOf(cells: ReadonlyMap<CellId, AbortController>): Map<CellId, AbortSignal> {
  return new Map([...cells].map(([cell, controller]) => [cell, controller.signal]));
}

/** Gathers events, joins what one cell says of the same kind, and posts them together. */
export class Outbox {
  readonly #post: (message: WorkerMessage) => void;
  readonly #now: () => number;
  #events: CellEvent[] = [];
  #postedAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(post: (message: WorkerMessage) => void, now: () => number = () => performance.now()) {
    this.#post = post;
    this.#now = now;
  }

  /** Progress may wait; whatever changes the state of a cell goes at once. */
  push(entry: CellEvent): void {
    this.#add(entry);
    const isDue = this.#now() - this.#postedAt >= POST_EVERY_MS;
    const mayWait = PROGRESS.has(entry.event.type);
    if (isDue || !mayWait) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), POST_EVERY_MS);
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#events.length === 0) return;
    this.#post({ type: 'events', events: this.#events });
    this.#events = [];
    this.#postedAt = this.#now();
  }

  end(): void {
    this.flush();
    this.#post({ type: 'end' });
  }

  #add(entry: CellEvent): void {
    const at = this.#events.findLastIndex(({ cell }) => cell === entry.cell);
    const joined = at === -1 ? null : join(this.#events[at]?.event, entry.event);
    if (joined === null) this.#events.push(entry);
    else this.#events[at] = { cell: entry.cell, event: joined };
  }
}

/** One event that says the same as two; null where there is none. */
function join(first: RunEvent | undefined, second: RunEvent): RunEvent | null {
  if (first?.type === 'loading' && second.type === 'loading') return second;
  if (first?.type === 'reading' && second.type === 'reading') return second;
  if (first?.type !== 'tokens' || second.type !== 'tokens') return null;
  const text = first.text + second.text;
  return { type: 'tokens', text, tokens: [...first.tokens, ...second.tokens] };
}
