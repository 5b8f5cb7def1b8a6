/** What is recorded of downloads, in IndexedDB: a byte is there when its file's record says so. */
import { createStore, del, delMany, entries, get, set, type UseStore } from 'idb-keyval';
import { parseFile, parseJob, type DownloadFile, type DownloadJob } from './download-entry.ts';

export interface DownloadIndex {
  jobs(): Promise<DownloadJob[]>;
  putJob(job: DownloadJob): Promise<void>;
  removeJob(id: string): Promise<void>;
  files(source: string): Promise<DownloadFile[]>;
  file(source: string, path: string): Promise<DownloadFile | null>;
  putFile(file: DownloadFile): Promise<void>;
  removeFiles(source: string): Promise<void>;
}

export function idbDownloadIndex(
  jobs: UseStore = lazyStore('patio-download-jobs', 'jobs'),
  files: UseStore = lazyStore('patio-download-files', 'files'),
): DownloadIndex {
  const all = async (source: string) =>
    (await entries<[string, string], unknown>(files)).filter(([[of]]) => of === source);
  return {
    jobs: async () => {
      const found = (await entries<string, unknown>(jobs)).map(([, value]) => parseJob(value));
      return found.filter((job) => job !== null);
    },
    putJob: (job) => set(job.id, job, jobs),
    removeJob: (id) => del(id, jobs),
    files: async (source) => {
      const found = (await all(source)).map(([, value]) => parseFile(value));
      return found.filter((file) => file !== null);
    },
    file: async (source, path) => parseFile(await get([source, path], files)),
    putFile: (file) => set([file.source, file.path], file, files),
    removeFiles: async (source) => {
      const gone = (await all(source)).map(([key]) => key);
      await delMany(gone, files);
    },
  };
}

/** Opened when it is first asked for something: where it is forbidden, opening throws. */
function lazyStore(database: string, name: string): UseStore {
  let opened: UseStore | null = null;
  return async (mode, callback) => (opened ??= createStore(database, name))(mode, callback);
}
