/**
 * The README of a package: a draft that a person completes before publishing. It says only what is
 * known; a licence that nobody gave is not there, and the text says so.
 */
import type { VariantId } from '../domain/model';
import type { Head } from './head';
import { variantBytes, variantFiles } from './manifest';
import type { Manifest } from './manifest';

/** What is known of the model besides what its files say. */
export interface PackageStory {
  readonly name: string;
  /** Where it was read from; null for files of a device. */
  readonly origin: {
    readonly endpoint: string;
    readonly repo: string;
    readonly commit: string;
  } | null;
  readonly license: string | null;
  /** Models that it was trained from, the nearest first, and their licence where that is known. */
  readonly bases: readonly { readonly name: string; readonly license: string | null }[];
  readonly languages: readonly string[];
  readonly datasets: readonly string[];
  readonly pipelineTag: string | null;
  readonly tags: readonly string[];
  /** Name of the adapter that was merged into the weights. */
  readonly adapter: string | null;
}

export const README_FILE = 'README.md';

const PIPELINES: Readonly<Record<Head['kind'], string>> = {
  'causal-lm': 'text-generation',
  'seq2seq-lm': 'text2text-generation',
  'masked-lm': 'fill-mask',
  'sequence-classification': 'text-classification',
  'token-classification': 'token-classification',
  'question-answering': 'question-answering',
  embedding: 'feature-extraction',
};

const VARIANTS: Readonly<Record<VariantId, { dtype: string; how: string }>> = {
  cpu8: {
    dtype: 'q8',
    how: 'pesos de 8 bits con una escala por canal, para CPU (WebAssembly)',
  },
  gpu4: {
    dtype: 'q4',
    how: 'pesos de 4 bits en bloques de 32, con 8 bits en las capas sensibles de los modelos pequeños, para WebGPU',
  },
  fp32: { dtype: 'fp32', how: 'pesos exactos de 32 bits, para comprobar' },
};

/** Names of licences as the Hub lists them; any other goes beside `other`. */
const LISTED =
  /^(?:apache-2\.0|mit|afl-3\.0|artistic-2\.0|bsl-1\.0|bsd(?:-[23]-clause)?|cc(?:0-1\.0|-by(?:-nc)?(?:-sa|-nd)?-[234]\.[05])?|cc-by-[234]\.[05]|l?gpl(?:-(?:lr|[23]\.[01]))?|lgpl-3\.0|agpl-3\.0|mpl-2\.0|openrail(?:\+\+)?|bigscience-(?:openrail-m|bloom-rail-1\.0)|bigcode-openrail-m|creativeml-openrail-m|gemma|llama[23](?:\.[123])?|odc-by|unlicense|wtfpl|unknown)$/u;

export function packageReadme(story: PackageStory, manifest: Manifest): string {
  return [
    ...frontMatter(story, manifest),
    `# ${line(story.name)}`,
    '',
    '> Borrador escrito por Patio al construir el paquete: conviene revisarlo y completarlo antes de publicarlo.',
    '>',
    '> In English: a draft written by Patio when it built this package, ONNX graphs for transformers.js; review and complete it before publishing.',
    '',
    ...origins(story, manifest),
    ...licences(story),
    ...sizes(manifest),
    ...usage(story, manifest),
  ].join('\n');
}

function frontMatter(story: PackageStory, manifest: Manifest): string[] {
  const tags = [...new Set([...story.tags, 'onnx', 'transformers.js', 'patio'])];
  return [
    '---',
    ...licenceFields(story.license),
    ...list(
      'base_model',
      story.origin === null ? story.bases.map(({ name }) => name) : [story.origin.repo],
    ),
    ...(story.origin === null ? [] : ['base_model_relation: quantized']),
    ...list('language', story.languages),
    ...list('datasets', story.datasets),
    `pipeline_tag: ${quoted(story.pipelineTag ?? PIPELINES[manifest.head.kind])}`,
    'library_name: transformers.js',
    ...list('tags', tags),
    '---',
    '',
  ];
}

/** Nothing where the licence is not known: an invented one would be worse than none. */
function licenceFields(license: string | null): string[] {
  if (license === null) return [];
  if (LISTED.test(license)) return [`license: ${license}`];
  return license === 'other'
    ? ['license: other']
    : ['license: other', `license_name: ${quoted(license)}`];
}

function list(key: string, values: readonly string[]): string[] {
  return values.length === 0 ? [] : [`${key}:`, ...values.map((value) => `  - ${quoted(value)}`)];
}

/** JSON's strings are YAML's too. */
function quoted(text: string): string {
  return /^[A-Za-z][\w./-]*$/u.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/iu.test(text)
    ? text
    : JSON.stringify(text);
}

function origins({ origin, adapter, name }: PackageStory, manifest: Manifest): string[] {
  const place =
    origin === null
      ? `archivos locales («${line(name)}»); no consta de qué repositorio vienen`
      : `[${line(origin.repo)}](${origin.endpoint}/${origin.repo}), commit \`${origin.commit}\``;
  const merged =
    adapter === null ? [] : [`- Adaptador LoRA fundido en los pesos: ${line(adapter)}`];
  return [
    '## De qué está hecho',
    '',
    `- Modelo: ${place}`,
    ...merged,
    `- Familia: \`${manifest.family}\`; cabezal: \`${manifest.head.kind}\``,
    `- Vocabulario: ${manifest.model.vocab} tokens; contexto: ${manifest.model.context} tokens`,
    '',
  ];
}

function licences({ license, bases }: PackageStory): string[] {
  const own =
    license === null
      ? 'no consta. Antes de publicar este paquete hay que preguntar por ella a quien hizo el modelo'
      : line(license);
  return [
    '## Licencias',
    '',
    `- Del modelo: ${own}`,
    ...bases.map(
      (base) =>
        `- Del modelo base ${line(base.name)}: ${base.license === null ? 'no consta aquí; se lee en su ficha, y sus condiciones siguen valiendo' : `${line(base.license)}; sus condiciones siguen valiendo`}`,
    ),
    ...(bases.length === 0 ? ['- Del modelo base: no consta cuál es'] : []),
    '',
  ];
}

function sizes({ variants }: Manifest): string[] {
  const rows = variants.map((variant) => {
    const { dtype, how } = VARIANTS[variant.id];
    const files = variantFiles(variant).map(({ path }) => `\`${path.replace('_ports.', '.')}\``);
    return `| \`${dtype}\` | ${how} | ${files.join(', ')} | ${megabytes(variantBytes(variant))} |`;
  });
  return [
    '## Cómo se cuantizó',
    '',
    '| dtype | qué es | archivos | tamaño |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    'Los grafos los escribe Patio a partir del checkpoint; no vienen de una exportación.',
    '',
  ];
}

function megabytes(bytes: number): string {
  const value = bytes / 1e6;
  return `${value.toFixed(value < 10 ? 2 : 0).replace('.', ',')} MB`;
}

function usage(story: PackageStory, manifest: Manifest): string[] {
  const task = called(story, manifest);
  const [first] = manifest.variants;
  const { dtype } = VARIANTS[first?.id ?? 'cpu8'];
  const device = first?.id === 'gpu4' ? ", device: 'webgpu'" : '';
  const pooled =
    manifest.head.kind === 'embedding'
      ? ['', 'El grafo da también `sentence_embedding`, ya agrupado como pide el modelo.']
      : [];
  return [
    '## Uso con transformers.js',
    '',
    '```js',
    "import { pipeline } from '@huggingface/transformers';",
    '',
    `const modelo = await pipeline('${task}', 'usuario/repositorio', { dtype: '${dtype}'${device} });`,
    '```',
    ...pooled,
    '',
  ];
}

/** Words of the Hub that are pipelines too, and say more than the head does. */
const CALLED = ['translation', 'summarization', 'zero-shot-classification'];

function called({ pipelineTag }: PackageStory, { head }: Manifest): string {
  return CALLED.find((word) => word === pipelineTag) ?? PIPELINES[head.kind];
}

/** A stranger's words inside a line of Markdown. */
function line(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .replace(/[\\`*_[\]<>|#]/gu, String.raw`\$&`)
    .trim();
}
