import { writeFile } from 'node:fs/promises';
import { filesOf, fixture, writeFolder, zipOf, type Files } from './support/folders.ts';
import { Asking, Models } from './support/models.ts';
import { BASE } from './support/patio.ts';
import { expect, test } from './support/test.ts';

/** From letting a file go to the sentence that refuses it. */
const BAR_MS = 2000;

interface Trap {
  readonly name: string;
  /** What the sentence speaks of. */
  readonly says: RegExp;
  /** A folder's files, or a zip. */
  readonly make: () => Promise<Files | Uint8Array>;
}

const llama = () => filesOf(fixture('llama'));
const gpt2 = () => filesOf(fixture('gpt2'));

async function withWeights(change: (bytes: Buffer) => Uint8Array): Promise<Files> {
  const files = await llama();
  return { ...files, 'model.safetensors': change(files['model.safetensors'] as Buffer) };
}

/** The same weights under another header. */
function reheaded(bytes: Buffer, change: (header: Record<string, Entry>) => void): Uint8Array {
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<string, Entry>;
  change(header);
  const text = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([size, text, bytes.subarray(8 + length)]);
}

interface Entry {
  shape: number[];
  data_offsets: [number, number];
}

function tensorsOf(header: Record<string, Entry>): Entry[] {
  return Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([, entry]) => entry);
}

async function withConfig(change: object): Promise<Files> {
  const files = await llama();
  const config = JSON.parse((files['config.json'] as Buffer).toString()) as object;
  return { ...files, 'config.json': JSON.stringify({ ...config, ...change }) };
}

/** A pickle that runs a command where it is loaded as Python loads it. */
async function pickled(): Promise<Files> {
  const { 'model.safetensors': _, ...files } = await llama();
  // Protocol 2: the function, its one argument as a tuple, the call.
  const program = '\x80\x02cposix\nsystem\nX\x0a\x00\x00\x00touch hurt\x85R.';
  const pickle = Buffer.from(program, 'latin1');
  const weights = await zipOf({ 'archive/data.pkl': pickle, 'archive/version': '3\n' }, 0);
  return { ...files, 'pytorch_model.bin': weights };
}

const TRAPS: readonly Trap[] = [
  { name: 'os.system', says: /pide ejecutar código \((?:posix|os)\.system\)/u, make: pickled },
  {
    name: 'overlap',
    says: /model\.safetensors .*dañado/u,
    make: () =>
      withWeights((bytes) =>
        reheaded(bytes, (header) => {
          const [first, second] = tensorsOf(header);
          if (first && second) second.data_offsets = first.data_offsets;
        }),
      ),
  },
  {
    name: 'beyond',
    says: /model\.safetensors .*dañado/u,
    make: () =>
      withWeights((bytes) =>
        reheaded(bytes, (header) => {
          for (const entry of tensorsOf(header)) {
            entry.data_offsets = entry.data_offsets.map((at) => at + 1e9) as [number, number];
          }
        }),
      ),
  },
  {
    name: 'two gigabytes of header',
    says: /model\.safetensors .*dañado/u,
    make: () =>
      withWeights((bytes) => {
        const changed = Buffer.from(bytes);
        changed.writeBigUInt64LE(2_147_483_648n, 0);
        return changed;
      }),
  },
  {
    name: 'cut',
    says: /model\.safetensors .*dañado/u,
    make: () => withWeights((bytes) => bytes.subarray(0, bytes.length - 5000)),
  },
  {
    name: 'cut shard',
    says: /pytorch_model-00002-of-00002\.bin .*dañado/u,
    make: async () => {
      const files = await gpt2();
      const shard = 'pytorch_model-00002-of-00002.bin';
      return { ...files, [shard]: (files[shard] as Buffer).subarray(0, 40_000) };
    },
  },
  {
    name: 'missing shard',
    says: /falta el archivo pytorch_model-00002-of-00002\.bin/u,
    make: async () => {
      const { 'pytorch_model-00002-of-00002.bin': _, ...files } = await gpt2();
      return files;
    },
  },
  {
    name: 'absurd width',
    says: /./u,
    make: () => withConfig({ hidden_size: 1e12, intermediate_size: 4e12 }),
  },
  { name: 'absurd depth', says: /./u, make: () => withConfig({ num_hidden_layers: 1e9 }) },
  { name: 'absurd table', says: /./u, make: () => withConfig({ vocab_size: 2 ** 52 }) },
  { name: 'negative', says: /./u, make: () => withConfig({ num_attention_heads: -4 }) },
  {
    name: 'foreign tokenizer',
    says: /El tokenizer conoce 340 tokens y el modelo tiene 88/u,
    make: async () => ({
      ...(await filesOf(fixture('t5'))),
      'tokenizer.json': (await llama())['tokenizer.json'] as Buffer,
    }),
  },
  {
    name: 'bomb',
    says: /no puede abrirse con seguridad/u,
    make: async () => {
      const { 'model.safetensors': _, ...files } = await llama();
      return zipOf({ ...files, 'model.safetensors': new Uint8Array(60_000_000) }, 9);
    },
  },
  {
    name: 'swarm',
    says: /no puede abrirse con seguridad/u,
    make: async () => {
      const swarm = Array.from({ length: 3100 }, (_, n) => [`f${String(n)}`, ''] as const);
      return zipOf({ ...(await llama()), ...Object.fromEntries(swarm) }, 0);
    },
  },
];

test('hostile files are refused in two seconds, nothing is kept, and Patio goes on', async ({
  patio,
}, info) => {
  await patio.open({ voices: [BASE], params: { maxTokens: 6 } });
  const models = new Models(patio);
  await models.open();
  const times: string[] = [];
  for (const { name, says, make } of TRAPS) {
    const made = await make();
    const place = info.outputPath(name);
    const isZip = made instanceof Uint8Array;
    if (isZip) await writeFile(`${place}.zip`, made);
    else await writeFolder(place, made);

    const start = performance.now();
    await (isZip ? models.bringFiles(`${place}.zip`) : models.bringFolder(place));
    await expect(models.refusal.first()).toBeVisible({ timeout: 10_000 });
    const took = performance.now() - start;
    times.push(`${name} ${String(Math.round(took))}`);
    await expect.soft(models.refusal.first(), name).toContainText(says);
    expect.soft(took, name).toBeLessThan(BAR_MS);
    // There is nothing to tap.
    await expect.soft(models.start, name).toHaveCount(0);
    await models.expectNothingKept();
    await models.arrival.getByRole('button', { name: models.t.arrival.dismiss }).last().click();
    await expect(models.arrival).toHaveCount(0);
  }
  info.annotations.push({ type: 'refused after, ms', description: times.join(', ') });

  await patio.goTo('compare');
  const asking = new Asking(patio, 'text-generation');
  await asking.ask('Había una vez');
  expect((await asking.answer('Gorrión')).length).toBeGreaterThan('Había una vez'.length);
});
