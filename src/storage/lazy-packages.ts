import type { PackageStore } from './packages.ts';

/** A store whose code comes when it is first asked for something. */
export function lazyPackages(open: () => Promise<PackageStore>): PackageStore {
  let opening: Promise<PackageStore> | null = null;
  const store = () => (opening ??= open());
  return {
    list: async () => (await store()).list(),
    draft: async (id, needBytes) => (await store()).draft(id, needBytes),
    read: async (id, path) => (await store()).read(id, path),
    files: async (id) => (await store()).files(id),
    update: async (id, change) => (await store()).update(id, change),
    remove: async (id) => (await store()).remove(id),
    usage: async () => (await store()).usage(),
    sweep: async () => (await store()).sweep(),
  };
}
