/**
 * RoBERTa (Liu et al., 2019), and with it XLM-RoBERTa and CamemBERT: BERT's layers, places counted
 * from after the padding token's number, and heads of its own.
 */
import type { JsonObject } from '../../checkpoint/json-file';
import { damaged } from '../../checkpoint/config-reader';
import { encoderEmbeddings } from '../blocks/encoder-embeddings';
import { encoderFrame, positionsAfterPad } from '../blocks/encoder-frame';
import { encoderHead } from '../blocks/encoder-heads';
import type { EncoderHeads } from '../blocks/encoder-heads';
import { normAt } from '../blocks/layer-norm';
import { bertModules, postNormEncoder } from '../blocks/post-norm-encoder';
import { readBert } from './bert';
import type { BertArchitecture } from './bert';
import type { Family } from './family';

interface RobertaArchitecture extends BertArchitecture {
  readonly pad: number;
}

/** The padding token of every RoBERTa whose configuration does not say. */
const PAD = 1;

export const roberta: Family<RobertaArchitecture> = {
  modelTypes: ['roberta', 'xlm-roberta', 'camembert'],
  prefix: 'roberta',
  read,
  build(model, plan) {
    const { hidden, vocab, positions, types, tied, pad } = model;
    const frame = encoderFrame(plan.bench.g, { types: types > 1 });
    const tables = {
      module: 'roberta.embeddings',
      vocab,
      width: hidden,
      epsilon: model.normEpsilon,
      positions,
      types,
      projection: null,
    };
    const places = positionsAfterPad(plan.bench.g, frame, pad);
    const { stream, words } = encoderEmbeddings(plan, frame, tables, places);
    const states = postNormEncoder(plan, stream, model, frame, (layer) =>
      bertModules(`roberta.encoder.layer.${layer}`),
    );
    const end = { states, hidden, vocab, frame, words, wordWidth: hidden, tied };
    encoderHead(plan, end, heads(model));
  },
};

function read(config: JsonObject): RobertaArchitecture {
  const model = readBert(config, 'roberta');
  const pad = model.pad ?? PAD;
  const context = model.positions - pad - 1;
  if (context < 1) damaged('max_position_embeddings');
  return { ...model, pad, context: Math.min(context, model.context) };
}

function heads({ hidden, normEpsilon, tied }: BertArchitecture): EncoderHeads {
  const biases = ['lm_head.bias', 'lm_head.decoder.bias'];
  return {
    maskedLm: {
      transform: {
        module: 'lm_head.dense',
        out: hidden,
        bias: true,
        activation: 'gelu',
        norm: normAt('lm_head.layer_norm', hidden, normEpsilon),
      },
      decoder: 'lm_head.decoder.weight',
      biases: tied ? biases : biases.reverse(),
    },
    sequence: {
      pooling: 'cls',
      transform: { module: 'classifier.dense', out: hidden, bias: true, activation: 'tanh' },
      classifier: 'classifier.out_proj',
    },
    token: { transform: null, classifier: 'classifier' },
    question: { transform: null, classifier: 'qa_outputs' },
  };
}
