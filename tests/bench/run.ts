/**
 * `npm run bench`: Patio beside other ways to run the same weights, in one browser, in turns.
 * `npm run bench -- build`: what it costs to turn a checkpoint into a package.
 */
import { benchBuild } from './build.ts';
import { measure } from './measure.ts';
import { GGUF_COMMAND, readOptions } from './options.ts';
import { conditionsOf, figuresOf, tablesOf, writeDocs, writeJson } from './report.ts';
import { openSite } from './site.ts';

const [what, ...rest] = process.argv.slice(2);
if (what === 'build') await benchBuild(rest);
else await benchDecode();

async function benchDecode(): Promise<void> {
  const options = readOptions();
  if (options.gguf === null) {
    console.log(`wllama is left out: there is no GGUF file. Make it with\n  ${GGUF_COMMAND}`);
  }
  const site = await openSite(options);
  try {
    const measured = await measure(options, site);
    const figures = figuresOf(measured);
    console.log(tablesOf(conditionsOf(measured), figures));
    if (options.json !== null) writeJson(options.json, measured, figures);
    if (options.writesDocs) await writeDocs(measured, figures);
  } finally {
    site.close();
  }
}
