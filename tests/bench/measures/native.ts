/**
 * The bare loop outside the browser, with onnxruntime-node on the same graph: the distance to the
 * ceiling. The runtime is installed beside the bench's other files, never among the project's own.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Tokenizer } from '@huggingface/tokenizers';
import type * as Ort from 'onnxruntime-web/wasm';
import type { Manifest } from '../../../src/graph/manifest.ts';
import { taskOf, withPage, type Bench, type Outcome } from '../bench.ts';
import { CACHE } from '../options.ts';
import { bareLoop, type BareModel } from '../page/bare-loop.ts';
import { Rounds, tokensPerSecond } from '../statistics.ts';

const VERSION = '1.30.0';
const FOLDER = `${CACHE}native/`;
const PROMPT = 'Había una vez una niña que vivía con su abuela en una casa blanca cerca del mar.';

export function measureNative(bench: Bench): Promise<Outcome> {
  return withPage(bench.context, bench.site, async (page) => {
    const task = taskOf(bench, PROMPT);
    const model = await loadNative(bench);
    await bareLoop(model, task);
    await page.evaluate((what) => window.bench.prepare('bare', what), task);
    const rounds = new Rounds();
    for (let round = 0; round < bench.options.runs; round += 1) {
      rounds.note('native', tokensPerSecond(await bareLoop(model, task)));
      const bare = await page.evaluate((what) => window.bench.generate('bare', what), task);
      rounds.note('bare', tokensPerSecond(bare));
    }
    const figures = {
      'decode.native': rounds.median('native'),
      'bare/native': rounds.ratio('bare', 'native'),
    };
    return { figures, raw: rounds.raw };
  });
}

async function loadNative({ options, threads }: Bench): Promise<BareModel> {
  const ort = install();
  const read = (name: string) =>
    JSON.parse(readFileSync(`${options.model}/${name}`, 'utf8')) as object;
  const manifest = read('patio.json') as Manifest;
  const graph = manifest.variants.find(({ id }) => id === 'cpu8')?.graphs[0];
  if (graph === undefined) throw new Error('the package has no cpu8 variant');
  const session = await ort.InferenceSession.create(`${options.model}/${graph.model.path}`, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
  });
  const tokenizer = new Tokenizer(read('tokenizer.json'), read('tokenizer_config.json'));
  return { ort, session, manifest, tokenizer };
}

/** Its install script only fetches what GPUs need. */
function install(): typeof Ort {
  const name = 'onnxruntime-node';
  if (!existsSync(`${FOLDER}node_modules/${name}`)) {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(`${FOLDER}package.json`, '{ "private": true }\n');
    const order = ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${VERSION}`];
    execFileSync('npm', order, { cwd: FOLDER, stdio: 'inherit' });
  }
  return createRequire(`${FOLDER}package.json`)(name) as typeof Ort;
}
