import { CHECKS, isReady, writeCode, type Check } from '../classroom/code.ts';
import { ROOM_FILE } from '../classroom/room.ts';
import type { ClassModel, ClassPack, Golden } from '../classroom/pack.ts';
import type { Device } from '../domain/device.ts';
import { refuse, toFailure, type Failure } from '../domain/failure.ts';
import { findAdapter, findModel, voiceName } from '../domain/model.ts';
import { DEFAULT_PARAMS } from '../domain/params.ts';
import type { Engine } from '../engine/engine.ts';
import { itemsOf } from '../run/items.ts';
import { plan, type Batch } from '../run/plan.ts';
import { isTerminalEvent } from '../run/cell.ts';
import type { Experiment } from '../run/experiment.ts';
import type { ClassroomDeps } from './classroom.svelte.ts';
import { localisedWith, storedFor } from './class-voices.ts';

/** How one thing that was looked at stands. */
export type Finding =
  | { readonly status: 'waiting' }
  | { readonly status: 'working' }
  | { readonly status: 'passed' }
  /** Told, and nothing fails for it. */
  | { readonly status: 'noted' }
  | { readonly status: 'failed'; readonly failures: readonly NamedFailure[] };

export interface NamedFailure {
  /** What it is about: a model, a file. */
  readonly name: string;
  readonly failure: Failure;
}

/** How a golden prompt fared: `other` where this machine runs another variant, which cannot be compared. */
export type Tried = 'same' | 'other' | 'different';

const WAITING: Finding = { status: 'waiting' };

type Findings = Readonly<Record<Check, Finding>>;

const NOTHING = Object.fromEntries(CHECKS.map((check) => [check, WAITING])) as Findings;

/** Gets a machine ready for a class, and proves it with the network cut. */
export class Preparation {
  readonly pack: ClassPack;
  readonly #deps: ClassroomDeps;
  #findings = $state.raw<Findings>(NOTHING);
  #detail = $state.raw('');
  #device = $state.raw<Device | null>(null);
  #code = $state.raw<string | null>(null);
  #work: AbortController | null = null;
  #running = $state.raw(false);
  /** Goldens that answered otherwise with the same variant: the model works, and says something else. */
  #different = $state.raw<readonly string[]>([]);

  constructor(pack: ClassPack, deps: ClassroomDeps) {
    this.pack = pack;
    this.#deps = deps;
  }

  get findings(): Findings {
    return this.#findings;
  }

  /** Name of what is being worked on. */
  get detail(): string {
    return this.#detail;
  }

  get device(): Device | null {
    return this.#device;
  }

  get running(): boolean {
    return this.#running;
  }

  /** null until all was looked at. */
  get code(): string | null {
    return this.#code;
  }

  get different(): readonly string[] {
    return this.#different;
  }

  get ready(): boolean {
    return this.#code !== null && isReady({ passed: this.#passed });
  }

  get #passed(): ReadonlySet<Check> {
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- made anew each time
    return new Set(CHECKS.filter((check) => this.#findings[check].status === 'passed'));
  }

  stop(): void {
    this.#work?.abort();
    this.#running = false;
  }

  /** Looks at everything, in order; what fails does not keep the rest from being looked at. */
  async begin(): Promise<void> {
    this.stop();
    const work = new AbortController();
    this.#work = work;
    const { signal } = work;
    this.#findings = NOTHING;
    this.#code = null;
    this.#different = [];
    this.#running = true;
    try {
      await this.#all(signal);
    } finally {
      if (this.#work === work) this.#running = false;
    }
  }

  async #all(signal: AbortSignal): Promise<void> {
    const { ground, clock, device, library } = this.#deps;
    await this.#look('device', signal, async () => {
      this.#device = await device.load();
      void ground.persist();
      return [];
    });
    this.#note('threads', (this.#device?.threads ?? 1) > 1);
    await library.load();
    await this.#look('models', signal, () => this.#fetchAll(signal));
    await this.#look('verified', signal, () => this.#verifyAll(signal));
    await this.#look('golden', signal, () => this.#tryAll(ground.engine(), signal));
    const offline = ground.cutEngine();
    await this.#look('cut', signal, async () => {
      await offline.engine.probe();
      return (await offline.proven) ? [] : [{ name: '', failure: STILL_THERE }];
    });
    await this.#look('again', signal, () => this.#tryAll(offline.engine, signal));
    this.#note('reload', await ground.survivesReload().catch(() => false));
    if (!signal.aborted) this.#code = writeCode(this.pack.id, this.#passed, clock());
  }

  async #look(
    check: Check,
    signal: AbortSignal,
    work: () => Promise<readonly NamedFailure[]>,
  ): Promise<void> {
    if (signal.aborted) return;
    this.#set(check, { status: 'working' });
    const failures = await work().catch((error: unknown) => [
      { name: '', failure: toFailure(error) },
    ]);
    if (signal.aborted) return;
    this.#set(check, failures.length === 0 ? { status: 'passed' } : { status: 'failed', failures });
  }

  #note(check: Check, passed: boolean): void {
    this.#set(check, { status: passed ? 'passed' : 'noted' });
  }

  #set(check: Check, finding: Finding): void {
    this.#findings = { ...this.#findings, [check]: finding };
  }

  /** What the class names and this browser lacks is fetched and built, one after another. */
  async #fetchAll(signal: AbortSignal): Promise<NamedFailure[]> {
    const failures: NamedFailure[] = [];
    for (const model of this.pack.models) {
      if (signal.aborted) break;
      const failure = await this.#fetchOne(model);
      if (failure) failures.push({ name: this.#nameOf(model), failure });
    }
    return failures;
  }

  async #fetchOne(model: ClassModel): Promise<Failure | null> {
    const { catalogue, library } = this.#deps;
    this.#detail = this.#nameOf(model);
    if (model.kind === 'bundled') {
      const known = findModel(catalogue, model.id) ?? findAdapter(catalogue, model.id);
      return known ? null : { code: 'model-unknown', model: model.id };
    }
    if (storedFor(model, library.stored)) return null;
    if (model.kind === 'package') return { code: 'model-unknown', model: model.entry.name };
    return this.#build(model);
  }

  async #build(model: Extract<ClassModel, { kind: 'repository' }>): Promise<Failure | null> {
    const { library } = this.#deps;
    const endpoint = model.endpoint ?? (await this.#nearest());
    const { repo, revision } = model;
    await library.inspect({ kind: 'hub', endpoint, repo, revision, token: null });
    const seen = library.arrival;
    if (seen?.status === 'refused') return seen.failure;
    await library.build({ name: model.name, variants: model.variants, adapter: null });
    const built = library.arrival;
    if (built?.status === 'failed') return built.failure;
    library.dismiss();
    return storedFor(model, library.stored) ? null : { code: 'model-unknown', model: model.name };
  }

  /** The server of the room, where the page came from one; else the Hub. */
  async #nearest(): Promise<string> {
    const { ground } = this.#deps;
    const room = await ground.room(`${ground.origin}/${ROOM_FILE}`);
    return room ? ground.origin : DEFAULT_ENDPOINT;
  }

  /** Every stored file of the class is read and hashed again. */
  async #verifyAll(signal: AbortSignal): Promise<NamedFailure[]> {
    const { library } = this.#deps;
    const failures: NamedFailure[] = [];
    for (const model of this.pack.models) {
      if (model.kind === 'bundled' || signal.aborted) continue;
      const stored = storedFor(model, library.stored);
      this.#detail = this.#nameOf(model);
      const failure = stored ? await this.#verify(stored.id, signal) : MISSING;
      if (failure) failures.push({ name: this.#nameOf(model), failure });
    }
    return failures;
  }

  async #verify(id: string, signal: AbortSignal): Promise<Failure | null> {
    const { store, ground } = this.#deps;
    for (const { path, bytes, sha256 } of await store.files(id)) {
      signal.throwIfAborted();
      const blob = await store.read(id, path).catch(() => null);
      const isSame = blob?.size === bytes && (await ground.hash(blob)) === sha256;
      if (!isSame) return { code: 'class-file-wrong', file: path };
    }
    return null;
  }

  /** Has each golden prompt answered by an engine that was not used before, and ends it. */
  async #tryAll(engine: Engine, signal: AbortSignal): Promise<NamedFailure[]> {
    const failures: NamedFailure[] = [];
    const different: string[] = [];
    try {
      for (const golden of this.#goldens()) {
        if (signal.aborted) break;
        const name = voiceName(this.#deps.catalogue, golden.voice);
        this.#detail = name;
        try {
          if ((await this.#tryOne(golden, engine, signal)) === 'different') different.push(name);
        } catch (error) {
          failures.push({ name, failure: toFailure(error) });
        }
      }
    } finally {
      engine.dispose();
    }
    this.#different = [
      ...this.#different,
      ...different.filter((name) => !this.#different.includes(name)),
    ];
    return failures;
  }

  /** Model by model, so that each loads once. */
  #goldens(): Golden[] {
    const localised = localisedWith(this.pack, this.#deps.library);
    return this.pack.golden.map((golden) => {
      const [column] = localised(experimentOf(golden)).columns;
      return { ...golden, voice: column?.voice ?? golden.voice };
    });
  }

  async #tryOne(golden: Golden, engine: Engine, signal: AbortSignal): Promise<Tried> {
    const { catalogue, device } = this.#deps;
    const { cells, batches } = plan(experimentOf(golden), catalogue, await device.load());
    const failure = cells[0]?.failure;
    const [batch] = batches;
    if (failure) refuse(failure);
    if (!batch) return refuse({ code: 'model-unknown', model: golden.voice.model });
    const said = await answerOf(engine, batch, signal);
    if (batch.variant !== golden.variant) return 'other';
    return said === golden.expected ? 'same' : 'different';
  }

  #nameOf(model: ClassModel): string {
    const { catalogue } = this.#deps;
    if (model.kind === 'package') return model.entry.name;
    if (model.kind === 'repository') return model.name;
    return (findModel(catalogue, model.id) ?? findAdapter(catalogue, model.id))?.name ?? model.id;
  }
}

const DEFAULT_ENDPOINT = 'https://huggingface.co';
const STILL_THERE: Failure = { code: 'unexpected', detail: 'the network answered' };
const MISSING: Failure = { code: 'checkpoint-missing', file: 'patio.json' };

/** A golden prompt as an experiment of one cell, without chance. */
export function experimentOf(
  golden: Pick<Golden, 'voice' | 'task' | 'prompt' | 'fields' | 'maxTokens'>,
): Experiment {
  const { voice, task, prompt, fields, maxTokens } = golden;
  const greedy = { temperature: 0, topK: 0, topP: 1, repetitionPenalty: 1 };
  return {
    task,
    prompts: [{ id: 'p', text: prompt, table: [], fields, history: [] }],
    columns: [{ id: 'c', voice, overrides: {} }],
    params: { ...DEFAULT_PARAMS, ...greedy, maxTokens },
    backend: 'auto',
  };
}

/** What one cell ends with: its text, or what it puts first. Throws a `FailureError` where it fails. */
export async function answerOf(engine: Engine, batch: Batch, signal: AbortSignal): Promise<string> {
  const [job] = batch.jobs;
  for await (const { event } of engine.run(batch, signal)) {
    if (!isTerminalEvent(event)) continue;
    if (event.type === 'failed') refuse(event.failure);
    if (event.type === 'cancelled') signal.throwIfAborted();
    if (event.type !== 'done') break;
    const [item] = itemsOf(event.output, job?.prompt ?? '', job?.fields ?? {});
    return event.output.kind === 'text' ? event.text : (item?.text ?? item?.label ?? '');
  }
  return refuse({ code: 'unexpected', detail: 'no answer' });
}
