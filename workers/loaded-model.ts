/** One base model in memory, and the adapters that were laid over it. */
import { readAdapter } from '../src/checkpoint/adapter.ts';
import { bytesSource } from '../src/checkpoint/byte-source.ts';
import type { AdapterEntry, Prompting } from '../src/domain/model.ts';
import type { Manifest } from '../src/graph/manifest.ts';
import { layAdapter, zeroAdapter, type PortValues } from '../src/graph/ports.ts';
import type { Conditions } from '../src/run/cell.ts';
import type { Batch } from '../src/run/plan.ts';
import type { Voice } from '../src/tasks/text-generation/run.ts';
import { threadCount } from './device.ts';
import { Kept, type OnLoading } from './kept.ts';
import {
  fetchBytes,
  fetchGraph,
  fetchJson,
  fetchManifest,
  fetchTextIfThere,
  type OnBytes,
} from './package.ts';
import { loadRuntime } from './runtime.ts';
import type { Feeds, GraphSession } from './session.ts';
import { chatTemplateOf, createCodec, type TextCodec, type TokenizerConfig } from './tokenizer.ts';

const ADAPTER_FILES = ['adapter_config.json', 'adapter_model.safetensors'] as const;
const TEMPLATE_FILE = 'chat_template.jinja';
const TOKENIZER_CONFIG_FILE = 'tokenizer_config.json';

interface LaidAdapter {
  readonly feeds: Feeds;
  /** The adapter's own chat template; null where it has none. */
  readonly template: string | null;
}

export class LoadedModel {
  readonly #manifest: Manifest;
  readonly #session: GraphSession;
  readonly #codec: TextCodec;
  readonly #conditions: Omit<Conditions, 'seed'>;
  readonly #template: string | null;
  readonly #bare: LaidAdapter;
  readonly #adapters = new Kept<LaidAdapter>();

  constructor(
    manifest: Manifest,
    session: GraphSession,
    codec: TextCodec,
    template: string | null,
    conditions: Omit<Conditions, 'seed'>,
  ) {
    this.#manifest = manifest;
    this.#session = session;
    this.#codec = codec;
    this.#template = template;
    this.#conditions = conditions;
    this.#bare = { feeds: feedsOf(session, zeroAdapter(manifest.ports)), template: null };
  }

  async voice(
    { adapter, model }: Pick<Batch, 'model' | 'adapter'>,
    signal: AbortSignal,
    onLoading: OnLoading,
  ): Promise<Voice> {
    const { feeds, template } =
      adapter === null
        ? this.#bare
        : await this.#adapters.get(adapter.id, signal, onLoading, (...how) =>
            this.#lay(adapter, ...how),
          );
    const prompting: Prompting = adapter?.prompting ?? model.prompting;
    const encode =
      prompting === 'chat'
        ? (prompt: string) => this.#codec.encodeChat(prompt, template ?? this.#template)
        : (prompt: string) => Promise.resolve(this.#codec.encode(prompt));
    return {
      session: this.#session,
      model: this.#manifest.model,
      topCount: this.#manifest.topK,
      adapter: feeds,
      lettering: this.#codec,
      encode,
      conditions: this.#conditions,
    };
  }

  async #lay(entry: AdapterEntry, signal: AbortSignal, onLoading: OnLoading): Promise<LaidAdapter> {
    onLoading('adapter', 0, entry.bytes);
    const base = entry.source.path;
    const [files, template] = await Promise.all([
      Promise.all(ADAPTER_FILES.map((file) => fetchSource(base, file, signal))),
      entry.prompting === 'chat' ? fetchTemplate(base, signal) : null,
    ]);
    const adapter = await readAdapter(new Map(files), signal);
    const feeds = feedsOf(this.#session, layAdapter(this.#manifest.ports, adapter));
    return { feeds, template };
  }
}

type Place = Pick<Batch, 'model' | 'variant' | 'backend'>;

/** Runtime and files come in parallel; the session needs both. */
export async function loadModel(
  place: Place,
  signal: AbortSignal,
  onLoading: OnLoading,
): Promise<LoadedModel> {
  const { backend, variant } = place;
  const threads = threadCount();
  onLoading('runtime', 0, 0);
  const [runtime, { manifest, files, codec, template }] = await Promise.all([
    loadRuntime(backend, threads),
    fetchPackage(place, signal, onLoading),
  ]);
  onLoading('session', 0, 0);
  const recurrent = manifest.model.states.map(({ present }) => present);
  const session = await runtime.open({ ...files, recurrent });
  return new LoadedModel(manifest, session, codec, template, { backend, variant, threads });
}

async function fetchPackage({ model, variant }: Place, signal: AbortSignal, onLoading: OnLoading) {
  const base = model.source.path;
  const manifest = await fetchManifest(base, signal);
  const onBytes: OnBytes = (loaded, total) => onLoading('weights', loaded, total);
  const [files, lettering] = await Promise.all([
    fetchGraph(base, manifest, variant, 'model', signal, onBytes),
    fetchLettering(base, manifest, signal),
  ]);
  return { manifest, files, ...lettering };
}

async function fetchSource(base: string, file: string, signal: AbortSignal) {
  return [file, bytesSource(file, await fetchBytes(base, file, signal))] as const;
}

async function fetchLettering(base: string, manifest: Manifest, signal: AbortSignal) {
  const [tokenizer, config, template] = await Promise.all([
    fetchJson<object>(base, 'tokenizer.json', signal),
    fetchJson<TokenizerConfig>(base, TOKENIZER_CONFIG_FILE, signal),
    manifest.tokenizer.includes(TEMPLATE_FILE)
      ? fetchTextIfThere(base, TEMPLATE_FILE, signal)
      : null,
  ]);
  return { codec: await createCodec({ tokenizer, config }), template };
}

/** Trainers write the template beside the adapter, or into the tokenizer's settings. */
async function fetchTemplate(base: string, signal: AbortSignal): Promise<string | null> {
  const template = await fetchTextIfThere(base, TEMPLATE_FILE, signal);
  if (template !== null) return template;
  const config = await fetchTextIfThere(base, TOKENIZER_CONFIG_FILE, signal);
  return config === null ? null : chatTemplateOf(JSON.parse(config) as TokenizerConfig);
}

function feedsOf(session: GraphSession, values: PortValues): Feeds {
  const entries = [...values].map(([name, { data, dims }]) => [name, session.resident(data, dims)]);
  return Object.fromEntries(entries) as Feeds;
}
