import type { Backend } from '../domain/device.ts';
import type { Failure } from '../domain/failure.ts';
import type { Timing } from '../domain/metrics.ts';
import type { VariantId } from '../domain/model.ts';
import type { TaskOutput } from '../domain/output.ts';
import type { Token } from '../domain/token.ts';

export type CellId = string;

/** What ran it: kept beside the answer, since a figure means nothing without it. */
export interface Conditions {
  readonly backend: Backend;
  readonly variant: VariantId;
  readonly threads: number;
  readonly seed: number;
  /** Memory of WebAssembly when the answer began, the most so far, in bytes; absent where nobody tells. */
  readonly memoryBytes?: number;
}

export type LoadPhase = 'runtime' | 'weights' | 'session' | 'adapter';

/** Why generation ended: the model's own end, a stop string, the token limit, or the context limit. */
export type Finish = 'end' | 'stop' | 'length' | 'context';

/** What an engine says about one cell. Exactly one of `done`, `failed`, `cancelled` comes last. */
export type RunEvent =
  | { type: 'loading'; phase: LoadPhase; loadedBytes: number; totalBytes: number }
  | { type: 'ready'; conditions: Conditions; promptTokens: number }
  /** How much of a long prompt was read; of use while it is, and kept nowhere. */
  | { type: 'reading'; readTokens: number; totalTokens: number }
  /** `text` is what to append; it never ends inside a character. */
  | { type: 'tokens'; text: string; tokens: readonly Token[] }
  /** `text` is the whole answer, with a stop string already cut off; empty where the task writes none. */
  | { type: 'done'; finish: Finish; timing: Timing; text: string; output: TaskOutput }
  | { type: 'failed'; failure: Failure }
  | { type: 'cancelled' };

export type TerminalEvent = Extract<RunEvent, { type: 'done' | 'failed' | 'cancelled' }>;

/** What was generated so far; the whole answer when the cell is done. */
export interface Partial {
  readonly conditions: Conditions;
  readonly promptTokens: number;
  readonly text: string;
  readonly tokens: readonly Token[];
}

/** How much of a prompt was read, in tokens. */
export interface Reading {
  readonly readTokens: number;
  readonly totalTokens: number;
}

export type CellState =
  | { readonly status: 'queued' }
  | {
      readonly status: 'loading';
      readonly phase: LoadPhase;
      readonly loadedBytes: number;
      readonly totalBytes: number;
    }
  | { readonly status: 'running'; readonly partial: Partial; readonly reading?: Reading }
  | {
      readonly status: 'done';
      readonly partial: Partial;
      readonly finish: Finish;
      readonly timing: Timing;
      readonly output: TaskOutput;
      /** Milliseconds since the epoch. */
      readonly at: number;
    }
  | {
      readonly status: 'failed';
      readonly failure: Failure;
      readonly partial: Partial | null;
      readonly at: number;
    }
  | { readonly status: 'cancelled'; readonly partial: Partial | null; readonly at: number };

export type CellStatus = CellState['status'];

export const QUEUED: CellState = { status: 'queued' };

export function isTerminal(
  state: CellState,
): state is Extract<CellState, { status: 'done' | 'failed' | 'cancelled' }> {
  return state.status === 'done' || state.status === 'failed' || state.status === 'cancelled';
}

export function isTerminalEvent(event: RunEvent): event is TerminalEvent {
  return event.type === 'done' || event.type === 'failed' || event.type === 'cancelled';
}

export function partialOf(state: CellState): Partial | null {
  return 'partial' in state ? state.partial : null;
}

/** null until the cell is done. */
export function outputOf(state: CellState): TaskOutput | null {
  return state.status === 'done' ? state.output : null;
}

/**
 * The only author of a CellState. An event after the end is dropped, so that a late word from a
 * dying Worker never writes over a newer one; tokens before `ready` are a broken engine and fail.
 *
 * @param at milliseconds since the epoch, kept with terminal states
 */
export function advance(state: CellState, event: RunEvent, at: number): CellState {
  if (isTerminal(state)) return state;
  switch (event.type) {
    case 'loading': {
      if (state.status === 'running') return state;
      const { phase, loadedBytes, totalBytes } = event;
      return { status: 'loading', phase, loadedBytes, totalBytes };
    }
    case 'ready':
      return {
        status: 'running',
        partial: {
          conditions: event.conditions,
          promptTokens: event.promptTokens,
          text: '',
          tokens: [],
        },
      };
    case 'reading': {
      if (state.status !== 'running') return broken(event.type, at);
      const { readTokens, totalTokens } = event;
      return { ...state, reading: { readTokens, totalTokens } };
    }
    case 'tokens':
      return state.status === 'running'
        ? { status: 'running', partial: append(state.partial, event.text, event.tokens) }
        : broken(event.type, at);
    case 'done':
      return state.status === 'running'
        ? {
            status: 'done',
            partial: { ...state.partial, text: event.text },
            finish: event.finish,
            timing: event.timing,
            output: event.output,
            at,
          }
        : broken(event.type, at);
    case 'failed':
      return { status: 'failed', failure: event.failure, partial: partialOf(state), at };
    case 'cancelled':
      return { status: 'cancelled', partial: partialOf(state), at };
  }
}

function append(partial: Partial, text: string, tokens: readonly Token[]): Partial {
  return { ...partial, text: partial.text + text, tokens: [...partial.tokens, ...tokens] };
}

function broken(type: RunEvent['type'], at: number): CellState {
  const failure: Failure = { code: 'unexpected', detail: `engine said "${type}" before "ready"` };
  return { status: 'failed', failure, partial: null, at };
}
