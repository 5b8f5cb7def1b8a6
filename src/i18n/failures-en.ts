import type { FieldId } from '../domain/task.ts';
import type { FailureTexts } from './failures.ts';
import { createFormat } from './format.ts';

const f = createFormat('en');
const RELOAD = 'Run it again; if it repeats, reload the page.';

const MISSING_FIELDS: Record<FieldId, string> = {
  system: 'The role of the voice',
  prefix: 'The instruction',
  labels: 'The list of labels',
  several: 'Whether there may be several labels',
  hypothesis: 'The sentence that joins text and label',
  entailment: 'The class that means yes',
  aggregation: 'How pieces are joined',
  context: 'The text to look for the answer in',
  sentences: 'The list of sentences',
};

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
  'checkpoint-executes': ({ file, global }) => ({
    what: `The file ${file} asks to run code (${global}). Patio never runs what a file brings.`,
    todo: 'Convert the weights to safetensors with save_pretrained and load the folder again.',
  }),
  'checkpoint-quantised': ({ method }) => ({
    what: `The weights of this model are quantised with ${method}, which Patio does not read.`,
    todo: 'Load the original model without quantisation: Patio makes it smaller by itself.',
  }),
  'adapter-needs-merge': ({ tensors }) => ({
    what: `This adapter replaces whole weights of its base model (${f.list(tensors)}) and cannot be switched on and off.`,
    todo: 'Merge it with its base model: it then loads as a model of its own.',
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
  'weight-too-large': ({ needBytes, haveBytes }) => ({
    what: `A single weight of the model takes ${f.bytes(needBytes)} and the GPU takes at most ${f.bytes(haveBytes)} at once.`,
    todo: 'Choose CPU or Automatic in the settings.',
  }),
  'build-missing': ({ backend }) => ({
    what: `This model has no build for the ${backend === 'gpu' ? 'GPU' : 'CPU'}.`,
    todo: 'Choose “Automatic” in the settings, or another model in the column.',
  }),
  'gpu-unavailable': () => ({
    what: 'This browser offers no GPU that can run the model.',
    todo: 'Choose CPU or Automatic in the settings.',
  }),
  'gpu-lost': ({ again }) =>
    again === true
      ? {
          what: 'The browser lost the GPU twice in a row: once more after the model was loaded again.',
          todo: 'Choose CPU in the settings and run it again, or first close other pages and programs that use the GPU.',
        }
      : {
          what: 'The browser lost the GPU halfway through.',
          todo: 'Run it again, or choose CPU in the settings if it repeats.',
        },
  'gpu-wrong': () => ({
    what: 'The GPU of this machine computes other numbers than the CPU with the same weights.',
    todo: 'From now on “Automatic” uses the CPU. The GPU can still be chosen in the settings.',
  }),
  'gpu-restarted': () => ({
    what: 'The browser lost the GPU halfway through. The model was loaded again, and what was not finished is written anew with the same seeds.',
    todo: 'Choose CPU in the settings if it repeats.',
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
  'task-unsupported': () => ({
    what: 'This voice does not do this task.',
    todo: 'Choose another voice for the column, or add a model that does it under Models.',
  }),
  'field-empty': ({ field }) => ({
    what: `${MISSING_FIELDS[field]} is missing.`,
    todo: 'Fill it in under the text and run again.',
  }),
  'mask-missing': () => ({
    what: 'The text has no hidden word.',
    todo: 'Write ___ in the place of the word to be guessed.',
  }),
  'entailment-unclear': ({ labels }) => ({
    what: `The classes of this model (${f.list(labels)}) do not say which one means that the sentence follows from the text.`,
    todo: 'If the model’s card says so, choose it under “Class that means yes”; otherwise use an inference (NLI) model.',
  }),
  'variables-missing': ({ names }) => ({
    what: `The value of ${f.list(names.map((name) => `“${name}”`))} is missing.`,
    todo: 'Fill in the table under the prompt.',
  }),
  'context-exceeded': ({ promptTokens, contextTokens, modelTokens }) => {
    const prompt = `The prompt takes ${f.number(promptTokens)} tokens`;
    const reads = `the model can read ${f.number(modelTokens ?? contextTokens)}`;
    if (modelTokens === undefined) {
      return { what: `${prompt} and ${reads}.`, todo: 'Shorten the prompt.' };
    }
    return {
      what: `${prompt}; ${reads}, but the GPU of this machine holds only ${f.number(contextTokens)}.`,
      todo:
        promptTokens < modelTokens
          ? 'Shorten the prompt, or choose CPU in the settings.'
          : 'Shorten the prompt.',
    };
  },
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
  'model-storage-full': ({ needBytes, freeBytes }) => ({
    what:
      needBytes === null || freeBytes === null
        ? 'The browser has no room left for the model.'
        : `The model takes ${f.bytes(needBytes)} and the browser can only keep ${f.bytes(freeBytes)} more.`,
    todo: 'Delete models no longer in use, free space on the disk, or choose a smaller one.',
  }),
  'package-busy': ({ name }) => ({
    what: `Another tab is preparing ${name}.`,
    todo: 'Wait until it ends, or cancel it there and try again.',
  }),
  'source-unclear': ({ text }) => ({
    what: `“${text}” is neither the name of a repository nor its address.`,
    todo: 'Write author/model, or paste the full address of its page.',
  }),
  'source-without-model': ({ name }) => ({
    what: `There is no model in ${name}: config.json is missing, or adapter_config.json for an adapter.`,
    todo: 'Choose the folder that save_pretrained() or trainer.save_model() wrote.',
  }),
  'source-ambiguous': ({ folders }) => ({
    what: `There are several models: ${f.list(folders)}.`,
    todo: 'Choose only the folder of one of them.',
  }),
  'source-changed': ({ file }) => ({
    what: `The file ${file} can no longer be read: it was moved or changed, or its disk was unplugged.`,
    todo: 'Choose the folder or the file again.',
  }),
  'zip-refused': ({ file, detail }) => ({
    what: `The zip ${file} cannot be opened safely (${detail}).`,
    todo: 'Unpack it and choose the folder, or make the zip again.',
  }),
  'hub-missing': ({ host, repo, token }) => ({
    what: `${host} has no public repository called ${repo}.`,
    todo: token
      ? 'Check the name; if it is private, use a token that has access to it.'
      : 'Check the name; if it is private, add an access token.',
  }),
  'hub-revision-missing': ({ repo, revision }) => ({
    what: `The repository ${repo} has no revision ${revision}.`,
    todo: 'Leave the revision out to use the main one, or copy it from the model page.',
  }),
  'hub-private': ({ repo, token }) => ({
    what: `The repository ${repo} is private.`,
    todo: token
      ? 'Use a token that may read it.'
      : 'Add an access token that may read it; it is kept only while the page is open.',
  }),
  'hub-gated': ({ repo, page, token }) => ({
    what: `The repository ${repo} asks to accept its terms first.`,
    todo: token
      ? `Accept them at ${page} with the account of the token and try again.`
      : `Accept them at ${page} and add an access token of that account.`,
  }),
  'hub-busy': ({ host, status }) => ({
    what:
      status === 429
        ? `${host} asks to slow down (answer 429).`
        : `${host} cannot answer now (answer ${status}).`,
    todo: 'Wait a few minutes and try again.',
  }),
  'hub-unreachable': ({ host }) => ({
    what: `No answer came from ${host}.`,
    todo: 'Check the connection and the address, and try again.',
  }),
  'hub-foreign': ({ host, detail }) => ({
    what: `${host} does not answer like a model repository (${detail}).`,
    todo: 'Check the address: it must be Hugging Face or a server with the same paths.',
  }),
  'hub-without-ranges': ({ host, file }) => ({
    what: `${host} does not let ${file} be read in parts, and it would have to be downloaded many times.`,
    todo: 'Download the model to a folder and choose that folder.',
  }),
  'download-damaged': ({ host, file }) => ({
    what: `What ${host} sent as ${file} is not what was promised: its SHA-256 differs, and did again the second time. It was not kept.`,
    todo: 'Try later, or from another address. If it happens again, tell whoever publishes the model.',
  }),
  'download-changing': ({ host, file }) => ({
    what: `The file ${file} changes on ${host} while it is downloaded. It was not kept.`,
    todo: 'Try later, or from another address.',
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
  'class-damaged': ({ detail }) => ({
    what: `The class is incomplete or damaged (${detail}).`,
    todo: 'Ask whoever prepared it for the file again, or copy it again.',
  }),
  'class-foreign': () => ({
    what: 'There is no Patio class in this file.',
    todo: 'Choose the zip that “Export class” gives.',
  }),
  'class-file-wrong': ({ file }) => ({
    what: `The file ${file} of the class is not the one it announced: it arrived damaged or was changed.`,
    todo: 'Copy the class again; nothing of that model was stored.',
  }),
  'handin-damaged': ({ detail }) => ({
    what: `The hand-in is incomplete or damaged (${detail}).`,
    todo: 'Ask for it to be exported again with “Hand in”.',
  }),
  'handin-foreign': () => ({
    what: 'This file is not a Patio hand-in.',
    todo: 'Choose the files that the “Hand in” button gives.',
  }),
  unexpected: ({ detail }) => ({ what: `Something unexpected failed (${detail}).`, todo: RELOAD }),
};
