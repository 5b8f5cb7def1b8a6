/**
 * Packages made on the spot from checkpoints of random weights, for what Gorrión is too short or too
 * small to show. They say nothing of sense and take as long as trained ones.
 */
import { readFileSync, rmSync } from 'node:fs';
import { folderSink } from '../../scripts/lib/folder.ts';
import { bytesSource } from '../../src/checkpoint/byte-source.ts';
import { variantBytes } from '../../src/graph/manifest.ts';
import { buildPackage } from '../../src/graph/package.ts';
import { MADE, ROOT } from './options.ts';

export interface Shape {
  readonly hidden: number;
  readonly inner: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyHeads: number;
}

/** Gorrión's, for texts four times as long. */
export const LONG: Shape = { hidden: 384, inner: 1024, layers: 4, heads: 6, keyHeads: 2 };
/** About ten times its weights, and twenty. */
export const HEAVY: Shape = { hidden: 1024, inner: 2816, layers: 8, heads: 16, keyHeads: 4 };
export const HEAVIER: Shape = { ...HEAVY, layers: 16 };

const HEAD = 64;
const VOCABULARY = 8192;
export const CONTEXT = 2048;
const CHAT_TEMPLATE =
  "{% for message in messages %}{{ '<|u|>' if message.role == 'user' else '<|a|>' }}{{ message.content }}{% endfor %}{{ '<|a|>' if add_generation_prompt }}";

export interface Made {
  /** Path below the site's address. */
  readonly path: string;
  /** Of graph and weights. */
  readonly bytes: number;
}

export async function makePackage(name: string, shape: Shape): Promise<Made> {
  const folder = `${MADE}${name}`;
  rmSync(folder, { recursive: true, force: true });
  const text = (value: object) => new TextEncoder().encode(JSON.stringify(value));
  const gorrion = `${ROOT}public/models/gorrion/`;
  const settings = JSON.parse(readFileSync(`${gorrion}tokenizer_config.json`, 'utf8')) as object;
  const contents: Record<string, Uint8Array> = {
    'config.json': text(configOf(shape)),
    'model.safetensors': safetensors(tensorsOf(shape)),
    'tokenizer.json': readFileSync(`${gorrion}tokenizer.json`),
    'tokenizer_config.json': text({ ...settings, chat_template: CHAT_TEMPLATE }),
  };
  const files = new Map(
    Object.entries(contents).map(([file, bytes]) => [file, bytesSource(file, bytes)]),
  );
  const manifest = await buildPackage(
    files,
    { variants: ['cpu8'], ports: true, logits: 'last' },
    folderSink(folder),
    new AbortController().signal,
  );
  const bytes = manifest.variants.reduce((sum, variant) => sum + variantBytes(variant), 0);
  return { path: `made/${name}/`, bytes };
}

function configOf({ hidden, inner, layers, heads, keyHeads }: Shape): object {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_act: 'silu',
    hidden_size: hidden,
    intermediate_size: inner,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: keyHeads,
    head_dim: HEAD,
    max_position_embeddings: CONTEXT,
    vocab_size: VOCABULARY,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    tie_word_embeddings: true,
    attention_bias: false,
    mlp_bias: false,
    bos_token_id: 0,
    eos_token_id: 0,
    pad_token_id: 0,
  };
}

type Tensors = readonly (readonly [name: string, dims: readonly number[]])[];

function tensorsOf({ hidden, inner, layers, heads, keyHeads }: Shape): Tensors {
  const layer = (at: number): Tensors =>
    (
      [
        ['input_layernorm', [hidden]],
        ['self_attn.q_proj', [heads * HEAD, hidden]],
        ['self_attn.k_proj', [keyHeads * HEAD, hidden]],
        ['self_attn.v_proj', [keyHeads * HEAD, hidden]],
        ['self_attn.o_proj', [hidden, heads * HEAD]],
        ['post_attention_layernorm', [hidden]],
        ['mlp.gate_proj', [inner, hidden]],
        ['mlp.up_proj', [inner, hidden]],
        ['mlp.down_proj', [hidden, inner]],
      ] as const
    ).map(([name, dims]) => [`model.layers.${String(at)}.${name}.weight`, dims]);
  return [
    ['model.embed_tokens.weight', [VOCABULARY, hidden]],
    ...Array.from({ length: layers }, (_, at) => layer(at)).flat(),
    ['model.norm.weight', [hidden]],
  ];
}

/** https://huggingface.co/docs/safetensors: length of the header, header, bfloat16 values. */
function safetensors(tensors: Tensors): Uint8Array {
  const header: Record<string, object> = {};
  let end = 0;
  for (const [name, shape] of tensors) {
    const start = end;
    end += 2 * shape.reduce((product, size) => product * size, 1);
    header[name] = { dtype: 'BF16', shape, data_offsets: [start, end] };
  }
  const words = JSON.stringify(header);
  const json = new TextEncoder().encode(words.padEnd(words.length + 8 - (words.length % 8)));
  const file = new Uint8Array(8 + json.length + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  let at = 8 + json.length;
  for (const [, dims] of tensors) {
    const count = dims.reduce((product, size) => product * size, 1);
    fill(new Uint16Array(file.buffer, at, count), dims.length === 1);
    at += 2 * count;
  }
  return file;
}

const ONE = 0x3f80;
/** Exponents of values about as large as trained weights: 1/128 to 1/16. */
const EXPONENTS = [120, 121, 122] as const;

function fill(values: Uint16Array, isNorm: boolean): void {
  if (isNorm) return void values.fill(ONE);
  let state = values.length >>> 0;
  for (let at = 0; at < values.length; at += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const exponent = EXPONENTS[(state >>> 24) % EXPONENTS.length] as number;
    values[at] = ((state >>> 31) << 15) | (exponent << 7) | ((state >>> 16) & 0x7f);
  }
}
