import { failuresEn } from './failures-en.ts';
import { failureText } from './failures.ts';
import type { FindingTexts } from './findings.ts';
import { createFormat } from './format.ts';

const f = createFormat('en');
const NOTHING = 'Nothing needs to be done.';

export const findingsEn: FindingTexts = {
  refused: ({ failure }) => failureText(failuresEn, failure),
  'weights-missing': () => ({
    what: 'There is a configuration, but the weights of the model are missing.',
    todo: 'Add model.safetensors or pytorch_model.bin, with all of its parts.',
  }),
  'weights-foreign': ({ files }) => ({
    what: `The weights are only in the format of another library: ${f.list(files)}.`,
    todo: 'Save them with save_pretrained() from PyTorch; transformers reads those of TensorFlow with from_tf=True and those of Flax with from_flax=True.',
  }),
  pickle: () => ({
    what: 'The weights come in a pickle file, which could hold code.',
    todo: 'Nothing needs to be done: Patio reads it as data only and runs nothing of it.',
  }),
  leftovers: ({ bytes }) => ({
    what: `There are ${f.bytes(bytes)} of training files that are not read.`,
    todo: NOTHING,
  }),
  'tokenizer-missing': () => ({
    what: 'The tokenizer is missing, and without it text cannot become numbers.',
    todo: 'Add tokenizer.json: tokenizer.save_pretrained() writes it into the same folder.',
  }),
  'tokenizer-unreadable': ({ detail }) => ({
    what: `The tokenizer is in a form that Patio does not read: ${detail}.`,
    todo: 'Load it with AutoTokenizer and save it again: that makes tokenizer.json.',
  }),
  'tokenizer-converted': ({ files }) => ({
    what: `There is no tokenizer.json: it is made from ${f.list(files)}.`,
    todo: NOTHING,
  }),
  'tokenizer-foreign': ({ severity, tokens, rows }) => ({
    what: `The tokenizer knows ${f.number(tokens)} tokens and the model has ${f.number(rows)}.`,
    todo:
      severity === 'stop'
        ? 'Put the tokenizer that the model was trained with into the folder.'
        : 'Check that it is the tokenizer that the model was trained with.',
  }),
  'chat-template-missing': () => ({
    what: 'It brings no chat template: it will continue the text rather than answer questions.',
    todo: 'If it was trained to converse, add chat_template.jinja to the folder.',
  }),
  'license-missing': () => ({
    what: 'It does not say under which licence it is published.',
    todo: 'Ask its authors before sharing what it generates.',
  }),
  'license-noncommercial': ({ license }) => ({
    what: `Its licence (${license}) limits commercial use.`,
    todo: 'Read it before using the model beyond study or research.',
  }),
  'license-base': ({ base, license }) => ({
    what:
      license === null
        ? `It was trained from ${base}, and the licence of that model counts too.`
        : `It was trained from ${base}, which is published under ${license}.`,
    todo: 'Read both licences before sharing it.',
  }),
  'base-needed': ({ base }) => ({
    what: `It is an adapter: it works on its base model, ${base}.`,
    todo: 'Add that model first, or choose the folder where it is.',
  }),
  'too-large': ({ needBytes, haveBytes }) => ({
    what: `The model takes ${f.bytes(needBytes)} and this device can run up to ${f.bytes(haveBytes)}.`,
    todo: 'Choose a smaller model, or try a device with a larger GPU.',
  }),
  'gpu-only': ({ needBytes, haveBytes }) => ({
    what: `It will run on the GPU only: for the CPU it takes ${f.bytes(needBytes)} and ${f.bytes(haveBytes)} fit.`,
    todo: 'Leave the device at “Automatic” or “GPU” in the settings.',
  }),
  'storage-short': ({ needBytes, freeBytes }) => ({
    what: `It needs ${f.bytes(needBytes)} in the browser and ${f.bytes(freeBytes)} are left.`,
    todo: 'Delete models no longer in use, or free space on the disk.',
  }),
  'download-large': ({ bytes }) => ({
    what: `There are ${f.bytes(bytes)} to download.`,
    todo: 'Use a connection without a data limit and leave the page open.',
  }),
  quantized: ({ method }) => ({
    what: `The weights were saved quantised already (${method}) and are converted once more.`,
    todo: 'If there is a version that is not quantised, its answers will be a little better.',
  }),
  'context-capped': ({ trained, used }) => ({
    what: `It was trained to read ${f.number(trained)} tokens; here it will read up to ${f.number(used)}.`,
    todo: NOTHING,
  }),
  'zip-unpacked': ({ bytes }) => ({
    what: `The weights are compressed inside the zip: ${f.bytes(bytes)} are unpacked before they are read.`,
    todo: 'Choosing the folder itself is faster and takes less room.',
  }),
  'onnx-task-unknown': () => ({
    what: 'It is ONNX already, but it does not say for which task.',
    todo: 'Add pipeline_tag to its README.md, or architectures to config.json.',
  }),
  'card-damaged': ({ detail }) => ({
    what: `The header of its README.md cannot be read (${detail}).`,
    todo: 'Check licence and languages on the page of the model.',
  }),
};
