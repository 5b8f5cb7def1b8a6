import { measure } from './measure.ts';
import { GGUF_COMMAND, readOptions } from './options.ts';
import { conditionsOf, figuresOf, tablesOf, writeDocs, writeJson } from './report.ts';
import { openSite } from './site.ts';

/** Patio beside other ways to run the same weights, in one browser, in turns. */
export async function benchDecode(): Promise<void> {
  const options = readOptions();
  if (options.gguf === null) {
    console.log(`wllama is left out: there is no GGUF file. Make it with\n  ${GGUF_COMMAND}`);
  }
  const site = await openSite(options);
  try {
    const measured = await measure(options, site);
    const figures = figuresOf(measured);
    const conditions = conditionsOf(measured, options);
    const tables = tablesOf(measured, conditions, figures);
    console.log(tables);
    if (options.json !== null) writeJson(options.json, measured, conditions, figures);
    if (options.writesDocs) await writeDocs(tables);
  } finally {
    site.close();
  }
}
