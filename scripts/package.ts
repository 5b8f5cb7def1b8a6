/** What a package for the browser is made from, on the command line: see USAGE. */
import { parseArgs } from 'node:util';
import { readAdapter } from '../src/checkpoint/adapter';
import type { Device } from '../src/domain/device';
import { FailureError, refuse } from '../src/domain/failure';
import type { Finding } from '../src/domain/preflight';
import { VARIANTS } from '../src/graph/arithmetic';
import { variantBytes } from '../src/graph/manifest';
import type { Manifest } from '../src/graph/manifest';
import { buildPackage, copyFile } from '../src/graph/package';
import type { PackageOptions, PackageSink } from '../src/graph/package';
import { failureText, findingText } from '../src/i18n';
import { en } from '../src/i18n/en';
import { es } from '../src/i18n/es';
import type { OpenedSource } from '../src/sources/opened';
import { storyOfMerged, storyOfModel } from '../src/sources/package-story';
import { preflight } from '../src/sources/preflight';
import { withBrought, withTokenizer } from '../src/sources/tokenizer-files';
import { intoFolder } from './lib/draft';
import { folderNames } from './lib/folder';
import { openPath } from './lib/source';

const USAGE = `npm run package -- <folder|zip> --out <folder>
  [--variant cpu8|gpu4|fp32]    repeatable; cpu8 and gpu4 when none is given
  [--adapter <folder|zip>]      a PEFT adapter to merge into the weights
  [--ports all|none]            whether adapters can be fed to the graph; all unless one is merged
  [--logits last|all]           logits of the last token only (default) or of every position
  [--adapters <folder>]         PEFT adapters to ship beside the package, one folder each`;

const SHIPPED = ['adapter_config.json', 'adapter_model.safetensors', 'chat_template.jinja'];

/** What the command line says. */
interface Order {
  readonly model: string;
  readonly out: string;
  readonly adapter: string | undefined;
  readonly adapters: string | undefined;
  readonly options: Pick<PackageOptions, 'variants' | 'ports' | 'logits'>;
}

class UsageError extends Error {}
/** What was found is a reason to stop; its message is for the person. */
class StopError extends Error {}

function readOrder(): Order {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      out: { type: 'string' },
      variant: { type: 'string', multiple: true, default: ['cpu8', 'gpu4'] },
      adapter: { type: 'string' },
      adapters: { type: 'string' },
      ports: { type: 'string' },
      logits: { type: 'string', default: 'last' },
    },
  });
  const [model, ...others] = positionals;
  const { out, adapter, adapters } = values;
  if (model === undefined || out === undefined || others.length > 0)
    throw new UsageError('<folder|zip> --out <folder>');
  const ports = values.ports ?? (adapter === undefined ? 'all' : 'none');
  const options = {
    variants: values.variant.map((name) => oneOf(name, VARIANTS)),
    ports: oneOf(ports, ['all', 'none']) === 'all',
    logits: oneOf(values.logits, ['last', 'all']),
  };
  return { model, out, adapter, adapters, options };
}

function oneOf<T extends string>(value: string, choices: readonly T[]): T {
  const choice = choices.find((known) => known === value);
  if (choice === undefined) throw new UsageError(`${value}: ${choices.join(', ')}`);
  return choice;
}

async function writePackage(
  order: Order,
  model: OpenedSource,
  sink: PackageSink,
  signal: AbortSignal,
): Promise<Manifest> {
  const shipped = order.adapters === undefined ? [] : await folderNames(order.adapters);
  const manifest = await buildPackage(
    await withTokenizer(await filesOf(order, model, signal), signal),
    { ...order.options, adapters: shipped, ...(await merging(order, model, signal)) },
    sink,
    signal,
  );
  for (const id of shipped) await shipAdapter(id, `${order.adapters}/${id}`, sink, signal);
  return manifest;
}

async function filesOf({ adapter }: Order, model: OpenedSource, signal: AbortSignal) {
  if (adapter === undefined) return model.files;
  return withBrought(model.files, (await openPath(adapter, signal)).files);
}

async function merging(
  { adapter: path }: Order,
  model: OpenedSource,
  signal: AbortSignal,
): Promise<Pick<PackageOptions, 'adapter' | 'story'>> {
  if (path === undefined) return { story: await storyOfModel(model, model.name, signal) };
  const own = await openPath(path, signal);
  const adapter = await readAdapter(own.files, signal);
  return { adapter, story: await storyOfMerged(own, model, own.name, signal) };
}

async function shipAdapter(
  id: string,
  path: string,
  sink: PackageSink,
  signal: AbortSignal,
): Promise<void> {
  const { files } = await openPath(path, signal);
  await readAdapter(files, signal);
  for (const name of SHIPPED) {
    const file = files.get(name);
    if (file !== undefined) await copyFile(file, `adapters/${id}/${name}`, sink, signal);
  }
}

/** A machine that everything fits, since the package is for another one. */
const ANYWHERE: Device = {
  ...{ threads: 1, isolated: true, jspi: true, memoryBytes: null },
  gpu: {
    description: '',
    software: false,
    f16: true,
    maxBufferSize: Infinity,
    maxStorageBufferBindingSize: Infinity,
  },
};

/** Tells what there is to know of the model before it is built, and ends where it cannot be. */
async function inspect(model: OpenedSource, signal: AbortSignal): Promise<void> {
  const { kind, findings } = await preflight(model, ANYWHERE, signal);
  const stops = findings.filter(({ severity }) => severity === 'stop');
  for (const finding of findings.filter((each) => !stops.includes(each))) {
    console.error(`aviso: ${inSpanish(finding)}`);
  }
  const [stop] = stops;
  if (stop?.code === 'refused') refuse(stop.failure);
  if (stops.length > 0) throw new StopError(stops.map(inSpanish).join('\n'));
  if (kind === 'adapter') throw new StopError(ADAPTER_ALONE);
}

const ADAPTER_ALONE = `Un adaptador se fusiona con su base: npm run package -- <base> --adapter <adaptador> …
An adapter is merged into its base: npm run package -- <base> --adapter <adapter> …`;

function inSpanish(finding: Finding): string {
  const { what, todo } = findingText(es.findings, finding);
  return `${what} ${todo}`;
}

async function main(): Promise<void> {
  const { signal } = new AbortController();
  const order = readOrder();
  const model = await openPath(order.model, signal);
  await inspect(model, signal);
  const manifest = await intoFolder(order.out, (sink) => writePackage(order, model, sink, signal));
  for (const variant of manifest.variants) {
    console.log(`${variant.id}\t${(variantBytes(variant) / 1e6).toFixed(2)} MB`);
  }
}

/** In both languages of the house, one to a line. */
function sentences(error: unknown): string {
  if (error instanceof StopError) return error.message;
  if (!(error instanceof FailureError)) return `${String(error)}\n${USAGE}`;
  return [es, en]
    .map(({ failures }) => failureText(failures, error.failure))
    .map(({ what, todo }) => `${what} ${todo}`)
    .join('\n');
}

main().catch((error: unknown) => {
  console.error(`package: ${sentences(error)}`);
  process.exitCode = 1;
});
