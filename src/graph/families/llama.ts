/**
 * Llama (Touvron et al., 2023): a decoder of pre-normalised blocks, attention with rotary positions
 * and grouped heads, then a feed-forward layer gated by SiLU. No biases.
 */
import type { LlamaArchitecture } from '../../checkpoint/architecture';
import { attention } from '../blocks/attention';
import { decoderFrame } from '../blocks/frame';
import { nextTokenHead } from '../blocks/head';
import { siluGate } from '../blocks/mlp';
import { addNorm, rmsNorm } from '../blocks/norm';
import { project } from '../blocks/projection';
import { rotaryTables } from '../blocks/rotary';
import type { Family } from './family';

export const llama: Family<LlamaArchitecture> = {
  build(model, { bench, arithmetic, ports, logits, topK }) {
    const { g } = bench;
    const { hidden, heads, kvHeads, headDim, ffn, vocab } = model;
    const frame = decoderFrame(g, model);
    const rotary = rotaryTables(g, { context: model.context, headDim, theta: model.ropeTheta });
    const norm = (tensor: string) => ({ tensor, width: hidden, epsilon: model.normEpsilon });
    const table = (name: string, tensor: string) =>
      arithmetic.table(bench, { name, tensor, tokens: vocab, width: hidden });

    const embedding = table('embedding', 'model.embed_tokens.weight');
    let stream = embedding.lookUp(frame.tokens);
    let normed = rmsNorm(bench, stream, norm('model.layers.0.input_layernorm.weight'));
    for (let layer = 0; layer < model.layers; layer += 1) {
      const at = `model.layers.${layer}`;
      const linear = (group: string, inSize: number, parts: Record<string, number>) => ({
        name: `${layer}.${group}`,
        in: inSize,
        pieces: Object.entries(parts).map(([part, out]) => ({
          tensor: `${at}.${part}.weight`,
          out,
        })),
      });

      const qkv = linear('qkv', hidden, {
        'self_attn.q_proj': heads * headDim,
        'self_attn.k_proj': kvHeads * headDim,
        'self_attn.v_proj': kvHeads * headDim,
      });
      const packed = project(bench, arithmetic, normed, qkv, ports);
      const attended = attention(g, packed, model, frame, rotary, layer);
      const o = linear('o', heads * headDim, { 'self_attn.o_proj': hidden });
      const mixed = project(bench, arithmetic, attended, o, ports);
      ({ normed, stream } = addNorm(
        bench,
        stream,
        mixed,
        norm(`${at}.post_attention_layernorm.weight`),
      ));

      const gateUp = linear('gate_up', hidden, { 'mlp.gate_proj': ffn, 'mlp.up_proj': ffn });
      const gated = siluGate(g, project(bench, arithmetic, normed, gateUp, ports), `${layer}.mlp`);
      const down = linear('down', ffn, { 'mlp.down_proj': hidden });
      const update = project(bench, arithmetic, gated, down, ports);
      const next =
        layer + 1 < model.layers
          ? `model.layers.${layer + 1}.input_layernorm.weight`
          : 'model.norm.weight';
      ({ normed, stream } = addNorm(bench, stream, update, norm(next)));
    }

    const head = model.tied ? embedding : table('head', 'lm_head.weight');
    nextTokenHead(g, normed, head, frame, { hidden, vocab, topK, logits });
  },
};
