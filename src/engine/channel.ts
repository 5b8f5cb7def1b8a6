/**
 * The wire between the page and the Worker. The surface travels over Comlink; each run has a
 * MessagePort of its own, so that a late word of one run is never taken for a word of the next.
 */
import type { Device } from '../domain/device.ts';
import type { Source } from '../domain/model.ts';
import type { CellId, RunEvent } from '../run/cell.ts';
import type { Batch } from '../run/plan.ts';
import type { CellEvent, Provision, Tunable, Warming } from './engine.ts';

/** What the Worker exposes. */
export interface EngineSurface extends Warming, Tunable {
  probe(): Promise<Device>;
  /** Events of the batch go to `port`; resolves after the last one was posted. */
  run(batch: Batch, port: MessagePort): Promise<void>;
}

/** Page to Worker, over the port of a run. */
export type PageMessage =
  { readonly type: 'stop'; readonly cells: readonly CellId[] } | { readonly type: 'stop-all' };

/** Worker to page, over the port of a run. `end` comes last, when nothing of the run is left. */
export type WorkerMessage =
  { readonly type: 'events'; readonly events: readonly CellEvent[] } | { readonly type: 'end' };

/** Bundled addresses are relative to the page; a Worker lives elsewhere and needs them whole. */
export function located(batch: Batch, baseUrl: string): Batch {
  const { model, adapter } = batch;
  return { ...batch, model: whole(model, baseUrl), adapter: adapter && whole(adapter, baseUrl) };
}

export function locatedProvision(provision: Provision, baseUrl: string): Provision {
  const adapters = provision.adapters.map((adapter) => whole(adapter, baseUrl));
  return { ...provision, model: whole(provision.model, baseUrl), adapters };
}

export function whole<T extends { readonly source: Source }>(entry: T, baseUrl: string): T {
  const { source } = entry;
  if (source.kind === 'stored') return entry;
  return { ...entry, source: { ...source, path: new URL(source.path, baseUrl).href } };
}

/** A Worker gone wrong may post anything; only what holds to the protocol is let in. */
export function isWorkerMessage(value: unknown): value is WorkerMessage {
  if (!isRecord(value)) return false;
  if (value['type'] === 'end') return true;
  const { events } = value;
  return value['type'] === 'events' && Array.isArray(events) && events.every(isCellEvent);
}

function isCellEvent(value: unknown): value is CellEvent {
  return isRecord(value) && typeof value['cell'] === 'string' && isRunEvent(value['event']);
}

type Shape = Readonly<Record<string, (value: unknown) => boolean>>;
const isText = (value: unknown) => typeof value === 'string';
const isNumber = (value: unknown) => typeof value === 'number';

const SHAPES: { readonly [T in RunEvent['type']]: Shape } = {
  loading: { phase: isText, loadedBytes: isNumber, totalBytes: isNumber },
  ready: { conditions: isRecord, promptTokens: isNumber },
  reading: { readTokens: isNumber, totalTokens: isNumber },
  tokens: { text: isText, tokens: Array.isArray },
  done: { finish: isText, timing: isRecord, text: isText, output: isRecord },
  failed: { failure: (value) => isRecord(value) && isText(value['code']) },
  cancelled: {},
};

function isRunEvent(value: unknown): boolean {
  if (!isRecord(value) || typeof value['type'] !== 'string') return false;
  if (!Object.hasOwn(SHAPES, value['type'])) return false;
  const shape = SHAPES[value['type'] as RunEvent['type']];
  return Object.entries(shape).every(([key, holds]) => holds(value[key]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
