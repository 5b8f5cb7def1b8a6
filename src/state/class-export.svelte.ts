import { firstAsked, type Asked } from '../classroom/first-asked.ts';
import { composeClass, type ClassDraft, type WantedPackage } from '../classroom/compose.ts';
import type { ClassPack, Golden } from '../classroom/pack.ts';
import { parsePack } from '../classroom/parse.ts';
import { refuse, toFailure, type Failure } from '../domain/failure.ts';
import { voiceName } from '../domain/model.ts';
import type { Experiment } from '../run/experiment.ts';
import { plan } from '../run/plan.ts';
import { entryId } from '../storage/entries.ts';
import type { StoredPackage } from '../storage/packages.ts';
import type { ClassroomDeps } from './classroom.svelte.ts';
import { answerOf, experimentOf } from './preparation.svelte.ts';

export type Exporting =
  | { readonly status: 'idle' }
  /** Each voice answers once, so that other machines can compare. */
  | { readonly status: 'trying'; readonly name: string }
  | { readonly status: 'writing' }
  | { readonly status: 'done'; readonly pack: ClassPack; readonly bytes: number }
  | { readonly status: 'failed'; readonly failure: Failure };

/** Makes the file of a class. */
export class ClassExport {
  readonly #deps: ClassroomDeps;
  #state = $state.raw<Exporting>({ status: 'idle' });

  constructor(deps: ClassroomDeps) {
    this.#deps = deps;
  }

  get state(): Exporting {
    return this.#state;
  }

  get busy(): boolean {
    return this.#state.status === 'trying' || this.#state.status === 'writing';
  }

  /** Packages of this browser that these experiments ask for. */
  wanted(experiments: readonly Experiment[]): StoredPackage[] {
    const voices = experiments.flatMap(({ columns }) => columns.map(({ voice }) => voice));
    const ids = voices.flatMap(({ model, adapter }) => [model, adapter]);
    return this.#deps.library.stored.filter(({ id }) => ids.includes(entryId(id)));
  }

  /** @param inside ids of the packages that travel in the zip */
  async write(draft: ClassDraft, inside: readonly string[], name: string): Promise<void> {
    const { ground, ids } = this.#deps;
    try {
      const golden = await this.#goldens(draft);
      this.#state = { status: 'writing' };
      const { pack, files } = composeClass(draft, ids, await this.#packages(draft, inside), golden);
      // What this page would refuse to open is not given to anybody.
      const read = parsePack(JSON.stringify(pack));
      if (!read.ok) return refuse(read.failure);
      const zip = await ground.zip(pack, files);
      ground.save(name, zip);
      this.#state = { status: 'done', pack, bytes: zip.size };
    } catch (error) {
      this.#state = { status: 'failed', failure: toFailure(error) };
    }
  }

  async #packages(draft: ClassDraft, inside: readonly string[]): Promise<WantedPackage[]> {
    const wanted = this.wanted(draft.steps.map(({ experiment }) => experiment));
    const { store } = this.#deps;
    return Promise.all(
      wanted.map(async (stored) => ({
        stored,
        files: await store.files(stored.id),
        inside: inside.includes(stored.id),
      })),
    );
  }

  /** What each voice says here to the first prompt it is asked; one that fails has none. */
  async #goldens(draft: ClassDraft): Promise<Golden[]> {
    const engine = this.#deps.ground.engine();
    const golden: Golden[] = [];
    try {
      for (const asked of firstAsked(draft)) {
        this.#state = { status: 'trying', name: voiceName(this.#deps.catalogue, asked.voice) };
        const made = await this.#golden(asked, engine).catch(() => null);
        if (made) golden.push(made);
      }
    } finally {
      engine.dispose();
    }
    return golden;
  }

  async #golden(asked: Asked, engine: Parameters<typeof answerOf>[0]): Promise<Golden | null> {
    const { catalogue, device } = this.#deps;
    const { batches } = plan(experimentOf(asked), catalogue, await device.load());
    const [batch] = batches;
    if (!batch) return null;
    const expected = await answerOf(engine, batch, new AbortController().signal);
    return { ...asked, variant: batch.variant, expected };
  }
}
