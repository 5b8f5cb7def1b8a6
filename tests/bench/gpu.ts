/** `npm run bench -- --gpu`: 4 bits on this machine's GPU beside 8 bits on its CPU, in turns. */
import { writeFileSync } from 'node:fs';
import { platform } from 'node:os';
import { parseArgs } from 'node:util';
import type { BrowserContext, Page } from '@playwright/test';
import { BROWSER_ARGS, openPage, withBrowser } from './bench.ts';
import { positive, readOptions } from './options.ts';
import type { Sample, Task } from './page/contract.ts';
import { replaceTables } from './report.ts';
import { openSite, type Site } from './site.ts';
import { median, ratio, tokensPerSecond } from './statistics.ts';

const MARKERS = { start: '<!-- bench-gpu:start -->', end: '<!-- bench-gpu:end -->' };
const PROMPT =
  'Cuentan que había una vez una niña que vivía con su abuela en una casa blanca cerca del mar. Una mañana, cuando salió al patio, encontró';
const SOFTWARE = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];
/** Elsewhere the system's own graphics are used as they are. */
const LINUX = ['--enable-unsafe-webgpu', '--enable-features=Vulkan', '--use-angle=vulkan'];
const BACKENDS = ['cpu', 'gpu'] as const;
type Side = (typeof BACKENDS)[number];

interface Hardware {
  /** Vendor, architecture and whatever else the browser tells. */
  readonly name: string;
  readonly software: boolean;
  readonly f16: boolean;
}

export function wantsGpu(args: readonly string[]): boolean {
  return args.includes('--gpu') || args.includes('--software-gpu');
}

export async function benchGpu(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      gpu: { type: 'boolean' },
      'software-gpu': { type: 'boolean', default: false },
      runs: { type: 'string', default: '7' },
      tokens: { type: 'string', default: '128' },
      json: { type: 'string' },
      'no-docs': { type: 'boolean', default: false },
    },
  });
  const software = values['software-gpu'];
  const [runs, tokens] = [positive(values.runs), positive(values.tokens)];
  const site = await openSite(readOptions([]));
  const flags = software ? SOFTWARE : platform() === 'linux' ? LINUX : [];
  try {
    await withBrowser(
      async (context) => {
        const hardware = await hardwareOf(context, site);
        const lack = lackOf(hardware, software);
        if (hardware === null || lack !== null) {
          console.error(lack);
          process.exitCode = 1;
          return;
        }
        const samples = await measure(context, site, { runs, tokens });
        const table = tableOf(hardware, samples, context.browser()?.version() ?? '', tokens);
        console.log(table);
        if (values.json !== undefined) {
          writeFileSync(values.json, `${JSON.stringify({ hardware, samples }, null, 2)}\n`);
        }
        if (!software && !values['no-docs']) await replaceTables(MARKERS, table);
      },
      [...BROWSER_ARGS, ...flags],
    );
  } finally {
    site.close();
  }
}

/** Why there is nothing to measure; null where there is. */
export function lackOf(hardware: Hardware | null, softwareWillDo: boolean): string | null {
  if (hardware === null) return 'The browser offers no WebGPU adapter here: nothing was measured.';
  if (!hardware.software || softwareWillDo) return null;
  return `The only adapter here is software (${hardware.name}): its speed says nothing. --software-gpu tries the path all the same.`;
}

async function hardwareOf(context: BrowserContext, site: Site): Promise<Hardware | null> {
  const page = await openPage(context, `${site.url}index.html`);
  try {
    return await page.evaluate(async () => {
      if (!('gpu' in navigator)) return null;
      const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
      if (adapter === null) return null;
      const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
      const parts = [vendor, architecture, device, description].filter((part) => part !== '');
      const f16 = adapter.features.has('shader-f16');
      return { name: parts.join(' '), software: isFallbackAdapter, f16 };
    });
  } finally {
    await page.close();
  }
}

type Samples = Record<Side, Sample[]>;

/** A page for each, so that both models stay loaded; one works while the other waits. */
async function measure(
  context: BrowserContext,
  { url, model }: Site,
  { runs, tokens }: { readonly runs: number; readonly tokens: number },
): Promise<Samples> {
  const pages: Record<Side, Page> = {
    cpu: await openPage(context, `${url}index.html`),
    gpu: await openPage(context, `${url}index.html`),
  };
  const threads = await pages.cpu.evaluate(() => window.bench.threads());
  const base = { sampling: null, tokens, threads, model, gguf: null };
  const samples: Samples = { cpu: [], gpu: [] };
  for (let round = -1; round < runs; round += 1) {
    for (const backend of BACKENDS) {
      // Another beginning in each round: nothing of it was read before.
      const task: Task = { ...base, backend, prompt: `${String(round + 2)}. ${PROMPT}` };
      const sample = await pages[backend].evaluate(
        (what) => window.bench.generate('patio', what),
        task,
      );
      // The first loads the model and compiles its shaders.
      if (round >= 0) samples[backend].push(sample);
    }
  }
  return samples;
}

function tableOf(
  { name, software, f16 }: Hardware,
  { cpu, gpu }: Samples,
  browser: string,
  tokens: number,
): string {
  const row = (label: string, samples: readonly Sample[]) => {
    const speed = median(samples.map(tokensPerSecond)).toFixed(1);
    const first = median(samples.map(({ firstTokenMs }) => firstTokenMs)).toFixed(1);
    return `| ${label} | ${speed} | ${first} |`;
  };
  const gain = ratio(gpu.map(tokensPerSecond), cpu.map(tokensPerSecond)).toPrecision(2);
  const kind = software ? ' (software: its speed says nothing of any GPU)' : '';
  const day = new Date().toISOString().slice(0, 10);
  return [
    `${day}, GPU: ${name}${kind}, ${f16 ? 'with' : 'without'} shader-f16; chromium ${browser}; ${String(cpu.length)} rounds of ${String(tokens)} tokens, medians.`,
    [
      '| one row | tokens/s | first token, ms |',
      '| --- | --- | --- |',
      row('`cpu8`, CPU', cpu),
      row('`gpu4`, GPU', gpu),
    ].join('\n'),
    `\`gpu4\` on the GPU over \`cpu8\` on the CPU: ${gain}.`,
  ].join('\n\n');
}
