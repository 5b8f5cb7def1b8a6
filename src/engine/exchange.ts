import { transfer } from 'comlink';
import { toFailure, type Failure, type FailureCode } from '../domain/failure.ts';
import type { CellId } from '../run/cell.ts';
import type { Batch } from '../run/plan.ts';
import { isWorkerMessage, type PageMessage } from './channel.ts';
import type { Clock } from './client.ts';
import { crash, type Host } from './host.ts';
import type { Ledger } from './ledger.ts';

/** Causes that lie in the Worker, not in what was asked of it: it is not used again. */
const SPOILING: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'runtime-failed',
  'out-of-memory',
  'gpu-lost',
  'worker-crashed',
  'worker-unresponsive',
  'unexpected',
]);

export interface ExchangeOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** How long the Worker may owe an answer. */
  readonly graceMs: number;
  /** Cells that lost their GPU are left open, for another Worker to begin again; false in that one. */
  readonly mayRetry: boolean;
}

/**
 * One run with one Worker. Ends when the Worker says so, when it dies, or when it owes an answer for
 * longer than the grace: a stopped cell that goes on, or a settled run that does not end.
 */
export class Exchange {
  /** Resolves when the Worker is free or dead. Never rejects. */
  readonly finished: Promise<void>;
  readonly #host: Host;
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #graceMs: number;
  readonly #port: MessagePort;
  readonly #asked = new Set<CellId>();
  /** Cells whose own work has begun in this Worker: there may be text on the way. */
  readonly #begun = new Set<CellId>();
  /** Undone when the run is over. */
  readonly #loose: (() => void)[] = [];
  #finish: () => void = () => undefined;
  readonly #mayRetry: boolean;
  #over = false;
  #spoiled: Failure | null = null;

  constructor(host: Host, batch: Batch, options: ExchangeOptions) {
    const { ledger, clock, graceMs, mayRetry } = options;
    this.#host = host;
    this.#ledger = ledger;
    this.#clock = clock;
    this.#graceMs = graceMs;
    this.#mayRetry = mayRetry;
    this.finished = new Promise((resolve) => (this.#finish = resolve));
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }: MessageEvent<unknown>) => this.#hear(data);
    port1.onmessageerror = () => this.#break(crash('unreadable message'));
    // Where browsers have it, this tells that the other side is gone without a word.
    port1.addEventListener('close', () => this.#break(crash('the Worker closed the line')));
    this.#loose.push(host.onDeath((reason) => this.#break(reason)));
    host.surface
      .run(batch, transfer(port2, [port2]))
      .catch((error: unknown) => this.#break(toFailure(error)));
  }

  /** Nothing is heard or said any more. */
  get over(): boolean {
    return this.#over;
  }

  /** The GPU went away, and its cells wait for another Worker. */
  get lostGpu(): boolean {
    return this.#mayRetry && this.#spoiled?.code === 'gpu-lost';
  }

  /** Asks the Worker to end one cell. A cell whose own work has not begun is cancelled at once. */
  stop(cell: CellId): void {
    if (this.#over || !this.#ledger.isOpen(cell)) return;
    this.#say({ type: 'stop', cells: [cell] });
    this.#expectEndOf(cell);
    this.#watch();
  }

  stopAll(): void {
    if (this.#over) return;
    this.#say({ type: 'stop-all' });
    for (const cell of this.#ledger.open) this.#expectEndOf(cell);
    this.#watch();
  }

  #expectEndOf(cell: CellId): void {
    this.#asked.add(cell);
    if (!this.#begun.has(cell)) return this.#ledger.cancel(cell);
    this.#afterGrace(() => this.#ledger.isOpen(cell));
  }

  #hear(message: unknown): void {
    if (this.#over) return;
    if (!isWorkerMessage(message)) return this.#break(crash('unreadable message'));
    if (message.type === 'end') return this.#end();
    for (const entry of message.events) {
      const { cell, event } = entry;
      if (event.type === 'ready') this.#begun.add(cell);
      if (event.type === 'failed') this.#fail(cell, event.failure);
      else this.#ledger.accept(entry);
    }
    this.#watch();
  }

  /** A cell that lost its GPU waits for another Worker, unless it was stopped or this one is that. */
  #fail(cell: CellId, failure: Failure): void {
    if (SPOILING.has(failure.code)) this.#spoil(failure);
    const isLoss = failure.code === 'gpu-lost';
    if (isLoss && this.lostGpu) {
      if (this.#asked.has(cell)) this.#ledger.cancel(cell);
      return;
    }
    const told = isLoss && !this.#mayRetry ? ({ ...failure, again: true } as const) : failure;
    this.#ledger.accept({ cell, event: { type: 'failed', failure: told } });
  }

  /** Once every cell has its last event, or cannot get it here, the Worker owes nothing but the end. */
  #watch(): void {
    if (this.#ledger.settled || this.lostGpu) this.#afterGrace(() => true);
  }

  #afterGrace(isOwed: () => boolean): void {
    const cancel = this.#clock.after(this.#graceMs, () => {
      if (!this.#over && isOwed()) {
        this.#break({ code: 'worker-unresponsive', afterMs: this.#graceMs });
      }
    });
    this.#loose.push(cancel);
  }

  #spoil(failure: Failure): void {
    this.#spoiled ??= failure;
  }

  /** The Worker said that nothing is left; cells it forgot are failures. */
  #end(): void {
    if (this.lostGpu) for (const cell of this.#asked) this.#ledger.cancel(cell);
    else if (!this.#ledger.settled) return this.#break(crash('the run ended with cells left open'));
    this.#close();
  }

  #break(failure: Failure): void {
    if (this.#over) return;
    this.#spoil(failure);
    for (const cell of this.#asked) this.#ledger.cancel(cell);
    if (!this.lostGpu) this.#ledger.failRest(failure);
    this.#close();
  }

  #close(): void {
    this.#over = true;
    for (const undo of this.#loose) undo();
    this.#port.close();
    if (this.#spoiled !== null) this.#host.kill(this.#spoiled);
    this.#finish();
  }

  #say(message: PageMessage): void {
    this.#port.postMessage(message);
  }
}
