/** A model that writes token by token, and the adapters that were laid over it. */
import { readAdapter } from '../src/checkpoint/adapter.ts';
import { bytesSource } from '../src/checkpoint/byte-source.ts';
import { refuse } from '../src/domain/failure.ts';
import type { AdapterEntry, Prompting } from '../src/domain/model.ts';
import type { Message } from '../src/domain/prompt.ts';
import type { Manifest } from '../src/graph/manifest.ts';
import { layAdapter, zeroAdapter, type PortValues } from '../src/graph/ports.ts';
import type { Conditions } from '../src/run/cell.ts';
import type { Batch } from '../src/run/plan.ts';
import { runTask } from '../src/tasks/run.ts';
import type { Voice } from '../src/tasks/text-generation/run.ts';
import { PrefixCache } from './cache.ts';
import { checkDecoder, sampleDecoder } from './check-decoder.ts';
import { SAMPLE, type CheckName } from './checks.ts';
import { Kept, type OnLoading } from './kept.ts';
import type { Asked, RunContext } from './loaded-model.ts';
import { fetchTemplate, type PackageLettering } from './lettering.ts';
import { fetchBytesIfThere } from './package.ts';
import type { PackageFiles } from './package-files.ts';
import { ReadingPace, type PlacedNumbers } from './pace.ts';
import type { Feeds, GraphSession } from './session.ts';

const ADAPTER_CONFIG = 'adapter_config.json';
/** In the order in which the reference library looks for them. */
const ADAPTER_WEIGHTS = ['adapter_model.safetensors', 'adapter_model.bin'] as const;

interface LaidAdapter {
  readonly feeds: Feeds;
  /** The adapter's own chat template; null where it has none. */
  readonly template: string | null;
}

export interface DecoderParts {
  readonly manifest: Manifest & { readonly model: PlacedNumbers };
  readonly session: GraphSession;
  readonly lettering: PackageLettering;
  readonly conditions: Omit<Conditions, 'seed'>;
  /** Whether a row's scores are the same whoever is read beside it. */
  readonly keepsRowsApart: boolean;
  /** Where the files of an adapter are. */
  readonly filesOf: (adapter: AdapterEntry) => PackageFiles;
}

export class LoadedDecoder {
  readonly #parts: DecoderParts;
  readonly #bare: LaidAdapter;
  readonly #adapters = new Kept<LaidAdapter>();
  readonly #prefixes = new PrefixCache();
  readonly #readingPace = new ReadingPace();

  constructor(parts: DecoderParts) {
    this.#parts = parts;
    const feeds = feedsOf(parts.session, zeroAdapter(parts.manifest.ports));
    this.#bare = { feeds, template: null };
  }

  async run(batch: Batch, { signal, onLoading, controls, emit }: RunContext): Promise<void> {
    return runTask(batch, await this.voice(batch, signal, onLoading), controls, emit);
  }

  async prepare(asked: Asked, signal: AbortSignal): Promise<void> {
    await this.voice(asked, signal, () => undefined);
  }

  async voice(
    { adapter, model }: Asked,
    signal: AbortSignal,
    onLoading: OnLoading,
  ): Promise<Voice> {
    const { manifest, session, lettering, conditions, keepsRowsApart } = this.#parts;
    const { codec } = lettering;
    const { feeds, template } =
      adapter === null
        ? this.#bare
        : await this.#adapters.get(adapter.id, signal, onLoading, (...how) =>
            this.#lay(adapter, ...how),
          );
    const prompting: Prompting = adapter?.prompting ?? model.prompting;
    const encodeChat = (messages: readonly Message[]) =>
      codec.encodeChat(messages, template ?? lettering.template);
    const encode =
      prompting === 'chat'
        ? (prompt: string) => encodeChat([{ role: 'user', content: prompt }])
        : (prompt: string) => Promise.resolve(codec.encode(prompt));
    return {
      kind: 'decoder',
      session,
      model: manifest.model,
      topCount: manifest.topK,
      adapter: feeds,
      lettering: codec,
      encode,
      encodeChat,
      conditions,
      keepsRowsApart,
      prefixes: this.#prefixes,
      readingPace: this.#readingPace,
    };
  }

  /** Names of what this model gets wrong about itself. */
  async check(of: Asked, signal: AbortSignal): Promise<CheckName[]> {
    return checkDecoder(await this.voice(of, signal, () => undefined), this.#sampleIds(), signal);
  }

  /** What it scores for a text of ours, step by step. */
  async sample(of: Asked, signal: AbortSignal): Promise<readonly Float32Array[]> {
    return sampleDecoder(await this.voice(of, signal, () => undefined), this.#sampleIds(), signal);
  }

  #sampleIds(): number[] {
    const { lettering, manifest } = this.#parts;
    return lettering.codec.encode(SAMPLE).slice(0, Math.floor(manifest.model.context / 2));
  }

  async #lay(entry: AdapterEntry, signal: AbortSignal, onLoading: OnLoading): Promise<LaidAdapter> {
    onLoading('adapter', 0, entry.bytes);
    const { manifest, session, filesOf } = this.#parts;
    const source = filesOf(entry);
    const [files, template] = await Promise.all([
      Promise.all([
        fetchOne(source, [ADAPTER_CONFIG], signal),
        fetchOne(source, ADAPTER_WEIGHTS, signal),
      ]),
      entry.prompting === 'chat' ? fetchTemplate(source, signal) : null,
    ]);
    const adapter = await readAdapter(new Map(files), signal);
    return { feeds: feedsOf(session, layAdapter(manifest.ports, adapter)), template };
  }
}

/** The first of the files that is there. */
async function fetchOne(files: PackageFiles, names: readonly string[], signal: AbortSignal) {
  for (const name of names) {
    const bytes = await fetchBytesIfThere(files, name, signal);
    if (bytes !== null) return [name, bytesSource(name, bytes)] as const;
  }
  return refuse({ code: 'file-unreachable', file: names[0] ?? '', status: 404 });
}

function feedsOf(session: GraphSession, values: PortValues): Feeds {
  const entries = [...values].map(([name, { data, dims }]) => [name, session.resident(data, dims)]);
  return Object.fromEntries(entries) as Feeds;
}
