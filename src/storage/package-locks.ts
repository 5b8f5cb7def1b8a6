/** Who may write a package. A lock ends with the tab or the Worker that holds it, whatever happens. */

/** Gives the lock back. */
export type Release = () => void;

export interface PackageLocks {
  /** Null while somebody else holds it. */
  acquire(id: string): Promise<Release | null>;
}

export function webLocks(manager: LockManager): PackageLocks {
  return {
    acquire: (id) =>
      new Promise((resolve, reject) => {
        manager
          .request(`patio-package-${id}`, { ifAvailable: true }, (lock) => {
            if (lock === null) return resolve(null);
            return new Promise<void>((release) => resolve(() => release()));
          })
          .catch(reject);
      }),
  };
}

/** Where there are no Web Locks: one page does not fight with itself. */
export function localLocks(): PackageLocks {
  const held = new Set<string>();
  return {
    acquire: (id) => {
      if (held.has(id)) return Promise.resolve(null);
      held.add(id);
      return Promise.resolve(() => void held.delete(id));
    },
  };
}
