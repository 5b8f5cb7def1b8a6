import { createFormat } from './format.ts';
import type { StorageMessages } from './storage-es.ts';

const f = createFormat('en');

export const storageEn = {
  notes: {
    'whole-files':
      'The server only sends whole files: if the connection is cut, each file begins again.',
    streamed:
      'There is no room to keep the originals as well: they are read on the way, and it will stay unverified.',
    'other-tab': 'Another tab is doing it; this one shows how it goes.',
  },
  title: 'Storage',
  lead: 'What Patio keeps in this browser: how large it is, whether it is whole, and how to delete it.',
  open: 'See the storage',
  back: 'Back to Models',
  room: {
    title: 'Room',
    models: 'Added models',
    halves: 'Unfinished downloads',
    app: 'The app itself',
    runs: 'Saved runs',
    free: 'Free',
    unknown: 'the browser does not say',
    runCount: (n) => (n === 1 ? '1 run' : `${f.number(n)} runs`),
    bytes: (bytes) => f.bytes(bytes),
  },
  keep: {
    yes: 'The browser will keep what is stored until somebody deletes it.',
    no: 'If the device runs short of room, the browser may delete what is stored without a word.',
    unknown: 'The browser does not say whether it will keep what is stored.',
    ask: 'Ask to keep it',
    refused: 'The browser did not agree. It usually does once Patio is installed or often used.',
  },
  models: {
    title: 'Added models',
    none: 'There are no added models. Those that come with Patio do not take this room.',
    used: (moment) => `last used: ${moment}`,
    verified: (moment) => `files verified: ${moment}`,
    unverified: 'files not verified',
    damaged: (files) =>
      files.length === 0
        ? 'damaged: its files are missing'
        : `damaged: ${f.list(files)} is not as it was stored`,
    verify: 'Verify again',
    verifyOne: (name) => `Verify ${name} again`,
    verifyAll: 'Verify everything again',
    verifying: (name) => `Verifying ${name}`,
    progress: (done, total) => `${f.bytes(done)} of ${f.bytes(total)}`,
    stop: 'Stop',
    fetch: 'Fetch again',
    fetchOne: (name) => `Fetch ${name} again`,
  },
  halves: {
    title: 'Unfinished',
    lead: 'Downloads that did not end. What has come is kept.',
    had: (had, total) => `${f.bytes(had)} of ${f.bytes(total)}`,
    resume: 'Go on',
    resumeOne: (name) => `Go on with ${name}`,
    discard: 'Discard',
    discardOne: (name) => `Discard ${name}`,
  },
  all: {
    button: 'Delete everything',
    title: 'Delete all added models',
    text: 'All added models and unfinished downloads will be deleted from this browser. The runs of the history and the models that come with Patio stay.',
    confirm: 'Delete everything',
  },
} satisfies StorageMessages;
