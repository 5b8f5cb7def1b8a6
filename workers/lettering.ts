/** The files that turn text into tokens and back, as a package or an adapter has them. */
import type { Manifest } from '../src/graph/manifest.ts';
import { fetchJson, fetchTextIfThere } from './package.ts';
import type { PackageFiles } from './package-files.ts';
import { chatTemplateOf, createCodec, type TextCodec, type TokenizerConfig } from './tokenizer.ts';

const TEMPLATE_FILE = 'chat_template.jinja';
const TOKENIZER_CONFIG_FILE = 'tokenizer_config.json';

export interface PackageLettering {
  readonly codec: TextCodec;
  /** A chat template in a file of its own; null where there is none. */
  readonly template: string | null;
}

export async function fetchLettering(
  files: PackageFiles,
  manifest: Pick<Manifest, 'tokenizer'>,
  signal: AbortSignal,
): Promise<PackageLettering> {
  const [tokenizer, config, template] = await Promise.all([
    fetchJson<object>(files, 'tokenizer.json', signal),
    manifest.tokenizer.includes(TOKENIZER_CONFIG_FILE)
      ? fetchJson<TokenizerConfig>(files, TOKENIZER_CONFIG_FILE, signal)
      : {},
    manifest.tokenizer.includes(TEMPLATE_FILE)
      ? fetchTextIfThere(files, TEMPLATE_FILE, signal)
      : null,
  ]);
  return { codec: await createCodec({ tokenizer, config }), template };
}

/** Trainers write the template beside the adapter, or into the tokenizer's settings. */
export async function fetchTemplate(
  files: PackageFiles,
  signal: AbortSignal,
): Promise<string | null> {
  const template = await fetchTextIfThere(files, TEMPLATE_FILE, signal);
  if (template !== null) return template;
  const config = await fetchTextIfThere(files, TOKENIZER_CONFIG_FILE, signal);
  return config === null ? null : chatTemplateOf(JSON.parse(config) as TokenizerConfig);
}
