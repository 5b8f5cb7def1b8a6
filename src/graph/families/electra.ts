/**
 * ELECTRA (Clark et al., 2020): BERT's layers over embeddings that may be narrower. What is
 * published for reading is its discriminator; its generator fills masked words.
 */
import { LIMITS, size } from '../../checkpoint/config-reader';
import type { JsonObject } from '../../checkpoint/json-file';
import { encoderEmbeddings } from '../blocks/encoder-embeddings';
import { encoderFrame, positionsFromZero } from '../blocks/encoder-frame';
import { encoderHead } from '../blocks/encoder-heads';
import type { EncoderHeads } from '../blocks/encoder-heads';
import { normAt } from '../blocks/layer-norm';
import { bertModules, postNormEncoder } from '../blocks/post-norm-encoder';
import { readBert } from './bert';
import type { BertArchitecture } from './bert';
import type { Family } from './family';

interface ElectraArchitecture extends BertArchitecture {
  /** Width of the embedding tables. */
  readonly wordWidth: number;
}

export const electra: Family<ElectraArchitecture> = {
  modelTypes: ['electra'],
  prefix: 'electra',
  read,
  build(model, plan) {
    const { hidden, vocab, positions, types, tied, wordWidth } = model;
    const frame = encoderFrame(plan.bench.g, { types: types > 1 });
    const narrow = wordWidth !== hidden;
    const projection = { module: 'electra.embeddings_project', out: hidden, bias: true } as const;
    const tables = {
      module: 'electra.embeddings',
      vocab,
      width: wordWidth,
      epsilon: model.normEpsilon,
      positions,
      types,
      projection: narrow ? ({ ...projection, before: 'layers' } as const) : null,
    };
    const places = positionsFromZero(plan.bench.g, frame);
    const { stream, words } = encoderEmbeddings(plan, frame, tables, places);
    const states = postNormEncoder(plan, stream, model, frame, (layer) =>
      bertModules(`electra.encoder.layer.${layer}`),
    );
    encoderHead(plan, { states, hidden, vocab, frame, words, wordWidth, tied }, heads(model));
  },
};

function read(config: JsonObject): ElectraArchitecture {
  const model = readBert(config, 'electra');
  return { ...model, wordWidth: size(config, 'embedding_size', LIMITS.size, 128) };
}

/** The reference's heads have an activation of their own, whatever the layers'. */
function heads({ hidden, wordWidth, normEpsilon }: ElectraArchitecture): EncoderHeads {
  const generator = 'generator_predictions';
  return {
    maskedLm: {
      transform: {
        module: `${generator}.dense`,
        out: wordWidth,
        bias: true,
        activation: 'gelu',
        norm: normAt(`${generator}.LayerNorm`, wordWidth, normEpsilon),
      },
      decoder: 'generator_lm_head.weight',
      biases: ['generator_lm_head.bias'],
    },
    sequence: {
      pooling: 'cls',
      transform: { module: 'classifier.dense', out: hidden, bias: true, activation: 'gelu' },
      classifier: 'classifier.out_proj',
    },
    token: { transform: null, classifier: 'classifier' },
    question: { transform: null, classifier: 'qa_outputs' },
  };
}
