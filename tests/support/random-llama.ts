/**
 * A Llama checkpoint of any size with random weights and a tiny vocabulary, written as the reference
 * library would: sharded safetensors in bfloat16 with their index, a configuration and a tokenizer.
 */
import { copyFile, mkdir, open, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TOKENIZER = fileURLToPath(new URL('../fixtures/e2e/llama/', import.meta.url));
const VOCABULARY = 340;
const CHUNK_VALUES = 1 << 20;

export interface LlamaSizes {
  readonly hidden: number;
  readonly inner: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyHeads: number;
  /** Largest shard, in bytes. */
  readonly shardBytes: number;
}

interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
}

/** @returns bytes of all weights */
export async function writeRandomLlama(folder: string, sizes: LlamaSizes): Promise<number> {
  await mkdir(folder, { recursive: true });
  const shards = shardsOf(tensorsOf(sizes), sizes.shardBytes);
  const where: Record<string, string> = {};
  const random = randomWeights();
  for (const [index, tensors] of shards.entries()) {
    const [n, all] = [index + 1, shards.length].map((number) => String(number).padStart(5, '0'));
    const name = `model-${n ?? ''}-of-${all ?? ''}.safetensors`;
    for (const tensor of tensors) where[tensor.name] = name;
    await writeShard(join(folder, name), tensors, random);
  }
  const total = shards.flat().reduce((sum, tensor) => sum + bytesOf(tensor), 0);
  const index = { metadata: { total_size: total }, weight_map: where };
  await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify(index));
  await writeFile(join(folder, 'config.json'), JSON.stringify(configOf(sizes)));
  for (const file of ['tokenizer.json', 'tokenizer_config.json', 'README.md']) {
    await copyFile(join(TOKENIZER, file), join(folder, file));
  }
  return total;
}

function configOf({ hidden, inner, layers, heads, keyHeads }: LlamaSizes): object {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_size: hidden,
    intermediate_size: inner,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: keyHeads,
    vocab_size: VOCABULARY,
    max_position_embeddings: 256,
    rms_norm_eps: 1e-6,
    rope_theta: 10_000,
    hidden_act: 'silu',
    attention_bias: false,
    mlp_bias: false,
    tie_word_embeddings: true,
    bos_token_id: 0,
    eos_token_id: 1,
    dtype: 'bfloat16',
  };
}

function tensorsOf({ hidden, inner, layers, heads, keyHeads }: LlamaSizes): Tensor[] {
  const keys = (hidden / heads) * keyHeads;
  const layer = (number: number): Tensor[] =>
    [
      { name: 'input_layernorm.weight', shape: [hidden] },
      { name: 'self_attn.q_proj.weight', shape: [hidden, hidden] },
      { name: 'self_attn.k_proj.weight', shape: [keys, hidden] },
      { name: 'self_attn.v_proj.weight', shape: [keys, hidden] },
      { name: 'self_attn.o_proj.weight', shape: [hidden, hidden] },
      { name: 'post_attention_layernorm.weight', shape: [hidden] },
      { name: 'mlp.gate_proj.weight', shape: [inner, hidden] },
      { name: 'mlp.up_proj.weight', shape: [inner, hidden] },
      { name: 'mlp.down_proj.weight', shape: [hidden, inner] },
    ].map(({ name, shape }) => ({ name: `model.layers.${String(number)}.${name}`, shape }));
  return [
    { name: 'model.embed_tokens.weight', shape: [VOCABULARY, hidden] },
    ...Array.from({ length: layers }, (_, number) => layer(number)).flat(),
    { name: 'model.norm.weight', shape: [hidden] },
  ];
}

function valuesOf({ shape }: Tensor): number {
  return shape.reduce((product, size) => product * size, 1);
}

function bytesOf(tensor: Tensor): number {
  return valuesOf(tensor) * 2;
}

function shardsOf(tensors: readonly Tensor[], most: number): Tensor[][] {
  const shards: Tensor[][] = [[]];
  let bytes = 0;
  for (const tensor of tensors) {
    if (bytes > 0 && bytes + bytesOf(tensor) > most) {
      shards.push([]);
      bytes = 0;
    }
    shards.at(-1)?.push(tensor);
    bytes += bytesOf(tensor);
  }
  return shards;
}

type Random = (target: Uint16Array, norm: boolean) => void;

async function writeShard(path: string, tensors: readonly Tensor[], random: Random): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.write(headerOf(tensors));
    for (const tensor of tensors) await writeTensor(file, tensor, random);
  } finally {
    await file.close();
  }
}

function headerOf(tensors: readonly Tensor[]): Uint8Array {
  let at = 0;
  const entries = tensors.map((tensor) => {
    const from = at;
    at += bytesOf(tensor);
    return [tensor.name, { dtype: 'BF16', shape: tensor.shape, data_offsets: [from, at] }] as const;
  });
  const metadata = ['__metadata__', { format: 'pt' }] as const;
  const json = JSON.stringify(Object.fromEntries([metadata, ...entries]));
  const padded = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 8) * 8));
  const header = new Uint8Array(8 + padded.length);
  new DataView(header.buffer).setBigUint64(0, BigInt(padded.length), true);
  header.set(padded, 8);
  return header;
}

async function writeTensor(file: FileHandle, tensor: Tensor, random: Random): Promise<void> {
  for (let left = valuesOf(tensor); left > 0; left -= CHUNK_VALUES) {
    const chunk = new Uint16Array(Math.min(left, CHUNK_VALUES));
    random(chunk, tensor.shape.length === 1);
    await file.write(new Uint8Array(chunk.buffer));
  }
}

/** The same numbers at every call: matrices spread evenly around zero, norms around one. */
function randomWeights(): Random {
  const word = new Uint32Array(1);
  const value = new Float32Array(word.buffer);
  let state = 0x9e3779b9;
  return (target, norm) => {
    for (let i = 0; i < target.length; i += 1) {
      // Marsaglia's xorshift of 32 bits.
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      value[0] = (norm ? 1 : 0) + state * SPREAD;
      target[i] = (word[0] ?? 0) >>> 16;
    }
  };
}

/** Even over ±0.035: the deviation of 0.02 that the library itself starts from. */
const SPREAD = 0.035 / 2 ** 31;
