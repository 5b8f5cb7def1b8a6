/**
 * npm run package -- <checkpoint folder> --out <folder>
 *   [--variant cpu8|gpu4|fp32]   repeatable; cpu8 and gpu4 when none is given
 *   [--adapter <folder>]         a PEFT adapter to merge into the weights
 *   [--ports all|none]           whether adapters can be fed to the graph; all by default
 *   [--logits last|all]          logits of the last token only (default) or of every position
 *   [--adapters <folder>]        PEFT adapters to ship beside the package, one folder each
 */
import { parseArgs } from 'node:util';
import { readAdapter } from '../src/checkpoint/adapter';
import { FailureError } from '../src/domain/failure';
import { VARIANTS } from '../src/graph/arithmetic';
import { variantBytes } from '../src/graph/manifest';
import { buildPackage, copyFile } from '../src/graph/package';
import type { PackageOptions } from '../src/graph/package';
import { folderNames, folderSink, openFolder } from './lib/folder';

const SHIPPED = ['adapter_config.json', 'adapter_model.safetensors', 'chat_template.jinja'];

interface Order {
  readonly checkpoint: string;
  readonly out: string;
  readonly adaptersFolder: string | undefined;
  readonly options: PackageOptions;
}

async function readOrder(signal: AbortSignal): Promise<Order> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      out: { type: 'string' },
      variant: { type: 'string', multiple: true, default: ['cpu8', 'gpu4'] },
      adapter: { type: 'string' },
      adapters: { type: 'string' },
      ports: { type: 'string', default: 'all' },
      logits: { type: 'string', default: 'last' },
    },
  });
  const [checkpoint] = positionals;
  if (checkpoint === undefined || values.out === undefined) throw new Error('missing arguments');
  const adapter =
    values.adapter === undefined
      ? {}
      : { adapter: await readAdapter(await openFolder(values.adapter), signal) };
  const options: PackageOptions = {
    variants: values.variant.map((name) => oneOf(name, VARIANTS)),
    ports: oneOf(values.ports, ['all', 'none']) === 'all',
    logits: oneOf(values.logits, ['last', 'all']),
    adapters: values.adapters === undefined ? [] : await folderNames(values.adapters),
    ...adapter,
  };
  return { checkpoint, out: values.out, adaptersFolder: values.adapters, options };
}

function oneOf<T extends string>(value: string, choices: readonly T[]): T {
  const choice = choices.find((known) => known === value);
  if (choice === undefined) throw new Error(`${value} is none of ${choices.join(', ')}`);
  return choice;
}

async function shipAdapters(order: Order, signal: AbortSignal): Promise<void> {
  const sink = folderSink(order.out);
  for (const id of order.options.adapters ?? []) {
    const files = await openFolder(`${order.adaptersFolder}/${id}`);
    await readAdapter(files, signal);
    for (const name of SHIPPED) {
      const file = files.get(name);
      if (file !== undefined) await copyFile(file, `adapters/${id}/${name}`, sink, signal);
    }
  }
}

async function main(): Promise<void> {
  const { signal } = new AbortController();
  const order = await readOrder(signal);
  const files = await openFolder(order.checkpoint);
  const manifest = await buildPackage(files, order.options, folderSink(order.out), signal);
  await shipAdapters(order, signal);
  for (const variant of manifest.variants) {
    console.log(`${variant.id}\t${(variantBytes(variant) / 1e6).toFixed(2)} MB`);
  }
}

main().catch((error: unknown) => {
  const reason = error instanceof FailureError ? JSON.stringify(error.failure) : String(error);
  console.error(`package: ${reason}`);
  process.exitCode = 1;
});
