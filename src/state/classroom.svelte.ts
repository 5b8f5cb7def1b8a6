import type { FileSet } from '../checkpoint/byte-source.ts';
import { SHIPPED } from '../classroom/exercises/index.ts';
import { HANDIN_FORMAT, HANDIN_VERSION, type HandIn } from '../classroom/hand-in.ts';
import { installModels, type InstallProgress } from '../classroom/install.ts';
import { CLASS_LIMITS } from '../classroom/limits.ts';
import { addHandIn, EMPTY_PILE, type Pile } from '../classroom/merge.ts';
import { CLASS_FILE, findExercise, type ClassPack } from '../classroom/pack.ts';
import { parseHandIn, parsePack, type Read } from '../classroom/parse.ts';
import type { Room } from '../classroom/room.ts';
import { refuse, toFailure, type Failure } from '../domain/failure.ts';
import type { Catalogue } from '../domain/model.ts';
import type { Engine, Tunable } from '../engine/engine.ts';
import type { ClassTexts } from '../storage/classes.ts';
import type { PackageStore } from '../storage/packages.ts';
import type { SmallStorage } from '../storage/settings.ts';
import type { ActiveRun } from './active-run.svelte.ts';
import { localisedWith } from './class-voices.ts';
import type { DeviceState } from './device.svelte.ts';
import { ExerciseSession } from './exercise.svelte.ts';
import type { History } from './history.svelte.ts';
import type { Later } from './lab.svelte.ts';
import type { Library } from './library.svelte.ts';
import type { Settings } from './settings.svelte.ts';

/** What a classroom needs of the world outside. */
export interface ClassGround {
  readonly texts: ClassTexts;
  /** The files of a zip, read by slices. */
  readonly open: (zip: File, signal: AbortSignal) => Promise<FileSet>;
  /** A class from an address, relative to the page; `FailureError` where it cannot be had. */
  readonly fetch: (
    address: string,
    signal: AbortSignal,
    tell: (bytes: number) => void,
  ) => Promise<File>;
  /** What a room server says that it holds; null where none answers there. */
  readonly room: (address: string) => Promise<Room | null>;
  /** Of the page, where a room server is at its root. */
  readonly origin: string;
  readonly zip: (
    pack: ClassPack,
    files: readonly { readonly id: string; readonly path: string; readonly as: string }[],
  ) => Promise<Blob>;
  readonly save: (name: string, blob: Blob) => void;
  /** An engine whose Worker is its own. */
  readonly engine: () => Engine & Tunable;
  /** One whose Worker is refused every network read; `proven` once it tried one. */
  readonly cutEngine: () => {
    readonly engine: Engine & Tunable;
    readonly proven: Promise<boolean>;
  };
  /** Whether the page itself would come back without its server. */
  readonly survivesReload: () => Promise<boolean>;
  readonly persist: () => Promise<boolean>;
  /** SHA-256, lower-case hexadecimal, a slice at a time. */
  readonly hash: (blob: Blob) => Promise<string>;
}

export interface ClassroomDeps {
  readonly ground: ClassGround;
  readonly store: PackageStore;
  readonly catalogue: Catalogue;
  readonly small: SmallStorage;
  readonly ids: () => string;
  readonly clock: () => number;
  readonly later: Later;
  readonly run: ActiveRun;
  readonly history: History;
  readonly library: Library;
  readonly device: DeviceState;
  readonly settings: Settings;
}

/** A class on its way in. */
export type Opening =
  | { readonly status: 'fetching'; readonly name: string; readonly bytes: number }
  | { readonly status: 'reading'; readonly name: string }
  | ({ readonly status: 'storing'; readonly file: string } & InstallProgress)
  | { readonly status: 'opened'; readonly pack: ClassPack }
  | { readonly status: 'refused'; readonly name: string; readonly failure: Failure };

export interface Refusal {
  readonly file: string;
  readonly failure: Failure;
}

/** The classes of this browser, the exercises at hand, and what a class handed in. */
export class Classroom {
  readonly deps: ClassroomDeps;
  #opened = $state.raw<readonly ClassPack[]>([]);
  #opening = $state.raw<Opening | null>(null);
  #pile = $state.raw<Pile>(EMPTY_PILE);
  #refusals = $state.raw<readonly Refusal[]>([]);
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- looked up, never shown
  readonly #sessions = new Map<string, ExerciseSession>();
  #loading: Promise<void> | null = null;
  #work: AbortController | null = null;

  constructor(deps: ClassroomDeps) {
    this.deps = deps;
  }

  /** The class of the house, then those that were opened, the newest first. */
  get packs(): readonly ClassPack[] {
    return [SHIPPED[this.deps.settings.locale], ...this.#opened];
  }

  get opening(): Opening | null {
    return this.#opening;
  }

  get pile(): Pile {
    return this.#pile;
  }

  /** Files of the last drop that are no hand-ins. */
  get refusals(): readonly Refusal[] {
    return this.#refusals;
  }

  isShipped(pack: ClassPack): boolean {
    return pack.id === SHIPPED.es.id;
  }

  find(id: string): ClassPack | null {
    return this.packs.find((pack) => pack.id === id) ?? null;
  }

  /** What was opened before, once in the page's life. */
  load(): Promise<void> {
    return (this.#loading ??= this.#load());
  }

  async #load(): Promise<void> {
    const texts = await this.deps.ground.texts.all();
    const read = texts.map(parsePack).flatMap((each) => (each.ok ? [each.value] : []));
    const isNew = (pack: ClassPack) => this.#opened.every(({ id }) => id !== pack.id);
    this.#opened = [...this.#opened, ...read.filter(isNew).reverse()];
  }

  /** null where there is none of these ids. */
  session(packId: string, exerciseId: string): ExerciseSession | null {
    const pack = this.find(packId);
    const exercise = pack && findExercise(pack, exerciseId);
    if (!pack || !exercise) return null;
    const key = JSON.stringify([pack.language, packId, exerciseId]);
    const known = this.#sessions.get(key);
    if (known?.exercise === exercise) return known;
    const { library } = this.deps;
    const localised = localisedWith(pack, library);
    const session = new ExerciseSession(pack, exercise, { ...this.deps, localised });
    this.#sessions.set(key, session);
    return session;
  }

  /** Keeps a class from a zip, with all of its models or none. Takes the place of what was on its way. */
  async open(file: File): Promise<ClassPack | null> {
    return this.#take(file.name, () => Promise.resolve(file));
  }

  /** The same from an address, or from a file that lies beside the page. */
  async openAddress(address: string): Promise<ClassPack | null> {
    return this.#take(address, (signal) =>
      this.deps.ground.fetch(address, signal, (bytes) => {
        if (!signal.aborted) this.#opening = { status: 'fetching', name: address, bytes };
      }),
    );
  }

  /** Whether a file is a class; anything that cannot be opened is none. */
  async recognises(file: File): Promise<boolean> {
    try {
      return (await this.deps.ground.open(file, new AbortController().signal)).has(CLASS_FILE);
    } catch {
      return false;
    }
  }

  cancel(): void {
    this.#work?.abort();
    this.#work = null;
    this.#opening = null;
  }

  async #take(
    name: string,
    get: (signal: AbortSignal) => Promise<File>,
  ): Promise<ClassPack | null> {
    this.#work?.abort();
    const work = new AbortController();
    this.#work = work;
    const show = (opening: Opening) => {
      if (this.#work === work) this.#opening = opening;
    };
    show({ status: 'reading', name });
    try {
      await this.load();
      const pack = await this.#keep(await get(work.signal), work.signal, show);
      show({ status: 'opened', pack });
      return pack;
    } catch (error) {
      show({ status: 'refused', name, failure: toFailure(error) });
      return null;
    }
  }

  async #keep(
    file: File,
    signal: AbortSignal,
    show: (opening: Opening) => void,
  ): Promise<ClassPack> {
    const { ground, store, clock, library } = this.deps;
    show({ status: 'reading', name: file.name });
    const files = await ground.open(file, signal);
    const text = await textOf(files, signal);
    const pack = valueOf(parsePack(text));
    if (this.isShipped(pack)) refuse({ code: 'class-damaged', detail: `id: ${pack.id}` });
    const tell = (progress: InstallProgress) =>
      show({ status: 'storing', file: file.name, ...progress });
    await installModels(pack, files, store, clock(), signal, tell);
    const failure = await ground.texts.put(pack.id, text);
    if (failure) refuse(failure);
    void ground.persist();
    await library.refresh();
    this.#opened = [pack, ...this.#opened.filter(({ id }) => id !== pack.id)];
    return pack;
  }

  /** Its models stay: they are in the list of models, and others may use them. */
  async remove(pack: ClassPack): Promise<void> {
    await this.deps.ground.texts.remove(pack.id);
    this.#opened = this.#opened.filter(({ id }) => id !== pack.id);
  }

  get alias(): string {
    return this.deps.small.read('class.alias') ?? '';
  }

  set alias(text: string) {
    this.deps.small.write('class.alias', text.slice(0, CLASS_LIMITS.aliasChars));
  }

  /** All that was done in a class, as one file. A second one of the same student replaces the first. */
  async handIn(pack: ClassPack, alias: string): Promise<HandIn> {
    const { small, ids, clock } = this.deps;
    const key = `class.${pack.id}.student`;
    const id = small.read(key) ?? ids();
    small.write(key, id);
    const all = pack.exercises.map(({ id: exercise }) => this.session(pack.id, exercise)?.handed());
    const handed = (await Promise.all(all)).filter((each) => each !== undefined);
    const done = handed.filter(
      ({ answers, notes, runs }) => answers.length + runs.length > 0 || notes.trim() !== '',
    );
    return {
      format: HANDIN_FORMAT,
      version: HANDIN_VERSION,
      id,
      createdAt: clock(),
      alias: alias.trim().slice(0, CLASS_LIMITS.aliasChars) || null,
      pack: { id: pack.id, title: pack.title },
      exercises: done.length > 0 ? done : handed.slice(0, 1),
    };
  }

  /** Adds the hand-ins among these files to the pile; nothing of them leaves this page. */
  async collect(files: Iterable<File>): Promise<void> {
    this.#refusals = [];
    for (const file of files) {
      const read: Read<HandIn> =
        file.size > CLASS_LIMITS.fileChars
          ? { ok: false, failure: { code: 'handin-foreign' } }
          : parseHandIn(await file.text());
      if (read.ok) this.#pile = addHandIn(this.#pile, read.value);
      else this.#refusals = [...this.#refusals, { file: file.name, failure: read.failure }];
    }
  }

  clearPile(): void {
    this.#pile = EMPTY_PILE;
    this.#refusals = [];
  }
}

async function textOf(files: FileSet, signal: AbortSignal): Promise<string> {
  const source = files.get(CLASS_FILE);
  if (source === undefined) return refuse({ code: 'class-foreign' });
  if (source.size > CLASS_LIMITS.fileChars) {
    return refuse({ code: 'class-damaged', detail: `${CLASS_FILE}: ${source.size}` });
  }
  return new TextDecoder().decode(await source.read(0, source.size, signal));
}

function valueOf<T>(read: Read<T>): T {
  return read.ok ? read.value : refuse(read.failure);
}
