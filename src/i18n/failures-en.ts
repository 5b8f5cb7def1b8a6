import type { FailureTexts } from './failures.ts';
import { createFormat } from './format.ts';

const f = createFormat('en');
const RELOAD = 'Run it again; if it repeats, reload the page.';

export const failuresEn: FailureTexts = {
  'checkpoint-unsupported': ({ what, detail }) => ({
    what: `This model uses something Patio does not run yet: ${what} (${detail}).`,
    todo: 'Choose a model of another architecture.',
  }),
  'checkpoint-damaged': ({ file, detail }) => ({
    what: `The model’s file ${file} is damaged (${detail}).`,
    todo: 'Get another copy of the file and load it again.',
  }),
  'checkpoint-missing': ({ file }) => ({
    what: `The model lacks the file ${file}.`,
    todo: 'Add that file to the folder and load it again.',
  }),
  'adapter-unsupported': ({ detail }) => ({
    what: `This adapter does not fit its base model (${detail}).`,
    todo: 'Choose another voice for the column.',
  }),
  'model-unknown': ({ model }) => ({
    what: `This Patio does not have the model “${model}”.`,
    todo: 'Choose another voice for the column.',
  }),
  'model-too-large': ({ needBytes, haveBytes }) => ({
    what: `The model needs ${f.bytes(needBytes)} and this machine offers ${f.bytes(haveBytes)}.`,
    todo: 'Choose a smaller model or another device in the settings.',
  }),
  'build-missing': ({ backend }) => ({
    what: `This model has no build for the ${backend === 'gpu' ? 'GPU' : 'CPU'}.`,
    todo: 'Choose “Automatic” in the settings, or another model in the column.',
  }),
  'gpu-unavailable': () => ({
    what: 'This browser offers no GPU that can run the model.',
    todo: 'Choose CPU or Automatic in the settings.',
  }),
  'gpu-lost': () => ({
    what: 'The browser lost the GPU halfway through.',
    todo: 'Run it again, or choose CPU in the settings if it repeats.',
  }),
  'file-unreachable': ({ file, status }) => ({
    what:
      status === null
        ? `There was no answer when asking for the file ${file}.`
        : `The server answered ${status} when asked for the file ${file}.`,
    todo: 'Check the connection and run it again.',
  }),
  'file-damaged': ({ file, detail }) => ({
    what: `The file ${file} arrived damaged (${detail}).`,
    todo: 'Generating again downloads it anew; if it happens again, reload the page.',
  }),
  'prompt-empty': () => ({
    what: 'This prompt is empty.',
    todo: 'Write a few words and run it again.',
  }),
  'variables-missing': ({ names }) => ({
    what: `The value of ${f.list(names.map((name) => `“${name}”`))} is missing.`,
    todo: 'Fill in the table under the prompt.',
  }),
  'context-exceeded': ({ promptTokens, contextTokens }) => ({
    what: `The prompt takes ${f.number(promptTokens)} tokens and the model can read ${f.number(contextTokens)}.`,
    todo: 'Shorten the prompt.',
  }),
  'template-failed': ({ detail }) => ({
    what: `The model’s chat template could not be applied (${detail}).`,
    todo: 'Try the same question with another voice.',
  }),
  'out-of-memory': () => ({
    what: 'The browser ran out of memory.',
    todo: 'Close other tabs, ask for fewer tokens or choose a smaller model.',
  }),
  'runtime-failed': ({ detail }) => ({
    what: `The runtime stopped with an error (${detail}).`,
    todo: RELOAD,
  }),
  'worker-crashed': ({ detail }) => ({
    what: `The process that ran the model closed suddenly (${detail}).`,
    todo: 'Run it again: the next run starts a fresh process.',
  }),
  'worker-unresponsive': ({ afterMs }) => ({
    what: `The model did not answer the order to stop and was closed after ${f.duration(afterMs)}.`,
    todo: 'Run it again: the next run starts a fresh process.',
  }),
  'storage-full': () => ({
    what: 'The browser has no room left to keep this run.',
    todo: 'Export what matters and delete old runs from the history.',
  }),
  'storage-unavailable': ({ detail }) => ({
    what: `The browser does not allow keeping anything on this machine (${detail}).`,
    todo: 'Leave private browsing, or export each run before closing.',
  }),
  'record-damaged': ({ detail }) => ({
    what: `The file is incomplete or damaged (${detail}).`,
    todo: 'Export the run again from the machine where it was made.',
  }),
  'record-foreign': () => ({
    what: 'This file is not a Patio run.',
    todo: 'Choose a JSON file exported from the history.',
  }),
  'record-newer': ({ version }) => ({
    what: `The file comes from a newer Patio (format ${version}).`,
    todo: 'Reload the page to update Patio, then import it again.',
  }),
  unexpected: ({ detail }) => ({ what: `Something unexpected failed (${detail}).`, todo: RELOAD }),
};
